/** @module How deep a YAML text is nested, found before the reader that calls itself at each level sees it. */
import { Lexer, Parser } from 'yaml';

/** Entries of the parser's stack that are no level: the document and the scalar at the bottom. */
const rimEntries = 2;

/**
 * True when nothing in the text is nested deeper than `depthMax`. Takes time in proportion to the text, whatever it holds: what cannot be
 * that deep by its brackets and indents is not even parsed.
 */
export const isYamlWithinDepth = (text: string, depthMax: number): boolean => {
  if (depthBound(text) <= depthMax) return true;
  const parser = new Parser();
  for (const lexeme of new Lexer().lex(text)) {
    for (const _ of parser.next(lexeme)) if (parser.stack.length > depthMax + rimEntries) return false;
    if (parser.stack.length > depthMax + rimEntries) return false;
  }
  return true;
};

/** No text is nested deeper: each bracket opens a level, each column and each indicator of one line another. */
const depthBound = (text: string): number => {
  let brackets = 0;
  let deepestLine = 0;
  let line = 0;
  let isIndent = true;
  for (const char of text) {
    if (char === '\n' || char === '\r') {
      line = 0;
      isIndent = true;
      continue;
    }
    isIndent &&= char === ' ';
    if (char === '[' || char === '{') brackets++;
    if (isIndent || char === '-' || char === '?' || char === ':') line++;
    deepestLine = Math.max(deepestLine, line);
  }
  return brackets + deepestLine + 1;
};
