/**
 * @module Validates objects against the schema of their kind: what a CustomResourceDefinition's schema says, in the API server's words
 * (apiextensions-apiserver, kube-openapi validation). Parts of Kubernetes' own definitions are left to their own rules.
 */
import { sameJson } from '../../lib/same-json.ts';
import { duplicate, type Fault, goQuote, invalid, notSupported, required, tooLong, tooMany, utf8Length } from '../names/index.ts';
import { hasFormat } from './formats.ts';
import { isObject, type JsonObject, own, sortedJson } from './json.ts';
import type { SchemaNode } from './schema-node.ts';

/** Faults of one object; more are not looked for. */
export const schemaFaultsMax = 100;

/** What is wrong with an object by its kind's schema; empty when all is well. Field paths are as kubectl prints them. */
export const validateBySchema = (node: SchemaNode, object: unknown): Fault[] => {
  const faults: Fault[] = [];
  validate(node, object, '', faults);
  return faults.slice(0, schemaFaultsMax);
};

const typeWordOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

const wantedTypeOf = (node: SchemaNode): string | undefined => {
  if (node.kind === 'scalar' && node.scalar === 'intOrString') return 'integer,string';
  const type = node.schema['type'];
  return typeof type === 'string' ? type : undefined;
};

const isOfType = (wanted: string, word: string): boolean => wanted.split(',').includes(word) || (wanted === 'number' && word === 'integer');

const inBody = (path: string, rest: string): string => `${path} in body ${rest}`;

const validate = (node: SchemaNode, value: unknown, path: string, faults: Fault[]): void => {
  if (node.native || faults.length >= schemaFaultsMax) return;
  if (value === null && node.nullable) return;
  const wanted = wantedTypeOf(node);
  const word = typeWordOf(value);
  if (wanted !== undefined && !isOfType(wanted, word)) {
    faults.push(invalid(path, word, inBody(path, `must be of type ${wanted}: ${goQuote(word)}`)));
  }
  validateEnum(node, value, path, faults);
  if (typeof value === 'string') validateText(node, value, path, faults);
  else if (typeof value === 'number') validateNumber(node, value, path, faults);
  else if (Array.isArray(value)) validateList(node, value, path, faults);
  else if (isObject(value)) validateMap(node, value, path, faults);
  validateCombinations(node, value, path, faults);
};

const numberIn = (node: SchemaNode, keyword: string): number | undefined => {
  const value = node.schema[keyword];
  return typeof value === 'number' ? value : undefined;
};

const validateEnum = (node: SchemaNode, value: unknown, path: string, faults: Fault[]): void => {
  const allowed = node.schema['enum'];
  if (!Array.isArray(allowed) || allowed.some((one) => sameJson(one, value))) return;
  const texts = allowed.map((one) => (typeof one === 'string' ? one : sortedJson(one)));
  faults.push(notSupported(path, value, texts));
};

const patterns = new Map<string, RegExp | undefined>();
/** Compiled patterns kept; the map is emptied when it is full. */
const patternsMax = 1_000;

/** Signs that mean something else without the flag `u`: Unicode classes, and whatever is not ASCII. */
const needsUnicode = /\\[pPu]|[^\x20-\x7e]/;

/**
 * Compiles for V8's engine without backtracking where the program has turned it on (`--enable-experimental-regexp-engine`), as the hub does:
 * patterns come from clusters, and a text must not make one run for ever. What that engine cannot run is not checked then.
 */
const compiled = (source: string, flags: string): RegExp | undefined => {
  if (!hasLinearEngine()) return new RegExp(source, `${flags}u`);
  return needsUnicode.test(source) ? undefined : new RegExp(source, `${flags}${linearFlag}`);
};

/** V8's own flag; no part of the language, so never in a literal. */
const linearFlag: string = 'l';
let linearEngine: boolean | undefined;
const hasLinearEngine = (): boolean => {
  if (linearEngine === undefined) {
    try {
      linearEngine = new RegExp('a', linearFlag).test('a');
    } catch {
      linearEngine = false;
    }
  }
  return linearEngine;
};

/** The pattern of a schema; undefined when this platform cannot read it, which then is not checked. */
const patternOf = (source: string): RegExp | undefined => {
  if (patterns.has(source)) return patterns.get(source);
  if (patterns.size >= patternsMax) patterns.clear();
  const ignoresCase = source.startsWith('(?i)');
  let pattern: RegExp | undefined;
  try {
    pattern = compiled(ignoresCase ? source.slice(4) : source, ignoresCase ? 'i' : '');
  } catch {
    pattern = undefined;
  }
  patterns.set(source, pattern);
  return pattern;
};

const surrogate = /[\ud800-\udfff]/;
const isMisread = (source: string, value: string): boolean => patternOf(source)?.unicode === false && surrogate.test(value);

const validateText = (node: SchemaNode, value: string, path: string, faults: Fault[]): void => {
  const longest = numberIn(node, 'maxLength');
  const shortest = numberIn(node, 'minLength');
  const length = [...value].length;
  if (longest !== undefined && length > longest) faults.push(tooLong(path, longest));
  if (shortest !== undefined && length < shortest) {
    faults.push(invalid(path, value, inBody(path, `should be at least ${shortest} chars long`)));
  }
  const source = node.schema['pattern'];
  // Without the flag `u` a sign beyond the first plane counts as two.
  if (typeof source === 'string' && patternOf(source)?.test(value) === false && !isMisread(source, value)) {
    faults.push(invalid(path, value, inBody(path, `should match '${source}'`)));
  }
  if (node.format !== '' && utf8Length(value) > 0 && !hasFormat(node.format, value)) {
    faults.push(invalid(path, value, inBody(path, `must be of type ${node.format}: ${goQuote(value)}`)));
  }
};

