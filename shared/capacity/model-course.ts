/** @module A cluster once pods on their way are bound in one way that the scheduler may choose, and the other ways that come to the same. */
import { claimLimits } from './claim-limits.ts';
import type { PodDemand } from './demand.ts';
import { type DeviceTaker, deviceTaker } from './device-take.ts';
import { foldDemand } from './fold.ts';
import { gpuMemoryIn } from './hami-quota.ts';
import { type HiddenAsks, withHidden } from './model-deal.ts';
import type { Parts } from './model-likeness.ts';
import { quotaLess, withoutPods, withPods } from './model-take.ts';
import type { ClusterModel, NodeModel } from './node.ts';
import { quotaCounts, replicaUse } from './quota.ts';
import type { BindingRule } from './scheduler-score.ts';

/** One way. */
export type Course = {
  readonly cluster: ClusterModel;
  readonly taker: DeviceTaker | undefined;
  readonly hidden: HiddenAsks;
  /** Rules that all may come to this. */
  readonly rules: readonly BindingRule[];
  /** What each node was given so far, in words that are equal for equal pods. */
  readonly given: readonly string[];
};

/** How many pods each node gets, by its place. */
export type Given = ReadonlyMap<number, bigint>;

/** The course once these pods are bound so; `name` tells their shape from others. */
export const followed = (course: Course, asked: PodDemand, given: Given, rules: readonly BindingRule[], name: string): Course => {
  const taker = course.taker === undefined ? undefined : deviceTaker(course.taker.stock);
  const cluster = taker === undefined ? course.cluster : { ...course.cluster, devices: taker.stock };
  const { demand } = foldDemand(cluster, asked);
  const { limit } = claimLimits(cluster, demand);
  const nodes = [...cluster.nodes];
  const told = [...course.given];
  for (const [at, pods] of given) {
    const node = nodes[at];
    if (node === undefined || pods === 0n) continue;
    const { asks, rest } = limit(node);
    taker?.take(asks, node.name, Number(pods));
    nodes[at] = withPods(node, rest, pods);
    told[at] = `${told[at] ?? ''}${name}:${pods} `;
  }
  const bound = [...given.values()].reduce((sum, pods) => sum + pods, 0n);
  return {
    taker,
    rules,
    hidden: withHidden(course.hidden, demand, given),
    cluster: withLessQuota({ ...cluster, nodes }, demand, Number(bound)),
    given: told,
  };
};

/** The cluster once so many pods more count against its quotas. */
export const withLessQuota = (cluster: ClusterModel, demand: PodDemand, pods: number): ClusterModel => ({
  ...cluster,
  quotas: cluster.quotas.map((quota) =>
    quotaCounts(quota, demand) && quota.namespace === demand.namespace
      ? quotaLess(quota, replicaUse(demand, gpuMemoryIn(cluster)), pods)
      : quota,
  ),
});

/** Equal for courses that differ only in which of nodes that are alike has what. */
export const courseText = ({ given }: Course, parts: Parts): string =>
  given
    .flatMap((told, at) => (told === '' ? [] : [`${parts[at]} ${told}`]))
    .sort()
    .join('|');

/** Courses joined that are one, with all their rules; the earlier stands. */
export const joined = (courses: readonly Course[], parts: Parts): readonly Course[] => {
  const byText = new Map<string, Course>();
  for (const course of courses) {
    const text = courseText(course, parts);
    const known = byText.get(text);
    byText.set(text, known === undefined ? course : { ...known, rules: [...new Set([...known.rules, ...course.rules])] });
  }
  return [...byText.values()];
};

