/** @module What agents said of each service: what their clusters offer, and what they made of the records. In memory; the broker keeps it. */
import type { Log } from '../../../shared/lib/index.ts';
import { type StatusItem, serviceOfTrafficId, type TrafficAnswer, trafficAnswerOf, trafficLimits } from '../../../shared/wire/index.ts';

/** `namespace/name`. */
export type ServiceKey = string;

/** One cluster's word on one service. */
export type KnownAnswer = TrafficAnswer & {
  /** The record it answers; 0 = it found an export of its own and has none. */
  readonly seq: number;
  /** The record is gone there, and so is all that was written for it. */
  readonly isWithdrawn: boolean;
};

/** The desk. */
export type AnswerDesk = {
  /** Takes an answer; the service it is about, and whether it says more than a new use, or undefined when it cannot be believed. */
  readonly take: (item: StatusItem) => { readonly service: ServiceKey; readonly isNews: boolean } | undefined;
  readonly of: (service: ServiceKey) => ReadonlyMap<string, KnownAnswer>;
  readonly services: () => readonly ServiceKey[];
  readonly forget: (service: ServiceKey, cluster: string) => void;
};

const nobody: ReadonlyMap<string, KnownAnswer> = new Map();

/** The key of a service. */
export const serviceKey = (namespace: string, name: string): ServiceKey => `${namespace}/${name}`;
/** Its parts. */
export const partsOfService = (service: ServiceKey): { readonly namespace: string; readonly name: string } => {
  const [namespace = '', name = ''] = service.split('/');
  return { namespace, name };
};

/** Uses are told each minute, and hold by rules of their own. */
const besidesUse = ({ report, ...rest }: KnownAnswer): string =>
  JSON.stringify([rest, report === undefined ? null : { ...report, use: null }]);

/** An empty desk. It holds services up to a limit; what is above it is refused and told. */
export const createAnswerDesk = (log: Log): AnswerDesk => {
  const known = new Map<ServiceKey, Map<string, KnownAnswer>>();
  return {
    take: (item) => {
      const of = serviceOfTrafficId(item.id);
      const read = trafficAnswerOf(item.status);
      if (of === undefined || !read.ok) {
        log.warn('what a cluster says of a service is refused', {
          cluster: item.cluster,
          id: item.id,
          why: read.ok ? 'WrongId' : read.message,
        });
        return undefined;
      }
      const service = serviceKey(of.namespace, of.name);
      const entry = known.get(service) ?? new Map<string, KnownAnswer>();
      if (!known.has(service) && known.size >= trafficLimits.services) {
        log.error('more services are exported than can be handled; this one is left out', { service, max: trafficLimits.services });
        return undefined;
      }
      known.set(service, entry);
      const answer = { ...read.answer, seq: item.seq, isWithdrawn: item.phase === 'Withdrawn' };
      const before = entry.get(item.cluster);
      entry.set(item.cluster, answer);
      return { service, isNews: before === undefined || besidesUse(before) !== besidesUse(answer) };
    },
    of: (service) => known.get(service) ?? nobody,
    services: () => [...known.keys()],
    forget: (service, cluster) => {
      known.get(service)?.delete(cluster);
      if (known.get(service)?.size === 0) known.delete(service);
    },
  };
};