const validateNumber = (node: SchemaNode, value: number, path: string, faults: Fault[]): void => {
  const fault = (rest: string): void => {
    faults.push(invalid(path, value, inBody(path, rest)));
  };
  const factor = numberIn(node, 'multipleOf');
  const isMultiple = factor === undefined || Number.isInteger(Number((value / factor).toFixed(9)));
  if (!isMultiple) fault(`should be a multiple of ${factor}`);
  const most = numberIn(node, 'maximum');
  if (most !== undefined && node.schema['exclusiveMaximum'] === true && value >= most) fault(`should be less than ${most}`);
  else if (most !== undefined && value > most) fault(`should be less than or equal to ${most}`);
  const least = numberIn(node, 'minimum');
  if (least !== undefined && node.schema['exclusiveMinimum'] === true && value <= least) fault(`should be greater than ${least}`);
  else if (least !== undefined && value < least) fault(`should be greater than or equal to ${least}`);
};

const validateList = (node: SchemaNode, list: readonly unknown[], path: string, faults: Fault[]): void => {
  const most = numberIn(node, 'maxItems');
  const least = numberIn(node, 'minItems');
  if (most !== undefined && list.length > most) faults.push(tooMany(path, list.length, most));
  if (least !== undefined && list.length < least) {
    faults.push(invalid(path, list.length, inBody(path, `should have at least ${least} items`)));
  }
  if (node.kind !== 'list') return;
  validateUniqueness(node, list, path, faults);
  const { item } = node;
  for (const [index, value] of list.entries()) validate(item, value, `${path}[${index}]`, faults);
};

/** The part of an item that tells it apart in a list of type `map` or `set`. */
const identityIn = (node: SchemaNode, value: unknown): unknown => {
  if (node.listType === 'set' || !isObject(value)) return value;
  return Object.fromEntries(node.keys.map((key) => [key, own(value, key) ?? node.item.fields.get(key)?.default]));
};

const validateUniqueness = (node: SchemaNode, list: readonly unknown[], path: string, faults: Fault[]): void => {
  if (node.listType === 'atomic') return;
  const times = new Map<string, number>();
  for (const [index, value] of list.entries()) {
    const identity = identityIn(node, value);
    const text = sortedJson(identity);
    const seen = times.get(text) ?? 0;
    times.set(text, seen + 1);
    if (seen === 1) faults.push(duplicate(`${path}[${index}]`, identity));
  }
};

const below = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

const validateMap = (node: SchemaNode, map: JsonObject, path: string, faults: Fault[]): void => {
  const keys = Object.keys(map);
  const most = numberIn(node, 'maxProperties');
  const least = numberIn(node, 'minProperties');
  if (most !== undefined && keys.length > most) faults.push(tooMany(path, keys.length, most));
  if (least !== undefined && keys.length < least) {
    faults.push(invalid(path, keys.length, inBody(path, `should have at least ${least} properties`)));
  }
  validateRequired(node, map, path, faults);
  for (const key of keys) {
    const child = node.kind === 'any' ? undefined : node.child(key);
    if (child !== undefined) validate(child, map[key], below(path, key), faults);
  }
};

const validateRequired = (node: SchemaNode, map: JsonObject, path: string, faults: Fault[]): void => {
  const names = node.schema['required'];
  for (const name of Array.isArray(names) ? names.map(String) : []) {
    if (!Object.hasOwn(map, name)) faults.push(required(below(path, name)));
  }
  if (!node.embedded) return;
  for (const name of ['apiVersion', 'kind']) {
    if (own(map, name) === undefined || own(map, name) === '') faults.push(required(below(path, name)));
  }
};

const fragmentFaults = (node: SchemaNode, value: unknown, path: string): Fault[] => {
  const faults: Fault[] = [];
  validate(node, value, path, faults);
  return faults;
};

/** The API server has no path for faults of combinations; they name it in the text. */
const combinationFault = (path: string, rest: string): Fault => invalid('<nil>', '', `${goQuote(path)} ${rest}`);

/** The faults of the alternative that fits best. */
const bestOf = (all: readonly (readonly Fault[])[]): readonly Fault[] =>
  all.reduce((best, faults) => (faults.length < best.length ? faults : best), all[0] ?? []);

const validateCombinations = (node: SchemaNode, value: unknown, path: string, faults: Fault[]): void => {
  const faultsOf = (keyword: 'anyOf' | 'oneOf' | 'allOf' | 'not'): Fault[][] =>
    node.fragments(keyword).map((fragment) => fragmentFaults(fragment, value, path));
  const any = faultsOf('anyOf');
  if (any.length > 0 && any.every((one) => one.length > 0)) {
    faults.push(combinationFault(path, 'must validate at least one schema (anyOf)'), ...bestOf(any));
  }
  const one = faultsOf('oneOf');
  const valid = one.filter((found) => found.length === 0).length;
  if (one.length > 0 && valid !== 1) {
    const found = valid === 0 ? 'Found none valid' : `Found ${valid} valid alternatives`;
    faults.push(combinationFault(path, `must validate one and only one schema (oneOf). ${found}`), ...(valid === 0 ? bestOf(one) : []));
  }
  const all = faultsOf('allOf').flat();
  if (all.length > 0) faults.push(combinationFault(path, 'must validate all the schemas (allOf)'), ...all);
  const not = faultsOf('not');
  if (not.some((found) => found.length === 0)) faults.push(combinationFault(path, 'must not validate the schema (not)'));
};
