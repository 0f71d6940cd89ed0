/** @module How Go prints what Kubernetes error texts quote: lengths in bytes, quoted strings, JSON with HTML escapes. */

/** Length of `text` in UTF-8 bytes; a lone surrogate counts as the replacement character (3). */
export const utf8Length = (text: string): number => {
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else if (code >= 0xd800 && code < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 4;
      i += 1;
    } else bytes += 3;
  }
  return bytes;
};

const shortEscapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

const escapeRune = (rune: string): string => {
  const short = shortEscapes[rune];
  if (short !== undefined) return short;
  const code = rune.codePointAt(0) ?? 0;
  if (code < 0x20 || code === 0x7f) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code > 0xffff ? `\\U${code.toString(16).padStart(8, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
};

/** A string as Go's `%q` prints it: printable runes as they are, others escaped (strconv.Quote). */
export const goQuote = (text: string): string => `"${text.replace(/["\\]|[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, (rune) => escapeRune(rune))}"`;

/** JSON as Go's encoder writes it: `<`, `>` and `&` are escaped. `undefined` is `null`. */
export const goJson = (value: unknown): string =>
  (JSON.stringify(value) ?? 'null').replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16)}`);

/** `"a", "b"`: a list of quoted strings. */
export const quotedList = (texts: readonly string[]): string => texts.map(goQuote).join(', ');
