/** @module Values of CEL in selectors of devices: their order, the functions on them, and what may be looked into. */
import { compareQuantity, type Quantity } from '../kube/quantity/index.ts';

/** What a selector sees of a device: attributes and capacity by qualified name, `gpu.nvidia.com/productName`. */
export type CelDevice = {
  readonly driver: string;
  readonly attributes: ReadonlyMap<string, string | number | boolean>;
  readonly capacity: ReadonlyMap<string, Quantity>;
  readonly allowMultipleAllocations: boolean;
};

/** A value of an expression. */
export type Value = string | number | boolean | Quantity | readonly unknown[] | Scope;
/** A map that is only looked into: `device`, `device.attributes`, one domain of it. */
export type Scope = { readonly scope: (name: string) => Value | undefined; readonly has: (name: string) => boolean };
/** An error of evaluation is undefined, as missing attributes are; `||` and `&&` absorb it where the other side decides (CEL spec, Logical Operators). */
export type Term = (device: CelDevice) => Value | undefined;

/** True for what is only looked into. */
export const isScope = (value: Value | undefined): value is Scope => typeof value === 'object' && value !== null && 'scope' in value;
const isQuantity = (value: Value | undefined): value is Quantity => typeof value === 'object' && value !== null && 'nanos' in value;

/** -1, 0, 1, or undefined when the two cannot be compared. */
export const orderOf = (a: Value | undefined, b: Value | undefined): number | undefined => {
  if (isQuantity(a) && isQuantity(b)) return compareQuantity(a, b);
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (typeof a === 'boolean' && typeof b === 'boolean') return Number(a) - Number(b);
  return undefined;
};

/** Signs of comparisons, and the orders they hold for. */
export const comparisons: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

/** Methods of texts and quantities, by name. */
export const methods: Readonly<Record<string, (target: Value, argument: Value | undefined) => Value | undefined>> = {
  startsWith: (a, b) => (typeof a === 'string' && typeof b === 'string' ? a.startsWith(b) : undefined),
  endsWith: (a, b) => (typeof a === 'string' && typeof b === 'string' ? a.endsWith(b) : undefined),
  contains: (a, b) => (typeof a === 'string' && typeof b === 'string' ? a.includes(b) : undefined),
  lowerAscii: (a) => (typeof a === 'string' ? a.toLowerCase() : undefined),
  upperAscii: (a) => (typeof a === 'string' ? a.toUpperCase() : undefined),
  compareTo: (a, b) => (isQuantity(a) && isQuantity(b) ? orderOf(a, b) : undefined),
  isGreaterThan: (a, b) => (isQuantity(a) && isQuantity(b) ? (orderOf(a, b) ?? 0) > 0 : undefined),
  isLessThan: (a, b) => (isQuantity(a) && isQuantity(b) ? (orderOf(a, b) ?? 0) < 0 : undefined),
};

const scopeOf = (entries: ReadonlyMap<string, Value>): Scope => ({
  scope: (name) => entries.get(name),
  has: (name) => entries.has(name),
});

/** `attributes["gpu.nvidia.com"].productName`: a domain, then a name. An absent domain is an empty map. */
const byDomain = (entries: ReadonlyMap<string, Value>): Scope => ({
  scope: (domain) =>
    scopeOf(
      new Map(
        [...entries]
          .filter(([name]) => name.startsWith(`${domain}/`))
          .map(([name, value]) => [name.slice(domain.length + 1), value] as const),
      ),
    ),
  has: (domain) => [...entries.keys()].some((name) => name.startsWith(`${domain}/`)),
});

/** The name `device`. */
export const deviceScope = (device: CelDevice): Scope =>
  scopeOf(
    new Map<string, Value>([
      ['driver', device.driver],
      ['attributes', byDomain(device.attributes)],
      ['capacity', byDomain(device.capacity)],
      ['allowMultipleAllocations', device.allowMultipleAllocations],
    ]),
  );
