/** @module The devices of a report as claims are counted on them: equal devices of a pool are told by their number, and made one by one when asked for. */
import { parseQuantity, type Quantity } from '../kube/quantity/index.ts';
import type { Device, DeviceStock, Selectors } from './device-stock.ts';
import type { CapacityReport, DraKind, DraPool } from './report.ts';
import type { CelDevice } from './report-cel.ts';

const known = new WeakMap<object, DeviceStock>();
const noFacts = { kinds: [], pools: [] };

/** What the agent says of pools whose slices are not all there: their devices are missing from the count. */
const partialPools = 'pools are not complete';
/** Sources without which nothing can be said of devices, unless the cluster does not serve them: then there are none. */
const sources = ['resourceslices', 'resourceclaims', 'deviceclasses'];

/** The devices of a report; undefined when the agent could not read of them. */
export const reportDevices = ({ dra = noFacts, unsupported }: CapacityReport): DeviceStock | undefined => {
  const hidden = unsupported.some((text) => {
    const [source = ''] = text.split(':');
    return sources.includes(source) && !text.includes('not served') && !text.includes(partialPools);
  });
  if (hidden) return undefined;
  const kept = known.get(dra);
  if (kept !== undefined) return kept;
  const made = stockOf(dra.kinds, dra.pools, unsupported);
  if (dra !== noFacts) known.set(dra, made);
  return made;
};

const stockOf = (kinds: readonly DraKind[], pools: readonly DraPool[], unsupported: readonly string[]): DeviceStock => {
  const kindOf = new Map(kinds.map((kind) => [kind.id, { kind, cel: celOf(kind) }] as const));
  const classesOf = new Map([...kindOf.values()].map(({ kind, cel }) => [cel, new Set(kind.classes)] as const));
  const byNode = new Map<string, DraPool[]>();
  const left = new Map<string, bigint>();
  for (const pool of pools) {
    if (pool.node !== '') byNode.set(pool.node, [...(byNode.get(pool.node) ?? []), pool]);
    for (const [name, amount] of Object.entries(pool.counters)) left.set(`${keyOf(pool)} ${name}`, BigInt(amount));
  }
  const devicesOf = (pool: DraPool): Device[] =>
    pool.devices.flatMap(({ kind: id, total, free }) => {
      const found = kindOf.get(id);
      return found === undefined ? [] : Array.from({ length: total }, (_, at) => deviceOf(pool, found.kind, found.cel, at, at < free));
    });
  const texts = new Map<string, string>();
  const likenessOf = (node: string): string => {
    const told =
      texts.get(node) ?? JSON.stringify((byNode.get(node) ?? []).map(({ driver, devices, counters }) => [driver, devices, counters]));
    texts.set(node, told);
    return told;
  };
  return {
    byNode: { get: (node) => byNode.get(node)?.flatMap(devicesOf) },
    wide: pools.filter(({ node }) => node === '').flatMap(devicesOf),
    used: { has: (key) => key.startsWith(heldMark) },
    left,
    silent: new Set(),
    classes: { get: (name) => selectorsOf(name, classesOf, unsupported) },
    extended: new Map(),
    templates: new Map(),
    tellsEach: false,
    likeness: likenessOf,
  };
};

/** Before the keys of devices that somebody holds. */
const heldMark = 'held ';
const keyOf = ({ driver, pool, node }: DraPool): string => `${driver} ${pool} ${node}`;

const deviceOf = (pool: DraPool, kind: DraKind, cel: CelDevice, at: number, isFree: boolean): Device => ({
  key: `${isFree ? '' : heldMark}${keyOf(pool)} ${kind.id} ${at}`,
  cel,
  taints: [],
  ...(kind.groups === undefined
    ? {}
    : { groups: new Map(Object.entries(kind.groups).map(([name, number]) => [name, `${keyOf(pool)} ${number}`])) }),
  consumes: Object.entries(kind.consumes).map(([name, amount]) => ({ counter: `${keyOf(pool)} ${name}`, amount: BigInt(amount) })),
});

const quantityOf = (text: string): Quantity | undefined => {
  const parsed = parseQuantity(text);
  return parsed.ok ? parsed.value : undefined;
};

/** What selectors of claims see; capacity as the driver wrote it. */
const celOf = ({ driver, attributes, quantities = {}, shared }: DraKind): CelDevice => ({
  driver,
  attributes: new Map(Object.entries(attributes)),
  capacity: new Map(
    Object.entries(quantities).flatMap(([name, text]): [string, Quantity][] => {
      const value = quantityOf(text);
      return value === undefined ? [] : [[name, value]];
    }),
  ),
  allowMultipleAllocations: shared,
});

/** The agent has looked at the selectors of classes: a kind names those that admit it. */
const selectorsOf = (name: string, classesOf: ReadonlyMap<CelDevice, ReadonlySet<string>>, unsupported: readonly string[]): Selectors => {
  const doubt = unsupported.find((text) => text.startsWith(`deviceclasses/${name}:`));
  if (doubt !== undefined) return { ok: false, message: doubt };
  return { ok: true, all: [(device) => classesOf.get(device)?.has(name) ?? false] };
};
