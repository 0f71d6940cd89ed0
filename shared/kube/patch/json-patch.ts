/** @module JSON Patch (RFC 6902) as the Kubernetes API takes it. */
import { sameJson } from '../../lib/same-json.ts';
import { isObject, type JsonObject, objectDepthMax, own, put } from '../schema/index.ts';
import { StatusError } from '../status-error.ts';
import { badPatch, type PatchResult, patched, refused, tooDeep, unfitPatch } from './result.ts';

/** Operations in one patch; more are refused. */
export const jsonPatchOperationsMax = 10_000;
/** Bytes that all `copy` operations of one patch may copy together. */
export const jsonPatchCopyBytesMax = 3 * 1024 * 1024;
/** List items that all operations of one patch may shift together, so that a patch cannot keep the server busy. */
export const jsonPatchShiftsMax = 20_000_000;

type Operation = {
  readonly op: string;
  readonly path: readonly string[];
  readonly from: readonly string[];
  readonly value: unknown;
  readonly hasValue: boolean;
};

/** An operation that does not fit the object; caught where the patch starts. */
class Unfit extends Error {
  override name = 'Unfit';
}

const pointerOf = (text: unknown): readonly string[] | undefined => {
  if (text === '') return [];
  if (typeof text !== 'string' || !text.startsWith('/')) return undefined;
  return text
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
};

const decodeOperation = (raw: unknown): Operation | string => {
  if (!isObject(raw)) return 'an operation is no object';
  const op = own(raw, 'op');
  const path = pointerOf(own(raw, 'path'));
  const needsFrom = op === 'move' || op === 'copy';
  const from = needsFrom ? pointerOf(own(raw, 'from')) : [];
  if (typeof op !== 'string') return 'an operation has no op';
  if (path === undefined || from === undefined) return `operation ${op}: not a JSON pointer`;
  if (path.length > objectDepthMax || from.length > objectDepthMax) return `operation ${op}: the pointer is too long`;
  return { op, path, from, value: own(raw, 'value') ?? null, hasValue: Object.hasOwn(raw, 'value') };
};

/**
 * The document with all operations applied in order, or why not: 400 when the patch is malformed, 413 with more than
 * {@link jsonPatchOperationsMax} operations, 422 when an operation does not fit. All or nothing; the document is not changed. Negative indexes
 * count from a list's end, as the Kubernetes API has it.
 */
export const applyJsonPatch = (document: JsonObject, patch: unknown): PatchResult<unknown> => {
  if (patch === null) return patched(document);
  if (!Array.isArray(patch)) {
    const word = isObject(patch) ? 'object' : typeof patch;
    return refused(badPatch(`error decoding patch: json: cannot unmarshal ${word} into Go value of type []handlers.jsonPatchOp`));
  }
  const deep = tooDeep(patch, document);
  if (deep !== undefined) return refused(deep);
  if (patch.length > jsonPatchOperationsMax) {
    const message = `The allowed maximum operations in a JSON patch is ${jsonPatchOperationsMax}, got ${patch.length}`;
    return refused(new StatusError(413, 'RequestEntityTooLarge', message));
  }
  const editor = new Editor(document);
  try {
    for (const raw of patch) {
      const operation = decodeOperation(raw);
      if (typeof operation === 'string') throw new Unfit(operation);
      editor.run(operation);
    }
  } catch (error) {
    if (error instanceof Unfit) return refused(unfitPatch(error.message));
    throw error;
  }
  return patched(editor.root);
};

/** Keys of operations that mean nothing: `json patch unknown field "[0].foo"`. */
export const unknownPatchFields = (patch: unknown): string[] => {
  const known = ['op', 'path', 'from', 'value'];
  if (!Array.isArray(patch)) return [];
  return patch.flatMap((raw, index) =>
    isObject(raw)
      ? Object.keys(raw)
          .filter((key) => !known.includes(key))
          .map((key) => `json patch unknown field "[${index}].${key}"`)
      : [],
  );
};

type Container = JsonObject | unknown[];

/** Edits a document in a copy that is made level by level, as far as it is changed. */
class Editor {
  root: unknown;
  readonly #copied = new Set<object>();
  #copyBytesLeft = jsonPatchCopyBytesMax;
  #shiftsLeft = jsonPatchShiftsMax;

  constructor(document: unknown) {
    this.root = document;
  }

