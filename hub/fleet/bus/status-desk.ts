/** @module The statuses that agents keep in the `status` bucket: checked, bounded for each cluster, asked for again when damaged. */
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { decodeMessage } from '../../../shared/wire/decode.ts';
import { makeListeners } from '../../../shared/wire/listeners.ts';
import type { StatusItem } from '../../../shared/wire/messages.ts';
import type { Refusals } from '../../../shared/wire/refusals.ts';
import { kvSubject, statusBucket } from '../../../shared/wire/subjects.ts';
import type { Unsubscribe } from '../port.ts';
import type { KvRecord } from './kv-reader.ts';

/** A cluster whose record was damaged is asked for its statuses at most this often: damage must not become a flood. */
const askAgainMs = 10_000;

export type StatusDeskOptions = {
  readonly env: RuntimeEnv;
  readonly refusals: Refusals;
  /** Statuses one cluster may keep. */
  readonly perClusterMax: number;
  /** Asks a cluster to send its statuses again. */
  readonly ask: (cluster: string) => void;
  /** Removes a record that may not be. */
  readonly remove: (key: string) => void;
};

/** The desk. */
export interface StatusDesk {
  see(record: KvRecord): void;
  /** First all there are, then as they come. */
  onStatus(handler: (item: StatusItem) => void): Unsubscribe;
  forget(cluster: string, id?: string): void;
}

/** An empty desk. */
export const makeStatusDesk = ({ env, refusals, perClusterMax, ask, remove }: StatusDeskOptions): StatusDesk => {
  const clusters = new Map<string, Map<string, StatusItem>>();
  const askedAtMs = new Map<string, number>();
  const listeners = makeListeners<StatusItem>(env.log);
  const refuse = (record: KvRecord, cluster: string, reason: string, message: string): void =>
    refusals.refuse({ cluster, subject: kvSubject(statusBucket, record.key), reason, message });
  const askAgain = (cluster: string): void => {
    if (env.nowMs() - (askedAtMs.get(cluster) ?? Number.NEGATIVE_INFINITY) < askAgainMs) return;
    askedAtMs.set(cluster, env.nowMs());
    ask(cluster);
  };
  return {
    see: (record) => {
      // A record without a payload is a deletion mark of a KV tool.
      if (record.payload.length === 0) return;
      const [cluster = '', id = ''] = record.key.split('.');
      const decoded = decodeMessage('status', record.payload, cluster);
      if (!decoded.ok || decoded.value.id !== id) {
        if (decoded.ok) refuse(record, cluster, 'WrongId', `the record's id is ${decoded.value.id}`);
        else refuse(record, cluster, decoded.reason, decoded.message);
        askAgain(cluster);
        return;
      }
      const items = clusters.get(cluster) ?? new Map<string, StatusItem>();
      if (!items.has(id) && items.size >= perClusterMax) {
        refuse(record, cluster, 'TooMany', `more than ${perClusterMax} statuses; this one was removed`);
        remove(record.key);
        return;
      }
      clusters.set(cluster, items);
      items.set(id, decoded.value);
      listeners.tell(decoded.value);
    },
    onStatus: (handler) => {
      for (const items of clusters.values()) for (const item of items.values()) handler(item);
      return listeners.add(handler);
    },
    forget: (cluster, id) => {
      if (id === undefined) clusters.delete(cluster);
      else clusters.get(cluster)?.delete(id);
    },
  };
};
