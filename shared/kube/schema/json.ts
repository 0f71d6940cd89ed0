/** @module Plain JSON values handled without prototype traps, and written as Go writes them. */

/** A JSON object as `JSON.parse` makes it; treat it as immutable. */
export type JsonObject = { [key: string]: unknown };

/** True for a JSON object: neither null nor a list nor a scalar. */
export const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null && !Array.isArray(value);

/** The value under a key of the object itself; `undefined` when it has none (never what `Object.prototype` holds). */
export const own = (object: JsonObject, key: string): unknown => (Object.hasOwn(object, key) ? object[key] : undefined);

/** Sets a key of a fresh object; `__proto__` becomes an ordinary key. */
export const put = (object: JsonObject, key: string, value: unknown): void => {
  if (key === '__proto__') Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
};

/** A copy without some of its keys. */
export const without = (object: JsonObject, ...keys: readonly string[]): JsonObject => {
  const gone = new Set(keys);
  const out: JsonObject = {};
  for (const key of Object.keys(object)) if (!gone.has(key)) put(out, key, object[key]);
  return out;
};

/** True when nothing in the value is nested deeper than `depthMax`. */
export const isWithinDepth = (value: unknown, depthMax: number): boolean => {
  if (typeof value !== 'object' || value === null) return true;
  if (depthMax === 0) return false;
  return Object.values(value).every((item) => isWithinDepth(item, depthMax - 1));
};

const escapedInGo = /[<>&\u2028\u2029]/g;
const escapeAsGo = (char: string): string => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;

/** JSON text as Go writes a map: keys sorted, `<`, `>` and `&` escaped. */
export const sortedJson = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join(',')}]`;
  if (isObject(value)) {
    const parts: string[] = [];
    for (const key of Object.keys(value).sort()) {
      const item = value[key];
      if (item !== undefined) parts.push(`${sortedJson(key)}:${sortedJson(item)}`);
    }
    return `{${parts.join(',')}}`;
  }
  const text = JSON.stringify(value ?? null);
  return typeof value === 'string' ? text.replace(escapedInGo, escapeAsGo) : text;
};

/** A value as Go's `%v` prints it, such as `map[a:1 b:[x y]]`. */
export const goPrint = (value: unknown): string => {
  if (value === null || value === undefined) return '<nil>';
  if (Array.isArray(value)) return `[${value.map(goPrint).join(' ')}]`;
  if (!isObject(value)) return String(value);
  const parts = Object.keys(value)
    .sort()
    .map((key) => `${key}:${goPrint(value[key])}`);
  return `map[${parts.join(' ')}]`;
};
