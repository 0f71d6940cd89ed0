/** @module Pods on their way bound to an exact model in every way that a default scheduler may choose, as far as there are few. */
import type { PodDemand } from './demand.ts';
import { fitModel } from './exact-fit.ts';
import { foldDemand } from './fold.ts';
import { gpuMemoryIn } from './hami-quota.ts';
import { type Course, courseText, followed, type Given, joined } from './model-course.ts';
import { dealPods, scoredNode, type WholeNodes } from './model-deal.ts';
import type { Parts } from './model-likeness.ts';
import { pairOf, selectsItself } from './neighbours.ts';
import { quotaCount } from './quota.ts';
import type { BindingRule } from './scheduler-score.ts';
import { bearsOnPods } from './thin-cluster.ts';
import { type Binding, bindingOf, type NodeKind, type Way } from './ways.ts';

/** Pods to bind. */
export type Binder = {
  readonly course: Course;
  readonly asked: PodDemand;
  readonly count: number;
  readonly whole: WholeNodes;
  /** Of one part are nodes that are alike to scores, and to these pods. */
  readonly parts: Parts;
  /** Tells these pods from those bound before. */
  readonly name: string;
};

/** What it comes to. */
export type Bound = {
  readonly choice: Binding['choice'];
  /** False where the ways are only some of them. */
  readonly isAll: boolean;
  readonly ways: readonly { readonly course: Course; readonly bound: number; readonly given: Given }[];
};

/** Pods that are bound one by one; of more, the rest keeps its amounts free in the sum only. */
const boundMax = 20_000;
/** Pods times nodes up to which pods that bear on each other are bound one by one in every way. */
const stepsMax = 400;
/** Courses that come of one while pods are bound one by one. */
const coursesMax = 64;

const plain = (demand: PodDemand): PodDemand => ({ ...demand, affinity: [], antiAffinity: [], spread: [] });

/** How many each node takes, whatever the quota says. */
const limitsOf = ({ cluster }: Course, asked: PodDemand): readonly bigint[] =>
  fitModel({ ...cluster, quotas: [] }, asked).nodes.map(({ count }) => count);

const boundedBy = ({ course: { cluster }, asked, count }: Binder): number => {
  const { demand } = foldDemand(cluster, asked);
  const allowed = quotaCount(cluster.quotas, demand, gpuMemoryIn(cluster));
  const most = Math.min(count, boundMax);
  return allowed !== undefined && allowed < BigInt(most) ? Number(allowed) : most;
};

/** Places of nodes that take some, those of one kind together. */
const kindsIn = ({ course, parts }: Binder, limits: readonly bigint[]): readonly (readonly number[])[] => {
  const kinds = new Map<string, number[]>();
  limits.forEach((limit, at) => {
    if (limit <= 0n) return;
    const key = `${parts[at]} ${course.given[at]}`;
    const kind = kinds.get(key);
    if (kind === undefined) kinds.set(key, [at]);
    else kind.push(at);
  });
  return [...kinds.values()];
};

/** True when each of these nodes is a domain of its own under every rule of the pods, and nothing draws them together. */
const areApart = ({ course: { cluster }, asked }: Binder, places: readonly number[]): boolean =>
  asked.affinity.length === 0 &&
  [...asked.antiAffinity.filter((term) => selectsItself(cluster, asked, term)), ...asked.spread].every(({ topologyKey }) => {
    const pairs = new Set(places.map((at) => pairOf(cluster.nodes[at] ?? { labels: {} }, topologyKey)));
    return pairs.size === places.length && !pairs.has(undefined);
  });

const givenBy = (way: Way, kinds: readonly (readonly number[])[]): Given => {
  const given = new Map<number, bigint>();
  way.forEach((levels, kind) => {
    let next = 0;
    for (let pods = levels.length - 1; pods > 0; pods--) {
      for (let node = 0; node < (levels[pods] ?? 0); node++) given.set(kinds[kind]?.[next++] ?? -1, BigInt(pods));
    }
  });
  return given;
};

const sumOf = (given: Given): number => Number([...given.values()].reduce((sum, pods) => sum + pods, 0n));

const dealOf = ({ course, asked, whole }: Omit<Binder, 'count' | 'parts' | 'name'>) => ({
  nodes: course.cluster.nodes,
  demand: foldDemand(course.cluster, asked).demand,
  whole,
  hidden: course.hidden,
});

/** Where the first rule would bind so many pods. */
export const dealtFirst = (course: Course, asked: PodDemand, count: number, whole: WholeNodes): Given => {
  const limits = fitModel(course.cluster, asked).nodes.map((share) => share.count);
  const deal = { ...dealOf({ course, asked, whole }), limits, count: Math.min(count, boundMax) };
  return dealPods(deal, course.rules.slice(0, 1))[0]?.given ?? new Map();
};

