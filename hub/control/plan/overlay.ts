/** @module The hub's objects as they would be: what a review supposes laid over what is stored. */
import { type Cluster, hanseGroup, type PlanObjectRef, type WorkloadRef } from '../../../shared/api/index.ts';
import type { Read } from '../../../shared/capacity/index.ts';
import { type KubeObject, parseApiVersion } from '../../../shared/kube/object.ts';
import { keyOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import { type PlanObjects, readPlanObjects } from '../../../shared/plan/index.ts';
import { bag, type KindCatalog, objectKeyOf } from '../kinds.ts';

/** Supposed objects by storage key; undefined = deleted. */
export type Overlay = {
  readonly clusters: ReadonlyMap<string, Cluster | undefined>;
  readonly policies: ReadonlyMap<StorageKey, KubeObject | undefined>;
  readonly workloads: ReadonlyMap<StorageKey, KubeObject | undefined>;
  readonly priorities: PlanObjects['priorities'];
};

type Sorted = {
  clusters: Map<string, Cluster | undefined>;
  policies: Map<StorageKey, KubeObject | undefined>;
  workloads: Map<StorageKey, KubeObject | undefined>;
};

const policyResources: Readonly<Record<string, string>> = {
  PlacementPolicy: 'placementpolicies',
  ClusterPlacementPolicy: 'clusterplacementpolicies',
};

const policyKeyOf = ({ apiVersion, kind, namespace, name }: WorkloadRef): StorageKey | undefined => {
  const resource = parseApiVersion(apiVersion).group === hanseGroup ? policyResources[kind] : undefined;
  return resource === undefined ? undefined : keyOf(hanseGroup, resource, namespace, name);
};

const isCluster = ({ apiVersion, kind }: Pick<WorkloadRef, 'apiVersion' | 'kind'>): boolean =>
  kind === 'Cluster' && parseApiVersion(apiVersion).group === hanseGroup;

/** A Cluster with the fields given changed: who let it in and what its agent found stay. */
const mergedCluster = (stored: KubeObject | undefined, given: Cluster): Cluster => {
  if (stored === undefined) return given;
  const { spec, metadata } = stored as Cluster;
  return {
    ...(stored as Cluster),
    metadata: { ...metadata, labels: { ...metadata.labels, ...given.metadata.labels } },
    spec: { ...spec, ...given.spec },
  };
};

/** A workload in the place of the stored one; a count that the file leaves open stays as it is, for autoscalers set it. */
const mergedWorkload = (stored: KubeObject | undefined, given: KubeObject): KubeObject => {
  if (stored === undefined) return given;
  const [before, after] = [bag(stored.spec), bag(given.spec)];
  const kept = Object.fromEntries(
    ['replicas', 'parallelism'].flatMap((field) => (before[field] === undefined ? [] : [[field, before[field]]])),
  );
  const { status } = stored;
  return {
    ...given,
    metadata: { ...stored.metadata, labels: given.metadata.labels ?? {} },
    spec: { ...kept, ...after },
    ...(status === undefined ? {} : { status }),
  };
};

const takeDeletion = (deletion: PlanObjectRef, path: string, store: Store, catalog: KindCatalog, into: Sorted): string | undefined => {
  const { group, version } = parseApiVersion(deletion.apiVersion);
  const type = catalog.byKind(group, version, deletion.kind);
  if (type === undefined) return `${path}: the hub does not serve ${deletion.kind} of ${deletion.apiVersion}`;
  const ref = { ...deletion, namespace: type.namespaced ? deletion.namespace || 'default' : '' };
  const policyKey = policyKeyOf(ref);
  const key = policyKey ?? keyOf(group, type.resource, ref.namespace, ref.name);
  if (group === '' && deletion.kind === 'Namespace') return `${path}: what a Namespace holds is not looked up; name its objects`;
  if (store.get(key) === undefined)
    return `${path}: there is no ${deletion.kind} ${ref.namespace === '' ? '' : `${ref.namespace}/`}${ref.name}`;
  if (isCluster(ref)) into.clusters.set(ref.name, undefined);
  else if (policyKey !== undefined) into.policies.set(policyKey, undefined);
  else into.workloads.set(key, undefined);
  return undefined;
};

/** Lays objects and deletions over the store; names the first thing that is wrong. */
export const overlayOf = (
  store: Store,
  catalog: KindCatalog,
  objects: readonly unknown[],
  deletions: readonly PlanObjectRef[],
): Read<Overlay> => {
  const read = readPlanObjects(objects);
  if (!read.ok) return read;
  const into: Sorted = { clusters: new Map(), policies: new Map(), workloads: new Map() };
  for (const [name, given] of read.value.clusters) {
    into.clusters.set(name, mergedCluster(store.get(keyOf(hanseGroup, 'clusters', '', name))?.object, given));
  }
  for (const object of read.value.policyObjects) {
    const { apiVersion, kind, metadata } = object;
    const key = policyKeyOf({ apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name });
    if (key !== undefined) into.policies.set(key, object);
  }
  for (const object of read.value.workloads) {
    const { apiVersion, kind, metadata } = object;
    const { group, version } = parseApiVersion(apiVersion);
    const type = catalog.byKind(group, version, kind);
    if (type === undefined) return { ok: false, message: `${kind} ${metadata.name}: the hub does not serve ${kind} of ${apiVersion}` };
    const ref = { apiVersion, kind, namespace: type.namespaced ? metadata.namespace || 'default' : '', name: metadata.name };
    const key = objectKeyOf(catalog, ref);
    const placed = { ...object, metadata: { ...object.metadata, namespace: ref.namespace } };
    if (key !== undefined) into.workloads.set(key, mergedWorkload(store.get(key)?.object, placed));
  }
  for (const [at, deletion] of deletions.entries()) {
    const fault = takeDeletion(deletion, `deletions[${at}]`, store, catalog, into);
    if (fault !== undefined) return { ok: false, message: fault };
  }
  return { ok: true, value: { ...into, priorities: read.value.priorities } };
};
