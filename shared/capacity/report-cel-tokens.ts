/** @module The words of a CEL expression, read one after the other. */

/** An expression, or a part of it, that is none of what we read. */
export class NotUnderstood extends Error {
  override name = 'NotUnderstood';
}

const tokenPattern =
  /\s*(?:(\d+(?:\.\d+)?)u?|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_][A-Za-z0-9_]*)|(&&|\|\||==|!=|<=|>=|[<>!()[\],.+-]))/y;

/** A word, with its quotes and escapes undone. */
export type Token = { readonly sort: 'number' | 'text' | 'word' | 'sign'; readonly text: string };

/** The words of an expression. @throws NotUnderstood */
export const tokensOf = (expression: string): Token[] => {
  const tokens: Token[] = [];
  const pattern = new RegExp(tokenPattern.source, 'y');
  const end = expression.trimEnd().length;
  while (pattern.lastIndex < end) {
    const at = pattern.lastIndex;
    const match = pattern.exec(expression);
    if (match === null) throw new NotUnderstood(`${JSON.stringify(expression.slice(at, at + 16).trim())} at ${at}`);
    const [, number, text, word, sign = ''] = match;
    if (number !== undefined) tokens.push({ sort: 'number', text: number });
    else if (text !== undefined) tokens.push({ sort: 'text', text: text.slice(1, -1).replace(/\\(.)/g, '$1') });
    else tokens.push(word === undefined ? { sort: 'sign', text: sign } : { sort: 'word', text: word });
  }
  return tokens;
};

/** Where the reading is. */
export type Cursor = {
  /** The next word, unless it is a quoted text; '' at the end. */
  readonly peek: () => string;
  /** True when the next word is a sign. */
  readonly atSign: () => boolean;
  readonly next: () => Token | undefined;
  readonly take: (sign: string) => boolean;
  /** @throws NotUnderstood */
  readonly expect: (sign: string) => void;
  /** @throws NotUnderstood */
  readonly name: () => string;
  /** Goes one term deeper while `read` reads. @throws NotUnderstood beyond {@link depthMax} */
  readonly nested: <T>(read: () => T) => T;
};

const depthMax = 64;

/** A cursor at the first word. */
export const cursorOf = (tokens: readonly Token[]): Cursor => {
  let at = 0;
  let depth = 0;
  const shown = (token: Token | undefined): string => JSON.stringify(token?.text ?? 'the end');
  const peek = (): string => {
    const token = tokens[at];
    return token === undefined || token.sort === 'text' ? '' : token.text;
  };
  const take = (sign: string): boolean => {
    if (peek() !== sign) return false;
    at += 1;
    return true;
  };
  return {
    peek,
    atSign: () => tokens[at]?.sort === 'sign',
    next: () => tokens[at++],
    take,
    expect: (sign) => {
      if (!take(sign)) throw new NotUnderstood(`${shown(tokens[at])} where ${sign} is wanted`);
    },
    name: () => {
      const token = tokens[at++];
      if (token?.sort !== 'word') throw new NotUnderstood(`${shown(token)} where a name is wanted`);
      return token.text;
    },
    nested: (read) => {
      depth += 1;
      if (depth > depthMax) throw new NotUnderstood(`more than ${depthMax} nested terms`);
      const found = read();
      depth -= 1;
      return found;
    },
  };
};
