/** @module Reading objects whose shape the schema already holds, but the types do not say. */

/** Any JSON object. */
export type Json = { readonly [field: string]: unknown };

const empty: Json = Object.freeze({});

/** True for an object that is no list. */
export const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value under a path of fields; undefined when any part is missing. Numbers index lists. */
export const at = (value: unknown, ...path: readonly (string | number)[]): unknown => {
  let current = value;
  for (const part of path) {
    if (typeof part === 'number') current = Array.isArray(current) ? current[part] : undefined;
    else current = isJson(current) && Object.hasOwn(current, part) ? current[part] : undefined;
  }
  return current;
};

/** The object under a path, `{}` when there is none. */
export const objectAt = (value: unknown, ...path: readonly (string | number)[]): Json => {
  const found = at(value, ...path);
  return isJson(found) ? found : empty;
};

/** The list under a path, `[]` when there is none. */
export const listAt = (value: unknown, ...path: readonly (string | number)[]): readonly unknown[] => {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
};

/** The string under a path, '' when there is none. */
export const textAt = (value: unknown, ...path: readonly (string | number)[]): string => {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
};

/** The number under a path, 0 when there is none. */
export const numberAt = (value: unknown, ...path: readonly (string | number)[]): number => {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : 0;
};

/** True when the path holds `true`. */
export const isTrueAt = (value: unknown, ...path: readonly (string | number)[]): boolean => at(value, ...path) === true;

/** True when the path holds anything but null. */
export const hasAt = (value: unknown, ...path: readonly (string | number)[]): boolean => (at(value, ...path) ?? undefined) !== undefined;

/** The map of strings under a path; other values are left out. */
export const textsAt = (value: unknown, ...path: readonly (string | number)[]): Record<string, string> => {
  const texts: Record<string, string> = {};
  for (const [key, text] of Object.entries(objectAt(value, ...path))) if (typeof text === 'string') texts[key] = text;
  return texts;
};

/** The strings of the list under a path. */
export const namesAt = (value: unknown, ...path: readonly (string | number)[]): string[] =>
  listAt(value, ...path).filter((item) => typeof item === 'string');

const setIn = (value: unknown, path: readonly string[], set: unknown): unknown => {
  const [first, ...rest] = path;
  if (first === undefined) return set;
  const copy: Record<string, unknown> = { ...(isJson(value) ? value : {}) };
  const child = setIn(copy[first], rest, set);
  if (child === undefined) delete copy[first];
  else copy[first] = child;
  return copy;
};

/** A copy of `object` with the path set; `undefined` removes it. Only the objects along the path are new. */
export const withAt = <T extends object>(object: T, path: readonly string[], value: unknown): T => setIn(object, path, value) as T;

/** A copy with the path set, when nothing is there yet. */
export const withDefaultAt = <T extends object>(object: T, path: readonly string[], value: unknown): T =>
  hasAt(object, ...path) ? object : withAt(object, path, value);

/** A copy whose list at the path has each item changed; the same object when there is no list. */
export const withItemsAt = <T extends object>(object: T, path: readonly string[], change: (item: Json) => Json): T => {
  const list = at(object, ...path);
  if (!Array.isArray(list)) return object;
  return withAt(
    object,
    path,
    list.map((item) => (isJson(item) ? change(item) : item)),
  );
};
