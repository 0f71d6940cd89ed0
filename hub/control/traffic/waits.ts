/** @module Clusters whose requests do not come back by themselves, or not soon: what they wait for, and how an operator ends it. Pure. */
import { compareText } from '../../../shared/lib/compare-text.ts';
import { rampCalmMs } from '../../../shared/traffic/index.ts';
import type { TrafficSpec } from '../../../shared/wire/index.ts';
import type { EventText } from '../events.ts';
import { type KnownAnswer, partsOfService, type ServiceKey } from './answers.ts';

/** One cluster that waits, for what, and in which clusters it does. */
export type Wait = { readonly cluster: string; readonly for: 'Release' | 'Setbacks'; readonly at: readonly string[] };

/** Who waits, by what the agents say; sorted. */
export const waitsOf = (answers: ReadonlyMap<string, Pick<KnownAnswer, 'applied'>>, heard: ReadonlySet<string>): readonly Wait[] => {
  const found = new Map<string, { readonly cluster: string; readonly for: Wait['for']; readonly at: string[] }>();
  for (const [at, { applied }] of answers)
    for (const { cluster, waits } of applied?.away ?? []) {
      if (waits === undefined || !heard.has(at)) continue;
      const key = `${cluster} ${waits}`;
      const wait = found.get(key) ?? { cluster, for: waits, at: [] };
      wait.at.push(at);
      found.set(key, wait);
    }
  return [...found.values()]
    .map((wait) => ({ ...wait, at: wait.at.sort(compareText) }))
    .sort((a, b) => compareText(a.cluster, b.cluster) || compareText(a.for, b.for));
};

/** Why it waits, and what ends that. */
export const waitText = (wait: Pick<Wait, 'cluster' | 'for'>, failback: TrafficSpec['failback']): string => {
  const { cluster } = wait;
  const release = `add it to spec.failback.released; if it is there, that was for before: take it out first`;
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
        if (before?.has(`${wait.cluster} ${wait.for}`) !== true)
          tell(wait.cluster, {
            type: 'Warning',
            reason: 'ReturnWaits',
            message: `requests of ${service} do not return: ${waitText(wait, failback)} (${where})`,
          });
      if (waits.length === 0) told.delete(service);
      else told.set(service, new Set(waits.map((wait) => `${wait.cluster} ${wait.for}`)));
    },
    forget: (service) => void told.delete(service),
  };
};
