/**
 * @module The statuses that agents keep in the `status` bucket: only of work that the hub sent there and of services that they offer,
 * checked, bounded for each cluster, doubted when damaged or late.
 */
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { weightOf } from '../../../shared/lib/weight.ts';
import { decodeMessage } from '../../../shared/wire/decode.ts';
import { makeListeners } from '../../../shared/wire/listeners.ts';
import type { StatusItem } from '../../../shared/wire/messages.ts';
import type { Refusals } from '../../../shared/wire/refusals.ts';
import { kvSubject, statusBucket } from '../../../shared/wire/subjects.ts';
import { serviceOfTrafficId } from '../../../shared/wire/traffic.ts';
import type { Unsubscribe } from '../port.ts';
import type { DoubtedStatuses } from './doubted-statuses.ts';
import type { KvRecord } from './kv-reader.ts';

export type StatusDeskOptions = {
  readonly env: RuntimeEnv;
  readonly refusals: Refusals;
  /** True for work that the hub has sent to the cluster. */
  readonly isSent: (cluster: string, id: string) => boolean;
  /** A cluster says that it has work that it was not sent. */
  readonly onUnknown: (item: StatusItem) => void;
  /** What the statuses of one cluster may weigh in memory, bytes; {@link statusWeightMax} when absent. */
  readonly weightMax?: number;
  readonly doubts: Pick<DoubtedStatuses, 'damaged' | 'came' | 'forget'>;
  /** Removes a record that may not be. */
  readonly remove: (key: string) => void;
};

/** Twenty full clusters of hostile agents hold no more than 2.5 GB; fifty thousand plain statuses weigh half of it. */
export const statusWeightMax = 134_217_728;

type Kept = { readonly item: StatusItem; readonly weight: number };
type Drawer = { readonly kept: Map<string, Kept>; weight: number };

/** The desk. */
export interface StatusDesk {
  see(record: KvRecord): void;
  /** First all there are, then as they come. */
  onStatus(handler: (item: StatusItem) => void): Unsubscribe;
  forget(cluster: string, id?: string): void;
}

/** An empty desk. */
export const makeStatusDesk = ({
  env,
  refusals,
  isSent,
  onUnknown,
  weightMax = statusWeightMax,
  doubts,
  remove,
}: StatusDeskOptions): StatusDesk => {
  const clusters = new Map<string, Drawer>();
  const listeners = makeListeners<StatusItem>(env.log);
  const refuse = (record: KvRecord, cluster: string, reason: string, message: string): void =>
    refusals.refuse({ cluster, subject: kvSubject(statusBucket, record.key), reason, message });
  const takeAway = ({ key }: KvRecord, cluster: string, id: string): void => {
    doubts.forget(cluster, id);
    remove(key);
  };
  return {
    see: (record) => {
      // A record without a payload is a deletion mark of a KV tool.
      if (record.payload.length === 0) return;
      const [cluster = '', id = ''] = record.key.split('.');
      // A cluster may offer a service by itself (ServiceExport): that is news, and no work of the hub asked for it.
      const isExpected = isSent(cluster, id) || serviceOfTrafficId(id) !== undefined;
      const decoded = decodeMessage('status', record.payload, cluster);
      if (!decoded.ok || decoded.value.id !== id) {
        if (decoded.ok) refuse(record, cluster, 'WrongId', `the record's id is ${decoded.value.id}`);
        else refuse(record, cluster, decoded.reason, decoded.message);
        // Of what the agent never had it has nothing better to send.
        if (isExpected) doubts.damaged(cluster, id, record.streamSeq);
        else takeAway(record, cluster, id);
        return;
      }
      const item = decoded.value;
      if (!isExpected) {
        // An agent that starts anew tells once more what it withdrew: that is no offence, and nobody needs it.
        if (item.phase !== 'Withdrawn') {
          refuse(record, cluster, 'UnknownWork', `no work ${id} was sent to this cluster; the status was removed`);
          onUnknown(item);
        }
        takeAway(record, cluster, id);
        return;
      }
      const drawer = clusters.get(cluster) ?? { kept: new Map<string, Kept>(), weight: 0 };
      const weight = weightOf(item);
      const after = drawer.weight - (drawer.kept.get(id)?.weight ?? 0) + weight;
      if (after > weightMax) {
        refuse(
          record,
          cluster,
          'TooMuch',
          `the statuses of this cluster would take ${after} bytes and may take ${weightMax}; this one was removed`,
        );
        takeAway(record, cluster, id);
        return;
      }
      doubts.came(item, drawer.kept.get(id)?.item, record.streamSeq);
      drawer.weight = after;
      drawer.kept.set(id, { item, weight });
      clusters.set(cluster, drawer);
      listeners.tell(item);
    },
    onStatus: (handler) => {
      for (const { kept } of clusters.values()) for (const { item } of kept.values()) handler(item);
      return listeners.add(handler);
    },
    forget: (cluster, id) => {
      doubts.forget(cluster, id);
      const drawer = clusters.get(cluster);
      if (drawer === undefined) return;
      if (id === undefined) clusters.delete(cluster);
      else {
        drawer.weight -= drawer.kept.get(id)?.weight ?? 0;
        drawer.kept.delete(id);
      }
    },
  };
};
