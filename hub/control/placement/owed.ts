/** @module What clusters are owed: replicas that went elsewhere when the cluster was lost or drained, and that come back once it takes some again. */
import type { OwedCluster, PlacementSpec, StoredPlacementStatus } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import { type ClusterView, type Decision, hasParts, stayReason, type Workload } from '../../../shared/placement/index.ts';
import { healthTaints } from '../cluster/health.ts';
import { tellsReady } from '../work/replicas.ts';
import { isOfLoss } from '../work/staying.ts';

/** What was decided on, as far as it bears on debts. */
export type OwedInput = {
  readonly object: KubeObject;
  readonly before: { readonly spec: PlacementSpec; readonly status?: StoredPlacementStatus } | undefined;
  readonly clusters: readonly ClusterView[];
};

const isUnwell = (view: ClusterView | undefined): boolean =>
  view?.taints.some(({ key }) => key === healthTaints.unreachable || key === healthTaints.returning || key === healthTaints.notReady) ??
  true;

/** What of the owed still stands: the cluster is not well yet, or drained still. */
export const stillOwed = (owed: readonly OwedCluster[], clusters: readonly ClusterView[]): readonly OwedCluster[] => {
  const views = new Map(clusters.map((view) => [view.name, view]));
  return owed.filter(({ name, reason }) => {
    const view = views.get(name);
    return view !== undefined && (isUnwell(view) || (reason === 'Drained' && stayReason(view) === 'Drained'));
  });
};

/** Replicas that clusters have more than before, by name. */
const gainsOf = (before: NonNullable<OwedInput['before']>, decision: Decision): Map<string, number> => {
  const had = new Map(before.spec.clusters.map(({ name, replicas = 0 }) => [name, replicas]));
  const gains = decision.clusters.map(({ name, replicas = 0 }) => [name, replicas - (had.get(name) ?? 0)] as const);
  return new Map(gains.filter(([, gain]) => gain > 0));
};

/** Who takes more while replicas of lost clusters are missing took theirs, up to what each of those is owed. */
const withTakers = (owed: readonly OwedCluster[], gains: Map<string, number>): OwedCluster[] =>
  owed.map((entry) => {
    const taken = new Map((entry.takenBy ?? []).map(({ name, replicas }) => [name, replicas]));
    let open = entry.replicas - [...taken.values()].reduce((sum, replicas) => sum + replicas, 0);
    for (const [name, gain] of gains) {
      const count = Math.min(gain, open);
      if (count <= 0) continue;
      taken.set(name, (taken.get(name) ?? 0) + count);
      gains.set(name, gain - count);
      open -= count;
    }
    if (taken.size === 0) return entry;
    const takenBy = [...taken].map(([name, replicas]) => ({ name, replicas })).sort((a, b) => compareText(a.name, b.name));
    return { ...entry, takenBy };
  });

/**
 * What clusters are owed after a decision: what they were owed before, and what they lose now. A cluster that is well, and not drained, has been
 * decided on: it is owed nothing. Of what a drain moves only kinds of which both sides run for a while are owed. Who took the part of a divided Job
 * keeps it: given back, what it did would be lost.
 */
export const owedAfter = ({ object, before, clusters }: OwedInput, decision: Decision): OwedCluster[] => {
  if (before === undefined) return [];
  const known = before.status?.owed ?? [];
  if (known.length === 0 && !clusters.some(({ taints }) => taints.length > 0)) return [];
  const views = new Map(clusters.map((view) => [view.name, view]));
  const owed = new Map(known.map((entry) => [entry.name, entry]));
  const got = new Set(decision.clusters.map(({ name }) => name));
  for (const { name, replicas: had = 0 } of before.spec.clusters) {
    const why = stayReason(views.get(name));
    const isDrained = why === 'Drained' && had > 0 && tellsReady(object);
    if (got.has(name) || (why !== 'Lost' && !isDrained)) continue;
    const replicas = Math.max(owed.get(name)?.replicas ?? 0, had);
    owed.set(name, { ...owed.get(name), name, replicas, ...(isDrained ? { reason: 'Drained' } : {}) });
  }
  const open = [...owed.values()].filter(({ name }) => !got.has(name));
  const after = withTakers(
    stillOwed(open, clusters).toSorted((a, b) => compareText(a.name, b.name)),
    gainsOf(before, decision),
  );
  return hasParts([...before.spec.clusters, ...decision.clusters]) ? after.filter(({ takenBy }) => takenBy === undefined) : after;
};

type Taken = NonNullable<OwedCluster['takenBy']>;

/** Of what clusters took, so many: of what has not become ready there, where that is known. */
const firstOf = (taken: Taken, count: number, unready: StoredPlacementStatus['unready']): Taken => {
  let left = count;
  return taken.map(({ name, replicas }) => {
    const there = unready?.find((one) => one.name === name);
    const missing = unready === undefined ? replicas : (there?.replicas ?? 0) - (there?.ready ?? 0);
    const given = Math.min(replicas, missing, left);
    left -= given;
    return { name, replicas: given };
  });
};

/**
 * What may be given back now, and by whom. A drain that is taken back brings back what has not left: what runs in the cluster still
 * (`lingering`), because its replacements are not ready. So does a loss that a singleton has come through: one that was taken over stays where
 * it is, as a second move would stop it once more; one that runs on where it was, because nobody could begin elsewhere, is not stopped either.
 */
export const dueOf = (
  status: StoredPlacementStatus | undefined,
  lingering: ReadonlyMap<string, number>,
  isSingleton: boolean,
): Required<Pick<Workload, 'owed' | 'takers'>> => {
  const unready = status?.unready;
  const due = (status?.owed ?? []).map(({ name, replicas: had, takenBy = [], reason }) => {
    const isLoss = isOfLoss(reason);
    if (isLoss && (!isSingleton || takenBy.length === 0)) return { name, replicas: had, takenBy };
    const isTakenOver = isLoss && !takenBy.some((taker) => unready?.some((one) => one.name === taker.name));
    const replicas = isTakenOver ? 0 : Math.min(had, lingering.get(name) ?? 0);
    return { name, replicas, takenBy: firstOf(takenBy, replicas, unready) };
  });
  return {
    owed: new Map(due.map(({ name, replicas }) => [name, replicas])),
    takers: new Map(due.map(({ name, takenBy }) => [name, new Map(takenBy.map((taker) => [taker.name, taker.replicas]))])),
  };
};
