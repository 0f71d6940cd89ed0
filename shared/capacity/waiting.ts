/**
 * @module Pods that exist in a member and are bound nowhere, told apart: those of workloads that the hub assigned, of which all is known, and
 * all others, of which a report tells only the amounts.
 */
import type { AssumedPods } from './bind.ts';
import { planFit } from './fit.ts';
import type { CapacityReport, PendingDemand } from './report.ts';

/** Pods of a known workload that wait; none of them for longer than this. */
export type WaitingPods = AssumedPods & { readonly oldestSeconds: number };

/** Who waits in a member. */
export type Waiting = {
  readonly ours: readonly WaitingPods[];
  /** What nobody is known to have asked for, with what is left of each count. */
  readonly others: readonly PendingDemand[];
};

const textOf = (requests: readonly (readonly [resource: string, amount: number])[]): string =>
  JSON.stringify(requests.filter(([, amount]) => amount > 0).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/**
 * Finds the pods that `ours` are shown as waiting among `report.pending`, by equal amounts. A pod that a member made larger (a sidecar, a
 * LimitRange) has no equal there and stays among the others, under the amounts that it has: nothing is counted twice. Those that wait for places
 * of their own (`inPlaces`) are neither.
 */
export const waitingIn = (report: CapacityReport, ours: readonly AssumedPods[]): Waiting => {
  if (ours.length === 0 || report.pending.length === 0) return { ours: [], others: report.pending };
  const left = report.pending.map((demand) => ({ demand, count: demand.count }));
  const byText = Map.groupBy(left, ({ demand }) => textOf(Object.entries(demand.requests)));
  const found = ours.flatMap(({ shape, count, inPlaces = 0 }) => {
    let [missing, placed] = [count, inPlaces];
    return (byText.get(textOf(planFit(report, shape).shape.requests)) ?? []).flatMap((entry): WaitingPods[] => {
      const taken = Math.min(missing, entry.count);
      missing -= taken;
      entry.count -= taken;
      const there = Math.min(taken, placed);
      placed -= there;
      return taken > there ? [{ shape, count: taken - there, oldestSeconds: entry.demand.oldestSeconds }] : [];
    });
  });
  return { ours: found, others: left.flatMap(({ demand, count }) => (count > 0 ? [{ ...demand, count }] : [])) };
};
