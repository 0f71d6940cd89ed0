/**
 * @module How many further replicas the devices of a node hold for claims that each replica makes from templates. Where the allocator's own
 * choice of devices may change the number, or a term is not counted, the answer is what every choice reaches.
 */

import { type Bag, bagOf, bagsOf, integerOf, textOf, textsOf } from '../lib/fields.ts';
import { smaller } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import type { Device, DeviceAsk, DeviceStock } from './device-stock.ts';
import { selectorsOf } from './dump-devices.ts';
import { type TolerationLike, untolerated } from './taints.ts';

/** What each replica asks of devices, or why that is not counted. */
export type DeviceAsks = { readonly ok: true; readonly asks: readonly DeviceAsk[] } | { readonly ok: false; readonly message: string };

const refused = (message: string): DeviceAsks => ({ ok: false, message: `spec.resourceClaims: ${message}` });

const askOf = (stock: DeviceStock, spec: Bag, at: number): DeviceAsks => {
  const request = bagsOf(spec.requests)[at] ?? {};
  const exactly = bagOf(request.exactly ?? request);
  const name = textOf(request.name);
  const className = textOf(exactly.deviceClassName);
  const constraints = bagsOf(spec.constraints).filter(({ requests }) => textsOf(requests).length === 0 || textsOf(requests).includes(name));
  const [constraint, another] = constraints;
  const isWide = constraint !== undefined && bagsOf(spec.requests).length > 1 && textsOf(constraint.requests).length !== 1;
  if (Array.isArray(request.firstAvailable)) return refused(`request ${name}: alternatives are not counted`);
  if (another !== undefined || isWide || (constraint !== undefined && textOf(constraint.matchAttribute) === ''))
    return refused(`request ${name}: constraints between requests are not counted`);
  if (exactly.adminAccess === true || exactly.capacity !== undefined) return refused(`request ${name}: shared devices are not counted`);
  const ofClass = stock.classes.get(className);
  if (ofClass === undefined) return refused(`DeviceClass ${className} is not known`);
  if (!stock.tellsTaints && bagsOf(exactly.tolerations).length > 0)
    return refused(`request ${name}: tolerations of devices are not counted`);
  const own = selectorsOf(exactly.selectors);
  if (!ofClass.ok) return refused(`DeviceClass ${className}: its selector is not understood: ${ofClass.message}`);
  if (!own.ok) return refused(`request ${name}: its selector is not understood: ${own.message}`);
  const ask: DeviceAsk = {
    className,
    count: BigInt(Math.max(1, integerOf(exactly.count) ?? 1)),
    all: exactly.allocationMode === 'All',
    selectors: [...ofClass.all, ...own.all],
    tolerations: bagsOf(exactly.tolerations) as readonly TolerationLike[],
    match: textOf(constraint?.matchAttribute) || undefined,
  };
  return { ok: true, asks: [ask] };
};

/** What each replica asks of devices. */
export const deviceAsksOf = (stock: DeviceStock, { claims, namespace }: PodDemand): DeviceAsks => {
  const asks: DeviceAsk[] = [];
  for (const { template, spec: own } of claims) {
    if (template === undefined) return refused('a claim that replicas share is not counted');
    const spec = own ?? stock.templates.get(`${namespace}/${template}`);
    if (spec === undefined) return refused(`ResourceClaimTemplate ${namespace}/${template} is not known`);
    const devices = bagOf(spec.devices);
    for (let at = 0; at < bagsOf(devices.requests).length; at++) {
      const one = askOf(stock, devices, at);
      if (!one.ok) return one;
      asks.push(...one.asks);
    }
  }
  if (asks.length > 1 && asks.some(({ all, match }) => all || match !== undefined))
    return refused('several requests, one of which is not for a number of devices, are not counted');
  return { ok: true, asks };
};

/** Whether a request selects a device; undefined = its evaluation fails, upon which the allocator gives up. */
const selects = (ask: DeviceAsk, { cel, taints }: Device): boolean | undefined => {
  for (const selector of ask.selectors) {
    const holds = selector(cel);
    if (holds !== true) return holds;
  }
  return untolerated(taints, ask.tolerations, ['NoSchedule', 'NoExecute']) === undefined;
};

/** Replicas that a node's devices hold, the class of which they lack more, and why the number is an estimate; absent = it is none. */
export type DeviceCount = { readonly count: bigint; readonly exact: boolean; readonly bound: string; readonly doubt?: string };

/** A request with the devices it selects. */
export type Matched = { readonly ask: DeviceAsk; readonly free: readonly Device[]; readonly taken: number };

