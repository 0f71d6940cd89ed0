/** @module What becomes of objects that need no decision: gone, on their way out, without a policy, finished. */
import { type OwedCluster, type StoredPlacement, type StoredPlacementStatus, type WorkloadRef, whyOwn } from '../../../shared/api/index.ts';
import { isFinishedJob } from '../../../shared/kube/job-end.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { partsOf, type StorageKey, type Store, type Stored } from '../../../shared/kube/storage/index.ts';
import { isSettledJob } from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import type { Ledger } from '../cluster/ledger.ts';
import { done, type Outcome } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import { groupKind, type KindCatalog, podSpecOf, refOf, replicasOf, typeOfKey, workIdOf } from '../kinds.ts';
import { commit, controlUser } from '../objects.ts';
import { heldAtFirst, shapeOf } from './entry.ts';
import { placementFinalizer, placementOf } from './names.ts';
import { nominatedIn } from './node-facts.ts';
import { stillOwed } from './owed.ts';
import type { PolicyBook } from './policies.ts';
import { type Unselected, unselectedText } from './unselected.ts';
import { withUnselectedStatus } from './unselected-status.ts';

/** What it is made from, and whom it tells. */
export type UndecidedOptions = {
  readonly store: Store;
  readonly catalog: KindCatalog;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly policies: PolicyBook;
  readonly events: EventRecorder;
  readonly unselected: Unselected;
  readonly nowMs: () => number;
  /** The object waits for room no more. */
  readonly leaveWaiting: (key: StorageKey) => void;
  /** It holds nothing in these clusters any more. */
  readonly onGone: (key: StorageKey, clusters: readonly string[]) => void;
};

/** Answers what became of an object without a decision; undefined when it needs one. */
export type Undecided = (key: StorageKey, stored: Stored | undefined, isWarm: boolean) => Promise<Outcome> | Outcome | undefined;

const warmUpMs = 250;

const refOfKey = (catalog: KindCatalog, key: StorageKey): WorkloadRef | undefined => {
  const type = typeOfKey(catalog, key);
  if (type === undefined) return undefined;
  const { namespace, name } = partsOf(key);
  return { apiVersion: type.group === '' ? type.version : `${type.group}/${type.version}`, kind: type.kind, namespace, name };
};

