/**
 * @module The ledger over an exact model of a cluster, such as a dump: further replicas of a shape with everything assumed taken off. What is
 * on its way is assumed to be bound as the default scheduler would, the least allocated node first.
 */
import { bagOf } from '../lib/fields.ts';
import { bookedFloor, isDevice, smaller } from './amounts.ts';
import type { AssumedPods, FreedPods } from './bind.ts';
import { createOpenChoices } from './choices.ts';
import type { PodDemand } from './demand.ts';
import { deviceTaker } from './device-take.ts';
import type { DumpObject } from './dump-objects.ts';
import { fitModel } from './exact-fit.ts';
import type { FitResult } from './fit.ts';
import { foldDemand, withDevices } from './fold.ts';
import { modelHoldings } from './holdings.ts';
import { coursesFrom, dealtFirst } from './model-bind.ts';
import { arranged, type Course, followed, type Given, joined, leftBy, withLessQuota } from './model-course.ts';
import type { WholeNodes } from './model-deal.ts';
import { mostBeside, type OwedPods } from './model-debt.ts';
import { type Parts, partsOf, sightOf, splitParts } from './model-likeness.ts';
import type { ClusterModel } from './node.ts';
import { refusalOf } from './node-match.ts';
import { refusalsOnceFull } from './once-full.ts';
import { exactAmounts } from './pod-request.ts';
import type { PodShape } from './pod-shape.ts';
import type { ClusterRoom, NodeLot } from './room.ts';
import { type BindingRule, bindingRules } from './scheduler-score.ts';
import { bearsOnPods } from './thin-cluster.ts';

/** {@link WholeNodes} of a dump's objects. */
export const wholeNodesOf = (objects: readonly DumpObject[]): WholeNodes =>
  new Map(
    objects
      .filter(({ kind }) => kind === 'Node')
      .map(({ name, body }) => {
        const { allocatable, capacity } = bagOf(body.status);
        const amounts = [...exactAmounts(allocatable ?? capacity)];
        return [name, new Map(amounts.map(([resource, nanos]) => [resource, bookedFloor(resource, nanos)]))];
      }),
  );

/** The demand of a shape, with what a policy changed of it. */
const demandOf = (shape: PodShape): PodDemand => {
  const { nodeTerms, nodeSelector, tolerations, runtimeClassName, numaSingleNode } = shape;
  const demand = withDevices(shape.demand, devicesOf(shape));
  const oneZone = numaSingleNode === true ? { numaSingleNode } : {};
  return { ...demand, ...oneZone, nodeTerms, nodeSelector, tolerations, runtimeClassName };
};

/** Devices that the shape asks for beyond its template: those of networks that a policy requires. */
const devicesOf = ({ requests, demand }: PodShape): Map<string, bigint> =>
  new Map(
    requests.flatMap(([resource, amount]) => {
      const more = BigInt(amount) - (demand.requests.get(resource) ?? 0n);
      return isDevice(resource) && more > 0n ? [[resource, more] as const] : [];
    }),
  );

const numberOf = (count: bigint): number => (count > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(count));

/** What a shape was bound to so far, by the first course. */
type Lots = Map<string, Map<number, bigint>>;

const added = (lots: ReadonlyMap<number, bigint>, given: Given): Map<number, bigint> => {
  const sums = new Map(lots);
  for (const [at, pods] of given) sums.set(at, (sums.get(at) ?? 0n) + pods);
  return sums;
};

const lotsOf = ({ nodes }: ClusterModel, given: Given): NodeLot[] =>
  [...given].map(([at, pods]) => ({ labels: nodes[at]?.labels ?? {}, count: numberOf(pods) }));

const sumOf = (given: Given): bigint => [...given.values()].reduce((sum, pods) => sum + pods, 0n);

/** Quota looks at the namespace, and pods that run at the labels. */
const keyOf = (shape: PodShape): string => `${shape.key}|${shape.who.namespace}|${shape.who.labels}|${shape.numaSingleNode === true}`;

/** Courses that are followed side by side: fewer where there are many nodes, but all rules. */
const coursesMax = (nodes: number): number => Math.max(bindingRules.length, Math.min(64, Math.floor(50_000 / Math.max(1, nodes))));

const overfull = 'more pods are on their way than fit';

const fewestOf = (results: readonly FitResult[]): FitResult => {
  const [first, ...others] = results;
  if (first === undefined) return { count: 0, exact: false, refusals: {} };
  const fewest = others.reduce((least, one) => (one.count < least.count ? one : least), first);
  return { ...fewest, exact: results.every(({ exact, count }) => exact && count === fewest.count) };
};

