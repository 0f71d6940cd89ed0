/** @module Finds keys that stand twice in one object of a JSON text; `JSON.parse` keeps the last of them without a word. */

/** Duplicates told of one text; more are not looked for. */
export const duplicatesMax = 100;

type Frame = { readonly keys: Set<string> | undefined; key: string; index: number };

const pathOf = (frames: readonly Frame[]): string => {
  let path = '';
  for (const frame of frames) {
    if (frame.keys === undefined) path += `[${frame.index}]`;
    else path += path === '' ? frame.key : `.${frame.key}`;
  }
  return path;
};

const quote = 0x22;
const backslash = 0x5c;

/** The place behind the string that starts at `start`. */
const endOfString = (text: string, start: number): number => {
  let at = start + 1;
  for (let code = text.charCodeAt(at); code !== quote; code = text.charCodeAt(at)) at += code === backslash ? 2 : 1;
  return at + 1;
};

const keyAt = (text: string, start: number, end: number): string => {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes('\\') ? String(JSON.parse(text.slice(start, end))) : raw;
};

/** Paths of keys that stand more than once, each once, in the order they are met. The text must be valid JSON. */
export const findDuplicates = (text: string): string[] => {
  const found = new Set<string>();
  const frames: Frame[] = [];
  let isKey = false;
  for (let at = 0; at < text.length && found.size < duplicatesMax; ) {
    const frame = frames.at(-1);
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (isKey && frame?.keys !== undefined) {
          frame.key = keyAt(text, at, end);
          if (frame.keys.has(frame.key)) found.add(pathOf(frames));
          else frame.keys.add(frame.key);
          isKey = false;
        }
        at = end;
        continue;
      }
      case '{':
        frames.push({ keys: new Set(), key: '', index: 0 });
        isKey = true;
        break;
      case '[':
        frames.push({ keys: undefined, key: '', index: 0 });
        isKey = false;
        break;
      case '}':
      case ']':
        frames.pop();
        isKey = false;
        break;
      case ',':
        if (frame?.keys !== undefined) isKey = true;
        else if (frame !== undefined) frame.index++;
        break;
    }
    at++;
  }
  return [...found];
};
