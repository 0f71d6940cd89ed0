/** @module Where the Placement of an object is kept. */
import { hanseGroup, type StoredPlacement, storedPlacement, type WorkloadRef } from '../../../shared/api/index.ts';
import { parseApiVersion } from '../../../shared/kube/object.ts';
import { keyOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import { hash32 } from '../../../shared/lib/index.ts';

/** Namespace of Placements of cluster-scoped objects. */
export const systemNamespace = 'hanse-system';

/** Kept on a distributed object until it is gone from every cluster. */
export const placementFinalizer = 'hanse.dev/placement';

/** Annotation on a distributed object: `Orphan` leaves its copies in the clusters when it is deleted. */
export const onDeleteAnnotation = 'hanse.dev/on-delete';

const nameLengthMax = 253;

const nameOf = (ref: WorkloadRef, withGroup: boolean): string => {
  const { group } = parseApiVersion(ref.apiVersion);
  const full = `${ref.name}-${ref.kind.toLowerCase()}${withGroup ? `-${group === '' ? 'core' : group.replaceAll('.', '-')}` : ''}`;
  const plain = full.replace(/[^a-z0-9.-]/g, '-');
  if (plain === full && full.length <= nameLengthMax) return full;
  return `${plain.slice(0, nameLengthMax - 10)}-${hash32(`${ref.apiVersion}/${ref.name}`).toString(16)}`;
};

const sameObject = (a: WorkloadRef, b: WorkloadRef): boolean =>
  a.kind === b.kind &&
  a.name === b.name &&
  a.namespace === b.namespace &&
  parseApiVersion(a.apiVersion).group === parseApiVersion(b.apiVersion).group;

const workloadAt = (store: Store, key: StorageKey): WorkloadRef | undefined =>
  (store.get(key)?.object as StoredPlacement | undefined)?.spec?.workload;

/**
 * The key of an object's Placement: `NAME-KIND`, with the group behind it where an object of the same name and kind of another group has
 * that name already.
 */
export const placementKeyOf = (store: Store, ref: WorkloadRef): StorageKey => {
  const namespace = ref.namespace === '' ? systemNamespace : ref.namespace;
  const short = keyOf(hanseGroup, 'placements', namespace, nameOf(ref, false));
  const taken = workloadAt(store, short);
  if (taken === undefined || sameObject(taken, ref)) return short;
  return keyOf(hanseGroup, 'placements', namespace, nameOf(ref, true));
};

/** The Placement of an object and its revision. One without a status was made by somebody else, and says nothing of where the object is. */
export const placementOf = (
  store: Store,
  ref: WorkloadRef,
): { readonly key: StorageKey; readonly placement: StoredPlacement | undefined; readonly revision: number } => {
  const key = placementKeyOf(store, ref);
  const stored = store.get(key);
  const placement = stored === undefined ? undefined : storedPlacement(stored.object);
  return { key, placement: placement?.status === undefined ? undefined : placement, revision: stored?.revision ?? 0 };
};
