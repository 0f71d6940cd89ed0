/** @module Reads a label selector string with the errors of the API server (apimachinery `labels.Parser`). */
import type { Parsed } from '../names/index.ts';
import type { LabelSelector } from './label-selector.ts';
import { type Token, tokens } from './lexer.ts';
import { keyFault, type Operator, type Requirement, requirementFault } from './requirement.ts';

/** Longer selectors are refused before they are read. */
export const selectorLengthMax = 65_536;

class SelectorSyntaxError extends Error {}

const refuse = (message: string): never => {
  throw new SelectorSyntaxError(message);
};

const operatorOf: Readonly<Partial<Record<Token['type'], Operator>>> = {
  in: 'in',
  notin: 'notin',
  '=': '=',
  '==': '==',
  '!=': '!=',
  '>': 'gt',
  '<': 'lt',
};

const endToken: Token = { type: 'end', text: '' };

/** A cursor over the tokens; `asValue` reads the words `in` and `notin` as plain words. */
class Cursor {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(text: string) {
    this.#tokens = tokens(text);
  }

  peek(asValue = true): Token {
    const token = this.#tokens[this.#position] ?? endToken;
    return asValue && (token.type === 'in' || token.type === 'notin') ? { type: 'word', text: token.text } : token;
  }

  take(asValue = true): Token {
    const token = this.peek(asValue);
    this.#position += 1;
    return token;
  }
}

const sortedSet = (values: Iterable<string>): string[] => [...new Set(values)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

const readList = (cursor: Cursor): string[] => {
  const values: string[] = [];
  for (;;) {
    const token = cursor.take();
    if (token.type === 'word') {
      values.push(token.text);
      const after = cursor.peek();
      if (after.type === ')') return values;
      if (after.type !== ',') refuse(`found '${after.text}', expected: ',' or ')'`);
    } else if (token.type === ',') {
      if (values.length === 0) values.push('');
      const after = cursor.peek();
      if (after.type === ')' || after.type === ',') values.push('');
      if (after.type === ')') return values;
    } else refuse(`found '${token.text}', expected: ',', or identifier`);
  }
};

const readValues = (cursor: Cursor): string[] => {
  const open = cursor.take();
  if (open.type !== '(') refuse(`found '${open.text}' expected: '('`);
  const first = cursor.peek();
  if (first.type === ')') {
    cursor.take();
    return [''];
  }
  if (first.type !== 'word' && first.type !== ',') refuse(`found '${first.text}', expected: ',', ')' or identifier`);
  const values = readList(cursor);
  cursor.take();
  return values;
};

const readExact = (cursor: Cursor): string[] => {
  const next = cursor.peek();
  if (next.type === 'end' || next.type === ',') return [''];
  const token = cursor.take();
  return token.type === 'word' ? [token.text] : refuse(`found '${token.text}', expected: identifier`);
};

const readRequirement = (cursor: Cursor): Requirement => {
  let token = cursor.take();
  const negated = token.type === '!';
  if (negated) token = cursor.take();
  if (token.type !== 'word') refuse(`found '${token.text}', expected: identifier`);
  const key = token.text;
  const fault = keyFault(key, '<nil>');
  if (fault !== undefined) refuse(fault);
  const next = cursor.peek();
  if (negated || next.type === 'end' || next.type === ',') return { key, operator: negated ? '!' : 'exists', values: [] };
  const sign = cursor.take(false);
  const operator = operatorOf[sign.type] ?? refuse(`found '${sign.text}', expected: in, notin, =, ==, !=, gt, lt`);
  const values = operator === 'in' || operator === 'notin' ? readValues(cursor) : readExact(cursor);
  return { key, operator, values: sortedSet(values) };
};

const checkedRequirement = (cursor: Cursor): Requirement => {
  try {
    const requirement = readRequirement(cursor);
    const fault = requirementFault(requirement);
    return fault === undefined ? requirement : refuse(fault);
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return refuse(`unable to parse requirement: ${error.message}`);
    throw error;
  }
};

const readSelector = (text: string): Requirement[] => {
  const cursor = new Cursor(text);
  const requirements: Requirement[] = [];
  for (;;) {
    const first = cursor.peek();
    if (first.type === 'end') return requirements;
    if (first.type !== 'word' && first.type !== '!') refuse(`found '${first.text}', expected: !, identifier, or 'end of string'`);
    requirements.push(checkedRequirement(cursor));
    const separator = cursor.take();
    if (separator.type === 'end') return requirements;
    if (separator.type !== ',') refuse(`found '${separator.text}', expected: ',' or 'end of string'`);
    const next = cursor.peek();
    if (next.type !== 'word' && next.type !== '!') refuse(`found '${next.text}', expected: identifier after ','`);
  }
};

/** Reads `a=b,c!=d,e in (f,g),h,!i,j>1`; '' selects everything. Requirements are ordered by key. */
export const parseLabelSelector = (text: string): Parsed<LabelSelector> => {
  if (text.length > selectorLengthMax) {
    return { ok: false, message: `label selector has ${text.length} characters and may have ${selectorLengthMax}` };
  }
  try {
    const requirements = readSelector(text).sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
    return { ok: true, value: { requirements } };
  } catch (error) {
    if (error instanceof SelectorSyntaxError) return { ok: false, message: error.message };
    throw error;
  }
};
