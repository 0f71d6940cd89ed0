/** @module Ed25519 signatures checked by node:crypto, with the keys kept: making one from its bytes costs as much as a check. */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';

/** DER head of an Ed25519 SubjectPublicKeyInfo (RFC 8410 §4): the 32 raw bytes follow. */
const head = Buffer.from('302a300506032b6570032100', 'hex');
const keysMax = 1_024;

/** A checker; `rawKeyOf` answers the 32 bytes of a public key's text, undefined when it is none. False for anything malformed. */
export const ed25519Verifier = (
  rawKeyOf: (publicKey: string) => Uint8Array | undefined,
): ((publicKey: string, bytes: Uint8Array, signature: Uint8Array) => boolean) => {
  const keys = new Map<string, KeyObject>();
  const keyOf = (text: string): KeyObject | undefined => {
    const known = keys.get(text);
    if (known !== undefined) return known;
    const raw = rawKeyOf(text);
    if (raw?.length !== 32) return undefined;
    const made = createPublicKey({ key: Buffer.concat([head, raw]), format: 'der', type: 'spki' });
    if (keys.size >= keysMax) keys.clear();
    keys.set(text, made);
    return made;
  };
  return (publicKey, bytes, signature) => {
    const key = keyOf(publicKey);
    return key !== undefined && signature.length === 64 && verify(null, bytes, key, signature);
  };
};
