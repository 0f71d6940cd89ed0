/**
 * @module Devices of Dynamic Resource Allocation (resource.k8s.io/v1, and v1beta1 where its shape differs): what is kept of slices, claims and
 * classes, and the free devices by what a claim may ask of them.
 */
import { isOwnAttribute } from '../../shared/capacity/own-attribute.ts';
import { canonicalFloor } from '../../shared/capacity/pod-request.ts';
import type { CapacityReport, DraKind, DraPool, DraValue } from '../../shared/capacity/report.ts';
import type { CelDevice } from '../../shared/capacity/report-cel.ts';
import { compileCel } from '../../shared/capacity/report-cel.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { parseQuantity, type Quantity } from '../../shared/kube/quantity/index.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { type Bag, bagOf, bagsOf, textOf } from '../../shared/lib/fields.ts';
import { sortedRecord, wholeOf } from './fields.ts';

/** One device as it is kept: its name, and all that a claim may ask of it as one text that equal devices share. */
export type SliceDevice = {
  readonly name: string;
  readonly content: string;
  /** Values that parts of one device have in common, by attribute; absent = there are none. */
  readonly groups?: readonly (readonly [attribute: string, value: string])[];
};

/** What is kept of a ResourceSlice. */
export type SliceFacts = {
  readonly driver: string;
  readonly pool: string;
  readonly generation: number;
  /** Slices of the pool at this generation. */
  readonly slices: number;
  /** '' = reached by many nodes. */
  readonly node: string;
  readonly nodeTerms: readonly unknown[] | undefined;
  readonly devices: readonly SliceDevice[];
  /** `<set>/<counter>` in canonical units. */
  readonly counters: Readonly<Record<string, number>>;
};

/** One allocated device. `shared` = another claim may have it too. */
export type ClaimUse = { readonly driver: string; readonly pool: string; readonly device: string };

/** What is kept of a DeviceClass: the expressions that all must hold. */
export type ClassFacts = { readonly name: string; readonly expressions: readonly string[] };

/** What a device's text holds. */
type Content = Pick<DraKind, 'attributes' | 'capacity' | 'consumes' | 'shared'> & {
  readonly capacityText: Readonly<Record<string, string>>;
  readonly out: boolean;
};

const devicesMax = 512;

/** Names without a domain belong to the driver's (resource/v1 QualifiedName). */
const qualified = (driver: string, name: string): string => (name.includes('/') ? name : `${driver}/${name}`);

const attributeValue = (attribute: Bag): DraValue | undefined => {
  const { bool, int, string, version } = attribute;
  if (typeof bool === 'boolean') return bool;
  if (typeof int === 'number' && Number.isSafeInteger(int)) return int;
  if (typeof string === 'string') return string;
  return typeof version === 'string' ? version : undefined;
};

/** MiB of an amount of bytes, whole units of others: amounts of 2^20 and more are bytes. */
const amountOf = (text: string): number | undefined => {
  const parsed = parseQuantity(text);
  if (!parsed.ok) return undefined;
  const isBytes = /[KMGTPE]i?$|e\d/i.test(text);
  return canonicalFloor(isBytes ? 'memory' : 'devices', parsed.value.nanos);
};

const capacityText = (entry: unknown): string => textOf(typeof entry === 'string' ? entry : bagOf(entry).value);

/** The facts of a ResourceSlice. */
export const sliceFactsOf = (slice: KubeObject): SliceFacts => {
  const spec = bagOf(slice.spec);
  const pool = bagOf(spec.pool);
  const driver = textOf(spec.driver);
  const selector = bagOf(spec.nodeSelector).nodeSelectorTerms;
  const counters = bagsOf(spec.sharedCounters).flatMap((set) =>
    Object.entries(bagOf(set.counters)).flatMap(([name, counter]): [string, number][] => {
      const amount = amountOf(capacityText(counter));
      return amount === undefined ? [] : [[`${textOf(set.name)}/${name}`, amount]];
    }),
  );
  return {
    driver,
    pool: textOf(pool.name),
    generation: wholeOf(pool.generation) ?? 0,
    slices: wholeOf(pool.resourceSliceCount) ?? 1,
    node: textOf(spec.nodeName),
    nodeTerms: Array.isArray(selector) ? selector : undefined,
    devices: sliceDevicesOf(driver, bagsOf(spec.devices).slice(0, devicesMax)),
    counters: sortedRecord(counters),
  };
};

const ownValuesOf = (driver: string, device: Bag): (readonly [string, string])[] =>
  Object.entries(bagOf(device.attributes)).flatMap(([name, attribute]) => {
    const value = isOwnAttribute(name) ? attributeValue(bagOf(attribute)) : undefined;
    return value === undefined ? [] : [[qualified(driver, name), String(value)] as const];
  });

