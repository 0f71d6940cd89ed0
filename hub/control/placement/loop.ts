/** @module Decides where each selected object runs, and writes the decision. Level-triggered: a key is the object's storage key. */
import { type Placement, type PlacementStatus, placementType, type WorkloadRef } from '../../../shared/api/index.ts';
import { type PodShape, podShapeOfObject } from '../../../shared/capacity/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { partsOf, type StorageKey, type Store, type Stored, type Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { CompiledPolicy } from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import type { Ledger } from '../cluster/ledger.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import { type KindCatalog, podSpecOf, refOf, replicasOf, typeOfKey, workIdOf } from '../kinds.ts';
import { commit, controlUser, newMetadata } from '../objects.ts';
import { decidePlacement, type PlacementOutput, stillOwed } from './decide.ts';
import { placementFinalizer, placementOf } from './names.ts';
import { looksAtOthers, othersIn } from './others.ts';
import type { PolicyBook } from './policies.ts';
import { createUnselected } from './unselected.ts';

/** What the loop is built from. */
export type PlacementLoopOptions = {
  readonly store: Store;
  readonly env: RuntimeEnv;
  readonly catalog: KindCatalog;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly policies: PolicyBook;
  readonly events: EventRecorder;
  /** False while the hub has just started and has not heard its clusters yet: decisions wait. */
  readonly isWarm: () => boolean;
};

/** A running loop. */
export type PlacementLoop = Pick<Controller, 'add' | 'pending' | 'stop'> & {
  /** Room may have grown: those with unplaced replicas try again. */
  readonly retryUnplaced: () => void;
  /** Takes the replicas of a Placement that exists into the ledger. */
  readonly remember: (object: KubeObject, key: StorageKey, placement: Placement) => void;
};

const warmUpMs = 250;
/** Room that grows step by step is looked at together. */
const retryMs = 200;
const workers = 32;

const shapeOf = (object: KubeObject): PodShape | undefined => (podSpecOf(object) === undefined ? undefined : podShapeOfObject(object));

const replicasByCluster = (placement: Placement | undefined): ReadonlyMap<string, number> =>
  new Map((placement?.spec.clusters ?? []).flatMap(({ name, replicas }) => (replicas === undefined ? [] : [[name, replicas] as const])));

/** The larger number of each cluster. */
const largest = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
  new Map([...a.keys(), ...b.keys()].map((name) => [name, Math.max(a.get(name) ?? 0, b.get(name) ?? 0)]));

