/** @module Terms of CEL made of other terms. An error of evaluation is undefined and goes through all of them but `||` and `&&`. */
import { parseQuantity } from '../kube/quantity/index.ts';
import { comparisons, isScope, methods, orderOf, type Term, type Value } from './report-cel-value.ts';

/** The value if it is true or false. */
export const asBool = (value: Value | undefined): boolean | undefined => (typeof value === 'boolean' ? value : undefined);

/** `a || b` */
export const orTerm =
  (left: Term, right: Term): Term =>
  (device) => {
    const a = asBool(left(device));
    if (a === true) return true;
    const b = asBool(right(device));
    return b === true ? true : a === false && b === false ? false : undefined;
  };

/** `a && b` */
export const andTerm =
  (left: Term, right: Term): Term =>
  (device) => {
    const a = asBool(left(device));
    if (a === false) return false;
    const b = asBool(right(device));
    return b === false ? false : a === true && b === true ? true : undefined;
  };

/** `a[b]` and `a.b` */
export const lookUp =
  (target: Term, key: Term): Term =>
  (device) => {
    const map = target(device);
    const name = key(device);
    return isScope(map) && typeof name === 'string' ? map.scope(name) : undefined;
  };

const memberOf = (item: Value | undefined, of: Value | undefined): boolean | undefined => {
  if (isScope(of)) return typeof item === 'string' ? of.has(item) : undefined;
  return Array.isArray(of) && item !== undefined ? of.some((entry) => orderOf(item, entry as Value) === 0) : undefined;
};

/** `a in b` */
export const inTerm =
  (left: Term, right: Term): Term =>
  (device) =>
    memberOf(left(device), right(device));

/** `a == b` and its like; undefined when the sign is no comparison. */
export const comparison = (sign: string): ((left: Term, right: Term) => Term) | undefined => {
  const holds = Object.hasOwn(comparisons, sign) ? comparisons[sign] : undefined;
  if (holds === undefined) return undefined;
  return (left, right) => (device) => {
    const order = orderOf(left(device), right(device));
    return order === undefined ? undefined : holds(order);
  };
};

/** `!a` */
export const notTerm =
  (term: Term): Term =>
  (device) => {
    const value = term(device);
    return typeof value === 'boolean' ? !value : undefined;
  };

/** `-a` */
export const minusTerm =
  (term: Term): Term =>
  (device) => {
    const value = term(device);
    return typeof value === 'number' ? -value : undefined;
  };

/** `a.name(argument)`; undefined when there is no such function. */
export const call = (name: string): ((target: Term, argument: Term | undefined) => Term) | undefined => {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) return undefined;
  return (target, argument) => (device) => {
    const value = target(device);
    return value === undefined ? undefined : method(value, argument?.(device));
  };
};

/** `quantity("40Gi")` */
export const quantityTerm =
  (text: Term): Term =>
  (device) => {
    const value = text(device);
    const quantity = typeof value === 'string' ? parseQuantity(value) : undefined;
    return quantity?.ok === true ? quantity.value : undefined;
  };

/** `has(device.attributes["d"].name)`: whether the last step finds something. */
export const hasTerm =
  (inner: Term): Term =>
  (device) =>
    inner(device) !== undefined;

/** `[a, b]` */
export const listTerm =
  (items: readonly Term[]): Term =>
  (device) =>
    items.map((item) => item(device));
