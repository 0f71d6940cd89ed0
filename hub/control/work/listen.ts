/** @module What clusters answer to work, what was damaged there, and what the broker holds from before: put on the board, told to the loops. */
import type { StorageKey, Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { FleetBus } from '../../fleet/port.ts';
import { keyOfAnswer } from '../kinds.ts';
import { type Board, damaged } from './board.ts';
import type { WorkLoop } from './loop.ts';
import type { OlderCopy } from './older-copy.ts';

/** Who listens, and who is told. */
export type Listeners = {
  readonly bus: FleetBus;
  readonly board: Board;
  readonly work: Pick<WorkLoop, 'add' | 'answered'>;
  readonly env: Pick<RuntimeEnv, 'log'>;
  readonly isForeign: Store['isForeign'];
  readonly olderCopy: Pick<OlderCopy, 'look' | 'heard' | 'unknown'>;
  readonly lookAtStatus: (key: StorageKey) => void;
};

/** Adds the object of a work id, when it is known. */
export const addWork = (work: Pick<WorkLoop, 'add'>, board: Pick<Board, 'keyOf'>, id: string): void => {
  const key = board.keyOf(id);
  if (key !== undefined) work.add(key);
};

/** Begins to listen; the answer ends it. */
export const listenToClusters = ({ bus, board, work, env, isForeign, olderCopy, lookAtStatus }: Listeners): (() => void) => {
  const unsubscribe = bus.onStatus((item) => {
    board.putAnswer(item);
    const sent = board.sent(item.id).get(item.cluster);
    if (sent !== undefined && item.seq > sent.seq) olderCopy.heard(item.cluster, item.seq);
    const key = keyOfAnswer(item);
    if (key === undefined) return;
    work.answered(key, item);
    lookAtStatus(key);
  });
  const unsubscribeUnknown = bus.onUnknown((unknown) => {
    const { cluster, id, seq } = unknown.item;
    if (!olderCopy.unknown(unknown) || board.sent(id).has(cluster)) return;
    // As if the broker still held it: what is on the hub and not meant for this cluster is taken back, above what the cluster has.
    board.putAnswer(unknown.item);
    board.put(id, cluster, { seq, op: 'apply', fingerprint: undefined, problem: undefined, isForeign: true });
    addWork(work, board, id);
  });
  const unhurt = bus.onDamage(({ cluster: name, id }) => {
    if (board.keyOf(id) === undefined) {
      // Nothing of ours was ever there: what somebody put there goes.
      void bus.forgetWork(name, id);
      return;
    }
    // Whatever the record said is said again, and a withdrawal stays one: nothing is there that a move could count on. One that is not known
    // may have been a withdrawal of before our start: what the cluster should not have is withdrawn once more, above what it last answered.
    const unknown = { seq: board.answer(id, name)?.seq ?? 0, op: 'apply', problem: undefined } as const;
    board.put(id, name, { ...(board.sent(id).get(name) ?? unknown), fingerprint: damaged });
    addWork(work, board, id);
  });
  const load = async (): Promise<void> => {
    const published = await bus.publishedWork();
    await olderCopy.look(published);
    board.load(published, isForeign);
    for (const id of board.ids()) {
      for (const [cluster, { seq }] of board.sent(id)) {
        const told = board.answer(id, cluster)?.seq ?? 0;
        if (told > seq) olderCopy.heard(cluster, told);
      }
      addWork(work, board, id);
    }
  };
  load().catch((error: unknown) => env.log.error('what the broker holds could not be read; nothing is sent', { error }));
  return () => {
    unsubscribe();
    unsubscribeUnknown();
    unhurt();
  };
};