/** Pods that do not bear on each other but by what they take, or of which each node takes its own share. */
const byKinds = (binder: Binder, limits: readonly bigint[], count: number): Bound => {
  const { course } = binder;
  const places = kindsIn(binder, limits);
  const deal = dealOf(binder);
  const kinds = places.map(
    (at): NodeKind => ({
      nodes: at.length,
      most: Number(limits[at[0] ?? -1] ?? 0n) > count ? count : Number(limits[at[0] ?? -1] ?? 0n),
      scored: (pods) => scoredNode(deal, at[0] ?? -1, pods),
    }),
  );
  const { choice, ways } = bindingOf(kinds, count, course.rules);
  return ways === undefined
    ? { ...bySamples(binder, limits, count), choice }
    : { choice, isAll: true, ways: ways.map(({ way, rules }) => boundOf(binder, givenBy(way, places), rules)) };
};

const boundOf = ({ course, asked, name }: Binder, given: Given, rules: readonly BindingRule[]): Bound['ways'][number] => ({
  course: followed(course, asked, given, rules, name),
  bound: sumOf(given),
  given,
});

/** One way for each rule, of more than can be looked at. */
const bySamples = (binder: Binder, limits: readonly bigint[], count: number): Bound => ({
  choice: 'unlike',
  isAll: false,
  ways: dealPods({ ...dealOf(binder), limits, count }, binder.course.rules).map(({ given, rules }) => boundOf(binder, given, rules)),
});

/** The courses that one more pod may lead to under a score; none = it finds no node. Undefined where too many. */
const oneMore = (binder: Binder, course: Course, score: BindingRule['score']): readonly Course[] => {
  const { asked, name } = binder;
  const rules = course.rules.filter((rule) => rule.score === score);
  const deal = dealOf({ ...binder, course });
  const own = limitsOf(course, plain(asked));
  const open = kindsIn({ ...binder, course }, own).flatMap(([at = -1]) => {
    const nodeName = course.cluster.nodes[at]?.name;
    if (nodeName === undefined || (asked.nodeName !== undefined && asked.nodeName !== nodeName)) return [];
    const { total } = fitModel({ ...course.cluster, quotas: [] }, { ...asked, nodeName });
    return total > 0n ? [{ at, score: score(scoredNode(deal, at, 1)) }] : [];
  });
  const best = open.reduce((most, one) => Math.max(most, one.score), Number.NEGATIVE_INFINITY);
  return open.filter((one) => one.score === best).map(({ at }) => followed(course, asked, new Map([[at, 1n]]), rules, name));
};

/** Pods that bear on each other, bound one by one; undefined = in too many ways. */
const oneByOne = (binder: Binder, count: number): readonly Course[] | undefined => {
  const ends: Course[] = [];
  for (const score of new Set(binder.course.rules.map((rule) => rule.score))) {
    const rules = binder.course.rules.filter((rule) => rule.score === score);
    let courses: readonly Course[] = [{ ...binder.course, rules }];
    for (let left = count; left > 0; left--) {
      const next = joined(
        courses.flatMap((course) => {
          const more = oneMore(binder, course, score);
          return more.length === 0 ? [course] : more;
        }),
        binder.parts,
      );
      if (next.length > coursesMax) return undefined;
      const isAtRest =
        next.length === courses.length && next.every((course, at) => courseText(course, binder.parts) === textAt(courses, at, binder));
      courses = next;
      if (isAtRest) break;
    }
    ends.push(...courses);
  }
  return joined(ends, binder.parts);
};

const textAt = (courses: readonly Course[], at: number, { parts }: Binder): string => {
  const course = courses[at];
  return course === undefined ? '' : courseText(course, parts);
};

/** What a course gave more of than another one before it. */
const givenSince = (before: Course, after: Course): Given => {
  const given = new Map<number, bigint>();
  after.cluster.nodes.forEach(({ podsFree }, at) => {
    const pods = (before.cluster.nodes[at]?.podsFree ?? podsFree) - podsFree;
    if (pods > 0n) given.set(at, pods);
  });
  return given;
};

/** The courses that the scheduler may take from this one when it binds the pods. */
export const coursesFrom = (binder: Binder): Bound => {
  const { course, asked } = binder;
  const count = boundedBy(binder);
  const limits = limitsOf(course, asked);
  if (count <= 0) return { choice: 'none', isAll: true, ways: [{ course, bound: 0, given: new Map() }] };
  if (!bearsOnPods(asked)) return byKinds(binder, limits, count);
  const own = limitsOf(course, plain(asked));
  const takers = own.flatMap((limit, at) => (limit > 0n ? [at] : []));
  const areOwn = areApart(binder, takers);
  const room = limits.reduce((sum, limit) => sum + limit, 0n);
  if (areOwn && (asked.spread.length === 0 || room <= BigInt(count))) return byKinds(binder, limits, count);
  const ways = count * course.cluster.nodes.length <= stepsMax ? oneByOne(binder, count) : undefined;
  if (ways === undefined) return bySamples(binder, limits, count);
  const choice = kindsIn(binder, own).length > 1 ? 'unlike' : 'alike';
  return {
    choice,
    isAll: true,
    ways: ways.map((after) => {
      const given = givenSince(course, after);
      return { course: after, bound: sumOf(given), given };
    }),
  };
};