/** All that a shape must know of the courses: those that differ to it, and whether they are all there are. */
type Seen = { readonly courses: readonly Course[]; readonly isAll: boolean; readonly parts: Parts };

/** Courses of one set of rules, with the parts of the nodes that none of their pods tells apart. */
type Track = Seen & { readonly bound: number };

/** A node is as good as any other: what every scheduler may do. */
const anyNode: BindingRule = { score: () => 0, tie: () => 0 };

/**
 * The room of an exactly known cluster. Pods assumed are bound in every way that a default scheduler may choose, and the fewest replicas that
 * any of these leaves room for are told. That is an estimate where they do not agree, and where unlike nodes were to choose from, unless it is
 * the same on whichever nodes the pods are. Pods assumed that find no node now may find one when they come: their amounts are kept free in the
 * sum over the nodes, and later counts are estimates.
 */
export const createModelRoom = (model: ClusterModel, whole: WholeNodes): ClusterRoom => {
  const taker = model.devices === undefined ? undefined : deviceTaker(model.devices);
  const cluster = taker === undefined ? model : { ...model, devices: taker.stock };
  const most = coursesMax(model.nodes.length);
  const sight = sightOf(model);
  const trackOf = (rules: readonly BindingRule[]): Track => ({
    courses: [{ cluster, taker, hidden: new Map(), rules, given: model.nodes.map(() => '') }],
    isAll: true,
    parts: [],
    bound: 0,
  });
  let ruled = trackOf(bindingRules);
  /** Undefined once there are too many ways. */
  let free: Track | undefined = trackOf([anyNode]);
  let assumed = 0;
  /** Pods are in places of others, which only the names of tell. */
  let arePlaced = false;
  /** Pods assumed that find no node. */
  const owed: OwedPods[] = [];
  const counts = new Map<string, FitResult>();
  const choices = createOpenChoices({
    shareNodes: (one, other) => {
      const [a, b] = [foldDemand(model, demandOf(one)).demand, foldDemand(model, demandOf(other)).demand];
      return model.nodes.some((node) => refusalOf(node, a) === undefined && refusalOf(node, b) === undefined);
    },
    // The ways to bind to alike nodes are all looked at.
    tellsApart: () => false,
  });
  const lots: Lots = new Map();
  /** The courses with their pods arranged in every way that the demand tells apart. */
  const seenBy = (track: Track, demand: PodDemand): Seen => {
    const seen = assumed === 0 ? undefined : sight(foldDemand(model, demand).demand);
    if (seen === undefined) return track;
    const made = track.courses.map((course) => arranged(course, model, track.parts, seen));
    const parts = splitParts(track.parts, seen);
    const courses = joined(
      made.flatMap((one) => one.courses),
      parts,
    );
    return { courses, isAll: track.isAll && made.every(({ isAll }) => isAll), parts };
  };
  const countIn = (courses: readonly Course[], demand: PodDemand): FitResult =>
    fewestOf(
      courses.map((course) => {
        const { total, exact, refusals } = fitModel(course.cluster, demand);
        const most = owed.length === 0 ? total : (mostBeside(course.cluster, owed, foldDemand(model, demand).demand) ?? total);
        return { count: numberOf(smaller(total, most)), exact, refusals };
      }),
    );
  /** True when the count is the same on whichever nodes the pods are. */
  const isSameAnywhere = (demand: PodDemand, count: number): boolean => {
    const seen = free === undefined ? undefined : seenBy(free, demand);
    if (seen?.isAll !== true) return false;
    const told = countIn(seen.courses, demand);
    return told.exact && told.count === count;
  };
  const count = (shape: PodShape): FitResult => {
    const demand = demandOf(shape);
    const seen = seenBy(ruled, demand);
    const told = countIn(seen.courses, demand);
    if (!told.exact || (arePlaced && bearsOnPods(demand))) return { ...told, exact: false };
    const isSure = seen.isAll && choices.isSure(shape);
    return isSure || isSameAnywhere(demand, told.count) ? told : { ...told, exact: false };
  };
  const withoutFreed = (course: Course, freed: readonly FreedPods[]): Course =>
    freed.reduce((left, { shape, node, count }, at) => {
      const place = model.nodes.findIndex(({ name }) => name === node);
      return place < 0 ? left : leftBy(left, demandOf(shape), place, BigInt(count), `${assumed}f${at}`);
    }, course);
  /** Nodes that are kept for so many pods, by place. */
  const onNodes = (on: ReadonlyMap<string, number> | undefined, most: number): Given => {
    const given = new Map<number, bigint>();
    let left = most;
    for (const [name, pods] of on ?? []) {
      const at = model.nodes.findIndex((node) => node.name === name);
      const here = Math.min(left, pods);
      if (at < 0 || here === 0) continue;
      left -= here;
      given.set(at, BigInt(here));
    }
    return given;
  };
  /** The track once these pods are bound. */
  const tracked = (track: Track, { shape, count: given, inPlaces = 0, on, freed = [] }: AssumedPods, asked: PodDemand): Track => {
    const kept = onNodes(on, given - inPlaces);
    const before = seenBy(track, asked);
    const courses =
      kept.size === 0
        ? before.courses
        : before.courses.map((one) => followed(withoutFreed(one, freed), asked, kept, one.rules, `${assumed}k`));
    const seen = { ...before, courses };
    const wanted = given - numberOf(sumOf(kept));
    const { parts } = seen;
    let fewest = wanted;
    let isAll = seen.isAll;
    const next = seen.courses.flatMap((course, at) => {
      const {
        ways,
        choice,
        isAll: areWays,
      } = coursesFrom({ course, asked, count: wanted - inPlaces, whole, parts, name: String(assumed) });
      // Where not all ways of the rules are looked at, the choice is noted as one of unlike nodes.
      isAll &&= areWays || track === ruled;
      if (track === ruled) choices.note(shape, choice);
      const [first] = ways;
      if (track === ruled && at === 0 && first !== undefined)
        lots.set(keyOf(shape), added(added(lots.get(keyOf(shape)) ?? new Map(), first.given), kept));
      return ways.map(({ course: after, bound }) => {
        fewest = Math.min(fewest, bound + inPlaces);
        const { cluster: left } = after;
        const isOver = bound + inPlaces < wanted && !left.doubts.includes(overfull);
        const doubts = isOver ? [...left.doubts, overfull] : left.doubts;
        return { ...after, cluster: withLessQuota({ ...left, doubts }, foldDemand(model, asked).demand, inPlaces) };
      });
    });
    const joinedOnes = joined(next, parts);
    return { courses: joinedOnes.slice(0, most), isAll: isAll && joinedOnes.length <= most, parts, bound: fewest + given - wanted };
  };
  return {
    report: undefined,
    fit: (shape) => {
      const key = keyOf(shape);
      const known = counts.get(key);
      if (known !== undefined) return known;
      const made = count(shape);
      counts.set(key, made);
      return made;
    },
    refusalsOnceFull: (shape) => {
      const [course] = ruled.courses;
      return course === undefined ? {} : refusalsOnceFull(fitModel(course.cluster, demandOf(shape)).nodes);
    },
    holdings: (shape) => {
      const ways = seenBy(ruled, demandOf(shape)).courses.map((course) => course.cluster);
      const isOwed = (resource: string): boolean => owed.some(({ demand }) => demand.requests.has(resource));
      return modelHoldings(ways, shape, { demandOf, isOwed });
    },
    assume: (pods: AssumedPods): number => {
      if (pods.count <= 0) return 0;
      if (assumed === 0) {
        // As long as nothing is assumed nodes need not be compared.
        const parts = partsOf(model, whole);
        ruled = { ...ruled, parts };
        free = { ...trackOf([anyNode]), parts };
      }
      const asked = demandOf(pods.shape);
      const told = { ...pods, inPlaces: Math.min(pods.inPlaces ?? 0, pods.count) };
      assumed += 1;
      arePlaced ||= told.inPlaces > 0;
      const loose = free === undefined ? undefined : tracked(free, told, asked);
      ruled = tracked(ruled, told, asked);
      free = loose?.isAll === true ? loose : undefined;
      const missing = pods.count - ruled.bound;
      if (missing > 0) owed.push({ demand: foldDemand(model, asked).demand, missing: BigInt(missing) });
      counts.clear();
      return ruled.bound;
    },
    lotsFor: (shape, wanted) => {
      const [course] = ruled.courses;
      return course === undefined || wanted <= 0 ? [] : lotsOf(model, dealtFirst(course, demandOf(shape), wanted, whole));
    },
    lotsHeld: (shape) => lotsOf(model, lots.get(keyOf(shape)) ?? new Map()),
  };
};
