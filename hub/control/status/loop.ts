/** @module Brings what members say of an object into its status on the hub. A key is the object's storage key. */
import type { ClusterCondition, Placement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey, Store, Stored, Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { StatusItem } from '../../../shared/wire/index.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import { bag, groupKind, type KindCatalog, refOf, typeOfKey, workIdOf } from '../kinds.ts';
import { commit, controlUser, sameJson, timeText } from '../objects.ts';
import { placementOf } from '../placement/names.ts';
import type { Board } from '../work/board.ts';
import { aggregateStatus } from './aggregate.ts';
import { type Answer, appliedCondition } from './applied.ts';
import type { Part } from './parts.ts';

/** What the loop is built from. */
export type StatusLoopOptions = {
  readonly store: Store;
  readonly env: RuntimeEnv;
  readonly catalog: KindCatalog;
  readonly board: Board;
  readonly events: EventRecorder;
};

/** A running loop. */
export type StatusLoop = Pick<Controller, 'add' | 'addAfter' | 'pending' | 'stop'>;

const workers = 32;

/** True when the member's own controllers have seen what was applied. */
const hasObserved = (item: StatusItem): boolean => {
  const observed = item.status?.observedGeneration;
  return typeof observed !== 'number' || item.generation === undefined || observed >= item.generation;
};

/** Starts the loop. */
export const startStatusLoop = ({ store, env, catalog, board, events }: StatusLoopOptions): StatusLoop => {
  const answersOf = (id: string, placement: Placement): (Answer & { readonly full: StatusItem | undefined })[] =>
    placement.spec.clusters.map(({ name }) => {
      const entry = board.sent(id).get(name);
      const item = board.answer(id, name);
      const isAnswer = item !== undefined && entry?.op === 'apply' && item.seq >= entry.seq;
      return {
        cluster: name,
        item: isAnswer ? item : undefined,
        full: item?.phase === 'Withdrawn' ? undefined : item,
        ...(entry?.problem === undefined ? {} : { problem: entry.problem }),
      };
    });

  const objectWrite = (stored: Stored, placement: Placement, revision: number): Write | undefined => {
    const { object, key } = stored;
    if (typeOfKey(catalog, key)?.hasStatus !== true) return undefined;
    const id = workIdOf(key);
    const answers = answersOf(id, placement);
    const parts = answers.map(
      ({ cluster, item, full }): Part => ({
        cluster,
        status: full?.status,
        isCurrent: full !== undefined && item?.phase === 'Applied' && hasObserved(full),
      }),
    );
    const generation = object.metadata.generation ?? 0;
    const rendered = board.rendered(id);
    const isRendered = rendered?.generation === generation && rendered.placementRevision === revision;
    const isPlaced = (placement.status?.observedGeneration ?? 0) >= generation;
    const status = aggregateStatus(
      groupKind(object),
      {
        spec: bag(object.spec),
        generation,
        before: bag(object.status),
        unplaced: placement.status?.unplaced ?? 0,
        isCurrent: isRendered && isPlaced && parts.every(({ isCurrent }) => isCurrent),
        now: timeText(env.nowMs()),
      },
      parts,
    );
    if (sameJson(status, object.status)) return undefined;
    return { op: 'put', key, expected: stored.revision, object: { ...object, status }, by: controlUser };
  };

  /** The condition `Applied`; while answers are on their way the old one stands. */
  const placementWrite = (stored: Stored, existing: ReturnType<typeof placementOf>, placement: Placement): Write | undefined => {
    const next = appliedCondition(answersOf(workIdOf(stored.key), placement));
    const old = placement.status?.conditions?.find(({ type }) => type === next.type);
    if (next.status === 'Unknown' || (old?.status === next.status && old.reason === next.reason && old.message === next.message))
      return undefined;
    if (next.status === 'False') events.record(stored.object, { type: 'Warning', reason: next.reason, message: next.message });
    const condition: ClusterCondition = {
      ...next,
      lastTransitionTime: old?.status === next.status ? old.lastTransitionTime : timeText(env.nowMs()),
    };
    const others = (placement.status?.conditions ?? []).filter(({ type }) => type !== next.type);
    const object = { ...placement, status: { ...placement.status, conditions: [...others, condition] } } as unknown as KubeObject;
    return { op: 'put', key: existing.key, expected: existing.revision, object, by: controlUser };
  };

  const reconcile = async (key: StorageKey): Promise<Outcome> => {
    const stored = store.get(key);
    if (stored === undefined) return done;
    const existing = placementOf(store, refOf(stored.object));
    const { placement } = existing;
    if (placement === undefined || !board.isRead()) return done;
    const writes = [objectWrite(stored, placement, existing.revision), placementWrite(stored, existing, placement)].filter(
      (write) => write !== undefined,
    );
    return writes.length === 0 ? done : ((await commit(store, writes)) ?? done);
  };

  const controller = startController({ name: 'status', env, workers, reconcile });
  return { add: controller.add, addAfter: controller.addAfter, pending: controller.pending, stop: controller.stop };
};
