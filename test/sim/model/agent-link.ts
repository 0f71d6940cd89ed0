/** @module An agent's port to the hub over the model of the broker: what `agent/link` promises. */
import type { AgentLink, BeatFacts, HelloFacts, WorkEvent } from '../../../agent/link/port.ts';
import { createReportSender } from '../../../shared/capacity/delta-send.ts';
import type { CapacityReport } from '../../../shared/capacity/report.ts';
import { itemKey, makeKeyedQueue } from '../../../shared/wire/index.ts';
import { makeListeners } from '../../../shared/wire/listeners.ts';
import type { ReportMessage, StatusItem, WantMessage, WorkItem } from '../../../shared/wire/messages.ts';
import type { Process } from '../process.ts';
import { type Broker, forged } from './broker.ts';
import { textOfReport } from './report-text.ts';

/** What the observer of a run is told of an agent's link. */
export type LinkWitness = { readonly reported: (report: CapacityReport) => void; readonly answered: (item: StatusItem) => void };

/** Time between two beats, as the hub tells it when a cluster joins. */
export const beatIntervalMs = 1_000;

/** Connects one incarnation of an agent. */
export const createAgentLink = (process: Process, cluster: string, broker: Broker, witness: LinkWitness): AgentLink => {
  const { env } = process;
  const bootId = env.uuid();
  const onWork = makeListeners<WorkEvent>(env.log);
  const onWant = makeListeners<WantMessage['what']>(env.log);
  const onState = makeListeners<ReturnType<AgentLink['state']>>(env.log);
  const seqs = new Map<string, number>();
  let hello: () => HelloFacts | undefined = () => undefined;
  let beat: () => BeatFacts = () => ({ api: { reachable: true } });
  const reports = createReportSender();
  let newestReportSeq = 0;
  let beats = 0;
  let sinceMs = env.nowMs();
  let stopped = false;

  const up = (what: string, message: object): void =>
    peer.publish(`hanse.up.${cluster}.${what}`, JSON.stringify({ v: 1, cluster, bootId, ...message }));
  const sendHello = (): void => {
    const facts = hello();
    if (facts !== undefined) up('hello', { ...facts, nowMs: env.nowMs() });
  };
  const publish = (report: ReportMessage['report']): void =>
    peer.publish(`hanse.up.${cluster}.report`, textOfReport({ v: 1, cluster, bootId, report }));
  const sendReport = (): void => {
    const whole = reports.whole();
    if (whole !== undefined) publish(whole);
  };
  const state: AgentLink['state'] = () => ({ phase: peer.connected() ? 'Connected' : 'Disconnected', message: '', sinceMs });
  const wantSubject = `hanse.down.${cluster}.want`;
  const peer = broker.join(process, cluster, (subject) => subject === wantSubject, {
    message: (_, text) => {
      const { what }: WantMessage = JSON.parse(text);
      if (what.includes('hello')) sendHello();
      if (what.includes('report')) sendReport();
      onWant.tell(what);
    },
    connected: (isUp) => {
      sinceMs = env.nowMs();
      if (isUp) {
        sendHello();
        sendReport();
        queue.retryNow();
      }
      onState.tell(state());
    },
  });
  const queue = makeKeyedQueue<string>({
    env,
    inFlightMax: 64,
    keysMax: 100_000,
    send: async (key, text) => {
      await peer.put('status', key, text);
    },
  });

  peer.follow({
    bucket: 'work',
    prefix: `${cluster}.`,
    begin: () => onWork.tell({ type: 'Init' }),
    record: ({ text }) => {
      // What the hub did not sign is refused.
      if (text === forged) return;
      const item: WorkItem = JSON.parse(text);
      // Never an older one; the same again is let through, as a whole reading may bring it.
      const knownSeq = seqs.get(item.id) ?? 0;
      if (item.seq < knownSeq) {
        onWork.tell({ type: 'Outdated', id: item.id, ref: item.ref, knownSeq });
        return;
      }
      seqs.set(item.id, item.seq);
      onWork.tell({ type: 'Item', item });
    },
    done: (keys) => onWork.tell({ type: 'InitDone', ids: keys.map((key) => key.slice(cluster.length + 1)) }),
  });

  const tick = (): void => {
    if (stopped) return;
    beats += 1;
    up('beat', { seq: beats, nowMs: env.nowMs(), reportSeq: newestReportSeq, ...beat() });
    env.setTimer(beatIntervalMs, tick);
  };
  process.after(beatIntervalMs, 'first beat', tick);

  return {
    cluster,
    bootId,
    state,
    onState: onState.add,
    setHello: (facts) => {
      hello = facts;
      if (peer.connected()) sendHello();
    },
    setBeat: (facts) => {
      beat = facts;
    },
    helloChanged: () => {
      if (peer.connected()) sendHello();
    },
    publishReport: (given) => {
      newestReportSeq = given.seq;
      const message = reports.next(given);
      witness.reported(given);
      if (!peer.connected()) return false;
      publish(message);
      return true;
    },
    publishStatus: (given) => {
      const text = JSON.stringify(given);
      const item: StatusItem = JSON.parse(text);
      witness.answered(item);
      void queue.put(itemKey(cluster, item.id), text);
    },
    rememberSeq: (id, seq) => {
      seqs.set(id, Math.max(seq, seqs.get(id) ?? 0));
    },
    onWork: onWork.add,
    onWant: onWant.add,
    // The model's members serve no kinds of their own.
    onKindsWanted: () => () => undefined,
    publishKind: () => false,
    stop: async () => {
      stopped = true;
      queue.stop();
    },
  };
};
