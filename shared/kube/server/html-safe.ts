/** @module JSON text that no browser takes for markup: what Go's encoder escapes besides what JSON asks for. */

const UNSAFE = /[<>&\u2028\u2029]/;
const ALL_UNSAFE = /[<>&\u2028\u2029]/g;

/** The JSON text with `<`, `>`, `&` and the two Unicode line ends as `\\u` escapes; they occur only within strings. */
export const htmlSafe = (json: string): string =>
  UNSAFE.test(json) ? json.replace(ALL_UNSAFE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`) : json;
