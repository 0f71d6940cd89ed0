/** @module What becomes of a request's object when it is read as its kind: known fields stay, unknown ones are told, wrong types refused. */
import { parseQuantity, quantityFormatText } from '../quantity/index.ts';
import { goNameOf } from './go-names.ts';
import { converterFault, fieldWord, goTypeOf, isWrongScalar, unfitWord } from './go-types.ts';
import { isObject, type JsonObject, put } from './json.ts';
import type { SchemaField, SchemaNode } from './schema-node.ts';

/** What was read. `object` shares unchanged parts with the input. */
export type Conformed = {
  readonly object: JsonObject;
  /** Paths of unknown fields, such as `spec.template.spec.containers[0].imagePullPolice`, in the order they are met. */
  readonly unknown: readonly string[];
  /** The first wrong type, in the words of the reader; undefined when there is none. */
  readonly fault: string | undefined;
};

/** Deeper objects are refused: no kind nests so far, and walks would run out of stack. */
export const objectDepthMax = 400;

/** `unknown field "spec.foo"`. */
export const unknownFieldText = (path: string): string => `unknown field ${JSON.stringify(path)}`;

/** What reads: Go's JSON decoder, or the converter that makes typed objects of maps after an apply or a strategic merge. */
export type ConformReader = 'decoder' | 'converter';

/**
 * Reads an object as its kind. Unknown fields are dropped. Parts of Kubernetes' own definitions take the shape that Go gives them: null and what
 * is empty and optional are dropped, quantities become canonical, and wrong types are faults; in other kinds values stay as they are, for
 * validation to judge.
 */
export const conform = (node: SchemaNode, object: JsonObject, by: ConformReader = 'decoder'): Conformed => {
  const reader = new Reader(by);
  const read = reader.read(node, object, '', '');
  return { object: isObject(read) ? read : {}, unknown: reader.unknown, fault: reader.fault };
};

class Reader {
  readonly unknown: string[] = [];
  fault: string | undefined;
  #struct = '';
  #field: { readonly definition: string; readonly name: string } | undefined;
  #depth = 0;
  readonly #by: ConformReader;

  constructor(by: ConformReader) {
    this.#by = by;
  }

  /** `path` has indexes and is for people; `goPath` has none, as Go's decoder writes it. */
  read(node: SchemaNode, value: unknown, path: string, goPath: string): unknown {
    if (typeof value !== 'object' || value === null) return node.native ? this.#scalar(node, value, goPath) : value;
    if (this.#depth >= objectDepthMax) {
      this.fault ??= `exceeded max depth of ${objectDepthMax}`;
      return null;
    }
    this.#depth++;
    const read = Array.isArray(value) ? this.#list(node, value, path, goPath) : this.#map(node, value as JsonObject, path, goPath);
    this.#depth--;
    return read;
  }

