/**
 * @module What a signature on work covers, and how Secrets travel. The payload is signed exactly as it is sent (no re-encoding), and the
 * signature travels in a header, so that a KV tool still shows plain JSON.
 */
import type { WorkItem, WorkRef } from './messages.ts';

/** Header with the hub's Ed25519 signature, base64. */
export const signatureHeader = 'Hanse-Signature';

/** First bytes of what is signed: binds the signature to this purpose and version. */
const signingContext = 'hanse/work/v1\n';

const encoder = new TextEncoder();

/** The bytes that are signed: the context, the KV key (so that a record cannot be moved to another key), and the payload. */
export const signedBytes = (key: string, payload: Uint8Array): Uint8Array => {
  const head = encoder.encode(`${signingContext}${key}\n`);
  const out = new Uint8Array(head.length + payload.length);
  out.set(head);
  out.set(payload, head.length);
  return out;
};

/** The KV key of one work or status item. */
export const itemKey = (cluster: string, id: string): string => `${cluster}.${id}`;

/** Context of the key derivation for sealed objects (HKDF info). */
export const sealingContext = 'hanse/seal/v1';

/** What a sealed object is bound to (AES-GCM additional data): it opens only in this place of this revision. */
export const sealingBinding = (item: Pick<WorkItem, 'cluster' | 'id' | 'seq'>): string => `${itemKey(item.cluster, item.id)}@${item.seq}`;

/** Kinds whose objects are never shown to the broker. */
export const mustSeal = (ref: WorkRef): boolean => ref.apiVersion === 'v1' && ref.kind === 'Secret';