/** Each node of `from` lends what it was given to the node at the same place of `to`. */
const moved = (course: Course, model: ClusterModel, to: readonly number[], from: readonly number[]): Course => {
  const nodes = [...course.cluster.nodes];
  const given = [...course.given];
  const hidden = new Map(course.hidden);
  to.forEach((at, index) => {
    const source = from[index] ?? at;
    const [here, there, base] = [model.nodes[at], course.cluster.nodes[source], model.nodes[source]];
    if (here === undefined || there === undefined || base === undefined) return;
    const { name, labels, pods } = here;
    nodes[at] = { ...there, name, labels, pods: [...pods, ...there.pods.slice(base.pods.length)] } satisfies NodeModel;
    given[at] = course.given[source] ?? '';
    const asks = course.hidden.get(source);
    if (asks === undefined) hidden.delete(at);
    else hidden.set(at, asks);
  });
  return { ...course, cluster: { ...course.cluster, nodes }, given, hidden };
};

/** The course once so many pods have left the node at this place. */
export const leftBy = (course: Course, leaving: PodDemand, at: number, pods: bigint, name: string): Course => {
  const { cluster } = course;
  const { demand } = foldDemand(cluster, leaving);
  const nodes = cluster.nodes.map((node, place) => (place === at ? withoutPods(node, demand, pods) : node));
  return {
    ...course,
    cluster: { ...cluster, nodes },
    given: course.given.map((text, place) => (place === at ? `${text}${name}:-${pods} ` : text)),
  };
};

/** Ways to deal `pool` (how many there are of each sort) to places of so many seats each: for each place, the sorts it gets. */
const dealsOf = function* (pool: readonly number[], seats: readonly number[]): Generator<readonly (readonly number[])[]> {
  const [first, ...others] = seats;
  if (first === undefined) {
    yield [];
    return;
  }
  for (const taken of picksOf(pool, first)) {
    const left = pool.map((count, sort) => count - (taken[sort] ?? 0));
    for (const rest of dealsOf(left, others)) yield [taken, ...rest];
  }
};

const picksOf = function* (pool: readonly number[], seats: number): Generator<readonly number[]> {
  const [first, ...others] = pool;
  if (first === undefined) {
    if (seats === 0) yield [];
    return;
  }
  for (let taken = Math.min(first, seats); taken >= 0; taken--) for (const rest of picksOf(others, seats - taken)) yield [taken, ...rest];
};

const groupsBy = <T>(places: readonly number[], keyOf: (at: number) => T): ReadonlyMap<T, number[]> => {
  const groups = new Map<T, number[]>();
  for (const at of places) {
    const key = keyOf(at);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [at]);
    else group.push(at);
  }
  return groups;
};

/** Ways to arrange a course that are looked at. */
const arrangedMax = 64;

/**
 * The course in every way that its pods may be arranged on nodes that are alike, as far as somebody sees a difference: `seen` tells nodes
 * apart. `isAll` is false when there are too many, and only some are there.
 */
export const arranged = (
  course: Course,
  model: ClusterModel,
  parts: Parts,
  seen: readonly string[],
): { readonly courses: readonly Course[]; readonly isAll: boolean } => {
  let courses: readonly Course[] = [course];
  const all = parts.map((_, at) => at);
  for (const places of groupsBy(all, (at) => parts[at]).values()) {
    const bySight = [...groupsBy(places, (at) => seen[at]).values()];
    const byGiven = [...groupsBy(places, (at) => course.given[at]).values()];
    if (bySight.length < 2 || byGiven.length < 2) continue;
    const next: Course[] = [];
    const pool = byGiven.map((group) => group.length);
    for (const one of courses) {
      for (const deal of dealsOf(
        pool,
        bySight.map((group) => group.length),
      )) {
        if (next.length >= arrangedMax) return { courses: next, isAll: false };
        const used = byGiven.map(() => 0);
        const from = deal.flatMap((taken) =>
          taken.flatMap((count, sort) => {
            const start = used[sort] ?? 0;
            used[sort] = start + count;
            return byGiven[sort]?.slice(start, start + count) ?? [];
          }),
        );
        next.push(moved(one, model, bySight.flat(), from));
      }
    }
    courses = next;
  }
  return { courses, isAll: true };
};
