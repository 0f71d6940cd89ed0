/** @module How parts of objects are drawn: any subset of fields, any few of a list. */
import type { Prng } from '../../../shared/lib/index.ts';

/** A JSON object. */
export type Fields = Record<string, unknown>;

/** A kind and how its specs are drawn. */
export type Subject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly collection: string;
  /** A part of the object: any subset of its fields, so that appliers own different ones. */
  readonly part: (random: Prng, whole: boolean) => Readonly<Record<string, unknown>>;
};

/** Keeps each field with a chance; `whole` keeps all. */
export const some = (random: Prng, whole: boolean, fields: Readonly<Record<string, () => unknown>>): Fields =>
  Object.fromEntries(Object.entries(fields).flatMap(([key, make]) => (whole || random.chance(45) ? [[key, make()]] : [])));

/** Up to `most` different items, in a drawn order. */
export const several = <T>(random: Prng, items: readonly T[], most: number): T[] => {
  const left = [...items];
  const taken: T[] = [];
  for (let count = random.below(most + 1); count > 0 && left.length > 0; count--) taken.push(...left.splice(random.below(left.length), 1));
  return taken;
};
