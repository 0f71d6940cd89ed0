/**
 * @module Devices of Dynamic Resource Allocation in a dump (resource.k8s.io/v1, and v1beta1 where its shape differs): those that slices offer on
 * one node, those that claims hold, the counters that partitions share, and the classes and templates that shapes name.
 */
import { parseQuantity, type Quantity } from '../kube/quantity/index.ts';
import { type Bag, bagOf, bagsOf, integerOf, textOf } from '../lib/fields.ts';
import type { Device, DeviceStock, Selectors } from './device-stock.ts';
import type { DumpObject } from './dump-objects.ts';
import { type CelSelector, compileCel } from './report-cel.ts';

/** Names without a domain belong to the driver's (resource/v1 QualifiedName). */
export const qualified = (driver: string, name: string): string => (name.includes('/') ? name : `${driver}/${name}`);

const attributeOf = ({ bool, int, string, version }: Bag): string | number | boolean | undefined => {
  if (typeof bool === 'boolean') return bool;
  if (typeof int === 'number' || typeof int === 'bigint') return Number(int);
  return textOf(string) || textOf(version) || undefined;
};

/** An amount as it is written, alone or as a `value`. */
export const quantityOf = (value: unknown): Quantity | undefined => {
  const inner = typeof value === 'object' ? bagOf(value).value : value;
  const parsed = typeof inner === 'string' || typeof inner === 'number' ? parseQuantity(inner) : undefined;
  return parsed?.ok === true ? parsed.value : undefined;
};

const qualifiedMap = <T>(driver: string, entries: unknown, read: (value: unknown) => T | undefined): ReadonlyMap<string, T> =>
  new Map(
    Object.entries(bagOf(entries)).flatMap(([name, entry]): [string, T][] => {
      const value = read(entry);
      return value === undefined ? [] : [[qualified(driver, name), value]];
    }),
  );

/** The most that one claim may ask of a capacity: what its policy allows, else all of it (resource/v1 CapacityRequestPolicy). */
const askableOf = (capacity: unknown): Quantity | undefined => {
  const { validRange, validValues } = bagOf(bagOf(capacity).requestPolicy);
  const most = bagOf(validRange).max ?? (Array.isArray(validValues) ? validValues.at(-1) : undefined);
  return quantityOf(most ?? capacity);
};

const countersOf = (pool: string, sets: unknown, nameField: 'name' | 'counterSet'): { counter: string; amount: bigint }[] =>
  bagsOf(sets).flatMap((set) =>
    Object.entries(bagOf(set.counters)).map(([name, value]) => ({
      counter: `${pool} ${textOf(set[nameField])} ${name}`,
      amount: quantityOf(value)?.nanos ?? 0n,
    })),
  );

const deviceOf = (driver: string, pool: string, entry: Bag): Device => {
  const device = bagOf(entry.basic ?? entry);
  return {
    key: `${pool} ${textOf(entry.name)}`,
    cel: {
      driver,
      attributes: qualifiedMap(driver, device.attributes, (value) => attributeOf(bagOf(value))),
      capacity: qualifiedMap(driver, device.capacity, quantityOf),
      allowMultipleAllocations: device.allowMultipleAllocations === true,
    },
    taints: bagsOf(device.taints).map(({ key, value, effect }) => ({ key: textOf(key), value: textOf(value), effect: textOf(effect) })),
    askable: qualifiedMap(driver, device.capacity, askableOf),
    consumes: countersOf(pool, device.consumesCounters, 'counterSet'),
  };
};

type Slice = { readonly spec: Bag; readonly driver: string; readonly pool: string; readonly generation: number };