/** The devices of each request; undefined when a selector fails on one. */
export const matchedOn = (stock: DeviceStock, devices: readonly Device[], asks: readonly DeviceAsk[]): readonly Matched[] | undefined => {
  const found: Matched[] = [];
  for (const ask of asks) {
    const verdicts = devices.map((device) => selects(ask, device));
    if (verdicts.includes(undefined)) return undefined;
    const matching = devices.filter((_, at) => verdicts[at] === true);
    const free = matching.filter(
      ({ key, consumes }) => !stock.used.has(key) && consumes.every(({ counter, amount }) => amount <= (stock.left.get(counter) ?? 0n)),
    );
    found.push({ ask, free, taken: matching.length - free.length });
  }
  return found;
};

/** Counters that all candidates together overdraw: which of them are taken is the allocator's choice. */
const contended = (stock: DeviceStock, candidates: ReadonlySet<Device>): ReadonlySet<string> => {
  const wanted = new Map<string, bigint>();
  for (const { consumes } of candidates)
    for (const { counter, amount } of consumes) wanted.set(counter, (wanted.get(counter) ?? 0n) + amount);
  return new Set([...wanted].filter(([counter, amount]) => amount > (stock.left.get(counter) ?? 0n)).map(([counter]) => counter));
};

/** Further replicas on a node, at most `most`. */
export const deviceCount = (stock: DeviceStock, asks: readonly DeviceAsk[], node: string, most: bigint): DeviceCount => {
  const bound = asks[0]?.className ?? '';
  const matched = matchedOn(stock, stock.byNode.get(node) ?? [], asks);
  const elsewhere = matchedOn(stock, stock.wide, asks);
  const unsure = (count: bigint, doubt: string, lacking = bound): DeviceCount => ({
    count,
    exact: false,
    bound: lacking,
    doubt: `ResourceSlices of Node ${node}: ${doubt}`,
  });
  if (matched === undefined || elsewhere === undefined) return unsure(0n, 'a selector fails on one of the devices');
  if (stock.silent.has(node)) return unsure(0n, 'which devices its pods hold is not told: give their ResourceClaims too');
  const scarce = contended(stock, new Set(matched.flatMap(({ free }) => free)));
  const isSure = ({ cel, consumes }: Device): boolean =>
    !cel.allowMultipleAllocations && !consumes.some(({ counter }) => scarce.has(counter));
  const sure = matched.map((one) => ({ ...one, free: one.free.filter(isSure) }));
  const counted = sure.length === 1 && sure[0] !== undefined ? countOne(sure[0], most) : countSeveral(sure, most);
  if (elsewhere.some(({ free, taken }) => free.length + taken > 0))
    return unsure(counted.count, 'devices that many nodes reach are not counted', counted.bound);
  if (sure.some(({ free }, at) => free.length !== matched[at]?.free.length))
    return unsure(counted.count, "which of the devices that share counters or claims are taken is the driver's choice", counted.bound);
  return counted.exact
    ? counted
    : unsure(counted.count, "which devices each of several requests takes is the allocator's choice", counted.bound);
};

/** One request: devices are alike to it, or alike within a value of the attribute they must share. */
const countOne = ({ ask, free, taken }: Matched, most: bigint): DeviceCount => {
  const bound = ask.className;
  if (ask.all) return { count: free.length > 0 && taken === 0 ? smaller(1n, most) : 0n, exact: true, bound };
  const groups = new Map<unknown, bigint>();
  for (const { cel } of free) {
    const value = ask.match === undefined ? '' : cel.attributes.get(ask.match);
    if (value !== undefined) groups.set(value, (groups.get(value) ?? 0n) + 1n);
  }
  const count = [...groups.values()].reduce((sum, devices) => sum + devices / ask.count, 0n);
  return { count: smaller(count, most), exact: true, bound };
};

/** Several requests: exact where any two draw from the same devices or from different ones. */
const countSeveral = (matched: readonly Matched[], most: bigint): DeviceCount => {
  let least: DeviceCount = { count: most, exact: true, bound: matched[0]?.ask.className ?? '' };
  let exact = true;
  for (const one of matched) {
    const mine = new Set(one.free);
    const beside = matched.filter(({ free }) => free.some((device) => mine.has(device)));
    if (beside.some(({ free }) => free.length !== mine.size || free.some((device) => !mine.has(device)))) exact = false;
    const wanted = beside.length === 0 ? one.ask.count : beside.reduce((sum, { ask }) => sum + ask.count, 0n);
    const count = BigInt(mine.size) / wanted;
    if (count < least.count) least = { count, exact: true, bound: one.ask.className };
  }
  return { ...least, exact };
};