  run({ op, path, from, value, hasValue }: Operation): void {
    switch (op) {
      case 'add':
      case 'replace':
        if (!hasValue) throw new Unfit(`${op}: value is missing`);
        if (op === 'add') this.#add(path, value);
        else this.#replace(path, value);
        break;
      case 'remove':
        this.#remove(path);
        break;
      case 'test':
        if (!sameJson(this.#get(path), value)) throw new Unfit(`test: the value at /${path.join('/')} is another`);
        break;
      case 'move':
        this.#move(from, path);
        break;
      case 'copy':
        if (from.length === 0) throw new Unfit('copy: the whole object');
        this.#add(path, this.#copyOf(this.#get(from)));
        break;
      default:
        throw new Unfit(`unexpected kind: ${op}`);
    }
  }

  #move(from: readonly string[], path: readonly string[]): void {
    const moved = this.#get(from);
    if (path.length > from.length && from.every((part, index) => part === path[index])) throw new Unfit('move: into itself');
    this.#remove(from);
    this.#add(path, moved);
  }

  #copyOf(value: unknown): unknown {
    let text: string;
    try {
      text = JSON.stringify(value);
    } catch {
      throw new Unfit('copy: the value is nested too deep');
    }
    this.#copyBytesLeft -= text.length;
    if (this.#copyBytesLeft < 0) throw new Unfit(`copy: more than ${jsonPatchCopyBytesMax} bytes`);
    return JSON.parse(text) as unknown;
  }

  /** The value at a path. A key that an object lacks holds null, as the API server has it; all else that is missing is an error. */
  #get(path: readonly string[]): unknown {
    let at = this.root;
    for (const part of path) {
      if (Array.isArray(at)) at = at[indexIn(at, part, at.length - 1)];
      else if (isObject(at)) at = own(at, part) ?? null;
      else throw new Unfit(`nothing at /${path.join('/')}`);
    }
    return at;
  }

  /** The container of the path's last part, safe to change. */
  #parent(path: readonly string[]): Container {
    this.root = this.#own(this.root);
    let at: Container = this.root as Container;
    for (const part of path.slice(0, -1)) {
      const key = Array.isArray(at) ? indexIn(at, part, at.length - 1) : part;
      const below = this.#own(Array.isArray(at) ? at[Number(key)] : own(at, part));
      if (Array.isArray(at)) at[Number(key)] = below;
      else put(at, part, below);
      at = below;
    }
    return at;
  }

  #own(value: unknown): Container {
    if (typeof value !== 'object' || value === null) throw new Unfit('the path goes through what is neither object nor list');
    if (this.#copied.has(value)) return value as Container;
    const copy: Container = Array.isArray(value) ? [...value] : { ...value };
    this.#copied.add(copy);
    return copy;
  }

  #shift(count: number): void {
    this.#shiftsLeft -= count;
    if (this.#shiftsLeft < 0) throw new Unfit(`lists: more than ${jsonPatchShiftsMax} items shifted`);
  }

  #add(path: readonly string[], value: unknown): void {
    const last = path.at(-1);
    if (last === undefined) throw new Unfit('add: the whole object');
    const parent = this.#parent(path);
    if (!Array.isArray(parent)) {
      put(parent, last, value);
      return;
    }
    const index = last === '-' ? parent.length : indexIn(parent, last, parent.length);
    this.#shift(parent.length - index);
    parent.splice(index, 0, value);
  }

  #replace(path: readonly string[], value: unknown): void {
    this.#get(path);
    const last = path.at(-1);
    if (last === undefined) {
      this.root = value;
      return;
    }
    const parent = this.#parent(path);
    if (Array.isArray(parent)) parent[indexIn(parent, last, parent.length - 1)] = value;
    else put(parent, last, value);
  }

  #remove(path: readonly string[]): void {
    const last = path.at(-1);
    if (last === undefined) throw new Unfit('remove: the whole object');
    const parent = this.#parent(path);
    if (!Array.isArray(parent)) {
      if (!Object.hasOwn(parent, last)) throw new Unfit(`remove: nothing at /${path.join('/')}`);
      delete parent[last];
      return;
    }
    const index = indexIn(parent, last, parent.length - 1);
    this.#shift(parent.length - index);
    parent.splice(index, 1);
  }
}

/** The place that a pointer's part names in a list, at most `indexMax`. */
const indexIn = (list: readonly unknown[], part: string, indexMax: number): number => {
  const index = /^-?(?:0|[1-9]\d*)$/.test(part) ? Number(part) : Number.NaN;
  const place = index < 0 ? index + list.length + (indexMax === list.length ? 1 : 0) : index;
  if (!(place >= 0 && place <= indexMax)) throw new Unfit(`no item ${part} in a list of ${list.length}`);
  return place;
};
