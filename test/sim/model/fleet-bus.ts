/** @module The hub's port to the fleet over the model of the broker: what `hub/fleet/bus` promises, with the same queue and the same checks. */
import { makeDoubtedStatuses } from '../../../hub/fleet/bus/doubted-statuses.ts';
import { type FleetBus, type PublishedWork, type PublishOutcome, publishedOf, type Unsubscribe } from '../../../hub/fleet/port.ts';
import { faultOf, itemKey, makeKeyedQueue, type QueueOutcome } from '../../../shared/wire/index.ts';
import { makeListeners } from '../../../shared/wire/listeners.ts';
import type { StatusItem, WorkItem } from '../../../shared/wire/messages.ts';
import type { Process } from '../process.ts';
import { type Broker, forged, type Record } from './broker.ts';
import { reportOfText } from './report-text.ts';

/** What the observer of a run is told of the hub's bus. */
export type BusWitness = {
  readonly published: (item: WorkItem) => void;
  readonly heard: (kind: string, cluster: string, text: string, message: unknown) => void;
};

type Outgoing = { readonly item: WorkItem } | { readonly purge: true };

/** Connects one incarnation of the hub. */
export const createFleetBus = (process: Process, broker: Broker, witness: BusWitness): FleetBus => {
  const { env } = process;
  const onHello = makeListeners<Parameters<Parameters<FleetBus['onHello']>[0]>[0]>(env.log);
  const onBeat = makeListeners<Parameters<Parameters<FleetBus['onBeat']>[0]>[0]>(env.log);
  const onReport = makeListeners<Parameters<Parameters<FleetBus['onReport']>[0]>[0]>(env.log);
  const onStatus = makeListeners<StatusItem>(env.log);
  const onConnected = makeListeners<boolean>(env.log);
  const onDamage = makeListeners<{ cluster: string; id: string }>(env.log);
  const statuses = new Map<string, StatusItem>();
  const seen = new Map<string, PublishedWork>();
  /** What this run wrote last, with the broker's number once that is known; and the last record that came. */
  const wrote = new Map<string, { readonly text: string; readonly revision: number | undefined }>();
  const lastRecord = new Map<string, Record>();
  const want: FleetBus['want'] = (cluster, what) => peer.publish(`hanse.down.${cluster}.want`, JSON.stringify({ v: 1, what }));
  const doubts = makeDoubtedStatuses({ env, ask: (cluster) => want(cluster, ['status']) });
  const { promise: workRead, resolve: workIsRead } = Promise.withResolvers<void>();

  const peer = broker.join(process, 'hub', (subject) => subject.startsWith('hanse.up.'), {
    message: (subject, text) => {
      const [, , cluster = '', kind = ''] = subject.split('.');
      const message = kind === 'report' ? reportOfText(text, cluster) : JSON.parse(text);
      const arrival = { message, arrivedAtMs: env.nowMs() };
      witness.heard(kind, cluster, text, arrival.message);
      if (kind === 'hello') onHello.tell(arrival);
      if (kind === 'beat') onBeat.tell(arrival);
      if (kind === 'report') onReport.tell(arrival);
    },
    connected: (up) => {
      onConnected.tell(up);
      if (up) queue.retryNow();
    },
  });

  const send = async (key: string, out: Outgoing): Promise<void> => {
    if ('purge' in out) {
      for (const known of [...wrote.keys()]) {
        if (known !== key && !(key.endsWith('.') && known.startsWith(key))) continue;
        wrote.delete(known);
        lastRecord.delete(known);
      }
      for (const known of [...seen.keys()]) if (known === key || (key.endsWith('.') && known.startsWith(key))) seen.delete(known);
      await peer.purge('work', key);
      await peer.purge('status', key);
      for (const known of [...statuses.keys()]) if (known === key || (key.endsWith('.') && known.startsWith(key))) statuses.delete(known);
      const [cluster = '', id = ''] = key.split('.');
      doubts.forget(cluster, id === '' ? undefined : id);
      return;
    }
    seen.set(key, publishedOf(out.item));
    const text = JSON.stringify(out.item);
    wrote.set(key, { text, revision: undefined });
    const revision = await peer.put('work', key, text);
    if (wrote.get(key)?.text === text) wrote.set(key, { text, revision });
    const last = lastRecord.get(key);
    if (last !== undefined) judge(key, last);
  };
  /** A write of an earlier run that comes late takes the place of ours: it is damage like any other. */
  const judge = (key: string, record: Record): void => {
    const ours = wrote.get(key);
    if (ours?.revision === undefined || record.revision <= ours.revision || record.text === ours.text) return;
    const [cluster = '', id = ''] = key.split('.');
    onDamage.tell({ cluster, id });
  };
  const queue = makeKeyedQueue<Outgoing>({ env, send, inFlightMax: 256, keysMax: 100_000 });

  peer.follow({
    bucket: 'work',
    prefix: '',
    begin: () => undefined,
    record: ({ key, text, revision }) => {
      if (text === forged) {
        const [cluster = '', id = ''] = key.split('.');
        seen.delete(key);
        onDamage.tell({ cluster, id });
        return;
      }
      lastRecord.set(key, { key, text, revision });
      judge(key, { key, text, revision });
      if (!seen.has(key)) seen.set(key, publishedOf(JSON.parse(text)));
    },
    done: () => workIsRead(),
  });
  peer.follow({
    bucket: 'status',
    prefix: '',
    begin: () => undefined,
    record: ({ key, text, revision }) => {
      const item: StatusItem = JSON.parse(text);
      doubts.came(item, statuses.get(key), revision);
      statuses.set(key, item);
      witness.heard('status', item.cluster, text, item);
      onStatus.tell(item);
    },
    done: () => undefined,
  });

  const enqueue = async (key: string, out: Outgoing): Promise<PublishOutcome> => outcomeOf(await queue.put(key, out));
  return {
    onHello: onHello.add,
    onBeat: onBeat.add,
    onReport: onReport.add,
    onStatus: (handler): Unsubscribe => {
      for (const item of statuses.values()) handler(item);
      return onStatus.add(handler);
    },
    // Every status of the model's agents is taken.
    onUnknown: () => () => undefined,
    onDamage: onDamage.add,
    onRefusal: () => () => undefined,
    onConnected: onConnected.add,
    connected: peer.connected,
    publishWork: async (given) => {
      const item: WorkItem = JSON.parse(JSON.stringify(given));
      const fault = faultOf('work', item);
      if (fault !== undefined) return { ok: false, reason: 'Invalid', message: fault };
      witness.published(item);
      return enqueue(itemKey(item.cluster, item.id), { item });
    },
    forgetWork: (cluster, id) => enqueue(itemKey(cluster, id), { purge: true }),
    forgetCluster: (cluster) => enqueue(`${cluster}.`, { purge: true }),
    publishedWork: async () => {
      await workRead;
      return [...seen.values()];
    },
    want,
  };
};

const outcomeOf = (outcome: QueueOutcome): PublishOutcome => {
  if (outcome === 'sent') return { ok: true };
  const reasons = { superseded: 'Superseded', full: 'QueueFull', stopped: 'Stopped' } as const;
  return { ok: false, reason: reasons[outcome], message: outcome };
};
