/** @module Shapes: one description of a field gives both its OpenAPI schema and its check, so that the two cannot disagree. */

import { type Fault, goQuote, invalid, invalidEach, notSupported, required, tooMany } from '../kube/names/index.ts';
import type { OpenApiSchema } from '../kube/resource.ts';

/** What may stand in a field. `check` takes any JSON and answers the faults, each with its path. */
export type Shape = {
  readonly schema: OpenApiSchema;
  readonly check: (value: unknown, path: string) => Fault[];
};

/** A field of an object; `required` fields must be there. */
export type Field = Shape & { readonly required?: boolean };

type Bag = { readonly [key: string]: unknown };

/** True for a JSON object. */
export const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);

const wrongType = (path: string, value: unknown, type: string): Fault => {
  const given = Array.isArray(value) ? 'array' : value === null ? 'null' : Number.isInteger(value) ? 'integer' : typeof value;
  return invalid(path, given, `${path} in body must be of type ${type}: ${goQuote(given)}`);
};

/** What a rule says of a text. That it is empty is one fault, whatever rules of form it breaks besides. */
const ruleFaults = (path: string, value: string, said: readonly string[] = []): Fault[] =>
  invalidEach(path, value, value === '' ? said.slice(0, 1) : said);

/** A string; `rule` answers what is wrong with one. */
export const text = (description: string, rule?: (value: string) => string[], extra: OpenApiSchema = {}): Shape => ({
  schema: { type: 'string', description, ...extra },
  check: (value, path) => {
    if (typeof value !== 'string') return [wrongType(path, value, 'string')];
    return ruleFaults(path, value, rule?.(value));
  },
});

/** Rule of a text: a time as RFC 3339 writes it. */
export const instant = (value: string): string[] =>
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value) && !Number.isNaN(Date.parse(value))
    ? []
    : ['must be an RFC 3339 time such as 2030-01-31T12:00:00Z'];

/** One of some words. */
export const word = (description: string, words: readonly string[], extra: OpenApiSchema = {}): Shape => ({
  schema: { type: 'string', description, enum: [...words], ...extra },
  check: (value, path) => {
    if (typeof value !== 'string') return [wrongType(path, value, 'string')];
    return words.includes(value) ? [] : [notSupported(path, value, words)];
  },
});

/** A whole number from `min` to `max`; `mend` says what to write instead. */
export const integer = (description: string, bounds: { min: number; max: number; mend?: string }, extra: OpenApiSchema = {}): Shape => ({
  schema: { type: 'integer', format: 'int32', description, ...extra },
  check: (value, path) => {
    if (typeof value !== 'number' || !Number.isInteger(value)) return [wrongType(path, value, 'integer')];
    if (value >= bounds.min && value <= bounds.max) return [];
    const range = value < bounds.min ? `must be greater than or equal to ${bounds.min}` : `must be less than or equal to ${bounds.max}`;
    return [invalid(path, value, bounds.mend === undefined ? range : `${range}; ${bounds.mend}`)];
  },
});

/** A number of things, or a share of them such as `25%` (Kubernetes' IntOrString). */
export const countOrShare = (description: string): Shape => ({
  schema: { description, anyOf: [{ type: 'integer' }, { type: 'string' }], 'x-kubernetes-int-or-string': true },
  check: (value, path) => {
    const isCount = typeof value === 'number' && Number.isInteger(value) && value >= 0;
    const isShare = typeof value === 'string' && /^(\d|[1-9]\d|100)%$/.test(value);
    const given = typeof value === 'string' || typeof value === 'number' ? value : typeof value;
    return isCount || isShare ? [] : [invalid(path, given, 'must be a whole number such as 1, or a share from 0% to 100% such as 25%')];
  },
});

/** True or false. */
export const flag = (description: string, extra: OpenApiSchema = {}): Shape => ({
  schema: { type: 'boolean', description, ...extra },
  check: (value, path) => (typeof value === 'boolean' ? [] : [wrongType(path, value, 'boolean')]),
});

/** Any JSON. */
export const anything = (description: string): Shape => ({
  schema: { description, 'x-kubernetes-preserve-unknown-fields': true },
  check: () => [],
});

/** Free keys with string values. */
export const textMap = (
  description: string,
  rules: { readonly key?: (key: string) => string[]; readonly value?: (value: string) => string[] } = {},
): Shape => ({
  schema: { type: 'object', description, additionalProperties: { type: 'string' } },
  check: (value, path) => {
    if (!isBag(value)) return [wrongType(path, value, 'object')];
    return Object.entries(value).flatMap(([key, item]) => {
      // In the words of the schema, which finds it too, so that it is told once.
      if (typeof item !== 'string') return [wrongType(`${path}.${key}`, item, 'string')];
      return [...ruleFaults(path, key, rules.key?.(key)), ...ruleFaults(`${path}[${key}]`, item, rules.value?.(item))];
    });
  },
});

/** How a list merges: whole, by value, or by key fields. */
export type ListMerge = { readonly type: 'atomic' | 'set' } | { readonly type: 'map'; readonly keys: readonly string[] };

/** A list of one shape with at most `max` items. */
export const list = (description: string, item: Shape, merge: ListMerge, max: number, extra: OpenApiSchema = {}): Shape => ({
  schema: {
    type: 'array',
    description,
    items: item.schema,
    'x-kubernetes-list-type': merge.type,
    ...(merge.type === 'map' ? { 'x-kubernetes-list-map-keys': [...merge.keys] } : {}),
    ...extra,
  },
  check: (value, path) => {
    if (!Array.isArray(value)) return [wrongType(path, value, 'array')];
    if (value.length > max) return [tooMany(path, value.length, max)];
    return value.flatMap((entry: unknown, index) => item.check(entry, `${path}[${index}]`));
  },
});

/** What to write where nothing is: the first sentence of the field's description. */
const mendOf = (description: unknown): string => {
  const [sentence = ''] = String(description ?? '').split(/\.(?=\s|$)/);
  const [first = '', second = ''] = sentence;
  const isWord = second !== '' && second === second.toLowerCase();
  return sentence === '' ? '' : `set it (${isWord ? first.toLowerCase() : first}${sentence.slice(1)})`;
};

/** An object with declared fields; `rule` checks fields against each other. Unknown fields are the server's to judge. */
export const fields = (
  description: string,
  inner: Readonly<Record<string, Field>>,
  rule?: (value: Bag, path: string) => Fault[],
): Shape => {
  const names = Object.entries(inner);
  const must = names.filter(([, field]) => field.required === true).map(([name]) => name);
  return {
    schema: {
      type: 'object',
      description,
      properties: Object.fromEntries(names.map(([name, field]) => [name, field.schema])),
      ...(must.length === 0 ? {} : { required: must }),
    },
    check: (value, path) => {
      if (value === undefined) return [required(path, mendOf(description))];
      if (!isBag(value)) return [wrongType(path, value, 'object')];
      const faults = names.flatMap(([name, field]) => {
        const entry = value[name];
        if (entry === undefined) return field.required === true ? [required(`${path}.${name}`, mendOf(field.schema.description))] : [];
        return field.check(entry, `${path}.${name}`);
      });
      return faults.length > 0 || rule === undefined ? faults : rule(value, path);
    },
  };
};

/** The same shape, but the field must be there. */
export const must = (shape: Shape): Field => ({ ...shape, required: true });
