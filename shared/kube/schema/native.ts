/** @module Kubernetes' own kinds as Go holds them: with nothing set, and after they were stored. */
import { isObject, type JsonObject, put } from './json.ts';
import type { SchemaNode } from './schema-node.ts';

const zeros = new WeakMap<SchemaNode, JsonObject>();

/**
 * What Go writes for a kind in which nothing is set: structs held by value are there and empty, required lists null, required scalars zero.
 * `{}` for kinds that are not Kubernetes' own. Shared: do not change it.
 */
export const zeroObject = (node: SchemaNode): JsonObject => {
  const known = zeros.get(node);
  if (known !== undefined) return known;
  const out: JsonObject = {};
  zeros.set(node, out);
  if (!node.native) return out;
  const { always } = node.facts;
  for (const key of Object.keys(always)) {
    const child = node.child(key);
    put(out, key, isObject(always[key]) && child !== undefined ? zeroObject(child) : always[key]);
  }
  return out;
};

const isEmpty = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0;

/** The value as it comes back from storage: protobuf cannot tell an empty list or map from none. Shares what does not change. */
export const storedValue = <T>(node: SchemaNode, value: T): T => {
  if (!node.native || typeof value !== 'object' || value === null) return value;
  return (Array.isArray(value) ? storedList(node, value) : storedMap(node, value as unknown as JsonObject)) as T;
};

const storedList = (node: SchemaNode, list: readonly unknown[]): readonly unknown[] => {
  if (node.kind !== 'list') return list;
  const items = list.map((item) => storedValue(node.item, item));
  return items.some((item, index) => item !== list[index]) ? items : list;
};

const storedMap = (node: SchemaNode, map: JsonObject): JsonObject => {
  const { always } = node.facts;
  let out = map;
  for (const key of Object.keys(map)) {
    const value = map[key];
    if (typeof value !== 'object' || value === null) continue;
    const child = node.child(key);
    const next = always[key] === null && isEmpty(value) ? null : child === undefined ? value : storedValue(child, value);
    if (next === value) continue;
    if (out === map) out = { ...map };
    put(out, key, next);
  }
  return out;
};
