/** @module Fills in what a writer left out. */
import { conditionHolds, type DefaultStage, isAbsent } from './default-rule.ts';
import { isObject, type JsonObject, own, put, without } from './json.ts';
import type { SchemaField, SchemaNode } from './schema-node.ts';

/** What data cannot say, by the name of its rule: gives back the struct, changed in a copy or as it was. */
export type DefaultFunctions = Readonly<Record<string, (struct: JsonObject) => JsonObject>>;

/** How to default. */
export type DefaultOptions = {
  /** `create` runs the rules of creation besides those that always run. Default: `default`. */
  readonly stage?: DefaultStage;
  /** Functions of named rules; a rule whose function is not given does nothing. */
  readonly functions?: DefaultFunctions;
};

/**
 * The object with its defaults: of kinds of Kubernetes itself those of the data (defaults, then rules, then what Go always writes), of other
 * kinds those of the schema. Parents come before what is below them, so a struct that a default adds gets defaults of its own. Parts that do
 * not change are shared with the input.
 */
export const applyDefaults = <T extends JsonObject>(node: SchemaNode, object: T, options: DefaultOptions = {}): T =>
  defaulted(node, object, options) as T;

const defaulted = (node: SchemaNode, value: unknown, options: DefaultOptions): unknown => {
  if (Array.isArray(value)) return node.kind === 'list' ? mapShared(value, (item) => defaulted(node.item, item, options)) : value;
  if (!isObject(value) || (node.kind !== 'object' && node.kind !== 'map')) return value;
  const filled = node.native ? fillNative(node, value, options) : fillFromSchema(node, value);
  return defaultBelow(node, filled, options);
};

const mapShared = (list: readonly unknown[], change: (item: unknown) => unknown): readonly unknown[] => {
  let out: unknown[] | undefined;
  for (const [index, item] of list.entries()) {
    const next = change(item);
    if (next === item) continue;
    out ??= [...list];
    out[index] = next;
  }
  return out ?? list;
};

const defaultBelow = (node: SchemaNode, struct: JsonObject, options: DefaultOptions): JsonObject => {
  let out = struct;
  for (const key of Object.keys(struct)) {
    const value = struct[key];
    if (typeof value !== 'object' || value === null) continue;
    const child = node.child(key);
    const next = child === undefined ? value : defaulted(child, value, options);
    if (next === value) continue;
    if (out === struct) out = { ...struct };
    put(out, key, next);
  }
  return out;
};

const fill = (struct: JsonObject, set: JsonObject): JsonObject => {
  let out = struct;
  for (const key of Object.keys(set)) {
    const known = own(out, key);
    const value = set[key];
    // Null is what Go writes of a list nobody made; an empty one was made.
    if (value === null && known !== undefined) continue;
    const next = isAbsent(known) ? value : isObject(known) && isObject(value) ? fill(known, value) : known;
    if (next === known) continue;
    if (out === struct) out = { ...struct };
    put(out, key, next);
  }
  return out;
};

const schemaDefaults = new WeakMap<SchemaNode, JsonObject>();

/** What is known of a definition, and the defaults of its schema that say more than that Go holds the field by value. */
const defaultsOf = (node: SchemaNode): JsonObject => {
  const known = schemaDefaults.get(node);
  if (known !== undefined) return known;
  const out: JsonObject = { ...node.facts.defaults };
  for (const field of node.fields.values()) {
    const value = field.default;
    const telling = (typeof value === 'string' && value !== '') || (typeof value === 'number' && value !== 0) || value === true;
    if (telling && !Object.hasOwn(out, field.name)) put(out, field.name, value);
  }
  schemaDefaults.set(node, out);
  return out;
};

/**
 * The defaults but those of pointers that hold '': to Go these are set. What may be left out and is none was dropped when it was read, and a
 * field with a default in its schema is held by value.
 */
const unlessEmptyText = (node: SchemaNode, struct: JsonObject, defaults: JsonObject): JsonObject => {
  const set = Object.keys(defaults).filter((key) => {
    const field = struct[key] === '' ? node.fields.get(key) : undefined;
    return field !== undefined && !field.omitEmpty && !field.required && field.default === undefined;
  });
  return set.length === 0 ? defaults : without(defaults, ...set);
};

const fillNative = (node: SchemaNode, struct: JsonObject, options: DefaultOptions): JsonObject => {
  const { rules, always } = node.facts;
  let out = fill(struct, unlessEmptyText(node, struct, defaultsOf(node)));
  for (const rule of rules) {
    if (rule.stage === 'create' && options.stage !== 'create') continue;
    if (rule.name !== undefined) out = options.functions?.[rule.name]?.(out) ?? out;
    else if (rule.set !== undefined && (rule.when ?? []).every((when) => conditionHolds(out, when))) out = fill(out, rule.set);
  }
  return fillMissing(out, always);
};

const fillMissing = (struct: JsonObject, always: JsonObject): JsonObject => {
  let out = struct;
  for (const key of Object.keys(always)) {
    const known = own(out, key);
    if (known !== undefined && (known !== null || always[key] === null)) continue;
    if (out === struct) out = { ...struct };
    put(out, key, always[key]);
  }
  return out;
};

const fillFromSchema = (node: SchemaNode, struct: JsonObject): JsonObject => {
  let out = struct;
  for (const field of node.fields.values()) {
    if (field.default === undefined || !needsDefault(field, own(out, field.name))) continue;
    if (out === struct) out = { ...struct };
    put(out, field.name, field.default);
  }
  return out;
};

const needsDefault = (field: SchemaField, value: unknown): boolean => value === undefined || (value === null && !field.node.nullable);
