/** @module Files of Kubernetes objects as the offline commands read them: JSON or YAML, one or many documents, whole numbers of any size. */
import { readFile } from 'node:fs/promises';
import { text as textOfStream } from 'node:stream/consumers';
import { parseAllDocuments } from 'yaml';
import { messageOf } from '../../shared/lib/message-of.ts';
import { UsageError } from './context.ts';

/** A file's documents. */
export type InputFile = { readonly path: string; readonly documents: readonly unknown[] };

/** Numbers that a double cannot hold stand in the text as they were written. */
const unsafeNumber = /[[:,\s]-?\d{16}/;

const exactNumber = (_key: string, value: unknown, context?: { readonly source?: string }): unknown =>
  typeof value === 'number' && !Number.isSafeInteger(value) && context?.source !== undefined && /^-?\d+$/.test(context.source)
    ? context.source
    : value;

/** JSON with whole numbers beyond 2^53 kept as their digits. @throws SyntaxError */
export const parseExactJson = (text: string): unknown => JSON.parse(text, unsafeNumber.test(text) ? exactNumber : undefined);

/** A bigint as a number where that is exact, else as its digits. */
const plainNumbers = (value: unknown): unknown => {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (Array.isArray(value)) return value.map(plainNumbers);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plainNumbers(item)]));
};

const parseYaml = (path: string, text: string): unknown[] => {
  const documents = parseAllDocuments(text, { intAsBigInt: true });
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document) => {
    const [fault] = document.errors;
    if (fault !== undefined) throw new UsageError(`${path}: ${fault.message}`);
    const value = plainNumbers(document.toJS());
    return value === null ? [] : [value];
  });
};

/** The JSON of a text. @throws UsageError that names the file */
const parseJson = (path: string, text: string): unknown => {
  try {
    return parseExactJson(text);
  } catch (error) {
    throw new UsageError(`${path}: no JSON: ${messageOf(error)}`);
  }
};

/** The documents of a text. @throws UsageError that names the file. */
export const parseDocuments = (path: string, text: string): unknown[] => {
  if (/^\s*[{[]/.test(text)) {
    try {
      return [parseJson(path, text)];
    } catch (error) {
      if (path.endsWith('.json')) throw error;
    }
  }
  return parseYaml(path, text);
};

/** The text of a file; `-` = standard input. @throws UsageError when it cannot be read. */
export const readText = async (path: string): Promise<string> => {
  if (path === '-') return textOfStream(process.stdin);
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(
      `${path}: ${error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'no such file' : String(error)}`,
    );
  }
};

/** The JSON of one file. @throws UsageError when it cannot be read, or is none. */
export const readJson = async (path: string): Promise<unknown> => parseJson(path, await readText(path));

/** Reads files in the order given. @throws UsageError */
export const readFiles = async (paths: readonly string[]): Promise<InputFile[]> => {
  const files: InputFile[] = [];
  for (const path of paths) files.push({ path, documents: parseDocuments(path, await readText(path)) });
  return files;
};
