/**
 * @module How many further replicas the devices of a node hold for claims that each replica makes from templates. Where the allocator's own
 * choice of devices may change the number, or a term is not counted, the answer is what every choice reaches.
 */

import type { Quantity } from '../kube/quantity/index.ts';
import { type Bag, bagOf, bagsOf, integerOf, textOf, textsOf } from '../lib/fields.ts';
import { larger, smaller } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import { replicasOf } from './device-choices.ts';
import { contendedCounters } from './device-packing.ts';
import { replicasOfOne } from './device-replicas.ts';
import { type Device, type DeviceAsk, type DeviceStock, valueInCommon } from './device-stock.ts';
import { qualified, quantityOf, selectorsOf } from './dump-devices.ts';
import { isOwnAttribute } from './own-attribute.ts';
import type { CelDevice } from './report-cel.ts';
import { type TolerationLike, untolerated } from './taints.ts';

/** What each replica asks of devices, or why that is not counted. */
export type DeviceAsks = { readonly ok: true; readonly asks: readonly DeviceAsk[] } | { readonly ok: false; readonly message: string };

const refused = (message: string): DeviceAsks => ({ ok: false, message: `spec.resourceClaims: ${message}` });

/** Amounts that are asked of the capacity of each device; undefined when one cannot be read. */
const capacityOf = (capacity: unknown): DeviceAsk['capacity'] => {
  const amounts: [string, Quantity][] = [];
  for (const [name, value] of Object.entries(bagOf(bagOf(capacity).requests))) {
    const amount = quantityOf(value);
    if (amount === undefined) return undefined;
    amounts.push([name, amount]);
  }
  return amounts;
};

/** Modes of resource/v1; others are to be refused by who does not know them. */
const allocationModes: readonly string[] = ['ExactCount', 'All'];

/** What one request, or one of its alternatives, asks. */
const exactAskOf = (stock: DeviceStock, name: string, exactly: Bag, constraint: Bag | undefined): DeviceAsks => {
  if (exactly.adminAccess === true) return refused(`request ${name}: devices for administration are not counted`);
  const mode = textOf(exactly.allocationMode) || 'ExactCount';
  if (!allocationModes.includes(mode)) return refused(`request ${name}: allocationMode ${mode} is not known`);
  const capacity = capacityOf(exactly.capacity);
  if (capacity === undefined) return refused(`request ${name}: what it asks of the capacity of devices cannot be read`);
  if (capacity.length > 0 && !stock.tellsEach) return refused(`request ${name}: shared devices are not counted`);
  const className = textOf(exactly.deviceClassName);
  const ofClass = stock.classes.get(className);
  if (ofClass === undefined) return refused(`DeviceClass ${className} is not known`);
  if (!stock.tellsEach && bagsOf(exactly.tolerations).length > 0) return refused(`request ${name}: tolerations of devices are not counted`);
  const own = selectorsOf(exactly.selectors);
  if (!ofClass.ok) return refused(`DeviceClass ${className}: its selector is not understood: ${ofClass.message}`);
  if (!own.ok) return refused(`request ${name}: its selector is not understood: ${own.message}`);
  const ask: DeviceAsk = {
    className,
    count: BigInt(Math.max(1, integerOf(exactly.count) ?? 1)),
    all: mode === 'All',
    selectors: [...ofClass.all, ...own.all],
    tolerations: bagsOf(exactly.tolerations) as readonly TolerationLike[],
    match: textOf(constraint?.matchAttribute) || undefined,
    ...(capacity.length === 0 ? {} : { capacity }),
  };
  return { ok: true, asks: [ask] };
};

/** Alternatives of a request, the first with the others in their order. */
const alternativesOf = (stock: DeviceStock, name: string, alternatives: readonly Bag[]): DeviceAsks => {
  const asks: DeviceAsk[] = [];
  for (const alternative of alternatives) {
    const one = exactAskOf(stock, `${name}/${textOf(alternative.name)}`, alternative, undefined);
    if (!one.ok) return one;
    asks.push(...one.asks);
  }
  const [first, ...orElse] = asks;
  if (first === undefined || asks.some(({ all }) => all))
    return refused(`request ${name}: alternatives that are not for a number of devices are not counted`);
  return { ok: true, asks: [orElse.length === 0 ? first : { ...first, orElse }] };
};

