/**
 * @module How many replicas the kubelet of one node lets in: replica by replica over every choice that is the kubelet's own, and the lowest
 * number of all; exact when all choices agree.
 */
import type { PodDemand } from '../demand.ts';
import type { KubeletModel, NodeModel, TopologyPolicy } from '../node.ts';
import { admitOne } from './admit.ts';
import type { NodeRules } from './allocate.ts';
import { asksNothing, hasNothingToAlign, isAlignedAtOnce, type Managers, managersOf, type PodAsk, podAskOf, takesOfZones } from './ask.ts';
import { type Budget, BudgetSpent, spend } from './choices.ts';
import { firstStates } from './groups.ts';
import { pooled, pooledBesideMemory, stateKey, type ZoneState, type ZoneTotals, zonesOf } from './zones.ts';

/** What leaves a count open beside settings that are not told: a choice of the kubelet's, or more of them than are looked at. */
export type ZoneDoubt = 'choice' | 'zones' | 'choices';

/** Replicas that the managers let in; `exact` when no choice of theirs changes the number, else `doubt` may tell what leaves it open. */
export type ZoneCount = { readonly count: bigint; readonly exact: boolean; readonly doubt?: ZoneDoubt };

const openAt = (count: bigint, doubt: ZoneDoubt): ZoneCount => ({ count, exact: false, doubt });

/** Choices looked at for one node and shape; beyond it the count is what every choice surely reaches. */
export const choicesMax = 10_000;
/** States kept side by side. */
const statesMax = 500;
/** Zones whose masks are all looked at: 1,023 masks. The kubelet itself stops at 8 unless told otherwise. */
const zonesMax = 10;

/** Counts of nodes whose zones are alike, for one shape. */
export type ZoneMemo = Map<string, ZoneCount>;

const memoKey = ({ zones, kubelet }: NodeModel, most: bigint): string =>
  [most, JSON.stringify(kubelet), ...zones.map(({ id, total, available }) => [id, ...total, '', ...available].join())].join('|');

/** As {@link zoneCount}, asked once for nodes that are alike. */
export const zoneCountOnce = (memo: ZoneMemo, node: NodeModel, demand: PodDemand, most: bigint): ZoneCount => {
  if (node.zones.length === 0) return zoneCount(node, demand, most);
  const key = memoKey(node, most);
  const known = memo.get(key) ?? zoneCount(node, demand, most);
  memo.set(key, known);
  return known;
};

/**
 * Counts up to `most`, which the scheduler's own terms allow. Where it is not told how the managers are set, every setting is tried. A node
 * without zones lets all in, but promises no replica one zone.
 */
export const zoneCount = (node: NodeModel, demand: PodDemand, most: bigint): ZoneCount => {
  if (most === 0n) return { count: most, exact: true };
  if (node.zones.length === 0) return { count: demand.numaSingleNode === true && takesOfZones(demand) ? 0n : most, exact: true };
  const settings = [node, ...(node.kubelet.orElse ?? []).map((other) => ({ ...node, kubelet: { ...node.kubelet, ...other } }))];
  const counts = settings.flatMap((one) => countsAs(one, demand, most));
  const count = counts.reduce((least, one) => (one.count < least ? one.count : least), most);
  const doubt = counts.find((one) => one.doubt !== undefined)?.doubt;
  return { count, exact: counts.every((one) => one.exact && one.count === count), ...(doubt === undefined ? {} : { doubt }) };
};

/** A count for each setting of the resource managers that may hold. */
const countsAs = (node: NodeModel, demand: PodDemand, most: bigint): readonly ZoneCount[] => {
  const { kubelet } = node;
  return managersOf(kubelet, demand).flatMap((managers) =>
    threadsOf(kubelet, managers.cpu).map((threads) => countAs(node, demand, managers, threads, most)),
  );
};

/** Multiples in which CPUs are given; where full cores are wanted and threads are not told, one and two. */
const threadsOf = (kubelet: KubeletModel, cpu: Managers['cpu']): readonly bigint[] => {
  if (!kubelet.fullCoresOnly || cpu === 'none') return [1n];
  return kubelet.threadsPerCore === undefined ? [1n, 2n] : [BigInt(Math.max(1, kubelet.threadsPerCore))];
};

const countAs = (node: NodeModel, demand: PodDemand, managers: Managers, threads: bigint, most: bigint): ZoneCount => {
  const ask = podAskOf(demand, node, managers);
  if (asksNothing(ask)) return { count: most, exact: true };
  const inOne = demand.numaSingleNode === true && !hasNothingToAlign(ask) && !hasOneZone(node, ask);
  if (inOne && !keepsInOne(node.kubelet, ask)) return { count: 0n, exact: true };
  // Of a restricted node that gives one zone as well as wider masks only what it gives from one zone counts.
  return letIn(node, inOne ? 'single-numa-node' : node.kubelet.topologyPolicy, ask, threads, most);
};

/** True when all that is asked is in one zone, whatever the kubelet does. */
const hasOneZone = (node: NodeModel, ask: PodAsk): boolean => zonesOf(node, { ...ask, memoryNames: [] }, 1n).totals.count <= 1;

