/** @module The answer of a reader: a value, or the words for what is wrong. */

/** A value or why there is none; the message is fit for a user. */
export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly message: string };
