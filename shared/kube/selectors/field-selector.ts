/** @module Field selectors: `status.phase=Running,metadata.name!=a` (apimachinery `fields`). */
import { goQuote, type Parsed } from '../names/index.ts';
import { selectorLengthMax } from './parse-labels.ts';

/** One comparison of a field's text. */
export type FieldTerm = { readonly field: string; readonly equal: boolean; readonly value: string };

/** Comparisons that all must hold; none = everything. */
export type FieldSelector = { readonly terms: readonly FieldTerm[] };

/** Fields every kind can be selected by. */
export const commonFields: readonly string[] = ['metadata.name', 'metadata.namespace'];

const splitTerms = (text: string): string[] => {
  const terms: string[] = [];
  let start = 0;
  let escaped = false;
  for (let i = 0; i < text.length; i++) {
    if (escaped) escaped = false;
    else if (text.charAt(i) === '\\') escaped = true;
    else if (text.charAt(i) === ',') {
      terms.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...terms, text.slice(start)];
};

const unescapeValue = (text: string): Parsed<string> => {
  let value = '';
  const runes = [...text];
  for (let i = 0; i < runes.length; i++) {
    const rune = runes[i] ?? '';
    if (rune === ',' || rune === '=') {
      return { ok: false, message: `invalid field selector: unescaped character in value: ${rune.codePointAt(0)}` };
    }
    if (rune !== '\\') {
      value += rune;
      continue;
    }
    i += 1;
    const escaped = runes[i] ?? '';
    if (!['\\', ',', '='].includes(escaped)) {
      return { ok: false, message: `invalid field selector: invalid escape sequence: \\${escaped}` };
    }
    value += escaped;
  }
  return { ok: true, value };
};

/** Reads a field selector; '' selects everything. The message on failure is the server's. */
export const parseFieldSelector = (text: string): Parsed<FieldSelector> => {
  if (text.length > selectorLengthMax) {
    return { ok: false, message: `field selector has ${text.length} characters and may have ${selectorLengthMax}` };
  }
  const terms: FieldTerm[] = [];
  for (const part of splitTerms(text).sort()) {
    if (part === '') continue;
    const match = /^(.*?)(!=|==|=)(.*)$/su.exec(part);
    if (match === null) return { ok: false, message: `invalid selector: '${text}'; can't understand '${part}'` };
    const value = unescapeValue(match[3] ?? '');
    if (!value.ok) return value;
    terms.push({ field: match[1] ?? '', equal: match[2] !== '!=', value: value.value });
  }
  return { ok: true, value: { terms } };
};

/** The server's text for the first term whose field is not in `known`; undefined when all are known. */
export const unknownFieldText = (selector: FieldSelector, known: readonly string[]): string | undefined => {
  const term = selector.terms.find(({ field }) => !known.includes(field));
  if (term === undefined) return undefined;
  // Kinds with fields of their own have another text than those without.
  if (known.length > commonFields.length) return `field label not supported: ${term.field}`;
  return `${goQuote(term.field)} is not a known field selector: only ${commonFields.map(goQuote).join(', ')}`;
};

/** True when the object with these fields is selected; a field that is absent counts as ''. */
export const matchesFields = (selector: FieldSelector, fields: Readonly<Record<string, string>>): boolean =>
  selector.terms.every(({ field, equal, value }) => ((Object.hasOwn(fields, field) ? fields[field] : '') === value) === equal);

/** The selector as a string that {@link parseFieldSelector} reads. */
export const fieldSelectorText = (selector: FieldSelector): string =>
  selector.terms
    .map(({ field, equal, value }) => `${field}${equal ? '=' : '!='}${value.replace(/[\\,=]/g, (sign) => `\\${sign}`)}`)
    .join(',');

/** The one value that `field` must have by this selector, if it names one: lists can go straight to the object. */
export const exactFieldValue = (selector: FieldSelector, field: string): string | undefined =>
  selector.terms.find((term) => term.equal && term.field === field)?.value;
