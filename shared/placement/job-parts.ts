/**
 * @module A Job that runs in several clusters: each has a part of its completions. A part that was given stays as it is, since the Job in
 * the member cannot be changed (batch/v1: `completions` is immutable) and made anew it would run again. What a lost cluster leaves undone
 * goes to a cluster that has no part yet, or waits for one. An Indexed Job has one part, which is all of it. Pure.
 */
import type { PlacedCluster } from '../api/index.ts';
import type { KubeObject } from '../kube/object.ts';
import { counted } from '../lib/counted.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { ClusterView, Decision } from './model.ts';
import { type Before, completionsTerm, hasParts } from './runs-on.ts';
import type { Task } from './turn.ts';
import { isIndexedJob, keptWhole } from './undivided.ts';
import { bag, groupKind } from './workload-fields.ts';

/** Completions of a Job that counts them; undefined for every other object. */
export const completionsOf = (object: KubeObject): number | undefined => {
  const { completions } = bag(object.spec);
  return groupKind(object) === 'batch/Job' && typeof completions === 'number' ? completions : undefined;
};

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
export const partsBefore = (placement: Before | undefined): readonly PlacedCluster[] => [
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

/** The task by which an object is decided: an Indexed Job is kept whole, and of a divided one each cluster has its part. */
export const jobTask = ({ workload, policy }: Task, object: KubeObject, placement: Before | undefined): Task => {
  const before = partsBefore(placement);
  if (isUndivided(object, before)) return { workload, policy: keptWhole(policy, object) };
  const completions = completionsOf(object);
  if (completions === undefined || !hasParts(before)) return { workload, policy };
  const given = new Map(before.map(({ name, completions: part = 0 }) => [name, part]));
  return { workload: { ...workload, parts: { completions, given } }, policy };
};

/**
 * True when the Job runs as it was decided and there is nothing to give: a change of policy does not move what would have to run again. Only
 * a cluster that is lost, emptied or gone, a change of the Job itself, or something that waits asks for a decision.
 */
export const isSettledJob = (
  object: KubeObject,
  replicas: number | undefined,
  placement: Before | undefined,
  view: (cluster: string) => ClusterView | undefined,
): boolean => {
  const placed = placement?.spec.clusters ?? [];
  const { status } = placement ?? {};
  if (!hasParts(placed) || status?.unplaced !== 0 || status.reason === 'NoPolicy' || (status.owed ?? []).length > 0) return false;
  const isWhole = sumOf(placed.map((entry) => entry.completions)) >= (completionsOf(object) ?? 0);
  if (!isWhole || sumOf(placed.map((entry) => entry.replicas)) !== replicas) return false;
  return placed.every(({ name }) => view(name)?.taints.every(({ effect }) => effect !== 'NoExecute') === true);
};

/** True when the Job is divided: its first decision says so for ever. */
const isDivided = (policy: CompiledPolicy, before: readonly PlacedCluster[]): boolean =>
  before.length === 0 ? policy.strategy !== 'Duplicated' : hasParts(before);

/** The decision about an Indexed Job: all completions in the one cluster. */
const asWhole = (decision: Decision, completions: number): Decision => ({
  ...decision,
  clusters: decision.clusters.map((cluster) => ({ ...cluster, completions })),
});

/** What becomes of the parts of clusters that the Job leaves; '' where it leaves none. */
export const lostPartsText = (before: readonly PlacedCluster[], after: readonly PlacedCluster[]): string => {
  const known = new Set(before.map(({ name }) => name));
  const left = new Set(after.map(({ name }) => name));
  const lost = before.filter(({ name, completions = 0 }) => completions > 0 && !left.has(name));
  const takers = after.filter(({ name, completions = 0 }) => completions > 0 && !known.has(name));
  if (lost.length === 0 || takers.length === 0) return '';
  const [named, taken] = [lost, takers].map((parts) =>
    parts.map(({ name, completions = 0 }) => `${name} (${counted(completions, 'completion')})`).join(', '),
  );
  const isOne = lost.length === 1;
  return `the ${isOne ? 'part' : 'parts'} of ${named} ${isOne ? 'is' : 'are'} begun anew in ${taken}, with what was done of ${isOne ? 'it' : 'them'}`;
};

/** Why more pods run at once than the Job asks for; '' where they do not. */
const beyondText = (object: KubeObject, clusters: readonly PlacedCluster[]): string => {
  const { parallelism = 1 } = bag(object.spec);
  const running = sumOf(clusters.map(({ replicas }) => replicas));
  return typeof parallelism === 'number' && running > parallelism
    ? `${running} run at once, not ${parallelism}: a part that is under way keeps one, as it would be lost with what was done of it`
    : '';
};

/** Which parts wait where they are, as nothing of them runs; '' where none does. */
const stalledText = (object: KubeObject, clusters: readonly PlacedCluster[]): string => {
  const stalled = clusters.filter(({ replicas, completions = 0 }) => replicas === 0 && completions > 0).map(({ name }) => name);
  if (stalled.length === 0 || bag(object.spec).parallelism === 0) return '';
  const isOne = stalled.length === 1;
  return `the ${isOne ? 'part' : 'parts'} of ${stalled.join(', ')} ${isOne ? 'waits' : 'wait'} there for room, with what was done of ${isOne ? 'it' : 'them'}`;
};

const waitingText = (left: number, total: number, before: readonly PlacedCluster[], after: readonly PlacedCluster[]): string => {
  const placed = new Set(after.map(({ name }) => name));
  const lost = before.filter(({ name, completions = 0 }) => completions > 0 && !placed.has(name)).map(({ name }) => name);
  const anew =
    lost.length === 0
      ? ''
      : lost.length === 1
        ? `; that of ${lost[0]} is begun anew there, or gone on with once ${lost[0]} takes it again`
        : `; those of ${lost.join(', ')} are begun anew there, or gone on with where a cluster takes its own again`;
  return `${left} of ${total} completions wait for a cluster that has no part of the Job: a part that was given cannot be changed${anew}`;
};

/** The decision with the completions of each cluster, `before` as {@link partsBefore}. */
export const withParts = (object: KubeObject, policy: CompiledPolicy, decision: Decision, before: readonly PlacedCluster[]): Decision => {
  const total = completionsOf(object);
  if (total === undefined || decision.clusters.length === 0 || !isDivided(policy, before)) return decision;
  if (isUndivided(object, before)) return asWhole(decision, total);
  const was = new Map(before.map((entry) => [entry.name, entry]));
  const given = sumOf(decision.clusters.map(({ name }) => was.get(name)?.completions));
  const left = Math.max(0, total - given);
  const newcomers = decision.clusters.filter(({ name }) => was.get(name)?.completions === undefined);
  const shares = completionShares(
    left,
    newcomers.map(({ replicas = 0 }) => replicas),
  );
  const parts = new Map(newcomers.map(({ name }, at) => [name, shares[at] ?? 0]));
  const clusters = decision.clusters.map((cluster): PlacedCluster => {
    const { name } = cluster;
    return { ...cluster, completions: was.get(name)?.completions ?? parts.get(name) ?? 0 };
  });
  const next = { ...decision, clusters };
  if (left <= sumOf(shares)) {
    const more = [lostPartsText(before, clusters), beyondText(object, clusters), stalledText(object, clusters)];
    return { ...next, message: [decision.message, ...more].filter((text) => text !== '').join('; ') };
  }
  const isPlaced = decision.reason === 'Placed';
  return {
    ...next,
    // While completions wait, the Job is not whole, however few of its pods may run at once.
    unplaced: Math.max(1, decision.unplaced),
    reason: isPlaced ? 'Unplaced' : decision.reason,
    message: `${waitingText(left, total, before, clusters)}${isPlaced ? '' : `; ${decision.message}`}`,
    binding: completionsTerm,
  };
};
