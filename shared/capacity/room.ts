/**
 * @module The ledger of one cluster: what its report says is free, less what was assigned and is not seen there yet, so that two
 * decisions never spend the same room.
 */
import { type AroundChange, type AssumedPods, bindPods, copyColumns, createPlainBinder, type MutableColumns, takeKept } from './bind.ts';
import { createOpenChoices } from './choices.ts';
import { createDebt } from './debt.ts';
import { deviceTaker } from './device-take.ts';
import { type FitResult, type FreeColumns, fitCluster, fitNodes } from './fit.ts';
import { type Holdings, reportHoldings } from './holdings.ts';
import { refusalsOnceFull } from './once-full.ts';
import { PlainIndex, type PlainShape } from './plain-index.ts';
import { type PodShape, plainShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';
import { reportDevices } from './report-devices.ts';
import { choiceIn, meetingIn, takesInside } from './room-choice.ts';
import { createRoomQuotas } from './room-quotas.ts';
import { bearsOnPods } from './thin-cluster.ts';
import { type Waiting, waitingIn } from './waiting.ts';

/** Replicas on nodes with these labels. */
export type NodeLot = { readonly labels: Readonly<Record<string, string>>; readonly count: number };

/** Room of one cluster under a ledger. */
export type ClusterRoom = {
  /** The report that the room is counted from; undefined when it is counted from an exact model. */
  readonly report: CapacityReport | undefined;
  /**
   * Another number whenever an answer of `fit` may be another one; shapes of one key have one answer at one revision. Absent when answers depend
   * on more, and must be asked for each time.
   */
  readonly revision?: number | undefined;
  /** Further replicas of the shape, with everything assumed subtracted. */
  readonly fit: (shape: PodShape) => FitResult;
  /**
   * Every node by what refuses one more replica on it once as many are there as fit. Replicas of the shape that were assumed in the meantime
   * change nothing of it. Absent = not known.
   */
  readonly refusalsOnceFull?: (shape: PodShape) => FitResult['refusals'];
  /** Of the pods of this very shape that wait in the member, those that none of its nodes can take. Absent = not known. */
  readonly nodeless?: (shape: PodShape) => number;
  /** The nodes for who reckons what pods free that run; undefined where more than amounts decides for the shape. Absent = not known. */
  readonly holdings?: (shape: PodShape) => Holdings | undefined;
  /** Subtracts pods that were assigned just now; answers how many found room. */
  readonly assume: (pods: AssumedPods) => number;
  /** Names of workloads of which more run than are meant to: what they hold is free once they are gone. Absent = not known. */
  readonly leaving?: () => readonly string[];
  /** Where so many further replicas would be bound; they may be fewer than asked for. Absent = not known. */
  readonly lotsFor?: (shape: PodShape, count: number) => readonly NodeLot[];
  /** Where replicas of this very shape and these labels were assumed to be bound so far. Absent = not known. */
  readonly lotsHeld?: (shape: PodShape) => readonly NodeLot[];
};

/** A pod that has waited for so long in its member was tried by the scheduler there and found no node. */
const triedSeconds = 10;

/** True when one replica bears on where the next may be. */
const meetsItself = ({ perNodeMax, demand }: PodShape): boolean =>
  perNodeMax === 1 || demand.antiAffinity.length + demand.spread.length > 0;

/** Pods that are looked for one by one; more are dealt by a heap over all nodes. */
const fewMax = 16;

/** Shapes whose counts are kept; beyond it all are counted anew. */
const keptShapesMax = 256;

const noRefusals: FitResult['refusals'] = {};

const copyOf = (refusals: FitResult['refusals']): FitResult['refusals'] => {
  for (const _ in refusals) return { ...refusals };
  return noRefusals;
};

/**
 * The room of a cluster. Pods that exist in the member and are bound nowhere (`report.pending`) are demand and are subtracted first, then
 * `assumed` in the order given, those of one shape together. Where a node may hold one replica only, each assumed one takes a node. How the
 * member's scheduler packs what is on its way is not known: an assumed replica that finds no node here may find one there, so that its amounts
 * are kept free in the sum over the nodes that it may run on, and so are those of pods that have only just come. Pods that wait in the member
 * for longer had their chance and keep nothing free. Counts that may be others on other nodes are told as estimates, by the rule of
 * `choices.ts`.
 *
 * `waiting` is what the report shows as pending of workloads that the hub knows: they wait for nodes that their shape may run on, and no taint
 * that they do not tolerate gives them room. Of other pods neither tolerations nor selectors are told. They are bound to nodes without taints
 * as long as these have room, since few pods tolerate any: on an empty node that is kept for some they would hide that what is free elsewhere
 * will be taken. Beside such pods every count is an estimate.
 */
export const createRoom = (report: CapacityReport, assumed: readonly AssumedPods[], waiting: readonly AssumedPods[] = []): ClusterRoom => {
  const { podsFree, free, zoneFree, deviceFree } = report.nodes;
  const stock = reportDevices(report);
  const taker = stock === undefined ? undefined : deviceTaker(stock);
  const columns: MutableColumns = {
    podsFree: Float64Array.from(podsFree),
    free: free.map((row) => Float64Array.from(row)),
    zoneFree,
    deviceFree,
    taker,
  };
  const looksAtLabels = (report.podKinds ?? []).some(({ antiAffinity }) => antiAffinity.length > 0);
  const looksAtNamespace = looksAtLabels || (report.quotas ?? []).length > 0;
  /** Nothing is on its way: counts are the report's own. */
  let isUntouched = true;
  const { complete } = report;
  const index = new PlainIndex(report, columns, (shape, count, refusals) => {
    if (isUntouched) return { count, exact: shape.exact && complete, refusals: copyOf(refusals) };
    const most = debt.isEmpty() ? count : Math.min(count, debt.most(shape));
    return { count: most, exact: shape.exact && complete && isKnown(shape, count), refusals: copyOf(refusals) };
  });
  const binder = createPlainBinder(report, columns);
  const change: AroundChange = (node, work) => {
    index.change(node, work);
    binder.changed(node);
  };
  const counts = new Map<string, FitResult>();
  const taken = new Map<string, number>();
  const untouched = new Map<string, number>();
  const nodeless = new Map<string, number>();
  const debt = createDebt(report, columns);
  const quotas = createRoomQuotas(report);
  const freeNow = (): FreeColumns => ({ ...columns, devices: taker?.stock, quotas: quotas.left() });
  const choices = createOpenChoices(meetingIn(report, looksAtLabels));
  /** Pods on their way take of zones or shared GPUs of nodes, which their kubelets choose. */
  let areInside = false;
  /** Pods are in places of others, which only the names of tell. */
  let arePlaced = false;
  /** Pods wait of which it is not known what nodes they may be bound to. */
  let areUntold = false;
  /** True when it does not matter which nodes took what is on its way, where so many replicas fit beside it. */
  const isKnown = (shape: PodShape, count: number): boolean =>
    !areUntold &&
    !(arePlaced && bearsOnPods(shape.demand)) &&
    (debt.isEmpty() || count === 0) &&
    !(areInside && takesInside(report, shape)) &&
    choices.isSure(shape);
  /** Remembers what nodes these pods may choose from. */
  const look = (pods: AssumedPods, plain: PlainShape | undefined): void => {
    areInside ||= takesInside(report, pods.shape);
    if (pods.count <= 0 || choices.isNoted(pods.shape)) return;
    choices.note(pods.shape, choiceIn(report, columns, pods, plain));
    index.tellAnew();
  };
  const keyOf = ({ key, who }: PodShape): string =>
    looksAtNamespace ? `${key}|${who.namespace}${looksAtLabels ? `|${who.labels}` : ''}` : key;
  const assume = (pods: AssumedPods): number => {
    isUntouched = false;
    if (room.revision !== undefined) room.revision += 1;
    const inPlaces = Math.min(pods.inPlaces ?? 0, pods.count);
    arePlaced ||= inPlaces > 0;
    const kept = pods.on === undefined ? 0 : takeKept(report, columns, { ...pods, count: pods.count - inPlaces }, change);
    const more = { shape: pods.shape, count: pods.count - inPlaces - kept };
    const admitted = quotas.admitted(pods.shape, pods.count);
    areUntold ||= !quotas.take(pods.shape, admitted);
    const bound = more.count === 0 ? 0 : take({ ...more, count: Math.min(more.count, admitted) });
    owe(more.shape, more.count - bound);
    if (inPlaces + kept > 0) index.tellAnew();
    if (inPlaces > 0 && meetsItself(pods.shape)) taken.set(keyOf(pods.shape), (taken.get(keyOf(pods.shape)) ?? 0) + inPlaces);
    counts.clear();
    return bound + inPlaces + kept;
  };
  const owe = (shape: PodShape, missing: number): void => {
    debt.owe(shape, missing);
    if (!debt.isEmpty()) index.tellAnew();
  };
  /** Replicas on their way are on nodes the report does not tell of: those that keep apart close a place each, spread ones use up the sum. */
  const withoutOwn = (shape: PodShape, counted: number): number => {
    const own = taken.get(keyOf(shape)) ?? 0;
    if (own === 0) return counted;
    if (shape.demand.spread.length === 0) {
      // A quota that is short has their part taken off already.
      const placeable = looksAtNamespace ? fitCluster(report, shape, { ...freeNow(), quotas: [] }).count : counted;
      return Math.max(0, Math.min(counted, placeable - own));
    }
    const whole = untouched.get(keyOf(shape)) ?? fitCluster(report, shape, { ...report.nodes, quotas: [] }).count;
    untouched.set(keyOf(shape), whole);
    return Math.max(0, Math.min(counted, whole - own));
  };
  const plainOf = ({ shape, count }: AssumedPods): PlainShape | undefined =>
    count <= fewMax ? index.shape(keyOf(shape), shape) : undefined;
  const bind = (pods: AssumedPods, plain = plainOf(pods)): number => {
    const bound = plain === undefined ? bindPods(report, columns, pods, change) : binder.bind(plain, pods.count, change);
    counts.clear();
    return bound;
  };
  const take = (pods: AssumedPods): number => {
    const plain = plainOf(pods);
    look(pods, plain);
    const bound = bind(pods, plain);
    if (meetsItself(pods.shape)) taken.set(keyOf(pods.shape), (taken.get(keyOf(pods.shape)) ?? 0) + bound);
    return bound;
  };
  const takeWaiting = ({ ours, others }: Waiting): void => {
    isUntouched &&= ours.length + others.length === 0;
    for (const pods of ours) {
      const bound = take(pods);
      const key = keyOf(pods.shape);
      nodeless.set(key, (nodeless.get(key) ?? 0) + pods.count - bound);
      // That they wait for so long has a reason that the count does not see.
      if (pods.oldestSeconds >= triedSeconds) areUntold ||= bound > 0;
      else owe(pods.shape, pods.count - bound);
    }
    for (const { requests, count, oldestSeconds } of others) {
      const [sheltered, anywhere] = [plainShape(requests, []), plainShape(requests)];
      const untainted = bind({ shape: sheltered, count });
      const bound = count > untainted ? bind({ shape: anywhere, count: count - untainted }) : 0;
      areUntold ||= untainted + bound > 0 || !choices.isSure(anywhere);
      if (oldestSeconds >= triedSeconds) continue;
      owe(sheltered, bound);
      owe(anywhere, count - untainted - bound);
    }
  };
  const together = (lots: readonly AssumedPods[]): AssumedPods[] => {
    const sums = new Map<string, AssumedPods>();
    for (const { shape, count, inPlaces = 0, on } of lots) {
      const key = keyOf(shape);
      const before = sums.get(key);
      const kept = [...(before?.on ?? []), ...(on ?? [])];
      const nodes = new Map<string, number>();
      for (const [name, pods] of kept) nodes.set(name, pods + (nodes.get(name) ?? 0));
      sums.set(key, {
        shape,
        count: count + (before?.count ?? 0),
        inPlaces: inPlaces + (before?.inPlaces ?? 0),
        ...(nodes.size === 0 ? {} : { on: nodes }),
      });
    }
    return [...sums.values()];
  };
  const room: { -readonly [field in keyof ClusterRoom]: ClusterRoom[field] } = {
    report,
    revision: looksAtNamespace ? undefined : 0,
    assume,
    nodeless: (shape) => nodeless.get(keyOf(shape)) ?? 0,
    holdings: (shape) => reportHoldings(report, columns, shape, debt.isOwed),
    lotsFor: (shape, count) => {
      const tried = { ...copyColumns(report, columns), taker: taker === undefined ? undefined : deviceTaker(taker.stock) };
      const byGroup = new Map<number, number>();
      bindPods(report, tried, { shape, count: quotas.admitted(shape, count) }, (node, work) => {
        const id = report.nodes.group[node] ?? -1;
        byGroup.set(id, (byGroup.get(id) ?? 0) + 1);
        work();
      });
      return report.groups.flatMap(({ id, labels }) => (byGroup.has(id) ? [{ labels, count: byGroup.get(id) ?? 0 }] : []));
    },
    fit: (shape) => {
      const key = looksAtNamespace ? keyOf(shape) : shape.key;
      const plain = index.count(key, shape);
      if (plain !== undefined) return plain;
      const kept = counts.get(key);
      if (kept !== undefined) return kept;
      const counted = fitCluster(report, shape, freeNow());
      const own = withoutOwn(shape, counted.count);
      const count = debt.isEmpty() ? own : Math.min(own, debt.most(shape));
      const result = { ...counted, count, exact: counted.exact && isKnown(shape, own) };
      if (counts.size >= keptShapesMax) counts.clear();
      counts.set(key, result);
      return result;
    },
    refusalsOnceFull: (shape) => index.onceFull(shape) ?? refusalsOnceFull(fitNodes(report, shape, freeNow())),
  };
  takeWaiting(waitingIn(report, together(waiting)));
  for (const pods of together(assumed)) assume(pods);
  return room;
};
