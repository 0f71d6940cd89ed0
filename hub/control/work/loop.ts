/** @module Sends each cluster what it should have and takes back what it should not. A key is the object's storage key. */
import type { StoredPlacement } from '../../../shared/api/index.ts';
import { isFinishedJob } from '../../../shared/kube/job-end.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey, Store, Stored, Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { StatusItem } from '../../../shared/wire/index.ts';
import type { FleetBus } from '../../fleet/port.ts';
import type { Directory } from '../cluster/directory.ts';
import { isWaitedFor, keepsAll } from '../cluster/liveness.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import type { DependencyIndex } from '../dependencies/index.ts';
import { type KindCatalog, podSpecOf, refOf, workIdOf } from '../kinds.ts';
import { commit, controlUser } from '../objects.ts';
import { onDeleteAnnotation, placementFinalizer, placementOf } from '../placement/names.ts';
import type { PolicyBook } from '../placement/policies.ts';
import { type Board, damaged, isWithdrawn, placementMark } from './board.ts';
import { decideWork, type SentRecord } from './decide.ts';
import { createMoving, type Moves, noMove } from './moving.ts';
import type { OlderCopy } from './older-copy.ts';
import { rendering } from './rendering.ts';
import { createSending } from './sending.ts';
import { awaitingDecision, holdsData } from './staying.ts';

/** What the loop is built from. */
export type WorkLoopOptions = {
  readonly store: Store;
  readonly bus: FleetBus;
  readonly env: RuntimeEnv;
  readonly catalog: KindCatalog;
  readonly directory: Directory;
  readonly policies: PolicyBook;
  readonly dependencies: DependencyIndex;
  readonly board: Board;
  readonly olderCopy: Pick<OlderCopy, 'isMending'>;
  /** How moves go where the policy says nothing, and which clusters have surely stopped their singletons. */
  readonly moves: Moves;
  /** Something was sent, or could not be: the object's status may change. */
  readonly onSent: (key: StorageKey) => void;
};

/** A running loop. */
export type WorkLoop = Pick<Controller, 'add' | 'pending' | 'stop'> & {
  /** A cluster answered: moves that wait for it go on. */
  readonly answered: (key: StorageKey, item: StatusItem) => void;
};

const workers = 32;
const boardWaitMs = 100;
const unplaced = { placement: undefined, revision: 0 };

/** The object may go: its copies are gone, or are meant to stay. */
const release = async (store: Store, stored: Stored, { key, placement, revision }: ReturnType<typeof placementOf>): Promise<Outcome> => {
  const finalizers = (stored.object.metadata.finalizers ?? []).filter((name) => name !== placementFinalizer);
  const object = { ...stored.object, metadata: { ...stored.object.metadata, finalizers } };
  const op = finalizers.length === 0 ? 'delete' : 'put';
  const writes: Write[] = [{ op, key: stored.key, expected: stored.revision, object, by: controlUser }];
  if (placement !== undefined)
    writes.push({ op: 'delete', key, expected: revision, object: placement as unknown as KubeObject, by: controlUser });
  return (await commit(store, writes)) ?? done;
};

