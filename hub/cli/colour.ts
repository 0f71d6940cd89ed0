/** @module Colours of lines for people; without them where standard output is no terminal or NO_COLOR is set. */

/** What a line says: something comes, goes, changes, is wrong, is a head. */
export type Tone = 'good' | 'bad' | 'changed' | 'faint' | 'head';

/** Puts a line in the colour of its tone. */
export type Paint = (line: string, tone: Tone | undefined) => string;

/** SGR parameters (ECMA-48 8.3.117). */
const codes: Readonly<Record<Tone, number>> = { good: 32, bad: 31, changed: 33, faint: 2, head: 1 };

/** A painter; without colours every line stays as it is. */
export const painter =
  (isColoured: boolean): Paint =>
  (line, tone) =>
    isColoured && tone !== undefined && line !== '' ? `\u001b[${codes[tone]}m${line}\u001b[0m` : line;
