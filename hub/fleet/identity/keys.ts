/** @module Ed25519 keys in NATS' text form, signed and verified by node:crypto (a nkey seed is a plain Ed25519 seed). */
import { createPrivateKey, createPublicKey, hkdfSync, type KeyObject, randomBytes, sign, verify } from 'node:crypto';
import { present } from '../../../shared/lib/assert.ts';
import { decodePublicKey, decodeSeed, encodePublicKey, encodeSeed, type NkeyRole } from '../../../shared/wire/nkey.ts';

/** A key pair; `seed` is secret and never leaves the process but to a file of mode 0600. */
export type SigningKey = {
  /** `O…`, `A…` or `U…`. */
  readonly publicKey: string;
  readonly seed: string;
  readonly rawPublicKey: Uint8Array;
  /** Ed25519 signature, 64 bytes. */
  readonly sign: (bytes: Uint8Array) => Uint8Array;
};

/** DER heads of PKCS #8 and SubjectPublicKeyInfo for Ed25519 (RFC 8410 §7, §4): the 32 raw bytes follow. */
const privateHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicHead = Buffer.from('302a300506032b6570032100', 'hex');

/** A new key pair. */
export const makeSigningKey = (role: NkeyRole): SigningKey => signingKeyFrom(role, randomBytes(32));

/** The key pair of a seed's text. @throws Error when it is not a seed of this role. */
export const signingKeyFromSeed = (role: NkeyRole, seed: string): SigningKey => {
  const raw = decodeSeed(role, seed.trim());
  if (raw === undefined) throw new Error(`not a seed of role ${role}`);
  return signingKeyFrom(role, raw);
};

/** The key pair that `parent` has for `purpose`: the same at each call, and it tells nothing of its parent (HKDF-SHA256, RFC 5869). */
export const derivedSigningKey = (role: NkeyRole, parent: SigningKey, purpose: string): SigningKey =>
  signingKeyFrom(role, new Uint8Array(hkdfSync('sha256', parent.seed, '', purpose, 32)));

const signingKeyFrom = (role: NkeyRole, raw: Uint8Array): SigningKey => {
  const key = createPrivateKey({ key: Buffer.concat([privateHead, raw]), format: 'der', type: 'pkcs8' });
  const rawPublicKey = new Uint8Array(createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(publicHead.length));
  return {
    publicKey: encodePublicKey(role, rawPublicKey),
    seed: encodeSeed(role, raw),
    rawPublicKey,
    sign: (bytes) => new Uint8Array(sign(null, bytes, key)),
  };
};

/** A public key from its 32 raw bytes. */
export const ed25519PublicKey = (raw: Uint8Array): KeyObject =>
  createPublicKey({ key: Buffer.concat([publicHead, raw]), format: 'der', type: 'spki' });

/** Whether `signature` over `bytes` was made by the nkey user `publicKey`; false for anything malformed. */
export const verifyUserSignature = (publicKey: string, bytes: Uint8Array, signature: Uint8Array): boolean => {
  const raw = decodePublicKey('user', publicKey);
  return raw !== undefined && signature.length === 64 && verify(null, bytes, ed25519PublicKey(raw), signature);
};

/** The connect signature of a NATS client: base64url of the signed nonce. */
export const signNonce = (key: SigningKey, nonce: string | undefined): string =>
  Buffer.from(key.sign(Buffer.from(present(nonce, 'the server nonce')))).toString('base64url');
