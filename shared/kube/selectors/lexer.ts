/** @module Splits a label selector string into tokens (apimachinery `labels.Lexer`). */

/** `word`: an identifier; `end`: nothing more; `error`: signs that are no operator (its `text` is the message). Others stand for themselves. */
export type Token = {
  readonly type: 'word' | 'end' | 'error' | ')' | '(' | ',' | '!' | '==' | '=' | '>' | '<' | '!=' | 'in' | 'notin';
  readonly text: string;
};

const space = /[ \t\r\n]/;
const symbol = /[=!(),<>]/;
const operators = { ')': ')', '(': '(', ',': ',', '!': '!', '==': '==', '=': '=', '>': '>', '<': '<', '!=': '!=' } as const;
const isOperator = (text: string): text is keyof typeof operators => Object.hasOwn(operators, text);

/** Takes the longest operator that starts the run of signs at `from`. */
const readSymbol = (text: string, from: number): { token: Token; next: number } => {
  const two = text.slice(from, from + 2);
  const one = text.slice(from, from + 1);
  if (isOperator(two)) return { token: { type: two, text: two }, next: from + 2 };
  if (isOperator(one)) return { token: { type: one, text: one }, next: from + 1 };
  return { token: { type: 'error', text: `error expected: keyword found '${one}'` }, next: from + 1 };
};

const readWord = (text: string, from: number): { token: Token; next: number } => {
  let next = from;
  while (next < text.length && !space.test(text.charAt(next)) && !symbol.test(text.charAt(next)) && text.charAt(next) !== '\0') next += 1;
  const word = text.slice(from, next);
  return { token: { type: word === 'in' || word === 'notin' ? word : 'word', text: word }, next };
};

/** The tokens of `text`; the last one is `end`. As for the server, a NUL right behind a token goes with it, any other ends the text. */
export const tokens = (text: string): Token[] => {
  const found: Token[] = [];
  let at = 0;
  while (at < text.length && text.charAt(at) !== '\0') {
    if (space.test(text.charAt(at))) {
      at += 1;
      continue;
    }
    const { token, next } = symbol.test(text.charAt(at)) ? readSymbol(text, at) : readWord(text, at);
    found.push(token);
    at = text.charAt(next) === '\0' ? next + 1 : next;
  }
  return [...found, { type: 'end', text: '' }];
};
