/** @module What comes of a patch: the patched object or the Status that says why not. */
import { isWithinDepth, objectDepthMax } from '../schema/index.ts';
import { StatusError } from '../status-error.ts';

/** The patched value, which shares unchanged parts with the original, or why there is none. */
export type PatchResult<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: StatusError };

/** A patch that worked. */
export const patched = <T>(value: T): PatchResult<T> => ({ ok: true, value });

/** A patch that is refused. */
export const refused = (error: StatusError): PatchResult<never> => ({ ok: false, error });

/** 400: the patch is malformed. */
export const badPatch = (message: string): StatusError => new StatusError(400, 'BadRequest', message);

/** 422: the patch is well-formed and does not fit the object. The reason stays in `cause`: the server's answer does not tell it. */
export const unfitPatch = (why: string): StatusError =>
  new StatusError(422, 'Invalid', 'the server rejected our request due to an error in our request', {}, { cause: new Error(why) });

/** Refuses what is nested deeper than any kind nests; undefined when it is not. */
export const tooDeep = (...values: readonly unknown[]): StatusError | undefined =>
  values.every((value) => isWithinDepth(value, objectDepthMax))
    ? undefined
    : badPatch(`error decoding patch: exceeded max depth of ${objectDepthMax}`);
