/** @module Seals an object to one agent, because the broker is not trusted with Secrets (X25519, HKDF-SHA256 RFC 5869, AES-256-GCM). */
import { createCipheriv, createPublicKey, diffieHellman, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { SealedObject, WorkItem } from '../../../shared/wire/messages.ts';
import { sealingBinding, sealingContext } from '../../../shared/wire/signature.ts';

/** DER head of an X25519 public key (RFC 8410 §4); the 32 raw bytes follow. */
const x25519Head = Buffer.from('302a300506032b656e032100', 'hex');
const rawKeyBytes = 32;
const nonceBytes = 12;

/** Whether a text is the base64 of an X25519 public key that can be sealed to (small-order points are refused). */
export const isSealingKey = (sealingKey: string): boolean => {
  try {
    const raw = Buffer.from(sealingKey, 'base64');
    if (raw.length !== rawKeyBytes || raw.toString('base64') !== sealingKey) return false;
    agree(raw);
    return true;
  } catch {
    return false;
  }
};

const agree = (raw: Buffer): { shared: Buffer; ephemeral: Buffer } => {
  const pair = generateKeyPairSync('x25519');
  const publicKey = createPublicKey({ key: Buffer.concat([x25519Head, raw]), format: 'der', type: 'spki' });
  const ephemeral = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(x25519Head.length);
  return { shared: diffieHellman({ privateKey: pair.privateKey, publicKey }), ephemeral };
};

/** Seals `object` so that only the holder of `sealingKey` (base64, checked at joining) can read it, in this place and revision. */
export const sealObject = (object: KubeObject, item: Pick<WorkItem, 'cluster' | 'id' | 'seq'>, sealingKey: string): SealedObject => {
  const recipient = Buffer.from(sealingKey, 'base64');
  const { shared, ephemeral } = agree(recipient);
  const key = Buffer.from(hkdfSync('sha256', shared, Buffer.concat([ephemeral, recipient]), sealingContext, 32));
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(sealingBinding(item)));
  const box = Buffer.concat([cipher.update(JSON.stringify(object)), cipher.final(), cipher.getAuthTag()]);
  return {
    alg: 'X25519-HKDF-SHA256-A256GCM',
    ephemeralKey: ephemeral.toString('base64'),
    nonce: nonce.toString('base64'),
    box: box.toString('base64'),
  };
};