/** Slices of the highest generation of each pool; a pool that lacks some offers nothing. */
const wholePools = (objects: readonly DumpObject[]): readonly Slice[] => {
  const pools = new Map<string, Slice[]>();
  for (const { body } of objects) {
    const spec = bagOf(body.spec);
    const driver = textOf(spec.driver);
    const pool = `${driver} ${textOf(bagOf(spec.pool).name)}`;
    const slice = { spec, driver, pool, generation: integerOf(bagOf(spec.pool).generation) ?? 0 };
    pools.set(pool, [...(pools.get(pool) ?? []), slice]);
  }
  return [...pools.values()].flatMap((slices) => {
    const newest = Math.max(...slices.map(({ generation }) => generation));
    const current = slices.filter(({ generation }) => generation === newest);
    return current.length === (integerOf(bagOf(current[0]?.spec.pool).resourceSliceCount) ?? 1) ? current : [];
  });
};

/** Selectors of a list as classes and requests write it. */
export const selectorsOf = (list: unknown): Selectors => {
  const all: CelSelector[] = [];
  for (const { cel } of bagsOf(list)) {
    const compiled = compileCel(textOf(bagOf(cel).expression));
    if (!compiled.ok) return compiled;
    all.push(compiled.selects);
  }
  return { ok: true, all };
};

const heldBy = (claim: Bag): readonly string[] =>
  bagsOf(bagOf(bagOf(bagOf(claim.status).allocation).devices).results)
    .filter(({ adminAccess }) => adminAccess !== true)
    .map(({ driver, pool, device }) => `${textOf(driver)} ${textOf(pool)} ${textOf(device)}`);

/** True when a pod has claims of which the dump does not have all. */
const hidesClaims = ({ namespace, body }: DumpObject, claims: ReadonlySet<string>): boolean => {
  const made = new Map(bagsOf(bagOf(body.status).resourceClaimStatuses).map((entry) => [entry.name, textOf(entry.resourceClaimName)]));
  return bagsOf(bagOf(body.spec).resourceClaims).some(
    ({ name, resourceClaimName }) => !claims.has(`${namespace}/${textOf(resourceClaimName) || (made.get(name) ?? '')}`),
  );
};

/** The devices of a dump. `held`: pods that hold room. */
export const deviceStockOf = (ofKind: (kind: string) => readonly DumpObject[], held: readonly DumpObject[]): DeviceStock => {
  const byNode = new Map<string, Device[]>();
  const wide: Device[] = [];
  const left = new Map<string, bigint>();
  for (const { spec, driver, pool } of wholePools(ofKind('ResourceSlice'))) {
    const devices = bagsOf(spec.devices).map((device) => deviceOf(driver, pool, device));
    const node = textOf(spec.nodeName);
    if (node === '') wide.push(...devices);
    else byNode.set(node, [...(byNode.get(node) ?? []), ...devices]);
    for (const { counter, amount } of countersOf(pool, spec.sharedCounters, 'name')) left.set(counter, amount);
  }
  const claims = ofKind('ResourceClaim');
  const used = new Set(claims.flatMap(({ body }) => heldBy(body)));
  for (const device of [...wide, ...[...byNode.values()].flat()].filter(({ key }) => used.has(key)))
    for (const { counter, amount } of device.consumes) left.set(counter, (left.get(counter) ?? 0n) - amount);
  const labels = new Set(claims.map(({ label }) => label));
  const classes = ofKind('DeviceClass');
  return {
    byNode,
    wide,
    used,
    left,
    silent: new Set(held.filter((pod) => hidesClaims(pod, labels)).map(({ body }) => textOf(bagOf(body.spec).nodeName))),
    classes: new Map(classes.map(({ name, body }) => [name, selectorsOf(bagOf(body.spec).selectors)] as const)),
    extended: new Map(
      classes.flatMap(({ name, body }) => {
        const own = textOf(bagOf(body.spec).extendedResourceName);
        return [[`deviceclass.resource.kubernetes.io/${name}`, name] as const, ...(own === '' ? [] : [[own, name] as const])];
      }),
    ),
    tellsEach: true,
    templates: new Map(ofKind('ResourceClaimTemplate').map(({ label, body }) => [label, bagOf(bagOf(body.spec).spec)] as const)),
  };
};
