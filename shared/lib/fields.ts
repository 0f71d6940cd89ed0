/** @module Reading loose objects: what is not of the expected kind counts as absent. */

/** An object as it was parsed. */
export type Bag = { readonly [field: string]: unknown };

/** True for an object that is no list. */
export const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);
/** The object, or an empty one. */
export const bagOf = (value: unknown): Bag => (isBag(value) ? value : {});
/** The objects of a list. */
export const bagsOf = (value: unknown): readonly Bag[] => (Array.isArray(value) ? value.filter(isBag) : []);
/** The text, or ''. */
export const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');
/** The texts of a list. */
export const textsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
/** The entries whose values are texts. */
export const textMapOf = (value: unknown): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(bagOf(value)).flatMap(([key, item]) => (typeof item === 'string' ? [[key, item]] : [])));
/** The whole number, or undefined. */
export const integerOf = (value: unknown): number | undefined => (Number.isSafeInteger(value) ? (value as number) : undefined);
