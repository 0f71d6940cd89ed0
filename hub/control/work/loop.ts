/** @module Sends each cluster what it should have and takes back what it should not. A key is the object's storage key. */
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey, Store, Stored, Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { CompiledPolicy } from '../../../shared/placement/index.ts';
import type { StatusItem, WorkItem } from '../../../shared/wire/index.ts';
import type { FleetBus, PublishOutcome } from '../../fleet/port.ts';
import type { Directory } from '../cluster/directory.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import type { DependencyIndex } from '../dependencies/index.ts';
import { type KindCatalog, podSpecOf, refOf, typeOfKey, workIdOf, workRefOf } from '../kinds.ts';
import { commit, controlUser } from '../objects.ts';
import { isFinishedJob } from '../placement/decide.ts';
import { onDeleteAnnotation, placementFinalizer, placementOf } from '../placement/names.ts';
import type { PolicyBook } from '../placement/policies.ts';
import { type Board, placementMark } from './board.ts';
import { decideWork, type SentRecord, type WorkAction } from './decide.ts';
import { createMoving, type Move, type Moves, noMove } from './moving.ts';
import { contentHash, renderFor, type Share } from './render.ts';

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
/** After these refusals the same item may be taken later. */
const retriedAfterMs: Readonly<Record<string, number>> = { QueueFull: 1_000, Stopped: 1_000, NotSealable: 5_000 };

const fingerprintOf = ([adopt, object, ...marks]: readonly [WorkItem['adopt'], KubeObject, ...unknown[]]): string =>
  [adopt, contentHash(object), ...marks].join(' ');

/** What one cluster should get. */
type Wanted = {
  readonly object: KubeObject;
  readonly adopt: WorkItem['adopt'];
  readonly fingerprint: string;
  readonly replicas: number | undefined;
  readonly isSingleton: boolean;
};
type Rendering = {
  readonly wanted: ReadonlyMap<string, Wanted>;
  readonly faults: ReadonlyMap<string, string>;
  readonly inputRevision: number;
};

