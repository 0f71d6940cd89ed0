/**
 * @module A Job that runs in several clusters: each has a part of its completions. A part that was given stays as it is, since the Job in
 * the member cannot be changed (batch/v1: `completions` is immutable) and made anew it would run again. What a lost cluster leaves undone
 * goes to a cluster that has no part yet, or waits for one; who took it keeps it, and what was done counts. An Indexed Job has one part, which is all of it. Pure.
 */
import {
  clusterLabels,
  explanationRows,
  keptExplanation,
  type PlacedCluster,
  type PlacementSpec,
  type StoredPlacement,
} from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { type LabelSelector, selectorFromMap } from '../../../shared/kube/selectors/index.ts';
import {
  type ClusterView,
  type CompiledPolicy,
  type Decision,
  indexedText,
  isIndexedJob,
  keptWhole,
  notDivided,
} from '../../../shared/placement/index.ts';
import type { EventText } from '../events.ts';
import { bag, groupKind } from '../kinds.ts';
import { completionsTerm } from '../work/staying.ts';
import { completionsDone, doneOf, type GivenPart, type HeardProgress } from './job-done.ts';

/** Completions of a Job that counts them; undefined for every other object. */
export const completionsOf = (object: KubeObject): number | undefined => {
  const { completions } = bag(object.spec);
  return groupKind(object) === 'batch/Job' && typeof completions === 'number' ? completions : undefined;
};

const hasParts = (clusters: readonly PlacedCluster[]): boolean => clusters.some(({ completions }) => completions !== undefined);
const sumOf = (values: readonly (number | undefined)[]): number => values.reduce<number>((sum, value) => sum + (value ?? 0), 0);

/** Parts of a Job's completions in proportion to its replicas per cluster: Webster, so that they add up. */
export const completionShares = (completions: number, replicas: readonly number[]): readonly number[] => {
  const seats = replicas.map(() => 0);
  for (let left = completions; left > 0; left--) {
    let best = -1;
    replicas.forEach((votes, at) => {
      if (votes === 0) return;
      const [mine, theirs] = [votes * (2 * (seats[best] ?? 0) + 1), (replicas[best] ?? 0) * (2 * (seats[at] ?? 0) + 1)];
      if (best < 0 || mine > theirs) best = at;
    });
    if (best < 0) break;
    seats[best] = (seats[best] ?? 0) + 1;
  }
  return seats;
};

/** The parts that were given: where the Job is placed, and where it stays because no cluster without a part takes over. */
export const partsBefore = (placement: Pick<StoredPlacement, 'spec' | 'status'> | undefined): readonly GivenPart[] => [
  ...(placement?.spec.clusters ?? []),
  ...(placement?.status?.staying ?? []).filter(({ completions }) => completions !== undefined),
];

/**
 * True for a Job that is not divided. An Indexed one that a hub without that rule divided keeps its parts as others do: their completions
 * cannot be changed in the members. They can where an elastic one, of as many completions as pods at once, is scaled (KEP-3715).
 */
const isUndivided = (object: KubeObject, parts: readonly PlacedCluster[]): boolean => {
  if (!isIndexedJob(object)) return false;
  const total = completionsOf(object);
  const given = parts.flatMap(({ completions }) => (completions === undefined ? [] : [completions]));
  return given.length === 0 || (given.length === 1 && (given[0] === total || total === bag(object.spec).parallelism));
};

/** What decisions about a Job look at besides its Placement. */
export type JobLook = { readonly view: (cluster: string) => ClusterView | undefined; readonly heard: HeardProgress };

/** True of a cluster that is gone, or keeps nothing. */
const isOut = (view: ClusterView | undefined): boolean => view?.taints.every(({ effect }) => effect !== 'NoExecute') !== true;

/** Completions that no cluster has done which has its part no more, or is about to lose it. */
const remainingOf = (total: number, placement: Pick<StoredPlacement, 'spec' | 'status'> | undefined, { view, heard }: JobLook): number => {
  const leaving = partsBefore(placement).filter(({ name, completions }) => completions !== undefined && isOut(view(name)));
  return Math.max(0, total - completionsDone(placement) - sumOf(leaving.map((part) => doneOf(part, heard).succeeded)));
};

