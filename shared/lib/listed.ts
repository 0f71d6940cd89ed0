/** @module Names in sentences. */

/** `a, b and 3 more`: the first `max` of them; the rest is counted. */
export const listed = (names: readonly string[], max: number): string =>
  `${names.slice(0, max).join(', ')}${names.length > max ? ` and ${names.length - max} more` : ''}`;

/** `namespace/name`, or the name alone where there is no namespace. */
export const qualifiedName = (namespace: string, name: string): string => (namespace === '' ? name : `${namespace}/${name}`);
