/** @module Finds keys that a JSON text has twice; JSON.parse keeps the last without a word. */

/** Depth at which the search gives up; JSON.parse has a limit of its own far above. */
const DEPTH_MAX = 500;

/** Dotted paths of keys that occur more than once in one object, in the order they are met. `text` must be valid JSON. */
export const duplicateFields = (text: string): string[] => {
  const found: string[] = [];
  let at = 0;

  const space = (): void => {
    while (at < text.length && /\s/.test(text.charAt(at))) at += 1;
  };
  const string = (): string => {
    const start = at;
    at += 1;
    while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
    at += 1;
    return JSON.parse(text.slice(start, at)) as string;
  };
  const scalar = (): void => {
    while (at < text.length && !/[,\]}\s]/.test(text.charAt(at))) at += 1;
  };
  const object = (path: string, depth: number): void => {
    const seen = new Set<string>();
    at += 1;
    for (space(); text[at] !== '}'; space()) {
      if (text[at] === ',') {
        at += 1;
        continue;
      }
      const key = string();
      const full = path === '' ? key : `${path}.${key}`;
      if (seen.has(key)) found.push(full);
      seen.add(key);
      space();
      at += 1;
      value(full, depth + 1);
    }
    at += 1;
  };
  const list = (path: string, depth: number): void => {
    at += 1;
    let index = 0;
    for (space(); text[at] !== ']'; space()) {
      if (text[at] === ',') at += 1;
      else {
        value(`${path}[${index}]`, depth + 1);
        index += 1;
      }
    }
    at += 1;
  };
  const value = (path: string, depth: number): void => {
    space();
    if (depth > DEPTH_MAX) throw new RangeError('too deep');
    if (text[at] === '{') object(path, depth);
    else if (text[at] === '[') list(path, depth);
    else if (text[at] === '"') string();
    else scalar();
  };
  try {
    value('', 0);
  } catch (error) {
    // Deeper than anything a kind declares: what was found up to here stands.
    if (!(error instanceof RangeError)) throw error;
  }
  return [...new Set(found)];
};
