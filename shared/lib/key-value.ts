/** @module `key=value` as flags and environment variables have it. */

/** Key and value, taken apart at the first `=`, without blanks around them; undefined when there is no key. */
export const keyValue = (text: string): readonly [key: string, value: string] | undefined => {
  const at = text.indexOf('=');
  const key = text.slice(0, Math.max(0, at)).trim();
  return key === '' ? undefined : [key, text.slice(at + 1).trim()];
};