  #wrong(node: SchemaNode, value: unknown, goPath: string): void {
    if (node.scalar === 'quantity') {
      this.fault ??= quantityFormatText;
      return;
    }
    const name = this.#field === undefined ? undefined : goNameOf(this.#field.definition, this.#field.name);
    if (this.#by === 'converter') {
      this.fault ??= converterFault(node, value, name);
      return;
    }
    const place = goPath === '' ? 'Go value' : `Go struct field ${this.#struct}.${goPath}`;
    this.fault ??= `json: cannot unmarshal ${unfitWord(node, value)} into ${place} of type ${this.#typeText(node, name)}`;
  }

  #typeText(node: SchemaNode, name: string | undefined): string {
    const type = goTypeOf(node);
    if (name !== undefined && node.kind === 'map') return name;
    return name !== undefined && (node.kind === 'list' || node.kind === 'scalar') ? type.replace(/string$/, name) : type;
  }

  #scalar(node: SchemaNode, value: unknown, goPath: string): unknown {
    if (value === null || value === undefined || node.kind === 'any') return value;
    if (node.kind !== 'scalar') {
      this.#wrong(node, value, goPath);
      return value;
    }
    if (node.scalar === 'quantity') return this.#quantity(value);
    const wrong = isWrongScalar(node, value);
    if (wrong === true) this.#wrong(node, value, goPath);
    else if (wrong !== false)
      this.fault ??= this.#by === 'converter' && node.format === 'byte' ? `error decoding from json: ${wrong}` : wrong;
    return value;
  }

  #quantity(value: unknown): unknown {
    const parsed = parseQuantity(typeof value === 'number' ? value : String(value));
    if (parsed.ok) return parsed.value.text;
    this.fault ??= parsed.message;
    return value;
  }

  #list(node: SchemaNode, list: readonly unknown[], path: string, goPath: string): unknown {
    if (node.kind === 'any') return list;
    if (node.kind !== 'list') {
      // The converter takes a list for the bytes it holds.
      if (node.format === 'byte' && list.length === 0 && this.#by === 'converter') return '';
      if (node.native) this.#wrong(node, list, goPath);
      return list;
    }
    let out: unknown[] | undefined;
    const { item } = node;
    for (const [index, value] of list.entries()) {
      const read = value === null && node.native ? zeroItem(item) : this.read(item, value, `${path}[${index}]`, goPath);
      if (read === value) continue;
      out ??= [...list];
      out[index] = read;
    }
    return out ?? list;
  }

  #map(node: SchemaNode, map: JsonObject, path: string, goPath: string): unknown {
    if (node.kind === 'any') return map;
    if (node.kind !== 'object' && node.kind !== 'map') {
      if (node.native) this.#wrong(node, map, goPath);
      return map;
    }
    const outer = this.#struct;
    let out: JsonObject | undefined;
    const keys = Object.keys(map);
    for (const [index, key] of keys.entries()) {
      // A key of a map that holds null holds what its type is when nothing is set.
      const value = map[key] === null && node.native && node.kind === 'map' && node.values !== undefined ? zeroItem(node.values) : map[key];
      const read = this.#entry(node, key, value, path, goPath);
      if (read === map[key] && out === undefined) continue;
      out ??= copyOf(map, keys, index);
      if (read !== undefined) put(out, key, read);
    }
    this.#struct = outer;
    return out ?? map;
  }

  /** The value of one key; undefined when the key goes. */
  #entry(node: SchemaNode, key: string, value: unknown, path: string, goPath: string): unknown {
    const field = node.fields.get(key);
    const child = field?.node ?? node.values;
    const below = path === '' ? key : `${path}.${key}`;
    if (child === undefined) {
      this.unknown.push(below);
      return undefined;
    }
    if (field !== undefined) {
      this.#struct = fieldWord(node);
      this.#field = { definition: node.definition, name: field.name };
    }
    const read = this.read(child, value, below, field === undefined ? goPath : goPath === '' ? key : `${goPath}.${key}`);
    return node.native && isDropped(field, read) ? undefined : read;
  }
}

const copyOf = (map: JsonObject, keys: readonly string[], count: number): JsonObject => {
  const out: JsonObject = {};
  for (const key of keys.slice(0, count)) put(out, key, map[key]);
  return out;
};

/** What Go makes of a null item: the item in which nothing is set. */
const zeroItem = (item: SchemaNode): unknown => {
  if (item.kind === 'object') return {};
  return item.kind === 'scalar' && item.scalar === 'string' && item.format !== 'byte' ? '' : null;
};

const isEmpty = (value: unknown): boolean => {
  if (Array.isArray(value)) return value.length === 0;
  return isObject(value) ? Object.keys(value).length === 0 : value === '' || value === 0 || value === false;
};

// An empty managedFields is an order to forget all owners, which tracking has yet to see.
const isDropped = (field: SchemaField | undefined, value: unknown): boolean =>
  field !== undefined && (value === null || (field.omitEmpty && isEmpty(value) && field.name !== 'managedFields'));
