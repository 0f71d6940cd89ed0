/** @module What runs while the link is connected: hello, beats, reports, statuses, wants and work, on whatever connection is current. */
import type { NatsConnection, Subscription } from 'nats';
import { createReportSender } from '../../shared/capacity/delta-send.ts';
import type { CapacityReport } from '../../shared/capacity/report.ts';
import type { KindDocument } from '../../shared/kube/custom/document.ts';
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { decodeMessage, encodeMessage } from '../../shared/wire/decode.ts';
import { makeKeyedQueue } from '../../shared/wire/keyed-queue.ts';
import { workItemsMax } from '../../shared/wire/limits.ts';
import { type Listeners, makeListeners } from '../../shared/wire/listeners.ts';
import type { ReportMessage, StatusItem, WantMessage } from '../../shared/wire/messages.ts';
import { makeRefusals, type Refusals } from '../../shared/wire/refusals.ts';
import { itemKey } from '../../shared/wire/signature.ts';
import { downSubject, kvSubject, statusBucket, upSubject } from '../../shared/wire/subjects.ts';
import type { Admitted } from './key-store.ts';
import { type AgentKeys, workVerifier } from './keys.ts';
import { makeMeshBus } from './mesh-bus.ts';
import { packReport } from './pack-report.ts';
import type { BeatFacts, HelloFacts, MeshBus, WorkEvent } from './port.ts';
import { makeWorkGate, type WorkGate } from './work-gate.ts';
import { readWork, type WorkReader } from './work-reader.ts';

export type LiveOptions = { readonly env: RuntimeEnv; readonly cluster: string; readonly bootId: string; readonly keys: AgentKeys };

/** The moving parts; they outlive connections. */
export interface Live {
  readonly onWork: Listeners<WorkEvent>;
  readonly onWant: Listeners<WantMessage['what']>;
  readonly onKindsWanted: Listeners<readonly string[]>;
  readonly refusals: Refusals;
  readonly mesh: MeshBus;
  setHello(facts: () => HelloFacts | undefined): void;
  setBeat(facts: () => BeatFacts): void;
  sayHello(): void;
  publishReport(report: CapacityReport): boolean;
  publishKind(hash: string, document: KindDocument): boolean;
  publishStatus(item: StatusItem): void;
  rememberSeq(id: string, seq: number): void;
  /** Moves everything to this connection; the one before is left alone but for its subscriptions. */
  use(connection: NatsConnection, by: Admitted): void;
  /** The current connection was lost, or came back. */
  setUp(isUp: boolean): void;
  stop(): void;
}

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
  let cancelBeat: () => void = () => undefined;
  let helloFacts: () => HelloFacts | undefined = () => undefined;
  let beatFacts: () => BeatFacts = () => ({ api: { reachable: false, reason: 'Starting', message: 'the agent has not looked yet' } });
  const reports = createReportSender();
  let newestReportSeq = -1;
  let beatSeq = 0;

  const send = (subject: string, bytes: Uint8Array): boolean => {
    if (connection === undefined || !isUp || connection.isClosed()) return false;
    connection.publish(subject, bytes);
    return true;
  };
  const sayHello = (): void => {
    const facts = helloFacts();
    if (facts === undefined) return;
    const { bytes, fits, bytesMax } = encodeMessage('hello', { v: 1, cluster, bootId, ...facts, nowMs: env.nowMs() });
    if (fits) send(upSubject(cluster, 'hello'), bytes);
    else env.log.error('the hello is too large and was not sent: the member serves too many kinds', { bytes: bytes.length, bytesMax });
  };
  const sendReport = (report: ReportMessage['report']): boolean => {
    const { bytes, fits, bytesMax } = encodeMessage('report', { v: 1, cluster, bootId, report });
    if (!fits) env.log.error('the capacity report is too large and was not sent', { bytes: bytes.length, bytesMax });
    return fits && send(upSubject(cluster, 'report'), packReport(bytes));
  };
  /** The whole of the newest report, for a hub that lacks what later ones build on. */
  const sayReport = (): void => {
    const whole = reports.whole();
    if (whole !== undefined) sendReport(whole);
  };
  const beat = (intervalMs: number): void => {
    cancelBeat();
    const message = {
      v: 1,
      cluster,
      bootId,
      seq: ++beatSeq,
      nowMs: env.nowMs(),
      reportSeq: newestReportSeq,
      ...beatFacts(),
    } as const;
    send(upSubject(cluster, 'beat'), encodeMessage('beat', message).bytes);
    cancelBeat = env.setTimer(intervalMs, () => beat(intervalMs));
  };
  const sayAll = (): void => {
    sayHello();
    sayReport();
  };
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
  const hearWant = (error: Error | null, data: Uint8Array): void => {
    if (error !== null) return;
    const decoded = decodeMessage('want', data);
    if (!decoded.ok) {
      refusals.refuse({ cluster, subject: downSubject(cluster, 'want'), reason: decoded.reason, message: decoded.message });
      return;
    }
    const { what, kinds = [] } = decoded.value;
    if (what.includes('hello')) sayHello();
    if (what.includes('report')) sayReport();
    onWant.tell(what);
    if (kinds.length > 0) onKindsWanted.tell(kinds);
  };
  const startReader = (on: NatsConnection, passage: WorkGate): WorkReader => {
    let ids: string[] = [];
    let isReadingAll = false;
    return readWork({
      env,
      connection: on,
      cluster,
      onInit: () => {
        ids = [];
        isReadingAll = true;
        onWork.tell({ type: 'Init' });
      },
      onRecord: (record) => {
        if (isReadingAll) ids.push(record.key.slice(cluster.length + 1));
        const passed = passage.pass(record);
        if (passed.pass === 'item') onWork.tell({ type: 'Item', item: passed.item });
        if (passed.pass === 'refused')
          refusals.refuse({ cluster, subject: kvSubject('work', record.key), reason: passed.reason, message: passed.message });
      },
      onInitDone: () => {
        isReadingAll = false;
        onWork.tell({ type: 'InitDone', ids });
      },
    });
  };

  return {
    onWork,
    onWant,
    onKindsWanted,
    refusals,
    mesh,
    setHello: (facts) => {
      helloFacts = facts;
      sayHello();
    },
    setBeat: (facts) => {
      beatFacts = facts;
    },
    sayHello,
    publishReport: (report) => {
      newestReportSeq = report.seq;
      return sendReport(reports.next(report));
    },
    publishKind: (hash, document) => {
      const { bytes, fits } = encodeMessage('kind', { v: 1, cluster, hash, document });
      return fits && send(upSubject(cluster, 'kind'), bytes);
    },
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
      reader = startReader(next, gate.gate);
      sayAll();
      beat(beatIntervalMs);
      statuses.retryNow();
    },
    setUp: (up) => {
      isUp = up;
      if (!up) return;
      sayAll();
      reader?.restart();
      statuses.retryNow();
    },
    stop: () => {
      isUp = false;
      void mesh.stop();
      cancelBeat();
      reader?.stop();
      statuses.stop();
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
