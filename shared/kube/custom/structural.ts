/**
 * @module A schema of unknown origin rebuilt from the keywords that structural schemas have (KEP-2337, apiextensions/v1 JSONSchemaProps),
 * within limits: whatever comes out is finite, has no references, and costs no more to check than its size.
 */
import type { OpenApiSchema } from '../resource.ts';
import { isObject, type JsonObject, own, put } from '../schema/index.ts';

/** Schemas nested in one. */
export const schemaNodesMax = 50_000;
/** Levels of nesting; a level is two of JSON, and a message of the wire has at most 64. */
export const schemaDepthMax = 28;
/** Alternatives of anyOf, oneOf, allOf and not: each is tried on the same value. */
export const alternativesMax = 2_000;
/** Text of one `default`; longer ones are left to the cluster, since each item of a list may be given one. */
export const defaultLengthMax = 2_048;
const textLengthMax = 16_384;
const patternLengthMax = 2_048;

/** A schema that can be used, or why there is none. */
export type Structural = { readonly ok: true; readonly schema: OpenApiSchema } | { readonly ok: false; readonly message: string };

/** What to do on the way. */
export type StructuralOptions = {
  /** The schema a `$ref` stands for; absent = references are a fault. */
  readonly resolve?: (reference: string) => JsonObject | undefined;
  readonly descriptions?: boolean;
};

const isText =
  (lengthMax: number) =>
  (value: unknown): boolean =>
    typeof value === 'string' && value.length <= lengthMax;
const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isBool = (value: unknown): boolean => typeof value === 'boolean';
const isTexts = (value: unknown): boolean => Array.isArray(value) && value.every(isText(textLengthMax));
const types = new Set<unknown>(['object', 'array', 'string', 'integer', 'number', 'boolean']);

/** Keywords that hold no schemas, and what they may hold; others are dropped. */
const plainKeywords: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) => types.has(value),
  format: isText(64),
  title: isText(256),
  pattern: isText(patternLengthMax),
  maximum: isNumber,
  minimum: isNumber,
  multipleOf: (value) => isNumber(value) && Number(value) > 0,
  maxLength: isNumber,
  minLength: isNumber,
  maxItems: isNumber,
  minItems: isNumber,
  maxProperties: isNumber,
  minProperties: isNumber,
  exclusiveMaximum: isBool,
  exclusiveMinimum: isBool,
  nullable: isBool,
  required: isTexts,
  enum: Array.isArray,
  'x-kubernetes-int-or-string': isBool,
  'x-kubernetes-preserve-unknown-fields': isBool,
  'x-kubernetes-embedded-resource': isBool,
  'x-kubernetes-list-type': (value) => value === 'atomic' || value === 'set' || value === 'map',
  'x-kubernetes-list-map-keys': isTexts,
  'x-kubernetes-map-type': (value) => value === 'atomic' || value === 'granular',
  'x-kubernetes-validations': Array.isArray,
};

class Refusal extends Error {}

/** One reading: counts what was read, and where it is. */
class Reader {
  readonly #options: StructuralOptions;
  readonly #open: string[] = [];
  #nodes = 0;
  #alternatives = 0;

  constructor(options: StructuralOptions) {
    this.#options = options;
  }

  read(schema: JsonObject, depth: number): JsonObject {
    this.#nodes += 1;
    if (this.#nodes > schemaNodesMax) throw new Refusal(`it holds more than ${schemaNodesMax} schemas`);
    const reference = referenceIn(schema);
    if (reference !== undefined) return this.#follow(schema, reference, depth);
    if (depth >= schemaDepthMax) return anything;
    const out: JsonObject = {};
    for (const [keyword, isFine] of Object.entries(plainKeywords)) {
      const value = own(schema, keyword);
      if (value !== undefined && isFine(value)) out[keyword] = value;
    }
    const description = own(schema, 'description');
    if (this.#options.descriptions !== false && typeof description === 'string') out['description'] = description.slice(0, textLengthMax);
    const byDefault = own(schema, 'default');
    if (byDefault !== undefined && JSON.stringify(byDefault).length <= defaultLengthMax) out['default'] = byDefault;
    this.#children(schema, out, depth + 1);
    return out;
  }

  #children(schema: JsonObject, out: JsonObject, depth: number): void {
    const properties = own(schema, 'properties');
    if (isObject(properties)) {
      const read: JsonObject = {};
      for (const name of Object.keys(properties)) {
        const property = properties[name];
        if (isObject(property)) put(read, name, this.read(property, depth));
      }
      out['properties'] = read;
    }
    const items = own(schema, 'items');
    if (isObject(items)) out['items'] = this.read(items, depth);
    const additional = own(schema, 'additionalProperties');
    if (isObject(additional)) out['additionalProperties'] = this.read(additional, depth);
    else if (typeof additional === 'boolean') out['additionalProperties'] = additional;
    const not = own(schema, 'not');
    if (isObject(not)) out['not'] = this.#alternative(not, depth);
    for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
      const all = own(schema, keyword);
      if (Array.isArray(all)) out[keyword] = all.filter(isObject).map((one) => this.#alternative(one, depth));
    }
  }

  #alternative(schema: JsonObject, depth: number): JsonObject {
    this.#alternatives += 1;
    if (this.#alternatives > alternativesMax)
      throw new Refusal(`it holds more than ${alternativesMax} alternatives (anyOf, oneOf, allOf, not)`);
    return this.read(schema, depth);
  }

  /** What a reference stands for, written in its place; a schema within itself takes anything. */
  #follow(schema: JsonObject, reference: string, depth: number): JsonObject {
    const { resolve } = this.#options;
    if (resolve === undefined)
      throw new Refusal(`it refers to another schema (${reference.slice(0, 100)}); schemas must be written in place`);
    if (this.#open.includes(reference)) return anything;
    const target = resolve(reference);
    if (target === undefined) return anything;
    const { $ref: _, allOf: __, ...beside } = schema;
    this.#open.push(reference);
    const read = this.read({ ...target, ...beside }, depth);
    this.#open.pop();
    return read;
  }
}

const anything: JsonObject = Object.freeze({ 'x-kubernetes-preserve-unknown-fields': true });

/** A `$ref`, or an `allOf` of one that OpenAPI v3 needs to say something beside it. */
const referenceIn = (schema: JsonObject): string | undefined => {
  const reference = own(schema, '$ref');
  if (typeof reference === 'string') return reference;
  const allOf = own(schema, 'allOf');
  const only: unknown = Array.isArray(allOf) && allOf.length === 1 ? allOf[0] : undefined;
  const wrapped = isObject(only) ? own(only, '$ref') : undefined;
  return typeof wrapped === 'string' ? wrapped : undefined;
};

/** Rebuilds a schema; a fault names what is too much. Input nested too deep to be walked must have been refused before. */
export const structural = (schema: JsonObject, options: StructuralOptions = {}): Structural => {
  try {
    return { ok: true, schema: new Reader(options).read(schema, 0) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, message: `the schema cannot be used: ${error.message}` };
    throw error;
  }
};
