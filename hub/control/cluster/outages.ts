/** @module Outages of broker and hub among what a Cluster's history keeps: which entries they are, and where a new one goes. Pure. */
import type { PastVerdict } from '../../../shared/api/index.ts';

/** An outage that the cluster's agent told of, as the history keeps it; `at` = when it was over. */
export type PastOutage = PastVerdict & { readonly cause: 'Broker' | 'Hub'; readonly since: string; readonly id: string };

/** Entries of the history that outages may take: whoever tells many pushes nothing out that is about the cluster. */
const outagesKept = 5;

/** True for what is not about the cluster itself. */
export const isOutage = ({ cause }: PastVerdict): boolean => cause === 'Broker' || cause === 'Hub';

/** True when the history has it already; the times may differ, as where the agent's machine slept or the hub's clock was set between two tellings. */
export const isKnownOutage = (past: readonly PastVerdict[], { cause, id }: PastOutage): boolean =>
  past.some((one) => one.cause === cause && one.id === id);

/** The history, newest first, with those that it lacks at their place in time. */
export const withOutages = (past: readonly PastVerdict[], told: readonly PastOutage[]): readonly PastVerdict[] => {
  const fresh = told.filter((outage) => !isKnownOutage(past, outage));
  if (fresh.length === 0) return past;
  const all = [...past];
  for (const outage of fresh) {
    const older = all.findIndex(({ at }) => Date.parse(at) <= Date.parse(outage.at));
    all.splice(older === -1 ? all.length : older, 0, outage);
  }
  const kept = new Set(all.filter(isOutage).slice(0, outagesKept));
  return all.filter((one) => !isOutage(one) || kept.has(one));
};
