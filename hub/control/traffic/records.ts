/** @module What was sent to each agent, and what is to be sent: publishes what changed, withdraws what is over, forgets what is gone. */
import { hash32, type RuntimeEnv } from '../../../shared/lib/index.ts';
import { type TrafficSpec, trafficIdOf, trafficItem, trafficLimits, trafficSpecFault } from '../../../shared/wire/index.ts';
import type { PublishedWork } from '../../fleet/port.ts';
import { type KnownAnswer, partsOfService, type ServiceKey } from './answers.ts';
import type { TrafficBus } from './split-bus.ts';

/** One record at one agent. `fingerprint` undefined = not known to be what it should be. */
type Sent = { seq: number; op: 'apply' | 'withdraw'; fingerprint: string | undefined };

/** The records. */
export type SentRecords = {
  /** Before this nothing may be sent: what an earlier run of the hub sent is not known. */
  readonly load: (published: readonly PublishedWork[]) => void;
  readonly isLoaded: () => boolean;
  /** The epoch that the cluster was last sent; 0 = none. */
  readonly epochOf: (service: ServiceKey, cluster: string) => number;
  /** Sends each cluster its record where it differs; clusters that are not named are left alone. Answers what cannot be sent. */
  readonly send: (service: ServiceKey, specs: ReadonlyMap<string, TrafficSpec>) => string | undefined;
  /** Takes the record back from everybody; true when nobody has it any more. */
  readonly withdraw: (service: ServiceKey, answers: ReadonlyMap<string, KnownAnswer>, isMember: (cluster: string) => boolean) => boolean;
  /** The cluster has a newer record than it was sent: the next goes above it. False when it has not. */
  readonly overtaken: (service: ServiceKey, cluster: string, seq: number) => boolean;
  readonly damaged: (service: ServiceKey, cluster: string) => void;
  readonly services: () => readonly ServiceKey[];
};

const fingerprintOf = (text: string): string => `${hash32(text).toString(16)}-${hash32(`${text.length}#${text}`).toString(16)}`;

/** No records. `onFailed`: the service should be looked at again after a while. */
export const createSentRecords = (options: {
  readonly bus: TrafficBus;
  readonly env: RuntimeEnv;
  readonly revision: () => number;
  readonly onFailed: (service: ServiceKey, afterMs: number) => void;
}): SentRecords => {
  const { bus, env, revision } = options;
  const sent = new Map<ServiceKey, Map<string, Sent>>();
  let isLoaded = false;
  const of = (service: ServiceKey): Map<string, Sent> => {
    const known = sent.get(service) ?? new Map<string, Sent>();
    sent.set(service, known);
    return known;
  };
  const publish = (service: ServiceKey, cluster: string, spec: TrafficSpec | undefined, fingerprint: string | undefined): void => {
    const { namespace, name } = partsOfService(service);
    const entry: Sent = {
      seq: Math.max(revision(), (of(service).get(cluster)?.seq ?? 0) + 1),
      op: spec === undefined ? 'withdraw' : 'apply',
      fingerprint,
    };
    of(service).set(cluster, entry);
    void bus.publish(trafficItem(cluster, namespace, name, entry.seq, spec)).then((outcome) => {
      if (outcome.ok || outcome.reason === 'Superseded') return;
      env.log.warn('a record of traffic could not be sent', { cluster, service, reason: outcome.reason, message: outcome.message });
      entry.fingerprint = undefined;
      options.onFailed(service, 1_000);
    });
  };
  return {
    load: (published) => {
      for (const { cluster, id, seq, op } of published) {
        const [, , namespace = '', name = ''] = id.split('=');
        of(`${namespace}/${name}`).set(cluster, { seq, op, fingerprint: undefined });
      }
      isLoaded = true;
    },
    isLoaded: () => isLoaded,
    epochOf: (service, cluster) => sent.get(service)?.get(cluster)?.seq ?? 0,
    send: (service, specs) => {
      for (const [cluster, spec] of specs) {
        const text = JSON.stringify(spec);
        const known = sent.get(service)?.get(cluster);
        const fingerprint = fingerprintOf(text);
        // What was sent was such as agents take.
        if (known?.op === 'apply' && known.fingerprint === fingerprint) continue;
        if (text.length > trafficLimits.recordBytes)
          return `its record has ${text.length} bytes, at most ${trafficLimits.recordBytes} can be sent: export fewer labels, annotations or host names`;
        const fault = trafficSpecFault(spec);
        if (fault !== undefined) return `its record is not such as agents take: ${fault}`;
        publish(service, cluster, spec, fingerprint);
      }
      return undefined;
    },
    withdraw: (service, answers, isMember) => {
      const { namespace, name } = partsOfService(service);
      const id = trafficIdOf(namespace, name);
      for (const [cluster, entry] of sent.get(service) ?? []) {
        const answer = answers.get(cluster);
        const isGone = entry.op === 'withdraw' && answer?.isWithdrawn === true && answer.seq >= entry.seq;
        if (isGone) void bus.forget(cluster, id);
        if (isGone || !isMember(cluster)) sent.get(service)?.delete(cluster);
        else if (entry.op === 'apply' || entry.fingerprint === undefined) publish(service, cluster, undefined, 'withdrawn');
      }
      for (const [cluster, { isWithdrawn }] of answers)
        if (isWithdrawn && sent.get(service)?.has(cluster) !== true) void bus.forget(cluster, id);
      if ((sent.get(service)?.size ?? 0) > 0) return false;
      sent.delete(service);
      return true;
    },
    overtaken: (service, cluster, seq) => {
      const entry = sent.get(service)?.get(cluster);
      if (entry === undefined || seq <= entry.seq) return false;
      of(service).set(cluster, { ...entry, seq, fingerprint: undefined });
      return true;
    },
    damaged: (service, cluster) => {
      const entry = sent.get(service)?.get(cluster);
      // What was there may have been newer than what is known: the next one is above the journal's revision in any case.
      of(service).set(cluster, { seq: entry?.seq ?? 0, op: entry?.op ?? 'withdraw', fingerprint: undefined });
    },
    services: () => [...sent.keys()],
  };
};
