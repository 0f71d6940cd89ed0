/** @module What runs while the link is connected: hello, beats, reports, statuses, wants and work, on whatever connection is current. */
import type { NatsConnection, Subscription } from 'nats';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { decodeMessage, encodeMessage } from '../../shared/wire/decode.ts';
import { makeKeyedQueue } from '../../shared/wire/keyed-queue.ts';
import { workItemsMax } from '../../shared/wire/limits.ts';
import { type Listeners, makeListeners } from '../../shared/wire/listeners.ts';
import type { StatusItem, WantMessage } from '../../shared/wire/messages.ts';
import { makeRefusals, type Refusals } from '../../shared/wire/refusals.ts';
import { itemKey } from '../../shared/wire/signature.ts';
import { downSubject, kvSubject, statusBucket } from '../../shared/wire/subjects.ts';
import type { Admitted } from './key-store.ts';
import { type AgentKeys, workVerifier } from './keys.ts';
import { makeMeshBus } from './mesh-bus.ts';
import type { MeshBus, WorkEvent } from './port.ts';
import { makeVoice, type Voice } from './voice.ts';
import { hearWork } from './work-ear.ts';
import { makeWorkGate, type WorkGate } from './work-gate.ts';
import type { WorkReader } from './work-reader.ts';

export type LiveOptions = { readonly env: RuntimeEnv; readonly cluster: string; readonly bootId: string; readonly keys: AgentKeys };

/** The moving parts; they outlive connections. */
export type Live = Pick<Voice, 'setHello' | 'setBeat' | 'sayHello' | 'publishReport' | 'publishKind'> & {
  readonly onWork: Listeners<WorkEvent>;
  readonly onWant: Listeners<WantMessage['what']>;
  readonly onKindsWanted: Listeners<readonly string[]>;
  readonly refusals: Refusals;
  readonly mesh: MeshBus;
  readonly publishStatus: (item: StatusItem) => void;
  readonly rememberSeq: (id: string, seq: number) => void;
  /** Moves everything to this connection; the one before is left alone but for its subscriptions. */
  readonly use: (connection: NatsConnection, by: Admitted) => void;
  /** The current connection was lost, or came back. */
  readonly setUp: (isUp: boolean) => void;
  readonly stop: () => void;
};

const statusWritesInFlightMax = 64;
const statusWriteTimeoutMs = 5_000;

/** Builds the parts; nothing is sent before `use`. */
export const makeLive = ({ env, cluster, bootId, keys }: LiveOptions): Live => {
  const onWork = makeListeners<WorkEvent>(env.log);
  const onWant = makeListeners<WantMessage['what']>(env.log);
  const onKindsWanted = makeListeners<readonly string[]>(env.log);
  const refusals = makeRefusals(env);
  const mesh = makeMeshBus(env, cluster, keys);
  const seqs = new Map<string, number>();
  let connection: NatsConnection | undefined;
  let isUp = false;
  let reader: WorkReader | undefined;
  let gate: { hubKey: string; gate: WorkGate } | undefined;
  let wants: Subscription | undefined;

  const send = (subject: string, bytes: Uint8Array): boolean => {
    if (connection === undefined || !isUp || connection.isClosed()) return false;
    connection.publish(subject, bytes);
    return true;
  };
  const voice = makeVoice({ env, cluster, bootId, send });
  const statuses = makeKeyedQueue<StatusItem>({
    env,
    inFlightMax: statusWritesInFlightMax,
    keysMax: workItemsMax,
    send: async (id, item) => {
      if (connection === undefined || !isUp) throw new Error('not connected');
      const payload = statusBytes(item);
      await connection.jetstream().publish(kvSubject(statusBucket, itemKey(cluster, id)), payload, { timeout: statusWriteTimeoutMs });
    },
  });
  /** All that a hub wants to know which has not heard this agent for a while. */
  const sayAll = (): void => {
    voice.sayHello();
    voice.sayReport();
    statuses.retryNow();
  };
  const hearWant = (error: Error | null, data: Uint8Array): void => {
    if (error !== null) return;
    const decoded = decodeMessage('want', data);
    if (!decoded.ok) {
      refusals.refuse({ cluster, subject: downSubject(cluster, 'want'), reason: decoded.reason, message: decoded.message });
      return;
    }
    const { what, kinds = [] } = decoded.value;
    if (what.includes('hello')) voice.sayHello();
    if (what.includes('report')) voice.sayReport();
    onWant.tell(what);
    if (kinds.length > 0) onKindsWanted.tell(kinds);
  };

  return {
    ...voice,
    onWork,
    onWant,
    onKindsWanted,
    refusals,
    mesh,
    publishStatus: (item) => void statuses.put(item.id, item),
    rememberSeq: (id, seq) => {
      seqs.set(id, Math.max(seq, seqs.get(id) ?? 0));
    },
    use: (next, by) => {
      const { hubKey, beatIntervalMs } = by;
      reader?.stop();
      if (connection !== undefined && !connection.isClosed()) wants?.unsubscribe();
      if (gate?.hubKey !== hubKey) gate = { hubKey, gate: makeWorkGate({ cluster, open: keys.open, verify: workVerifier(hubKey) }, seqs) };
      connection = next;
      isUp = true;
      mesh.use(next, by);
      wants = next.subscribe(downSubject(cluster, 'want'), { callback: (error, message) => hearWant(error, message?.data) });
      reader = hearWork({ env, connection: next, cluster, gate: gate.gate, onWork, refusals });
      sayAll();
      voice.beat(beatIntervalMs);
    },
    setUp: (up) => {
      isUp = up;
      if (!up) return;
      reader?.restart();
      sayAll();
    },
    stop: () => {
      isUp = false;
      void mesh.stop();
      voice.stop();
      reader?.stop();
      statuses.stop();
      refusals.close();
    },
  };
};

/** The status in bytes; one above the limit goes without the member's own status and says so. */
const statusBytes = (item: StatusItem): Uint8Array => {
  const whole = encodeMessage('status', item);
  if (whole.fits) return whole.bytes;
  const { status: _, ...rest } = item;
  return encodeMessage('status', {
    ...rest,
    message: `the object's status has ${whole.bytes.length} bytes and was left out, at most ${whole.bytesMax} can be sent`,
  }).bytes;
};
