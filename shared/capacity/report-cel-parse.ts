/** @module The grammar of CEL, as far as selectors use it: one function a rule, from `||` down to a single value. */

import {
  andTerm,
  call,
  comparison,
  hasTerm,
  inTerm,
  listTerm,
  lookUp,
  minusTerm,
  notTerm,
  orTerm,
  quantityTerm,
} from './report-cel-terms.ts';
import { type Cursor, cursorOf, NotUnderstood, tokensOf } from './report-cel-tokens.ts';
import { deviceScope, type Term } from './report-cel-value.ts';

const either = (at: Cursor): Term => {
  let left = both(at);
  while (at.take('||')) left = orTerm(left, both(at));
  return left;
};

const both = (at: Cursor): Term => {
  let left = relation(at);
  while (at.take('&&')) left = andTerm(left, relation(at));
  return left;
};

const relation = (at: Cursor): Term => {
  const left = unary(at);
  const compared = at.atSign() ? comparison(at.peek()) : undefined;
  if (compared !== undefined) {
    at.next();
    return compared(left, unary(at));
  }
  return at.take('in') ? inTerm(left, unary(at)) : left;
};

const unary = (at: Cursor): Term =>
  at.nested(() => {
    if (at.take('!')) return notTerm(unary(at));
    if (at.take('-')) return minusTerm(unary(at));
    return chain(at);
  });

const chain = (at: Cursor): Term => {
  let term = primary(at);
  for (;;) {
    if (at.take('.')) term = member(at, term, at.name());
    else if (at.take('[')) {
      term = lookUp(term, either(at));
      at.expect(']');
    } else return term;
  }
};

const member = (at: Cursor, target: Term, name: string): Term => {
  if (!at.take('(')) return lookUp(target, () => name);
  const called = call(name);
  if (called === undefined) throw new NotUnderstood(`the function ${name}`);
  const argument = at.peek() === ')' ? undefined : either(at);
  at.expect(')');
  return called(target, argument);
};

const primary = (at: Cursor): Term => {
  const token = at.next();
  if (token === undefined) throw new NotUnderstood('an end where a value is wanted');
  const { sort, text } = token;
  if (sort === 'number') return () => Number(text);
  if (sort === 'text') return () => text;
  if (sort === 'word') return named(at, text);
  if (text === '(') return closed(at);
  if (text === '[') return listTerm(items(at));
  throw new NotUnderstood(JSON.stringify(text));
};

/** A term up to the bracket that ends it. */
const closed = (at: Cursor): Term => {
  const inner = either(at);
  at.expect(')');
  return inner;
};

const items = (at: Cursor): Term[] => {
  const found: Term[] = [];
  while (!at.take(']')) {
    found.push(either(at));
    if (at.peek() !== ']') at.expect(',');
  }
  return found;
};

const functions: Readonly<Record<string, (inner: Term) => Term>> = { quantity: quantityTerm, has: hasTerm };

const named = (at: Cursor, name: string): Term => {
  if (name === 'true' || name === 'false') return () => name === 'true';
  if (name === 'device') return deviceScope;
  const made = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (made === undefined) throw new NotUnderstood(`the name ${name}`);
  at.expect('(');
  return made(closed(at));
};

/** The term that a whole expression is. @throws NotUnderstood */
export const parseCel = (expression: string): Term => {
  const at = cursorOf(tokensOf(expression));
  const term = either(at);
  const rest = at.next();
  if (rest !== undefined) throw new NotUnderstood(JSON.stringify(rest.text));
  return term;
};