/** Starts the loop. */
export const startWorkLoop = (options: WorkLoopOptions): WorkLoop => {
  const { store, bus, env, catalog, directory, policies, dependencies, board } = options;

  const moving = createMoving({ board, directory, policies, env, moves: options.moves });

  /** Clusters of the workloads that need the object. */
  const followed = (
    key: StorageKey,
  ): { readonly clusters: ReadonlySet<string>; readonly policy: CompiledPolicy | undefined; readonly revision: number } => {
    const clusters = new Set<string>();
    let policy: CompiledPolicy | undefined;
    let latest = 0;
    for (const workloadKey of [...dependencies.dependents(key)].sort()) {
      const workload = store.get(workloadKey)?.object;
      if (workload === undefined || workload.metadata.deletionTimestamp !== undefined) continue;
      const { placement, revision } = placementOf(store, refOf(workload));
      for (const { name } of placement?.spec.clusters ?? []) clusters.add(name);
      // Where the workload still runs, though it is on its way elsewhere, what it needs stays too.
      for (const [name, { op }] of board.sent(workIdOf(workloadKey))) if (op === 'apply') clusters.add(name);
      policy ??= placement === undefined ? undefined : policies.byId(placement.spec.policy);
      latest = Math.max(latest, revision);
    }
    return { clusters, policy, revision: latest };
  };

  const render = (stored: Stored, placement: StoredPlacement | undefined, placementRevision: number, move: Move): Rendering => {
    const { object, key } = stored;
    const type = typeOfKey(catalog, key);
    const policy = placement === undefined ? undefined : policies.byId(placement.spec.policy);
    const follow = followed(key);
    const shares = new Map<string, Share>([...follow.clusters].map((name) => [name, { replicas: undefined }]));
    for (const { name, ...share } of placement?.spec.clusters ?? []) shares.set(name, { replicas: undefined, ...share });
    for (const [name, replicas] of move.keep) {
      const share = shares.get(name);
      if (share?.replicas !== undefined) shares.set(name, { ...share, replicas: Math.max(replicas, share.replicas) });
    }
    for (const [name, replicas] of move.wait) {
      if (replicas === 0) shares.delete(name);
      else shares.set(name, { ...shares.get(name), replicas });
    }
    for (const name of move.shut) shares.delete(name);
    // A new fence asks for the same content once more, under a number above it.
    const marksOf = (name: string): unknown[] => (move.isSingleton ? ['singleton', options.moves.fenceOf(name)] : []);
    const adopt = policy?.adopt ?? follow.policy?.adopt ?? 'Never';
    const wanted = new Map<string, Wanted>();
    const faults = new Map<string, string>();
    for (const [name, share] of shares) {
      const rendered = renderFor(object, type, share, policy, directory.view(name)?.labels ?? {});
      if (rendered.ok)
        wanted.set(name, {
          object: rendered.object,
          adopt,
          fingerprint: fingerprintOf([adopt, rendered.object, ...marksOf(name)]),
          isSingleton: move.isSingleton,
          replicas: share.replicas,
        });
      else faults.set(name, rendered.message);
    }
    const policyRevision = policy === undefined ? 0 : policies.revisionOf(policy.id);
    return { wanted, faults, inputRevision: Math.max(stored.revision, placementRevision, follow.revision, policyRevision) };
  };

  const onOutcome = (key: StorageKey, id: string, cluster: string, seq: number, outcome: PublishOutcome): void => {
    const entry = board.sent(id).get(cluster);
    if (outcome.ok || outcome.reason === 'Superseded' || entry?.seq !== seq) return;
    env.log.warn('work could not be sent', { cluster, id, reason: outcome.reason, message: outcome.message });
    const afterMs = retriedAfterMs[outcome.reason];
    board.put(id, cluster, { ...entry, problem: outcome.message, ...(afterMs === undefined ? {} : { fingerprint: 'not sent' }) });
    options.onSent(key);
    if (afterMs !== undefined) controller.addAfter(key, afterMs);
  };

  const send = (key: StorageKey, id: string, cluster: string, wanted: Wanted | undefined): void => {
    const type = typeOfKey(catalog, key);
    if (type === undefined) {
      env.log.warn('work of a kind that nobody serves any more is left as it is', { cluster, id });
      return;
    }
    const seq = Math.max(
      store.revision(),
      (board.sent(id).get(cluster)?.seq ?? 0) + 1,
      (board.answer(id, cluster)?.seq ?? 0) + 1,
      options.moves.fenceOf(cluster) + 1,
    );
    const common = { v: 1, cluster, id, seq, ref: workRefOf(key, type) } as const;
    const item: WorkItem =
      wanted === undefined
        ? { ...common, op: 'withdraw', adopt: 'Never' }
        : { ...common, op: 'apply', object: wanted.object, adopt: wanted.adopt, ...(wanted.isSingleton ? { singleton: true } : {}) };
    board.put(id, cluster, {
      seq,
      op: item.op,
      fingerprint: wanted?.fingerprint,
      problem: undefined,
      replicas: wanted?.replicas,
      isSingleton: wanted?.isSingleton === true,
    });
    void bus.publishWork(item).then((outcome) => onOutcome(key, id, cluster, seq, outcome));
  };

  const act = (key: StorageKey, id: string, action: WorkAction, rendering: Rendering | undefined): void => {
    const wanted = rendering?.wanted.get(action.cluster);
    switch (action.do) {
      case 'publish':
        send(key, id, action.cluster, wanted);
        return;
      case 'withdraw':
        send(key, id, action.cluster, undefined);
        for (const dependency of dependencies.dependencies(key)) controller.add(dependency);
        return;
      case 'keep': {
        const entry = board.sent(id).get(action.cluster);
        if (entry !== undefined)
          board.put(id, action.cluster, { ...entry, fingerprint: wanted?.fingerprint, replicas: wanted?.replicas, isAssumed: true });
        return;
      }
      case 'forget':
        board.drop(id, action.cluster);
        void bus.forgetWork(action.cluster, id);
    }
  };

  /**
   * The cluster answers newer work than the broker holds: a write of an earlier run came late and overwrote its successor. What the record says
   * is not what the cluster has, and nothing below what it has will be taken.
   */
  const isOvertaken = (id: string, cluster: string): boolean =>
    (board.answer(id, cluster)?.seq ?? 0) > (board.sent(id).get(cluster)?.seq ?? 0);

  const recordsOf = (id: string): ReadonlyMap<string, SentRecord> =>
    new Map(
      [...board.sent(id)].map(([cluster, entry]) => {
        const answer = board.answer(id, cluster);
        const isWithdrawn = entry.op === 'withdraw' && answer?.phase === 'Withdrawn' && answer.seq >= entry.seq;
        const isMistaken = isOvertaken(id, cluster) || (entry.isAssumed === true && moving.isDoubtful(id, cluster, entry.replicas));
        return [cluster, { seq: entry.seq, op: entry.op, fingerprint: isMistaken ? undefined : entry.fingerprint, isWithdrawn }];
      }),
    );

  /** The object may go: its copies are gone, or are meant to stay. */
  const release = async (stored: Stored, existing: ReturnType<typeof placementOf>): Promise<Outcome> => {
    const finalizers = (stored.object.metadata.finalizers ?? []).filter((name) => name !== placementFinalizer);
    const object = { ...stored.object, metadata: { ...stored.object.metadata, finalizers } };
    const own: Write =
      finalizers.length === 0
        ? { op: 'delete', key: stored.key, expected: stored.revision, object, by: controlUser }
        : { op: 'put', key: stored.key, expected: stored.revision, object, by: controlUser };
    const { key, placement, revision } = existing;
    const writes: Write[] =
      placement === undefined
        ? [own]
        : [own, { op: 'delete', key, expected: revision, object: placement as unknown as KubeObject, by: controlUser }];
    return (await commit(store, writes)) ?? done;
  };

  /** Keeps the index of dependencies and brings what it touches along. */
  const follow = (key: StorageKey, object: KubeObject | undefined, placement: StoredPlacement | undefined): void => {
    const policy = placement === undefined ? undefined : policies.byId(placement.spec.policy);
    const leads =
      object !== undefined && placement !== undefined && podSpecOf(object) !== undefined && policy?.propagateDependencies !== false;
    for (const dependency of dependencies.put(key, leads ? object : undefined)) if (dependency !== key) controller.add(dependency);
  };

  const reconcile = async (key: StorageKey): Promise<Outcome> => {
    if (!board.isRead()) return { outcome: 'again', afterMs: boardWaitMs };
    const stored = store.get(key);
    const id = workIdOf(key);
    const isDeleted = stored === undefined || stored.object.metadata.deletionTimestamp !== undefined;
    const existing = stored === undefined ? undefined : placementOf(store, refOf(stored.object));
    follow(key, isDeleted ? undefined : stored.object, existing?.placement);
    const move = stored === undefined || isDeleted ? noMove : moving.of(key, stored.object, existing?.placement);
    if (isDeleted) moving.forget(key);
    const rendering = stored === undefined || isDeleted ? undefined : render(stored, existing?.placement, existing?.revision ?? 0, move);
    const isOver = stored !== undefined && isFinishedJob(stored.object);
    const owed = new Set((existing?.placement?.status?.owed ?? []).map(({ name }) => name));
    const { actions, remaining } = decideWork({
      // A Job that is over stays as it was sent: nothing of it can be changed, and made anew it would run again.
      desired: new Map(
        [...(rendering?.wanted ?? [])].map(([cluster, { fingerprint }]) => [
          cluster,
          (isOver ? board.sent(id).get(cluster)?.fingerprint : undefined) ?? fingerprint,
        ]),
      ),
      sent: recordsOf(id),
      inputRevision: rendering?.inputRevision ?? 0,
      isDeleted,
      orphans:
        stored?.object.metadata.annotations?.[onDeleteAnnotation] === 'Orphan' ||
        stored?.object.metadata.finalizers?.includes('orphan') === true,
      isKnown: directory.has,
      // A cluster whose rendering failed keeps what it has, as one does that is not heard or is owed a fresh decision.
      isHeld: (cluster) =>
        directory.isUnheard(cluster) ||
        owed.has(cluster) ||
        move.keep.has(cluster) ||
        move.shut.has(cluster) ||
        move.wait.has(cluster) ||
        rendering?.faults.has(cluster) === true,
      isDoubtful: (cluster) =>
        isOvertaken(id, cluster) ||
        moving.isDoubtful(id, cluster, rendering?.wanted.get(cluster)?.replicas) ||
        (move.isSingleton && (board.sent(id).get(cluster)?.seq ?? 0) <= options.moves.fenceOf(cluster)),
    });
    for (const action of actions) act(key, id, action, rendering);
    // An agent that starts anew tells again what it withdrew; by then its record may have been forgotten.
    for (const cluster of board.strays(id)) act(key, id, { do: 'forget', cluster }, rendering);
    for (const [cluster, message] of rendering?.faults ?? []) {
      const entry = board.sent(id).get(cluster) ?? { seq: 0, op: 'apply', fingerprint: undefined };
      board.put(id, cluster, { ...entry, problem: message });
    }
    if (stored !== undefined && !isDeleted)
      board.putRendered(id, { generation: stored.object.metadata.generation ?? 0, placement: placementMark(existing?.placement) });
    // One that is gone is looked at too: workloads that it followed may have been short of nothing else.
    if (stored === undefined || !isDeleted) options.onSent(key);
    const isHolding = stored?.object.metadata.finalizers?.includes(placementFinalizer) === true;
    if (stored !== undefined && existing !== undefined && isDeleted && isHolding && remaining.length === 0)
      return release(stored, existing);
    return move.againMs === undefined ? done : { outcome: 'again', afterMs: move.againMs };
  };

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