/** Starts the loop. */
export const startWorkLoop = (options: WorkLoopOptions): WorkLoop => {
  const { store, env, directory, policies, dependencies, board } = options;
  const moving = createMoving({ board, directory, policies, env, moves: options.moves });

  /**
   * The cluster answers newer work than the broker holds: a write of an earlier run came late and overwrote its successor. What the record says
   * is not what the cluster has, and nothing below what it has will be taken.
   */
  const isOvertaken = (id: string, cluster: string): boolean =>
    (board.answer(id, cluster)?.seq ?? 0) > (board.sent(id).get(cluster)?.seq ?? 0);

  const recordsOf = (id: string, isStored: boolean): ReadonlyMap<string, SentRecord> =>
    new Map(
      [...board.sent(id)].map(([cluster, entry]) => {
        const isForeign = entry.isForeign === true && !isStored;
        const isLate = isOvertaken(id, cluster);
        const isMistaken = isLate || (entry.isAssumed === true && moving.isDoubtful(id, cluster, entry.replicas));
        const fingerprint = isMistaken ? undefined : entry.fingerprint;
        const isGone = isWithdrawn(entry, board.answer(id, cluster));
        const isDamaged = entry.fingerprint === damaged;
        return [cluster, { seq: entry.seq, op: entry.op, fingerprint, isWithdrawn: isGone, isOvertaken: isLate, isDamaged, isForeign }];
      }),
    );

  /** Keeps the index of dependencies and brings what it touches along. */
  const follow = (key: StorageKey, object: KubeObject | undefined, placement: StoredPlacement | undefined): void => {
    const policy = placement === undefined ? undefined : policies.byId(placement.spec.policy);
    const leads =
      object !== undefined && placement !== undefined && podSpecOf(object) !== undefined && policy?.propagateDependencies !== false;
    for (const dependency of dependencies.put(key, leads ? object : undefined)) if (dependency !== key) controller.add(dependency);
  };

  const reconcile = async (key: StorageKey): Promise<Outcome> => {
    if (!board.isRead() || options.olderCopy.isMending()) return { outcome: 'again', afterMs: boardWaitMs };
    const stored = store.get(key);
    const id = workIdOf(key);
    const isDeleted = stored === undefined || stored.object.metadata.deletionTimestamp !== undefined;
    const existing = stored === undefined ? undefined : placementOf(store, refOf(stored.object));
    follow(key, isDeleted ? undefined : stored.object, existing?.placement);
    const move = stored === undefined || isDeleted ? noMove : moving.of(key, stored.object, existing?.placement);
    if (isDeleted) moving.forget(key);
    const rendered = stored === undefined || isDeleted ? undefined : rendering(options, stored, existing ?? unplaced, move);
    const isOver = stored !== undefined && isFinishedJob(stored.object);
    const isKept = stored !== undefined && !isDeleted && holdsData(stored.object);
    const undecided = awaitingDecision(existing?.placement);
    const { actions, remaining } = decideWork({
      // A Job that is over stays as it was sent, by an earlier run too: nothing of it can be changed, and made anew it would run again.
      desired: new Map(
        [...(rendered?.wanted ?? [])].map(([cluster, { fingerprint }]) => [
          cluster,
          (isOver ? board.sent(id).get(cluster)?.fingerprint : undefined) ?? fingerprint,
        ]),
      ),
      sent: recordsOf(id, stored !== undefined),
      inputRevision: isOver ? 0 : (rendered?.inputRevision ?? 0),
      isDeleted,
      orphans:
        stored?.object.metadata.annotations?.[onDeleteAnnotation] === 'Orphan' ||
        stored?.object.metadata.finalizers?.includes('orphan') === true,
      isKnown: directory.has,
      // A cluster whose rendering failed keeps what it has, as one does that is not heard, is let go, or awaits a fresh decision.
      isHeld: (cluster) =>
        isKept ||
        (isDeleted ? !isWaitedFor(directory.liveness(cluster)) : keepsAll(directory.liveness(cluster))) ||
        !directory.isMember(cluster) ||
        undecided.has(cluster) ||
        move.keep.has(cluster) ||
        move.shut.has(cluster) ||
        move.wait.has(cluster) ||
        rendered?.faults.has(cluster) === true,
      isDoubtful: (cluster) =>
        isOvertaken(id, cluster) ||
        board.sent(id).get(cluster)?.isForeign === true ||
        moving.isDoubtful(id, cluster, rendered?.wanted.get(cluster)?.replicas) ||
        (move.isSingleton && (board.sent(id).get(cluster)?.seq ?? 0) <= options.moves.fenceOf(cluster)),
    });
    for (const action of actions) act(key, id, action, rendered);
    // An agent that starts anew tells again what it withdrew; by then its record may have been forgotten.
    for (const cluster of board.strays(id)) act(key, id, { do: 'forget', cluster }, rendered);
    for (const [cluster, message] of rendered?.faults ?? []) {
      const entry = board.sent(id).get(cluster) ?? { seq: 0, op: 'apply', fingerprint: undefined };
      board.put(id, cluster, { ...entry, problem: message });
    }
    if (stored !== undefined && !isDeleted)
      board.putRendered(id, { generation: stored.object.metadata.generation ?? 0, placement: placementMark(existing?.placement) });
    // One that is gone is looked at too: workloads that it followed may have been short of nothing else.
    if (stored === undefined || !isDeleted) options.onSent(key);
    const isHolding = stored?.object.metadata.finalizers?.includes(placementFinalizer) === true;
    if (stored !== undefined && existing !== undefined && isDeleted && isHolding && remaining.length === 0)
      return release(store, stored, existing);
    return move.againMs === undefined ? done : { outcome: 'again', afterMs: move.againMs };
  };

  const act = createSending({
    ...options,
    onFailed: options.onSent,
    again: (key, afterMs) => controller.addAfter(key, afterMs),
    onWithdrawn: (key) => {
      for (const dependency of dependencies.dependencies(key)) controller.add(dependency);
    },
  });
  const controller: Controller = startController({ name: 'work', env, workers, reconcile });
  return {
    add: controller.add,
    pending: controller.pending,
    stop: controller.stop,
    answered: (key, item) => {
      const entry = board.sent(item.id).get(item.cluster);
      const isMistaken = entry?.isAssumed === true && moving.isDoubtful(item.id, item.cluster, entry.replicas);
      const isLate = entry !== undefined && item.seq > entry.seq;
      if (item.phase === 'Withdrawn' || isLate || moving.isOpen(key) || isMistaken) controller.add(key);
    },
  };
};