/** Over the hub's state. */
export const createUndecided = (options: UndecidedOptions): Undecided => {
  const { store, catalog, directory, ledger, policies, unselected, leaveWaiting } = options;

  const forget = async (key: StorageKey): Promise<Outcome> => {
    leaveWaiting(key);
    unselected.forget(key);
    const ref = refOfKey(catalog, key);
    if (ref === undefined) return done;
    ledger.assign(workIdOf(key), undefined, new Map());
    const { key: placementKey, placement, revision } = placementOf(store, ref);
    if (placement === undefined) return done;
    const object = placement as unknown as KubeObject;
    const trouble = await commit(store, [{ op: 'delete', key: placementKey, expected: revision, object, by: controlUser }]);
    if (trouble !== undefined) return trouble;
    options.onGone(
      key,
      placement.spec.clusters.map(({ name }) => name),
    );
    return done;
  };

  /** Runs nowhere: its Event and its status say why, once its policy has had the time to come with it. */
  const waitForPolicy = async (stored: Stored): Promise<Outcome> => {
    const noted = unselected.note(stored.key, stored.object);
    if (noted.outcome !== 'done') return noted;
    // Which policy comes nearest is told by the Event and by `hanse explain`: here it would stand on when that policy is changed.
    const object = withUnselectedStatus(stored.object, () => unselectedText(stored.object, []), options.nowMs());
    if (object === undefined) return done;
    return (await commit(store, [{ op: 'put', key: stored.key, expected: stored.revision, object, by: controlUser }])) ?? done;
  };

  /** What clusters were owed was kept free for it there, and is not any more. */
  const release = ({ key, object }: Stored, next: StoredPlacement, before: readonly OwedCluster[]): void => {
    const held = heldAtFirst(next);
    ledger.assign(workIdOf(key), shapeOf(object, store), held, nominatedIn(next.spec.clusters));
    options.onGone(
      key,
      before.map(({ name }) => name).filter((name) => !held.has(name)),
    );
  };

  /**
   * A policy that goes away takes nothing with it: the object stays where it is. A cluster that was lost before and is well again is not
   * given back what it had: it was decided on, and its copies may go.
   */
  const freeze = async (stored: Stored): Promise<Outcome> => {
    const { key, placement, revision } = placementOf(store, refOf(stored.object));
    // What has no pods of its own may follow a workload that has a policy.
    if (placement === undefined) return podSpecOf(stored.object) === undefined ? done : waitForPolicy(stored);
    const { owed: before = [], ...status } = placement.status ?? {};
    const owed = stillOwed(before, directory.views());
    if (status.reason === 'NoPolicy' && owed.length === before.length) return done;
    const message = 'no policy selects the object any more; it stays where it is until a policy selects it again or it is deleted';
    const frozen: StoredPlacementStatus = { ...status, reason: 'NoPolicy', message, ...(owed.length === 0 ? {} : { owed }) };
    const next: StoredPlacement = { ...placement, status: frozen };
    const object = next as unknown as KubeObject;
    const trouble = await commit(store, [{ op: 'put', key, expected: revision, object, by: controlUser }]);
    if (trouble !== undefined) return trouble;
    if (owed.length < before.length) release(stored, next, before);
    if (status.reason !== 'NoPolicy') options.events.record(stored.object, { type: 'Warning', reason: 'NoPolicy', message });
    return done;
  };

  /** Placed before it was known to stay with its cluster: it is taken back from where it is, and is one that was never placed. */
  const retract = async (stored: Stored, placed: ReturnType<typeof placementOf>, placement: StoredPlacement): Promise<Outcome> => {
    const finalizers = (stored.object.metadata.finalizers ?? []).filter((name) => name !== placementFinalizer);
    const object = { ...stored.object, metadata: { ...stored.object.metadata, finalizers } };
    const trouble = await commit(store, [
      { op: 'put', key: stored.key, expected: stored.revision, object, by: controlUser },
      { op: 'delete', key: placed.key, expected: placed.revision, object: placement as unknown as KubeObject, by: controlUser },
    ]);
    if (trouble !== undefined) return trouble;
    leaveWaiting(stored.key);
    ledger.assign(workIdOf(stored.key), undefined, new Map());
    options.onGone(
      stored.key,
      placement.spec.clusters.map(({ name }) => name),
    );
    return done;
  };

  /** It stays with its cluster whatever policies say; who names it is told so. */
  const keepHere = (stored: Stored): Promise<Outcome> | Outcome => {
    const placed = placementOf(store, refOf(stored.object));
    if (placed.placement !== undefined) return retract(stored, placed, placed.placement);
    const isMeant = podSpecOf(stored.object) !== undefined || policies.names(stored.object);
    return isMeant ? waitForPolicy(stored) : done;
  };

  /** A change of a Job that moves none of its parts (suspended, resumed) has been seen. */
  const observe = async (stored: Stored): Promise<Outcome> => {
    const { key, placement, revision } = placementOf(store, refOf(stored.object));
    const { generation } = stored.object.metadata;
    const status = placement?.status;
    if (status === undefined || generation === undefined || status.observedGeneration === generation) return done;
    const object = { ...placement, status: { ...status, observedGeneration: generation } } as unknown as KubeObject;
    return (await commit(store, [{ op: 'put', key, expected: revision, object, by: controlUser }])) ?? done;
  };

  /** A Job is decided on until its pods have ended: then it stays where it ran and holds no room. */
  const settleJob = (stored: Stored): Promise<Outcome> | Outcome | undefined => {
    const { key, object } = stored;
    const { placement } = placementOf(store, refOf(object));
    if (!isFinishedJob(object) || placement?.status === undefined)
      return isSettledJob(object, replicasOf(object, typeOfKey(catalog, key)), placement, directory.view) ? observe(stored) : undefined;
    leaveWaiting(key);
    ledger.assign(workIdOf(key), undefined, new Map());
    return done;
  };

  return (key, stored, isWarm) => {
    if (stored === undefined) return forget(key);
    const { object } = stored;
    if (object.metadata.deletionTimestamp !== undefined) {
      leaveWaiting(key);
      return done;
    }
    if (whyOwn(object) !== undefined) return keepHere(stored);
    if (policies.policyOf(object) === undefined) return freeze(stored);
    unselected.forget(key);
    if (!isWarm) return { outcome: 'again', afterMs: warmUpMs };
    return groupKind(object) === 'batch/Job' ? settleJob(stored) : undefined;
  };
};