/** True when the kubelet lets a replica in from one zone; what it lets in from several is told by the count under `single-numa-node`. */
const keepsInOne = ({ topologyPolicy, topologyScope }: KubeletModel, ask: PodAsk): boolean =>
  (topologyPolicy === 'single-numa-node' || topologyPolicy === 'restricted') && isAlignedAtOnce(ask, topologyScope);

const letIn = (node: NodeModel, topologyPolicy: TopologyPolicy, ask: PodAsk, threads: bigint, most: bigint): ZoneCount => {
  const looksAtZones = topologyPolicy === 'restricted' || topologyPolicy === 'single-numa-node' || ask.memoryNames.length > 0;
  const zones = zonesOf(node, ask, threads);
  const { totals, state } = looksAtZones ? zones : pooled(zones);
  const kubelet: KubeletModel = { ...node.kubelet, topologyPolicy: looksAtZones ? topologyPolicy : 'none' };
  const simple = threads === 1n && !hasCpuReuse(ask);
  if (simple && !looksAtZones) return { count: pooledCount(ask, state, most), exact: true };
  const singles = simple ? singleZoneCount(kubelet, ask, totals, state, most) : undefined;
  if (singles !== undefined) return { count: singles, exact: true };
  const masks = masksOf(totals.count, topologyPolicy);
  if (masks === undefined) return openAt(0n, 'zones');
  const first = kubelet.topologyPolicy === 'none' && looksAtZones ? pooledBesideMemory(state) : state;
  const starts = looksAtZones ? firstStates(node.kubelet, first, zones.used, ask.memoryNames.length > 0) : { states: [state], all: true };
  return search(kubelet, { totals, masks, threads }, ask, starts, most);
};

/** True when CPUs of an ordinary init container may or may not be used again. */
const hasCpuReuse = (ask: PodAsk): boolean => ask.containers.some(({ role, cpus }) => role === 'init' && cpus > 0n);

const pooledCount = (ask: PodAsk, state: ZoneState, most: bigint): bigint => {
  const { whole } = ask;
  let count = most;
  const bind = (free: bigint, amount: bigint): void => {
    if (amount > 0n && free / amount < count) count = free / amount;
  };
  bind(state.cpus[0] ?? 0n, whole.cpus);
  whole.devices.forEach((amount, d) => {
    bind(state.devices[d]?.[0] ?? 0n, amount);
  });
  return count;
};

/**
 * The closed form: one container (or one mask for all) that fits one zone by its totals is let in once for each multiple that a zone holds,
 * whatever the order. Undefined where it does not hold.
 */
const singleZoneCount = (kubelet: KubeletModel, ask: PodAsk, totals: ZoneTotals, state: ZoneState, most: bigint): bigint | undefined => {
  const { whole } = ask;
  if (kubelet.topologyPolicy !== 'restricted' && kubelet.topologyPolicy !== 'single-numa-node') return undefined;
  if (ask.containers.length !== 1 || ask.memoryNames.length > 0) return undefined;
  const rows = [
    ...(whole.cpus > 0n ? [{ amount: whole.cpus, total: totals.cpus, free: state.cpus }] : []),
    ...whole.devices.flatMap((amount, d) =>
      amount > 0n ? [{ amount, total: totals.devices[d] ?? [], free: state.devices[d] ?? [] }] : [],
    ),
  ];
  const fitsOne = rows.map(({ amount, total }) => total.some((held) => held >= amount));
  if (fitsOne.includes(false)) return kubelet.topologyPolicy === 'single-numa-node' ? 0n : undefined;
  let count = 0n;
  for (let zone = 0; zone < totals.count && count < most; zone++) {
    count += rows.reduce((least, { amount, free }) => {
      const fits = (free[zone] ?? 0n) / amount;
      return fits < least ? fits : least;
    }, most);
  }
  return count < most ? count : most;
};

/** Masks to look at; undefined when there are too many. */
const masksOf = (zones: number, policy: KubeletModel['topologyPolicy']): readonly number[] | undefined => {
  if (zones <= zonesMax) return Array.from({ length: 2 ** zones - 1 }, (_, at) => at + 1);
  if (policy !== 'single-numa-node' || zones > 30) return undefined;
  return Array.from({ length: zones }, (_, zone) => 1 << zone);
};

/** Replica by replica: the first round in which some choice is stuck gives the lowest count. */
const search = (
  kubelet: KubeletModel,
  rules: NodeRules,
  ask: PodAsk,
  starts: { readonly states: readonly ZoneState[]; readonly all: boolean },
  most: bigint,
): ZoneCount => {
  const budget: Budget = { left: choicesMax };
  let states = starts.states;
  let count = 0n;
  try {
    for (; count < most; count += 1n) {
      const next = new Map<string, ZoneState>();
      let refused = false;
      for (const state of states) {
        spend(budget);
        const outcome = admitOne(kubelet, rules, ask, state, budget);
        refused ||= outcome.refused;
        for (const after of outcome.states) next.set(stateKey(after), after);
        if (next.size > statesMax) return openAt(count, 'choices');
      }
      if (refused) return next.size === 0 && starts.all ? { count, exact: true } : openAt(count, 'choice');
      states = [...next.values()];
    }
    return { count: most, exact: true };
  } catch (error) {
    if (error instanceof BudgetSpent) return openAt(count, 'choices');
    throw error;
  }
};