/** Pods of a Job that may run at once: no more than completions are left to clusters that have a part or get one. */
export const podsOf = (
  object: KubeObject,
  replicas: number | undefined,
  placement: Pick<StoredPlacement, 'spec' | 'status'> | undefined,
  look: JobLook,
): number | undefined => {
  const [total, given] = [completionsOf(object), partsBefore(placement)];
  if (replicas === undefined || total === undefined || !hasParts(given) || isUndivided(object, given)) return replicas;
  const lasting = (placement?.spec.clusters ?? []).filter(({ name }) => !isOut(look.view(name)));
  return Math.min(replicas, Math.max(remainingOf(total, placement, look), sumOf(lasting.map(({ completions }) => completions))));
};

/** All clusters but those that have these parts. */
const othersThan = (parts: readonly PlacedCluster[]): LabelSelector => {
  const values = parts.map(({ name }) => name).sort();
  return { requirements: values.length === 0 ? [] : [{ key: clusterLabels.cluster, operator: 'notin', values }] };
};

/** The policy that a Job with a part to give is decided by: who has a part takes no more replicas, so that the rest goes to others. */
export const policyForJob = (
  policy: CompiledPolicy,
  object: KubeObject,
  placement: Pick<StoredPlacement, 'spec' | 'status'> | undefined,
  look: JobLook,
): CompiledPolicy => {
  if (isUndivided(object, partsBefore(placement))) return keptWhole(policy, object);
  const before = placement?.spec.clusters ?? [];
  const total = completionsOf(object);
  if (total === undefined || !hasParts(before)) return policy;
  const lasting = before.filter(({ name }) => !isOut(look.view(name)));
  // Who has no part gets none while none is left: all the pods that may run at once are for those who have.
  if (sumOf(lasting.map(({ completions }) => completions)) >= remainingOf(total, placement, look))
    return { ...policy, bounds: [...policy.bounds, { min: 0, max: 0, clusters: othersThan(lasting) }] };
  const caps = before.map(({ name, replicas = 0 }) => ({
    min: 0,
    max: replicas,
    clusters: selectorFromMap({ [clusterLabels.cluster]: name }),
  }));
  return { ...policy, bounds: [...policy.bounds, ...caps] };
};

/**
 * True when the Job runs as it was decided and there is nothing to give: a change of policy does not move what would have to run again. Only
 * a cluster that is lost, emptied or gone, a change of the Job itself, or something that waits asks for a decision. So it is with a Job that
 * counts no completions, whose pods are divided.
 */
export const isSettledJob = (
  object: KubeObject,
  replicas: number | undefined,
  placement: Pick<StoredPlacement, 'spec' | 'status'> | undefined,
  look: JobLook & { readonly strategy: CompiledPolicy['strategy'] },
): boolean => {
  if (groupKind(object) !== 'batch/Job') return false;
  const placed = placement?.spec.clusters ?? [];
  const total = completionsOf(object);
  const isGiven = hasParts(placed) || (placed.length > 0 && total === undefined && look.strategy !== 'Duplicated');
  if (!isGiven || placement?.status?.unplaced !== 0 || (placement.status.owed ?? []).length > 0) return false;
  const isWhole = sumOf(placed.map((entry) => entry.completions)) + completionsDone(placement) >= (total ?? 0);
  if (!isWhole || sumOf(placed.map((entry) => entry.replicas)) !== podsOf(object, replicas, placement, look)) return false;
  return placed.every(({ name }) => !isOut(look.view(name)));
};

/** True when the Job is divided: its first decision says so for ever. */
const isDivided = (policy: CompiledPolicy, before: readonly PlacedCluster[]): boolean =>
  before.length === 0 ? policy.strategy !== 'Duplicated' : hasParts(before);

