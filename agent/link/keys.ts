/** @module The agent's own keys: Ed25519 for the bus (an nkey user) and X25519 for what is sealed to it. Made here, never sent. */
import {
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
  sign,
  verify,
} from 'node:crypto';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { WorkItem } from '../../shared/wire/messages.ts';
import { decodeSeed, encodePublicKey, encodeSeed } from '../../shared/wire/nkey.ts';
import { sealingBinding, sealingContext, signedBytes } from '../../shared/wire/signature.ts';

/** Secret halves as text, for the store. */
export type SecretKeys = { readonly seed: string /** PKCS #8 DER of the X25519 key, base64. */; readonly sealingKey: string };

/** The keys at work. */
export type AgentKeys = {
  /** `U…` */
  readonly publicKey: string;
  /** X25519 public key, base64 of the raw 32 bytes. */
  readonly sealingKey: string;
  readonly sign: (bytes: Uint8Array) => Uint8Array;
  /** The object of a sealed item; undefined when it does not open (another key, another place, changed bytes). */
  readonly open: (item: WorkItem) => KubeObject | undefined;
  readonly secret: SecretKeys;
};

/** DER heads of raw keys (RFC 8410). */
const ed25519PrivateHead = Buffer.from('302e020100300506032b657004220420', 'hex');
const ed25519PublicHead = Buffer.from('302a300506032b6570032100', 'hex');
const x25519PublicHead = Buffer.from('302a300506032b656e032100', 'hex');
const tagBytes = 16;

/** New keys. */
export const makeAgentKeys = (): AgentKeys => {
  const sealing = generateKeyPairSync('x25519').privateKey.export({ format: 'der', type: 'pkcs8' });
  return agentKeysFrom({ seed: encodeSeed('user', randomBytes(32)), sealingKey: sealing.toString('base64') });
};

/** The keys of stored secrets. @throws Error when they are damaged. */
export const agentKeysFrom = (secret: SecretKeys): AgentKeys => {
  const raw = decodeSeed('user', secret.seed);
  if (raw === undefined) throw new Error("the agent's key file holds no NATS user seed");
  const signing = createPrivateKey({ key: Buffer.concat([ed25519PrivateHead, raw]), format: 'der', type: 'pkcs8' });
  const sealing = createPrivateKey({ key: Buffer.from(secret.sealingKey, 'base64'), format: 'der', type: 'pkcs8' });
  if (sealing.asymmetricKeyType !== 'x25519') throw new Error("the agent's key file holds no X25519 key");
  const sealingPublic = rawPublic(sealing, x25519PublicHead);
  return {
    publicKey: encodePublicKey('user', rawPublic(signing, ed25519PublicHead)),
    sealingKey: sealingPublic.toString('base64'),
    sign: (bytes) => new Uint8Array(sign(null, bytes, signing)),
    open: (item) => open(item, sealing, sealingPublic),
    secret,
  };
};

const rawPublic = (key: KeyObject, head: Buffer): Buffer =>
  createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(head.length);

const open = (item: WorkItem, privateKey: KeyObject, ownPublic: Buffer): KubeObject | undefined => {
  const { sealed } = item;
  if (sealed === undefined) return undefined;
  try {
    const ephemeral = Buffer.from(sealed.ephemeralKey, 'base64');
    const publicKey = createPublicKey({ key: Buffer.concat([x25519PublicHead, ephemeral]), format: 'der', type: 'spki' });
    const shared = diffieHellman({ privateKey, publicKey });
    const key = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([ephemeral, ownPublic]), sealingContext, 32));
    const box = Buffer.from(sealed.box, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(sealed.nonce, 'base64'), { authTagLength: tagBytes });
    decipher.setAAD(Buffer.from(sealingBinding(item))).setAuthTag(box.subarray(-tagBytes));
    const text = Buffer.concat([decipher.update(box.subarray(0, -tagBytes)), decipher.final()]).toString('utf8');
    return JSON.parse(text) as KubeObject;
  } catch {
    return undefined;
  }
};

/** Checks signatures on work: `hubKey` is the base64 of the hub's raw Ed25519 public key. @throws Error when it is none. */
export const workVerifier = (hubKey: string): ((key: string, payload: Uint8Array, signature: string) => boolean) => {
  const publicKey = createPublicKey({
    key: Buffer.concat([ed25519PublicHead, Buffer.from(hubKey, 'base64')]),
    format: 'der',
    type: 'spki',
  });
  return (key, payload, signature) => {
    const bytes = Buffer.from(signature, 'base64');
    return bytes.length === 64 && verify(null, signedBytes(key, payload), publicKey, bytes);
  };
};