const sliceDevicesOf = (driver: string, entries: readonly Bag[]): readonly SliceDevice[] => {
  const owned = entries.map((entry) => ({ entry, device: bagOf(entry.basic ?? entry) }));
  const values = owned.map(({ device }) => ownValuesOf(driver, device));
  const seen = new Set<string>();
  const shared = new Set<string>();
  for (const [name, value] of values.flat()) {
    const key = `${name} ${value}`;
    if (seen.has(key)) shared.add(name);
    seen.add(key);
  }
  return owned.map(({ entry, device }, at) => {
    const groups = (values[at] ?? []).filter(([name]) => shared.has(name));
    return { name: textOf(entry.name), content: contentOf(driver, device), ...(groups.length === 0 ? {} : { groups }) };
  });
};

const contentOf = (driver: string, device: Bag): string => {
  const attributes = Object.entries(bagOf(device.attributes)).flatMap(([name, attribute]): [string, DraValue][] => {
    const value = attributeValue(bagOf(attribute));
    return value === undefined || isOwnAttribute(name) ? [] : [[qualified(driver, name), value]];
  });
  const texts = Object.entries(bagOf(device.capacity)).map(([name, entry]) => [qualified(driver, name), capacityText(entry)] as const);
  const consumes = bagsOf(device.consumesCounters).flatMap((set) =>
    Object.entries(bagOf(set.counters)).map(
      ([name, counter]) => [`${textOf(set.counterSet)}/${name}`, amountOf(capacityText(counter)) ?? 0] as const,
    ),
  );
  const content: Content = {
    attributes: sortedRecord(attributes),
    capacity: sortedRecord(
      texts.flatMap(([name, text]): [string, number][] => {
        const amount = amountOf(text);
        return amount === undefined ? [] : [[name, amount]];
      }),
    ),
    capacityText: sortedRecord(texts),
    consumes: sortedRecord(consumes),
    shared: device.allowMultipleAllocations === true,
    out: bagsOf(device.taints).some(({ effect }) => effect === 'NoSchedule' || effect === 'NoExecute'),
  };
  return sharedText(JSON.stringify(content));
};

/** A node's devices, and those of all nodes of a kind, are alike: their texts are kept once. Emptied when full. */
const knownTexts = new Map<string, string>();
const knownTextsMax = 4_096;

const sharedText = (text: string): string => {
  const known = knownTexts.get(text);
  if (known !== undefined) return known;
  if (knownTexts.size >= knownTextsMax) knownTexts.clear();
  knownTexts.set(text, text);
  return text;
};

/** What a ResourceClaim holds; devices of administrative access are held by nobody. */
export const claimUsesOf = (claim: KubeObject): readonly ClaimUse[] =>
  bagsOf(bagOf(bagOf(bagOf(claim.status).allocation).devices).results)
    .filter(({ adminAccess }) => adminAccess !== true)
    .map(({ driver, pool, device }) => ({ driver: textOf(driver), pool: textOf(pool), device: textOf(device) }));

/** The facts of a DeviceClass. */
export const classFactsOf = (deviceClass: KubeObject): ClassFacts => ({
  name: deviceClass.metadata.name,
  expressions: bagsOf(bagOf(deviceClass.spec).selectors).map(({ cel }) => textOf(bagOf(cel).expression)),
});

/** What DRA adds to a report. `unsupported` names what is not understood or not whole. */
export type DraFacts = { readonly dra: CapacityReport['dra']; readonly unsupported: readonly string[] };

type ClassTest = { readonly name: string; readonly admits: (device: CelDevice) => boolean };

const classTests = (classes: Iterable<ClassFacts>): { tests: readonly ClassTest[]; unsupported: readonly string[] } => {
  const unsupported: string[] = [];
  const tests = [...classes]
    .sort((a, b) => compareText(a.name, b.name))
    .flatMap(({ name, expressions }): ClassTest[] => {
      const compiled = expressions.map(compileCel);
      const selectors = compiled.flatMap((result) => (result.ok ? [result.selects] : []));
      const fault = compiled.find((result) => !result.ok);
      if (fault !== undefined && !fault.ok) unsupported.push(`deviceclasses/${name}: its selector is not understood: ${fault.message}`);
      return fault === undefined ? [{ name, admits: (device) => selectors.every((selects) => selects(device) === true) }] : [];
    });
  return { tests, unsupported };
};

