/** @module Reads JSON and YAML texts as Kubernetes does, and tells keys that stand twice in one object. */
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { messageOf } from '../../lib/message-of.ts';
import { isWithinDepth } from './json.ts';
import { findDuplicates } from './json-duplicates.ts';
import { jsonFault } from './json-fault.ts';
import { isYamlWithinDepth } from './yaml-depth.ts';

/** Bytes (UTF-16 units) of a text; longer ones are refused. */
export const textLengthMax = 3 * 1024 * 1024;
/** Levels of nesting; deeper texts are refused. */
export const textDepthMax = 400;
/** Length of a YAML text that is not JSON: reading it takes about a second a million characters. */
export const yamlLengthMax = 1024 * 1024;
/** How often the aliases of a YAML text may be followed. */
const yamlAliasesMax = 100;

/** What was read; `duplicates` are paths such as `metadata.name`, each once, in the order they are met. */
export type ParsedText =
  | { readonly ok: true; readonly value: unknown; readonly duplicates: readonly string[] }
  | { readonly ok: false; readonly message: string };

/** How to read: `yaml` takes JSON, too. `duplicates: false` saves looking for keys that stand twice. */
export type ParseOptions = { readonly format: 'json' | 'yaml'; readonly duplicates?: boolean };

const tooDeep = `exceeded max depth of ${textDepthMax}`;
const refused = (message: string): ParsedText => ({ ok: false, message });

/**
 * Reads a text. Of keys that stand twice the last one counts. YAML is read as version 1.1 without sexagesimal numbers and timestamps, which is
 * what Kubernetes reads: `yes` is true, `0644` is octal. Never throws: hostile texts end at {@link textLengthMax} and {@link textDepthMax}.
 */
export const parseStrict = (text: string, options: ParseOptions): ParsedText => {
  if (text.length > textLengthMax) return refused(`the text is longer than ${textLengthMax} characters`);
  if (options.format === 'json') return parseJson(text, options.duplicates ?? true);
  if (/^\s*[{[]/.test(text)) {
    const read = parseJson(text, options.duplicates ?? true);
    if (read.ok || read.message === tooDeep) return read;
  }
  return parseYaml(text, options.duplicates ?? true);
};

const parseJson = (text: string, wantsDuplicates: boolean): ParsedText => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return refused(jsonFault(text, textDepthMax) ?? messageOf(error));
  }
  if (!isWithinDepth(value, textDepthMax)) return refused(tooDeep);
  return { ok: true, value, duplicates: wantsDuplicates ? findDuplicates(text) : [] };
};

const parseYaml = (text: string, wantsDuplicates: boolean): ParsedText => {
  if (text.length > yamlLengthMax) return refused(`the YAML text is longer than ${yamlLengthMax} characters; send JSON`);
  try {
    if (!isYamlWithinDepth(text, textDepthMax)) return refused(tooDeep);
    const document = parseDocument(text, {
      version: '1.1',
      merge: true,
      uniqueKeys: false,
      logLevel: 'silent',
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || !isForeignTag(tag)),
    });
    const [fault] = document.errors;
    if (fault !== undefined) return refused(`yaml: ${fault.message.split('\n', 1)[0]?.replace(/:$/, '') ?? ''}`);
    const outline = outlineOf(document.contents);
    if (typeof outline === 'string') return refused(outline);
    const value: unknown = document.toJS({ maxAliasCount: yamlAliasesMax });
    if (!isWithinDepth(value, textDepthMax)) return refused(tooDeep);
    if (!isJson(value)) return refused('yaml: a value cannot be written as JSON');
    return { ok: true, value, duplicates: wantsDuplicates ? outline.duplicates : [] };
  } catch (error) {
    return refused(error instanceof RangeError ? tooDeep : `yaml: ${messageOf(error)}`);
  }
};

/** Types of YAML 1.1 that Kubernetes reads as plain strings. */
const isForeignTag = (tag: { tag: string; format?: string }): boolean =>
  tag.format === 'TIME' || /:(timestamp|binary|omap|pairs|set)$/.test(tag.tag);

const isJson = (value: unknown): boolean => {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return typeof value === 'string' || typeof value === 'boolean' || value === null;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).every(isJson);
};

/**
 * The keys that stand twice, or why the document must not be turned into a value: it is nested too deep, or a key is no scalar (writing such
 * keys as text takes time and room beyond all bounds when they are nested).
 */
const outlineOf = (root: unknown): { readonly duplicates: readonly string[] } | string => {
  const found = new Set<string>();
  const walk = (node: unknown, path: string, depth: number): string | undefined => {
    if (depth > textDepthMax) return tooDeep;
    if (isSeq(node)) return firstFault(node.items, (item, index) => walk(item, `${path}[${index}]`, depth + 1));
    if (!isMap(node)) return undefined;
    const seen = new Set<string>();
    return firstFault(node.items, ({ key: name, value }) => {
      if (name !== null && !isScalar(name)) return 'yaml: a key must be a scalar';
      const key = String(name?.value ?? null);
      const below = path === '' ? key : `${path}.${key}`;
      if (seen.has(key)) found.add(below);
      seen.add(key);
      return walk(value, below, depth + 1);
    });
  };
  return walk(root, '', 0) ?? { duplicates: [...found] };
};

const firstFault = <T>(items: readonly T[], check: (item: T, index: number) => string | undefined): string | undefined => {
  for (const [index, item] of items.entries()) {
    const fault = check(item, index);
    if (fault !== undefined) return fault;
  }
  return undefined;
};
