/** @module The opaque token that brings the next page of a list: the revision of the first page and the key it ended at. */
import type { Revision, StorageKey } from '../storage/index.ts';
import { badRequest } from './errors.ts';

/** Where a list goes on. `revision` -1 = at whatever is there now. */
export type ContinueAt = { readonly revision: Revision; readonly after: StorageKey };

const TOKEN_VERSION = 'meta.k8s.io/v1';

/** A token for {@link parseContinue}. `after` is kept without the collection's prefix, so that a token says nothing of the store. */
export const continueToken = (at: ContinueAt, prefix: string): string => {
  const text = JSON.stringify({ v: TOKEN_VERSION, rv: at.revision, start: at.after.slice(prefix.length) });
  return encode(text);
};

/** The place a token names; throws 400 when it is none. */
export const parseContinue = (token: string, prefix: string): ContinueAt => {
  const refuse = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);
  let value: unknown;
  try {
    value = JSON.parse(decode(token));
  } catch {
    throw refuse('it was not made by this server');
  }
  if (typeof value !== 'object' || value === null) throw refuse('it was not made by this server');
  const { v, rv, start } = value as Record<string, unknown>;
  if (v !== TOKEN_VERSION) throw refuse(`server does not recognize this encoded version ${String(v ?? '')}`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv < -1 || rv === 0) throw refuse('incorrect encoded start resourceVersion');
  if (typeof start !== 'string' || start === '' || start.split('/').includes('..')) throw refuse('incorrect encoded start key');
  return { revision: rv, after: prefix + start };
};

const encode = (text: string): string =>
  btoa(String.fromCharCode(...new TextEncoder().encode(text)))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
const decode = (token: string): string =>
  new TextDecoder().decode(Uint8Array.from(atob(token.replaceAll('-', '+').replaceAll('_', '/')), (char) => char.charCodeAt(0)));
