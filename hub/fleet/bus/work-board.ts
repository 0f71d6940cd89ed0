/** @module What the hub knows of the records in the `work` bucket: which are its own and current, and which somebody else has overwritten. */
import { verify } from 'node:crypto';
import { decodeMessage } from '../../../shared/wire/decode.ts';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import { itemKey, signedBytes } from '../../../shared/wire/signature.ts';
import { ed25519PublicKey } from '../identity/keys.ts';
import { type PublishedWork, publishedOf } from '../port.ts';
import type { KvRecord } from './kv-reader.ts';

/** What one record turned out to be; `lost` = somebody else's bytes lie where ours should. */
export type Verdict = 'ours' | 'lost';

/** The board; one entry a record. */
export interface WorkBoard {
  /** Before writing: what the record will be and the signature it will bear. */
  expect(item: WorkItem, signature: string): void;
  /** After writing: the record's stream sequence. `lost` when it had already been overwritten. */
  wrote(cluster: string, id: string, streamSeq: number): Verdict;
  /** A record as the broker has it. */
  see(record: KvRecord): Verdict;
  /** True for work that was sent, or is on its way. */
  has(cluster: string, id: string): boolean;
  /** True for work that was sent since the board was made, also where it was forgotten; and when so much was forgotten that it cannot be told. */
  wasSent(cluster: string, id: string): boolean;
  /** Entries of one cluster, or one of them, leave the board. */
  forget(cluster: string, id?: string): void;
  list(): readonly PublishedWork[];
}

/** `streamSeq` is 0 while our write is under way; `otherSeq` is the newest record seen meanwhile that is not it. */
type Entry = { readonly work: PublishedWork; readonly signature: string; streamSeq: number; otherSeq: number };

/** Records and clusters that are remembered to have been forgotten. */
const forgottenMax = 10_000;

/** An empty board. */
export const makeWorkBoard = (rawHubKey: Uint8Array): WorkBoard => {
  const hubKey = ed25519PublicKey(rawHubKey);
  const entries = new Map<string, Entry>();
  const forgotten = new Set<string>();
  const isSigned = (record: KvRecord): boolean => {
    if (record.signature === undefined) return false;
    const signature = Buffer.from(record.signature, 'base64');
    return signature.length === 64 && verify(null, signedBytes(record.key, record.payload), hubKey, signature);
  };
  const enter = (item: WorkItem, signature: string, streamSeq: number): void => {
    entries.set(itemKey(item.cluster, item.id), { work: publishedOf(item), signature, streamSeq, otherSeq: 0 });
  };
  const seeUnknown = (record: KvRecord): Verdict => {
    const decoded = isSigned(record) ? decodeMessage('work', record.payload, record.key.split('.')[0]) : undefined;
    if (decoded?.ok !== true) return 'lost';
    enter(decoded.value, record.signature ?? '', record.streamSeq);
    return 'ours';
  };
  return {
    expect: (item, signature) => enter(item, signature, 0),
    wrote: (cluster, id, streamSeq) => {
      const entry = entries.get(itemKey(cluster, id));
      if (entry === undefined) return 'ours';
      entry.streamSeq = streamSeq;
      if (entry.otherSeq <= streamSeq) return 'ours';
      entries.delete(itemKey(cluster, id));
      return 'lost';
    },
    see: (record) => {
      const known = entries.get(record.key);
      if (known === undefined) return seeUnknown(record);
      if (known.signature === record.signature && isSigned(record)) return 'ours';
      known.otherSeq = Math.max(known.otherSeq, record.streamSeq);
      // Either it cannot be told yet, or the record is from before our write.
      if (known.streamSeq === 0 || record.streamSeq < known.streamSeq) return 'ours';
      entries.delete(record.key);
      return 'lost';
    },
    has: (cluster, id) => entries.has(itemKey(cluster, id)),
    wasSent: (cluster, id) =>
      entries.has(itemKey(cluster, id)) || forgotten.size >= forgottenMax || forgotten.has(itemKey(cluster, id)) || forgotten.has(cluster),
    forget: (cluster, id) => {
      if (forgotten.size < forgottenMax) forgotten.add(id === undefined ? cluster : itemKey(cluster, id));
      if (id !== undefined) entries.delete(itemKey(cluster, id));
      else for (const [key, { work }] of entries) if (work.cluster === cluster) entries.delete(key);
    },
    list: () => [...entries.values()].map(({ work }) => work),
  };
};
