/** @module Hands work to the bus, and keeps on the board what was sent and what became of it. */
import type { StorageKey, Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { WorkItem } from '../../../shared/wire/index.ts';
import type { FleetBus, PublishOutcome } from '../../fleet/port.ts';
import { type KindCatalog, typeOfKey, workRefOf } from '../kinds.ts';
import type { Board } from './board.ts';
import type { WorkAction } from './decide.ts';
import type { Moves } from './moving.ts';
import type { Rendering, Wanted } from './rendering.ts';

/** What work is sent with. */
export type SendingOptions = {
  readonly store: Store;
  readonly bus: FleetBus;
  readonly env: RuntimeEnv;
  readonly catalog: KindCatalog;
  readonly board: Board;
  readonly moves: Pick<Moves, 'fenceOf'>;
  /** Something could not be sent: the object's status may change. */
  readonly onFailed: (key: StorageKey) => void;
  /** The object should be looked at again after so many ms. */
  readonly again: (key: StorageKey, afterMs: number) => void;
  /** Something is taken back from a cluster. */
  readonly onWithdrawn: (key: StorageKey) => void;
};

/** After these refusals the same item may be taken later. */
const retriedAfterMs: Readonly<Record<string, number>> = { QueueFull: 1_000, Stopped: 1_000, NotSealable: 5_000 };

/** Does what was decided for one object (its storage key and its work id) in one cluster. */
export type Sending = (key: StorageKey, id: string, action: WorkAction, rendering: Rendering | undefined) => void;

/** Makes the sending. */
export const createSending = (options: SendingOptions): Sending => {
  const { store, bus, env, board } = options;

  const onOutcome = (key: StorageKey, { id, cluster, seq }: WorkItem, outcome: PublishOutcome): void => {
    const entry = board.sent(id).get(cluster);
    if (outcome.ok || outcome.reason === 'Superseded' || entry?.seq !== seq) return;
    env.log.warn('work could not be sent', { cluster, id, reason: outcome.reason, message: outcome.message });
    const afterMs = retriedAfterMs[outcome.reason];
    board.put(id, cluster, { ...entry, problem: outcome.message, ...(afterMs === undefined ? {} : { fingerprint: 'not sent' }) });
    options.onFailed(key);
    if (afterMs !== undefined) options.again(key, afterMs);
  };

  /** Above all that was ever said of the object in the cluster. */
  const nextSeq = (id: string, cluster: string): number =>
    Math.max(
      store.revision(),
      (board.sent(id).get(cluster)?.seq ?? 0) + 1,
      (board.answer(id, cluster)?.seq ?? 0) + 1,
      options.moves.fenceOf(cluster) + 1,
    );

  const send = (key: StorageKey, id: string, cluster: string, wanted: Wanted | undefined): void => {
    const type = typeOfKey(options.catalog, key);
    if (type === undefined) {
      env.log.warn('work of a kind that nobody serves any more is left as it is', { cluster, id });
      return;
    }
    const seq = nextSeq(id, cluster);
    const revision = store.revision();
    const common = { v: 1, cluster, id, seq, ...(seq > revision ? { revision } : {}), ref: workRefOf(key, type) } as const;
    const item: WorkItem =
      wanted === undefined
        ? { ...common, op: 'withdraw', adopt: 'Never' }
        : {
            ...common,
            op: 'apply',
            object: wanted.object,
            adopt: wanted.adopt,
            ...(wanted.isSingleton ? { singleton: true } : {}),
            ...(wanted.leaving.length === 0 ? {} : { leaving: wanted.leaving }),
            ...(wanted.nominated.length === 0 ? {} : { nominated: wanted.nominated }),
          };
    board.put(id, cluster, {
      seq: item.seq,
      op: item.op,
      fingerprint: wanted?.fingerprint,
      problem: undefined,
      replicas: wanted?.replicas,
      isSingleton: wanted?.isSingleton === true,
    });
    void bus.publishWork(item).then((outcome) => onOutcome(key, item, outcome));
  };

  /** What an earlier run of the hub sent is taken for what is wanted now. */
  const keep = (id: string, cluster: string, wanted: Wanted | undefined): void => {
    const entry = board.sent(id).get(cluster);
    if (entry === undefined) return;
    board.put(id, cluster, { ...entry, fingerprint: wanted?.fingerprint, replicas: wanted?.replicas, isAssumed: true });
  };

  return (key, id, { do: what, cluster }, rendering) => {
    const wanted = rendering?.wanted.get(cluster);
    switch (what) {
      case 'publish':
        send(key, id, cluster, wanted);
        return;
      case 'withdraw':
        send(key, id, cluster, undefined);
        options.onWithdrawn(key);
        return;
      case 'keep':
        keep(id, cluster, wanted);
        return;
      case 'forget':
        board.drop(id, cluster);
        void bus.forgetWork(cluster, id);
    }
  };
};
