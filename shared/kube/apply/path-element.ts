/**
 * @module One step of a field path, written as FieldsV1 writes it: `f:NAME` a field, `k:{…}` an item by its keys, `v:…` an item by its value,
 * `i:N` an item by its place (sigs.k8s.io/structured-merge-diff, fieldpath).
 */
import { compareText } from '../../lib/compare-text.ts';
import { isObject, sortedJson } from '../schema/index.ts';

/** A path element in its canonical text; equal elements have equal text. */
export type PathElement = string;

const plainText = /^[\w./:-]*$/;

/** JSON text of a scalar as FieldsV1 has it. */
export const elementJson = (value: unknown): string => {
  if (typeof value === 'string' && plainText.test(value)) return `"${value}"`;
  return typeof value === 'number' ? String(value) : sortedJson(value);
};

/** The element of a field or of a key of a map. */
export const fieldElement = (name: string): PathElement => `f:${name}`;

/** The element of an item of a set. */
export const valueElement = (value: unknown): PathElement => `v:${elementJson(value)}`;

/** The element in canonical form, or undefined when it is none (kinds that a later version may know are none, too). */
export const parseElement = (text: string): PathElement | undefined => {
  if (text.startsWith('f:')) return text;
  if (text.startsWith('i:')) return /^i:-?\d+$/.test(text) ? `i:${Number(text.slice(2))}` : undefined;
  if (!text.startsWith('k:') && !text.startsWith('v:')) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(2));
    if (text.startsWith('v:')) return valueElement(value);
    return isObject(value) ? `k:${sortedJson(value)}` : undefined;
  } catch {
    return undefined;
  }
};

const typeOrder = 'fkvi';
const valueRank = (value: unknown): number => {
  if (typeof value === 'number') return 0;
  if (typeof value === 'string') return 1;
  return typeof value === 'boolean' ? 2 : 3;
};

const compareValues = (left: unknown, right: unknown): number => {
  const ranks = valueRank(left) - valueRank(right);
  if (ranks !== 0) return ranks;
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  if (typeof left === 'boolean' && typeof right === 'boolean') return Number(left) - Number(right);
  return compareText(typeof left === 'string' ? left : sortedJson(left), typeof right === 'string' ? right : sortedJson(right));
};

const compareKeys = (left: unknown, right: unknown): number => {
  const ours = Object.entries(isObject(left) ? left : {});
  const theirs = Object.entries(isObject(right) ? right : {});
  for (const [index, [name, value]] of ours.entries()) {
    const other = theirs[index];
    if (other === undefined) return 1;
    const order = compareText(name, other[0]) || compareValues(value, other[1]);
    if (order !== 0) return order;
  }
  return ours.length - theirs.length;
};

/** What elements are sorted by: their type, and what follows it. */
type SortKey = { readonly type: number; readonly value: unknown };

const sortKeyOf = (element: PathElement): SortKey => {
  const type = typeOrder.indexOf(element.charAt(0));
  const rest = element.slice(2);
  return { type, value: type === 0 ? rest : JSON.parse(rest) };
};

const compareSortKeys = (left: SortKey, right: SortKey): number => {
  if (left.type !== right.type) return left.type - right.type;
  return typeOrder[left.type] === 'k' ? compareKeys(left.value, right.value) : compareValues(left.value, right.value);
};

/** Elements in the canonical order: fields, then keyed items, then values, then places. */
export const sortElements = (elements: Iterable<PathElement>): PathElement[] => {
  const list = [...elements];
  if (list.every((element) => element.startsWith('f:'))) return list.sort();
  return list
    .map((element) => ({ element, key: sortKeyOf(element) }))
    .sort((left, right) => compareSortKeys(left.key, right.key))
    .map(({ element }) => element);
};

const show = (value: unknown): string => (typeof value === 'string' ? JSON.stringify(value) : sortedJson(value));

/** The element as people read it: `.name`, `[name="a"]`, `[="x"]`, `[3]`. */
export const showElement = (element: PathElement): string => {
  const rest = element.slice(2);
  if (element.startsWith('f:')) return `.${rest}`;
  if (element.startsWith('i:')) return `[${rest}]`;
  const value: unknown = JSON.parse(rest);
  if (element.startsWith('v:')) return `[=${show(value)}]`;
  const parts = Object.entries(isObject(value) ? value : {}).map(([name, item]) => `${name}=${show(item)}`);
  return `[${parts.join(',')}]`;
};

/** A path as people read it: `.spec.containers[name="a"].image`. */
export const showPath = (path: readonly PathElement[]): string => path.map(showElement).join('');
