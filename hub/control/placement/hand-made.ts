/**
 * @module What somebody else writes of Placements: they are the hub's decisions, so that a spec that was changed is put back, and a Placement
 * that the hub did not make goes. To decide anew from what was written would move what runs. A key is the Placement's storage key.
 */
import { keptPlacementStatus, type PlacementSpec, type StoredPlacement, storedPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Change, StorageKey, Store, Stored, Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import { type KindCatalog, objectKeyOf } from '../kinds.ts';
import { commit, controlUser } from '../objects.ts';

/** Where it writes, and whom it tells. */
export type HandMadeOptions = {
  readonly store: Store;
  readonly env: RuntimeEnv;
  readonly catalog: KindCatalog;
  readonly events: EventRecorder;
};

/** A running loop. */
export type HandMadeLoop = Pick<Controller, 'pending' | 'stop'> & {
  /** True when somebody else wrote the spec: it is being set right, and nobody is to go by it. */
  readonly takes: (change: Change) => boolean;
  /** True when the hub never decided this Placement: it is being taken away. */
  readonly takesStored: (stored: Stored) => boolean;
};

/** What is written through the API has its explanation as it is told; the loops keep it in the form in which it is kept. */
const isForeign = ({ status }: StoredPlacement): boolean => status?.explained === undefined;

/** A status cannot be given with a new object: only what the hub wrote has one. */
const isUndecided = ({ object }: Stored): boolean => storedPlacement(object).status === undefined;

const putBack = ({ key, revision, object }: Stored, spec: PlacementSpec): Write => {
  const { metadata, status } = storedPlacement(object);
  const next = {
    ...object,
    metadata: { ...metadata, generation: (metadata.generation ?? 1) + 1 },
    spec,
    status: keptPlacementStatus(status ?? {}),
  };
  return { op: 'put', key, expected: revision, object: next as unknown as KubeObject, by: controlUser };
};

/** Starts the loop. */
export const startHandMadeLoop = ({ store, env, catalog, events }: HandMadeOptions): HandMadeLoop => {
  /** The hub's own spec of Placements that are being put back: who writes twice must not be taken for the hub. */
  const own = new Map<StorageKey, PlacementSpec>();

  const tell = ({ workload }: PlacementSpec): void => {
    const key = objectKeyOf(catalog, workload);
    const object = key === undefined ? undefined : store.get(key)?.object;
    if (object === undefined) return;
    const message = 'its Placement was changed by somebody else and is put back: change the workload or its policy instead';
    events.record(object, { type: 'Warning', reason: 'PlacementPutBack', message });
  };

  const reconcile = async (key: StorageKey): Promise<Outcome> => {
    const stored = store.get(key);
    if (stored === undefined) return done;
    const { revision, object } = stored;
    if (isUndecided(stored)) return (await commit(store, [{ op: 'delete', key, expected: revision, object, by: controlUser }])) ?? done;
    const spec = own.get(key);
    if (spec === undefined || sameJson(spec, storedPlacement(object).spec)) return done;
    const trouble = await commit(store, [putBack(stored, spec)]);
    if (trouble === undefined) tell(spec);
    return trouble ?? done;
  };
  const controller = startController({ name: 'hand-made', env, reconcile });

  const takesStored = (stored: Stored): boolean => {
    if (!isUndecided(stored)) return false;
    // Whoever made it is answered first.
    controller.addAfter(stored.key, 0);
    return true;
  };

  const takes = ({ op, key, previous, current }: Change): boolean => {
    const now = storedPlacement(current.object);
    if (op === 'delete' || !isForeign(now)) {
      own.delete(key);
      return false;
    }
    if (previous === undefined || isUndecided(current)) return takesStored(current);
    const spec = own.get(key) ?? storedPlacement(previous.object).spec;
    if (sameJson(spec, now.spec)) return false;
    own.set(key, spec);
    controller.add(key);
    return true;
  };
  return { takes, takesStored, pending: controller.pending, stop: controller.stop };
};