/** True when what a cluster did of the Job counts though it has no part of it any more: others do the rest, and do not begin anew. */
export const isShared = (object: KubeObject, policy: CompiledPolicy, parts: readonly PlacedCluster[]): boolean => {
  if (groupKind(object) !== 'batch/Job') return false;
  if (completionsOf(object) === undefined) return policy.strategy !== 'Duplicated';
  return isDivided(policy, parts) && !isUndivided(object, parts);
};

/** The decision about an Indexed Job: all completions in the one cluster. */
const asWhole = (decision: Decision, completions: number): Decision => ({
  ...decision,
  clusters: decision.clusters.map((cluster) => ({ ...cluster, completions })),
});

/** Told once, when an Indexed Job gets its cluster while others could have had a part of a Job that is divided. */
export const wholeEvents = (
  { before }: { readonly before: { readonly spec: PlacementSpec } | undefined },
  { clusters, explained }: Decision,
): readonly EventText[] => {
  const [only] = clusters;
  if (only?.completions === undefined || clusters.length > 1 || hasParts(before?.spec.clusters ?? [])) return [];
  if (!explanationRows(explained).some(({ reason }) => reason === notDivided.reason)) return [];
  return [{ type: 'Normal', reason: 'NotDivided', message: `all ${only.completions} completions are for ${only.name}: ${indexedText}` }];
};

/** The decision with the completions of each cluster. Replicas for which no completions are left are not placed. */
export const withParts = (
  object: KubeObject,
  policy: CompiledPolicy,
  decision: Decision,
  placement: Pick<StoredPlacement, 'spec' | 'status'> | undefined,
  heard: HeardProgress,
): Decision => {
  const before = partsBefore(placement);
  const total = completionsOf(object);
  if (total === undefined || decision.clusters.length === 0 || !isDivided(policy, before)) return decision;
  if (isUndivided(object, before)) return asWhole(decision, total);
  const was = new Map(before.map((entry) => [entry.name, entry]));
  const given = sumOf(decision.clusters.map(({ name }) => was.get(name)?.completions));
  const got = new Set(decision.clusters.map(({ name }) => name));
  const leaving = before.filter(({ name, completions }) => completions !== undefined && !got.has(name));
  const done = completionsDone(placement) + sumOf(leaving.map((part) => doneOf(part, heard).succeeded));
  const left = Math.max(0, total - given - done);
  const newcomers = decision.clusters.filter(({ name }) => was.get(name)?.completions === undefined);
  const shares = completionShares(
    left,
    newcomers.map(({ replicas = 0 }) => replicas),
  );
  const parts = new Map(newcomers.map(({ name }, at) => [name, shares[at] ?? 0]));
  const isWaiting = left > sumOf([...parts.values()]);
  const clusters = decision.clusters.flatMap(({ name, replicas = 0 }): PlacedCluster[] => {
    const known = was.get(name);
    const completions = known?.completions ?? parts.get(name) ?? 0;
    if (completions === 0 && total > 0) return [];
    return [{ name, replicas: isWaiting ? Math.min(replicas, known?.replicas ?? replicas) : replicas, completions }];
  });
  const pods = new Map(clusters.map(({ name, replicas = 0 }) => [name, replicas]));
  const dropped = sumOf(decision.clusters.map(({ name, replicas = 0 }) => replicas - (pods.get(name) ?? 0)));
  const next = { ...decision, clusters };
  if (dropped === 0 && !isWaiting) return next;
  return {
    ...next,
    // While completions wait, the Job is not whole, however few of its pods may run at once.
    unplaced: Math.max(1, decision.unplaced + dropped),
    reason: 'Unplaced',
    message: isWaiting
      ? `${left} of ${total} completions wait for a cluster that has no part of the Job: a part that was given cannot be changed`
      : `all ${total} completions are given to clusters that have room for fewer replicas at once`,
    binding: isWaiting ? completionsTerm : decision.binding || 'capacity',
    explained: keptExplanation(explanationRows(decision.explained).map((row) => ({ ...row, got: pods.get(row.cluster) ?? 0 }))),
  };
};