/** Only the highest generation of a pool counts, and only when all its slices are there. */
const wholePools = (slices: Iterable<SliceFacts>): { pools: readonly (readonly SliceFacts[])[]; unsupported: readonly string[] } => {
  const byPool = new Map<string, SliceFacts[]>();
  for (const slice of slices) {
    const key = `${slice.driver} ${slice.pool}`;
    const known = byPool.get(key) ?? [];
    byPool.set(key, known);
    const newest = known[0]?.generation ?? slice.generation;
    if (slice.generation > newest) known.length = 0;
    if (slice.generation >= newest) known.push(slice);
  }
  const all = [...byPool].sort(([a], [b]) => compareText(a, b)).map(([, pool]) => pool);
  const isWhole = (pool: readonly SliceFacts[]): boolean => pool.length === pool[0]?.slices;
  const partial = all.filter((pool) => !isWhole(pool)).length;
  const told = partial === 0 ? [] : [`resourceslices: ${partial} pools are not complete and are not counted`];
  return { pools: all.filter(isWhole), unsupported: told };
};

/** `out` = tainted, so that no claim gets one without a toleration. */
type CountedKind = { readonly kind: DraKind; readonly out: boolean };

/** Counts the devices by kind and pool. */
export const draFactsOf = (
  slices: Iterable<SliceFacts>,
  claims: Iterable<readonly ClaimUse[]>,
  classes: Iterable<ClassFacts>,
): DraFacts => {
  const { tests, unsupported } = classTests(classes);
  const { pools, unsupported: partial } = wholePools(slices);
  const used = new Set([...claims].flatMap((uses) => uses.map(({ driver, pool, device }) => `${driver} ${pool} ${device}`)));
  const kinds = new Map<string, CountedKind>();
  const kindOf = (driver: string, content: string, groups: DraKind['groups']): CountedKind => {
    const key = `${driver} ${content} ${groups === undefined ? '' : JSON.stringify(groups)}`;
    const known = kinds.get(key);
    if (known !== undefined) return known;
    const { capacityText: texts, out, ...rest } = JSON.parse(content) as Content;
    const device: CelDevice = {
      driver,
      attributes: new Map(Object.entries(rest.attributes)),
      capacity: new Map(
        Object.entries(texts).flatMap(([name, text]): [string, Quantity][] => {
          const parsed = parseQuantity(text);
          return parsed.ok ? [[name, parsed.value]] : [];
        }),
      ),
      allowMultipleAllocations: rest.shared,
    };
    const quantities = Object.keys(texts).length === 0 ? {} : { quantities: texts };
    const classNames = tests.filter(({ admits }) => admits(device)).map(({ name }) => name);
    const kind = { id: kinds.size, driver, classes: classNames, ...rest, ...quantities, ...(groups === undefined ? {} : { groups }) };
    const made = { kind, out };
    kinds.set(key, made);
    return made;
  };
  const counted = pools.map((pool) => poolOf(pool, used, kindOf));
  const dra = counted.length === 0 ? undefined : { kinds: [...kinds.values()].map(({ kind }) => kind), pools: counted };
  return { dra, unsupported: [...unsupported, ...partial] };
};

/** Numbers for the values of each attribute: parts of the first device of every pool have the same one. */
const createNumbers = (): ((attribute: string, value: string) => number) => {
  const numbers = new Map<string, Map<string, number>>();
  return (attribute, value) => {
    const known = numbers.get(attribute) ?? new Map<string, number>();
    numbers.set(attribute, known);
    const number = known.get(value) ?? known.size;
    known.set(value, number);
    return number;
  };
};

const poolOf = (
  slices: readonly SliceFacts[],
  used: ReadonlySet<string>,
  kindOf: (driver: string, content: string, groups: DraKind['groups']) => CountedKind,
): DraPool => {
  const { driver = '', pool = '', node = '', nodeTerms } = slices[0] ?? {};
  const counts = new Map<number, { kind: number; total: number; free: number }>();
  const counters = new Map(slices.flatMap((slice) => Object.entries(slice.counters)));
  const numbered = createNumbers();
  for (const { name, content, groups } of slices.flatMap(({ devices }) => devices)) {
    const { kind, out } = kindOf(
      driver,
      content,
      groups && sortedRecord(groups.map(([attribute, value]) => [attribute, numbered(attribute, value)])),
    );
    const count = counts.get(kind.id) ?? { kind: kind.id, total: 0, free: 0 };
    counts.set(kind.id, count);
    const isUsed = used.has(`${driver} ${pool} ${name}`);
    count.total += 1;
    if (!out && (!isUsed || kind.shared)) count.free += 1;
    if (isUsed) for (const [counter, amount] of Object.entries(kind.consumes)) counters.set(counter, (counters.get(counter) ?? 0) - amount);
  }
  return {
    driver,
    pool,
    node,
    ...(nodeTerms === undefined ? {} : { nodeTerms }),
    devices: [...counts.values()],
    counters: sortedRecord(counters),
  };
};