/** Starts the loop. */
export const startPlacementLoop = (options: PlacementLoopOptions): PlacementLoop => {
  const { store, env, catalog, ledger } = options;
  const unplaced = new Set<StorageKey>();
  const unselected = createUnselected(options.events, env.nowMs);
  /** Unplaced ones whose policy looks at other workloads: they try again when one of their namespace is placed. */
  const waiting = new Set<StorageKey>();

  const forget = async (key: StorageKey): Promise<Outcome> => {
    unplaced.delete(key);
    waiting.delete(key);
    unselected.forget(key);
    const type = typeOfKey(catalog, key);
    if (type === undefined) return done;
    const { namespace, name } = partsOf(key);
    const ref: WorkloadRef = {
      apiVersion: type.group === '' ? type.version : `${type.group}/${type.version}`,
      kind: type.kind,
      namespace,
      name,
    };
    ledger.assign(workIdOf(key), undefined, new Map());
    const { key: placementKey, placement, revision } = placementOf(store, ref);
    if (placement === undefined) return done;
    return (
      (await commit(store, [
        { op: 'delete', key: placementKey, expected: revision, object: placement as unknown as KubeObject, by: controlUser },
      ])) ?? done
    );
  };

  /**
   * A policy that goes away takes nothing with it: the object stays where it is. A cluster that was lost before and is well again is not
   * given back what it had: it was decided on, and its copies may go.
   */
  const freeze = async (stored: Stored): Promise<Outcome> => {
    const { key, placement, revision } = placementOf(store, refOf(stored.object));
    // What has no pods of its own may follow a workload that has a policy.
    if (placement === undefined) return podSpecOf(stored.object) === undefined ? done : unselected.note(stored.key, stored.object);
    const { owed: before = [], ...status } = placement.status ?? {};
    const owed = stillOwed(before, options.directory.views());
    if (status.reason === 'NoPolicy' && owed.length === before.length) return done;
    const message = 'no policy selects the object any more; it stays where it is until a policy selects it again or it is deleted';
    const frozen: PlacementStatus = { ...status, reason: 'NoPolicy', message, ...(owed.length === 0 ? {} : { owed }) };
    const object = { ...placement, status: frozen } as unknown as KubeObject;
    const trouble = await commit(store, [{ op: 'put', key, expected: revision, object, by: controlUser }]);
    if (trouble !== undefined) return trouble;
    if (status.reason !== 'NoPolicy') options.events.record(stored.object, { type: 'Warning', reason: 'NoPolicy', message });
    return done;
  };

  const writesOf = (stored: Stored, output: PlacementOutput, existing: ReturnType<typeof placementOf>): Write[] => {
    const { object } = stored;
    const { key, placement, revision } = existing;
    const owner = { apiVersion: object.apiVersion, kind: object.kind, name: object.metadata.name, uid: object.metadata.uid ?? '' };
    const metadata = placement?.metadata ?? { ...newMetadata(env, partsOf(key).name, partsOf(key).namespace), ownerReferences: [owner] };
    const isSpecChanged = placement !== undefined && JSON.stringify(placement.spec) !== JSON.stringify(output.spec);
    const next: KubeObject = {
      apiVersion: `${placementType.group}/${placementType.version}`,
      kind: placementType.kind,
      metadata: isSpecChanged ? { ...metadata, generation: (metadata.generation ?? 1) + 1 } : metadata,
      spec: output.spec,
      status: output.status,
    };
    const writes: Write[] = [{ op: 'put', key, expected: revision, object: next, by: controlUser }];
    const finalizers = object.metadata.finalizers ?? [];
    if (!finalizers.includes(placementFinalizer)) {
      const held = { ...object, metadata: { ...object.metadata, finalizers: [...finalizers, placementFinalizer] } };
      writes.push({ op: 'put', key: stored.key, expected: stored.revision, object: held, by: controlUser });
    }
    return writes;
  };

  const decide = async (stored: Stored, policy: CompiledPolicy): Promise<Outcome> => {
    const { object, key } = stored;
    const existing = placementOf(store, refOf(object));
    const { placement } = existing;
    const shape = shapeOf(object);
    const workId = workIdOf(key);
    const held = replicasByCluster(placement);
    // What is written counts, whatever became of the commit before: one whose outcome was unknown may be there after all.
    ledger.assign(workId, shape, held);
    const output = decidePlacement({
      object,
      replicas: replicasOf(object, typeOfKey(catalog, key)),
      shape,
      policy,
      before: placement,
      clusters: options.directory.views(),
      ...(looksAtOthers(policy) ? { others: othersIn(store, catalog, partsOf(key).namespace) } : {}),
      nowMs: env.nowMs(),
    });
    if (output.status.unplaced === 0) unplaced.delete(key);
    else unplaced.add(key);
    if (output.status.unplaced !== 0 && looksAtOthers(policy)) waiting.add(key);
    else waiting.delete(key);
    const again: Outcome =
      output.recheckAtMs === undefined ? done : { outcome: 'again', afterMs: Math.max(0, output.recheckAtMs - env.nowMs()) };
    const isHeld = object.metadata.finalizers?.includes(placementFinalizer) === true;
    if (!output.isChanged && isHeld) return again;
    // Promised before it is written: the next decision, made while this one is on its way to disk, sees it. What it gives back is free only
    // when it is written.
    const promised = new Map(
      output.spec.clusters.flatMap(({ name, replicas }) => (replicas === undefined ? [] : [[name, replicas] as const])),
    );
    ledger.assign(workId, shape, largest(held, promised));
    const trouble = await commit(store, writesOf(stored, output, existing));
    // A commit whose outcome is unknown may yet be written: both stay promised until the next pass reads what holds.
    if (trouble?.outcome !== 'retry') ledger.assign(workId, shape, trouble === undefined ? promised : held);
    if (trouble !== undefined) return trouble;
    for (const other of waiting) if (other !== key && partsOf(other).namespace === partsOf(key).namespace) controller.add(other);
    if (output.event !== undefined) options.events.record(object, output.event);
    return again;
  };

  const controller = startController({
    name: 'placement',
    env,
    workers,
    reconcile: async (key) => {
      const stored = store.get(key);
      if (stored === undefined) return forget(key);
      if (stored.object.metadata.deletionTimestamp !== undefined) {
        unplaced.delete(key);
        return done;
      }
      const policy = options.policies.policyOf(stored.object);
      if (policy === undefined) return freeze(stored);
      unselected.forget(key);
      if (!options.isWarm()) return { outcome: 'again', afterMs: warmUpMs };
      return decide(stored, policy);
    },
  });

  return {
    add: controller.add,
    pending: controller.pending,
    stop: controller.stop,
    retryUnplaced: () => {
      for (const key of unplaced) controller.addAfter(key, retryMs);
    },
    remember: (object, key, placement) => {
      ledger.assign(workIdOf(key), shapeOf(object), replicasByCluster(placement));
      if ((placement.status?.unplaced ?? 0) > 0) unplaced.add(key);
    },
  };
};
