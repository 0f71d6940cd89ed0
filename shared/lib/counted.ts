/** @module Counts in sentences. */

/** `1 replica`, `2 replicas`: for words whose plural is made by an s. */
export const counted = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;
