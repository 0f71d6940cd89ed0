/** @module An object of one of Kubernetes' own kinds in which nothing is set. */
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