const askOf = (stock: DeviceStock, spec: Bag, at: number): DeviceAsks => {
  const request = bagsOf(spec.requests)[at] ?? {};
  const name = textOf(request.name);
  const isMine = (text: string): boolean => text === name || text.startsWith(`${name}/`);
  const [constraint, another] = bagsOf(spec.constraints).filter(({ requests }) => {
    const named = textsOf(requests);
    return named.length === 0 || named.some(isMine);
  });
  const isWide = constraint !== undefined && bagsOf(spec.requests).length > 1 && textsOf(constraint.requests).length !== 1;
  if (another !== undefined || isWide || (constraint !== undefined && textOf(constraint.matchAttribute) === ''))
    return refused(`request ${name}: constraints between requests are not counted`);
  if (!Array.isArray(request.firstAvailable)) return exactAskOf(stock, name, bagOf(request.exactly ?? request), constraint);
  if (constraint !== undefined) return refused(`request ${name}: constraints on alternatives are not counted`);
  return alternativesOf(stock, name, bagsOf(request.firstAvailable));
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

const verdicts = new WeakMap<DeviceAsk, WeakMap<CelDevice, boolean | undefined>>();

/** Whether all selectors hold; asked once of what equal devices have in common. */
const holdAll = (ask: DeviceAsk, cel: CelDevice): boolean | undefined => {
  const known = verdicts.get(ask) ?? new WeakMap<CelDevice, boolean | undefined>();
  verdicts.set(ask, known);
  if (known.has(cel)) return known.get(cel);
  const failing = ask.selectors.find((selector) => selector(cel) !== true);
  const verdict = failing === undefined ? true : failing(cel);
  known.set(cel, verdict);
  return verdict;
};

/** Whether a request selects a device; undefined = its evaluation fails, upon which the allocator gives up. */
const selects = (ask: DeviceAsk, { cel, askable }: Device): boolean | undefined => {
  const holds = holdAll(ask, cel);
  if (holds !== true) return holds;
  return (ask.capacity ?? []).every(([name, { nanos }]) => {
    const most = askable?.get(qualified(cel.driver, name));
    return most !== undefined && nanos <= most.nanos;
  });
};

const tolerates = (ask: DeviceAsk, { taints }: Device): boolean =>
  untolerated(taints, ask.tolerations, ['NoSchedule', 'NoExecute']) === undefined;

/** Replicas that a node's devices hold, the class of which they lack more, and why the number is an estimate; absent = it is none. */
export type DeviceCount = { readonly count: bigint; readonly exact: boolean; readonly bound: string; readonly doubt?: string };

/** A request with the devices it selects. */
export type Matched = { readonly ask: DeviceAsk; readonly free: readonly Device[]; readonly taken: number };

/** The devices of each request; undefined when a selector fails on one. */
export const matchedOn = (stock: DeviceStock, devices: readonly Device[], asks: readonly DeviceAsk[]): readonly Matched[] | undefined => {
  const found: Matched[] = [];
  for (const ask of asks) {
    const selected = devices.map((device) => selects(ask, device));
    if (selected.includes(undefined)) return undefined;
    // Who asks for all devices that are selected gets none where one of them is tainted (`allocateDevice` of the scheduler).
    const matching = devices.filter((device, at) => selected[at] === true && (ask.all || tolerates(ask, device)));
    const free = matching.filter(
      (device) =>
        tolerates(ask, device) &&
        !stock.used.has(device.key) &&
        device.consumes.every(({ counter, amount }) => amount <= (stock.left.get(counter) ?? 0n)),
    );
    found.push({ ask, free, taken: matching.length - free.length });
  }
  return found;
};

/** A count before it is told: what leaves it open, where something does. */
type Counted = { readonly count: bigint; readonly bound: string; readonly open?: string };

/** Further replicas on a node, at most `most`. */
export const deviceCount = (stock: DeviceStock, asks: readonly DeviceAsk[], node: string, most: bigint): DeviceCount => {
  const bound = asks[0]?.className ?? '';
  const every = asks.flatMap((ask) => [ask, ...(ask.orElse ?? [])]);
  const matched = matchedOn(stock, stock.byNode.get(node) ?? [], every);
  const elsewhere = matchedOn(stock, stock.wide, every);
  const unsure = (count: bigint, doubt: string, lacking = bound): DeviceCount => ({
    count,
    exact: false,
    bound: lacking,
    doubt: `ResourceSlices of Node ${node}: ${doubt}`,
  });
  if (matched === undefined || elsewhere === undefined) return unsure(0n, 'a selector fails on one of the devices');
  if (stock.silent.has(node)) return unsure(0n, 'which devices its pods hold is not told: give their ResourceClaims too');
  // One that several claims may share takes one at least where none has it; of others it is not known what is left.
  const isShared = ({ cel }: Device): boolean => cel.allowMultipleAllocations;
  const owned = matched.map((one) => ({ ...one, free: one.free.filter((device) => stock.tellsEach || !isShared(device)) }));
  const [only] = owned;
  const counted = owned.length === 1 && only !== undefined ? countOne(stock, only) : countSeveral(stock, asks, owned);
  const told = { ...counted, count: smaller(counted.count, most) };
  if (elsewhere.some(({ free, taken }) => free.length + taken > 0))
    return unsure(told.count, 'devices that many nodes reach are not counted', told.bound);
  if (matched.some(({ free }) => free.some(isShared)))
    return unsure(told.count, 'how many claims may share a device is not counted', told.bound);
  return told.open === undefined ? { count: told.count, exact: true, bound: told.bound } : unsure(told.count, told.open, told.bound);
};

const countersOpen = "which of the devices that share counters are taken is the allocator's choice";

const valuesOpen = 'which devices have in common what they must is not told of all';

/** Devices that one claim may hold (resource/v1 AllocationResultsMaxSize). */
const ofClaimMax = 32;

/** One request: devices are alike to it but for the counters they share and the attribute that they must have in common. */
const countOne = (stock: DeviceStock, { ask, free, taken }: Matched): Counted => {
  const bound = ask.className;
  const { match } = ask;
  const sharedOf = (device: Device): unknown => (match === undefined ? '' : valueInCommon(device, match));
  // A report leaves out values that are one device's alone.
  const isUntold =
    !stock.tellsEach && match !== undefined && isOwnAttribute(match) && free.some((device) => sharedOf(device) === undefined);
  if (ask.all) {
    const values = new Set(free.map(sharedOf));
    const areAlike = values.size === 1 && !values.has(undefined);
    const isOne = areAlike && free.length <= ofClaimMax && taken === 0 && contendedCounters(stock, free).size === 0;
    return { count: isOne ? 1n : 0n, bound, ...(isUntold ? { open: valuesOpen } : {}) };
  }
  if (ask.count > ofClaimMax) return { count: 0n, bound };
  const { least, most } = replicasOfOne(stock, free, Number(ask.count), sharedOf);
  const open = isUntold ? valuesOpen : least === most ? undefined : countersOpen;
  return { count: BigInt(least), bound, ...(open === undefined ? {} : { open }) };
};

/** Several requests, or alternatives: where they draw from the same devices or share counters, by every choice there is. */
const countSeveral = (stock: DeviceStock, asks: readonly DeviceAsk[], matched: readonly Matched[]): Counted => {
  const contended = contendedCounters(stock, new Set(matched.flatMap(({ free }) => free)));
  const hasAlternatives = matched.length !== asks.length;
  const simple = hasAlternatives ? undefined : countApart(matched);
  if (simple?.open === undefined && simple !== undefined && contended.size === 0) return simple;
  const sets = new Map(matched.map(({ ask, free }) => [ask, { count: Number(ask.count), free: new Set(free) }] as const));
  const requests = asks.map((ask) => [ask, ...(ask.orElse ?? [])].flatMap((one) => sets.get(one) ?? []));
  const range = replicasOf(stock, requests, contended);
  const bound = simple?.bound ?? asks[0]?.className ?? '';
  const open = "which devices each of several requests takes is the allocator's choice";
  if (range.least === range.most) return { count: BigInt(range.least), bound };
  const isSure = ({ consumes }: Device): boolean => !consumes.some(({ counter }) => contended.has(counter));
  const sure = hasAlternatives ? undefined : countApart(matched.map((one) => ({ ...one, free: one.free.filter(isSure) })));
  return { count: larger(BigInt(range.least), sure?.count ?? 0n), bound, open };
};

/** Several requests without shared counters: open unless any two draw from the same devices or from different ones. */
const countApart = (matched: readonly Matched[]): Counted => {
  let least: Counted | undefined;
  let isOpen = false;
  for (const one of matched) {
    const mine = new Set(one.free);
    const beside = matched.filter(({ free }) => free.some((device) => mine.has(device)));
    if (beside.some(({ free }) => free.length !== mine.size || free.some((device) => !mine.has(device)))) isOpen = true;
    const wanted = beside.length === 0 ? one.ask.count : beside.reduce((sum, { ask }) => sum + ask.count, 0n);
    const count = BigInt(mine.size) / wanted;
    if (least === undefined || count < least.count) least = { count, bound: one.ask.className };
  }
  const { count = 0n, bound = '' } = least ?? {};
  return { count, bound, ...(isOpen ? { open: "which devices each of several requests takes is the allocator's choice" } : {}) };
};
