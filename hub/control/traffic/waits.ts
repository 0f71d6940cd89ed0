/** @module Clusters whose requests do not come back by themselves, or not soon: what they wait for, and how an operator ends it. Pure. */
import { compareText } from '../../../shared/lib/compare-text.ts';
import { rampCalmMs } from '../../../shared/traffic/index.ts';
import type { TrafficSpec } from '../../../shared/wire/index.ts';
import type { EventText } from '../events.ts';
import { type KnownAnswer, partsOfService, type ServiceKey } from './answers.ts';

/** One cluster that waits, for what, and in which clusters it does. */
export type Wait = {
  readonly cluster: string;
  readonly for: 'Release' | 'Setbacks';
  /** It is in `released`, from before. */
  readonly isSpent: boolean;
  readonly at: readonly string[];
};

const keyOfWait = ({ cluster, for: what, isSpent }: Wait): string => `${cluster} ${what} ${isSpent}`;

/** Who waits, by what the agents say; sorted. */
export const waitsOf = (answers: ReadonlyMap<string, Pick<KnownAnswer, 'applied'>>, heard: ReadonlySet<string>): readonly Wait[] => {
  const found = new Map<string, Wait & { readonly at: string[] }>();
  for (const [at, { applied }] of answers)
    for (const { cluster, waits, isSpent = false } of applied?.away ?? []) {
      if (waits === undefined || !heard.has(at)) continue;
      const wait = { cluster, for: waits, isSpent, at: [] };
      const known = found.get(keyOfWait(wait)) ?? wait;
      known.at.push(at);
      found.set(keyOfWait(wait), known);
    }
  return [...found.values()]
    .map((wait) => ({ ...wait, at: wait.at.sort(compareText) }))
    .sort((a, b) => compareText(keyOfWait(a), keyOfWait(b)));
};

/** Why it waits, and what ends that. */
export const waitText = (wait: Wait, failback: TrafficSpec['failback']): string => {
  const { cluster } = wait;
  const release = wait.isSpent
    ? 'its name in spec.failback.released was for before: take it out, and when it is no longer said to be there add it again'
    : 'add it to spec.failback.released';
  if (wait.for === 'Release') return `${cluster} waits for an operator (spec.failback.mode Manual): ${release}`;
  const why = `${cluster} was in trouble too often on its way back (spec.failback.setbacksMax ${failback.setbacksMax})`;
  if (failback.mode === 'Manual') return `${why} and waits for an operator: ${release}`;
  return `${why}: it tries again once it has been well for ${Math.ceil(rampCalmMs(failback) / 1_000)} s; to let it try now, ${release}`;
};

/** Tells of each cluster and service when it begins to wait. */
export type WaitTeller = {
  /** `policy`: name of the service's policy; undefined = it has none. */
  readonly look: (service: ServiceKey, policy: string | undefined, waits: readonly Wait[], failback: TrafficSpec['failback']) => void;
  readonly forget: (service: ServiceKey) => void;
};

/** Has told nothing. `tell`: an Event on a Cluster. */
export const createWaitTeller = (tell: (cluster: string, event: EventText) => void): WaitTeller => {
  const told = new Map<ServiceKey, ReadonlySet<string>>();
  return {
    look: (service, policy, waits, failback) => {
      const before = told.get(service);
      const { namespace } = partsOfService(service);
      const where =
        policy === undefined ? `a TrafficPolicy in ${namespace} that names the service` : `TrafficPolicy ${namespace}/${policy}`;
      for (const wait of waits)
        if (before?.has(wait.cluster) !== true)
          tell(wait.cluster, {
            type: 'Warning',
            reason: 'ReturnWaits',
            message: `requests of ${service} do not return: ${waitText(wait, failback)} (${where})`,
          });
      if (waits.length === 0) told.delete(service);
      else told.set(service, new Set(waits.map(({ cluster }) => cluster)));
    },
    forget: (service) => void told.delete(service),
  };
};
