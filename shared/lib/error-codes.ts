/** @module The codes of an error and of all its causes: clients wrap the socket's error in different ways. */
import { messageOf } from './message-of.ts';

const depthMax = 8;

/** All `code`s, outermost first; an error that names itself as its cause ends. */
export const errorCodes = (error: unknown): string[] => {
  const codes: string[] = [];
  for (let at = error, depth = 0; at instanceof Error && depth < depthMax; depth++) {
    if ('code' in at && typeof at.code === 'string') codes.push(at.code);
    if (at instanceof AggregateError) codes.push(...at.errors.flatMap(errorCodes));
    at = 'chainedError' in at && at.chainedError instanceof Error ? at.chainedError : at.cause;
  }
  return codes;
};

/** The innermost code, else the message: what to put in brackets after a sentence. */
export const errorWord = (error: unknown): string => errorCodes(error).at(-1) ?? messageOf(error);

/** Codes of OpenSSL that say that a certificate is not signed by a CA that is trusted. */
export const untrustedCodes: ReadonlySet<string> = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
]);

/** Codes that say that a certificate is not valid at this time. */
export const untimelyCodes: ReadonlySet<string> = new Set(['CERT_NOT_YET_VALID', 'CERT_HAS_EXPIRED']);
