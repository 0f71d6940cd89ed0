/** @module JSON Merge Patch (RFC 7396). */
import { sameJson } from '../../lib/same-json.ts';
import { isObject, type JsonObject, jsonWord, own, put } from '../schema/index.ts';
import { badPatch, type PatchResult, patched, refused, tooDeep } from './result.ts';

/**
 * The document with the patch merged in: null takes a field away, objects are merged, all else is replaced whole. 400 when the patch is no
 * object. The document is not changed.
 */
export const applyMergePatch = (document: JsonObject, patch: unknown): PatchResult<JsonObject> => {
  if (patch === null) return refused(badPatch('Invalid JSON Patch'));
  if (!isObject(patch)) {
    return refused(
      badPatch(`error decoding patch: json: cannot unmarshal ${jsonWord(patch)} into Go value of type map[string]interface {}`),
    );
  }
  const deep = tooDeep(patch, document);
  return deep === undefined ? patched(mergeInto(document, patch)) : refused(deep);
};

const mergeInto = (document: unknown, patch: JsonObject): JsonObject => {
  const before = isObject(document) ? document : {};
  let out: JsonObject | undefined = isObject(document) ? undefined : {};
  for (const key of Object.keys(patch)) {
    const change = patch[key];
    const known = own(before, key);
    if (change === null) {
      if (known === undefined) continue;
      out ??= { ...before };
      delete out[key];
      continue;
    }
    const merged = isObject(change) ? mergeInto(known, change) : withoutNulls(change);
    if (merged === known) continue;
    out ??= { ...before };
    put(out, key, merged);
  }
  return out ?? before;
};

/** A list without the nulls in its objects, as the API server reads it; null items stay. */
const withoutNulls = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.some((item) => typeof item === 'object') ? value.map(withoutNulls) : value;
  return isObject(value) ? mergeInto(undefined, value) : value;
};

/**
 * The merge patch that makes `before` into `after`; `{}` when they are equal. Null in an object cannot be told by a merge patch and
 * counts as absent.
 */
export const createMergePatch = (before: JsonObject, after: JsonObject): JsonObject => {
  const patch: JsonObject = {};
  for (const key of Object.keys(before)) {
    if (before[key] !== null && (own(after, key) ?? null) === null) put(patch, key, null);
  }
  for (const key of Object.keys(after)) {
    const next = after[key];
    const known = own(before, key);
    if (next === null || sameJson(known, next)) continue;
    put(patch, key, isObject(known) && isObject(next) ? createMergePatch(known, next) : next);
  }
  return patch;
};
