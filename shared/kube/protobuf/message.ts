/** @module Reads a protobuf message into the JSON that Go would have written for it, by the field tables of the Go types. */
import { bytesOf, handWritten, scalarsOf, textOf } from './scalars.ts';
import { ProtobufError, type WireField, wireFields } from './wire.ts';

/** Field number → JSON name ('' = inlined), type (`string`, `int32[]`, `map<message>` …), and the definition of messages in it. */
export type MessageTable = Readonly<Record<string, readonly string[]>>;

/** What is known of the Go types: `builtin/data/types.json`. */
export type ProtobufTables = {
  /** Definition → its fields. */
  readonly protobuf: Readonly<Record<string, MessageTable>>;
  /** Definition → fields that Go leaves out of JSON when they are empty. */
  readonly omitEmpty: Readonly<Record<string, readonly string[]>>;
};

/** Messages nested deeper are refused; a CustomResourceDefinition's schema may nest as deep. */
const depthMax = 100;

type Json = Record<string, unknown>;

/** The messages whose list is all there is of them in JSON. */
const listDefinitions = /\.(ExtraValue|Verbs|ValidationRules)$/;

const set = (object: Json, name: string, value: unknown): void => {
  // A key such as `__proto__` must become an ordinary field.
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
};

const isEmpty = (value: unknown): boolean => value === '' || value === 0 || value === false;

/** Reads messages by their definitions. */
class MessageReader {
  readonly #tables: ProtobufTables;

  constructor(tables: ProtobufTables) {
    this.#tables = tables;
  }

  /** The JSON value of a message; undefined when Go leaves it out. */
  message(definition: string, bytes: Uint8Array, depth: number): unknown {
    if (depth > depthMax) throw new ProtobufError(`messages nest deeper than ${depthMax}`);
    const special = Object.hasOwn(handWritten, definition) ? handWritten[definition] : undefined;
    if (special !== undefined) return special(bytes);
    const object = this.#fields(definition, bytes, depth);
    if (listDefinitions.test(definition)) return object.items ?? [];
    return unionValue(definition, object);
  }

  #fields(definition: string, bytes: Uint8Array, depth: number): Json {
    const table = this.#tables.protobuf[definition];
    if (table === undefined) throw new ProtobufError(`${definition} is not known`);
    const omitted = this.#tables.omitEmpty[definition] ?? [];
    const object: Json = {};
    for (const { number, value } of wireFields(bytes)) {
      const [name, type = '', inner = ''] = table[number] ?? [];
      if (name === undefined) continue;
      if (name === '') Object.assign(object, this.#fields(inner, bytesOf(value), depth + 1));
      else this.#field(object, name, type, inner, value, depth);
    }
    for (const name of omitted) if (isEmpty(object[name])) delete object[name];
    return object;
  }

  #field(object: Json, name: string, type: string, inner: string, value: WireField['value'], depth: number): void {
    const before = Object.hasOwn(object, name) ? object[name] : undefined;
    if (type.startsWith('map<')) {
      const map = (before ?? {}) as Json;
      const [key, item] = this.#mapEntry(type.slice(4, -1), inner, bytesOf(value), depth);
      set(map, key, item);
      set(object, name, map);
      return;
    }
    if (type.endsWith('[]')) {
      const list = (before ?? []) as unknown[];
      for (const item of this.#values(type.slice(0, -2), inner, value, depth)) list.push(item);
      set(object, name, list);
      return;
    }
    for (const item of this.#values(type, inner, value, depth)) if (item !== undefined) set(object, name, item);
  }

  #values(type: string, inner: string, value: WireField['value'], depth: number): unknown[] {
    if (type === 'message' || type === 'list') return [this.message(inner, bytesOf(value), depth + 1)];
    return scalarsOf(type, value);
  }

  /** A map is a list of pairs: 1 the key, 2 the value; either is left out when empty. */
  #mapEntry(type: string, inner: string, bytes: Uint8Array, depth: number): [string, unknown] {
    let key = '';
    let item = this.#values(type, inner, { bytes: new Uint8Array() }, depth)[0];
    for (const { number, value } of wireFields(bytes)) {
      if (number === 1) key = textOf(bytesOf(value));
      if (number === 2) item = this.#values(type, inner, value, depth)[0];
    }
    return [key, item];
  }
}

/** JSON of the schema types that are one of two things. */
const unionValue = (definition: string, object: Json): unknown => {
  if (definition.endsWith('.JSONSchemaPropsOrBool')) return object.schema ?? object.allows ?? false;
  if (definition.endsWith('.JSONSchemaPropsOrArray')) return object.schema ?? object.jSONSchemas ?? null;
  if (definition.endsWith('.JSONSchemaPropsOrStringArray')) return object.schema ?? object.property ?? [];
  return object;
};

/** The JSON of a message of this definition. Throws {@link ProtobufError} when the bytes are no such message. */
export const readMessage = (tables: ProtobufTables, definition: string, bytes: Uint8Array): Json => {
  const value = new MessageReader(tables).message(definition, bytes, 0);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ProtobufError(`${definition} is no object`);
  return value as Json;
};
