/** @module How a value is walked by its schema node: as map, list or scalar, and which element an item of a list has. */
import { sameJson } from '../../lib/same-json.ts';
import { isObject, type JsonObject, own, type SchemaNode, sortedJson } from '../schema/index.ts';
import { elementJson, type PathElement, valueElement } from './path-element.ts';

/** How a value is walked. Values without a type of their own (null) are walked as the node says. */
export type Shape = 'map' | 'list' | 'scalar';

/** The shape of a value at a node; a node that takes anything goes by the value. */
export const shapeOf = (node: SchemaNode, value: unknown): Shape => {
  switch (node.kind) {
    case 'object':
    case 'map':
      return 'map';
    case 'list':
    case 'scalar':
      return node.kind;
    case 'any':
      if (Array.isArray(value)) return 'list';
      return value === null || value === undefined || isObject(value) ? 'map' : 'scalar';
  }
};

/** True when a value of this shape is owned as a whole. */
export const isWhole = (node: SchemaNode, shape: Shape): boolean => {
  if (shape === 'scalar') return true;
  return shape === 'list' && node.kind === 'any' ? true : node.atomic;
};

/** The map under a value; null and values of other types count as none. */
export const mapIn = (value: unknown): JsonObject | undefined => (isObject(value) ? value : undefined);

/** The list under a value; null and values of other types count as none. */
export const listIn = (value: unknown): readonly unknown[] | undefined => (Array.isArray(value) ? value : undefined);

/** True when neither side holds anything: the pair is then treated as one value, which keeps `{}`, `null` and absence apart. */
export const bothEmpty = (shape: Shape, left: unknown, right: unknown): boolean => {
  if (shape === 'map') return isEmptyMap(mapIn(left)) && isEmptyMap(mapIn(right));
  return (listIn(left)?.length ?? 0) === 0 && (listIn(right)?.length ?? 0) === 0;
};

const isEmptyMap = (map: JsonObject | undefined): boolean => {
  if (map !== undefined) for (const _ in map) return false;
  return true;
};

/** The element of a field or key; declared fields have theirs ready. */
export const elementOfKey = (node: SchemaNode, key: string): PathElement => node.fields.get(key)?.element ?? `f:${key}`;

type KeyPlan = readonly { readonly name: string; readonly fallback: unknown }[];
const plans = new WeakMap<SchemaNode, KeyPlan>();

const planOf = (node: SchemaNode): KeyPlan => {
  const known = plans.get(node);
  if (known !== undefined) return known;
  const plan = [...node.keys].sort().map((name) => ({ name, fallback: node.item.fields.get(name)?.default }));
  plans.set(node, plan);
  return plan;
};

/** An item that cannot be told apart from others. */
export type ItemFault = { readonly fault: string };

/** True for an {@link ItemFault}. */
export const isFault = (element: PathElement | ItemFault): element is ItemFault => typeof element !== 'string';

/** The element of an item of a list of type `map` or `set`. */
export const elementOfItem = (node: SchemaNode, item: unknown): PathElement | ItemFault =>
  node.listType === 'map' ? keyedElement(node, item) : setElement(item);

const keyedElement = (node: SchemaNode, item: unknown): PathElement | ItemFault => {
  if (item === null) return { fault: 'associative list with keys may not have a null element' };
  if (!isObject(item)) return { fault: 'associative list with keys may not have non-map elements' };
  let text = '';
  for (const { name, fallback } of planOf(node)) {
    const value = own(item, name) ?? fallback;
    if (value !== undefined) text += `${text === '' ? '' : ','}"${name}":${elementJson(value)}`;
  }
  if (text !== '') return `k:{${text}}`;
  const keys = node.keys.map((key) => sortedJson(key)).join(' ');
  return {
    fault: `associative list with keys has an element that omits all key fields [${keys}] (and doesn't have default values for any key fields)`,
  };
};

const setElement = (item: unknown): PathElement | ItemFault => {
  if (item === null) return { fault: "associative list without keys has an element that's an explicit null" };
  if (Array.isArray(item)) return { fault: 'not supported: associative list with lists as elements' };
  if (isObject(item)) return { fault: "associative list without keys has an element that's a map type" };
  return valueElement(item);
};

/** An item and its element. */
export type ElementItem = { readonly element: PathElement; readonly item: unknown };

/** Items with their elements, in order; items that have none are left out. */
export const elementItems = (node: SchemaNode, list: readonly unknown[]): ElementItem[] => {
  const out: ElementItem[] = [];
  for (const item of list) {
    const element = elementOfItem(node, item);
    if (!isFault(element)) out.push({ element, item });
  }
  return out;
};

/** Values that differ but as to the order of keys. */
export const differs = (left: unknown, right: unknown): boolean => !sameJson(left, right);
