/** @module One object to place, read from the store: its policy, its Placement as it is, and what one of its replicas asks for. */
import { hanseGroup, type StoredPlacement, storedPlacement } from '../../../shared/api/index.ts';
import { type PodShape, podShapeOfObject, withClaims } from '../../../shared/capacity/index.ts';
import { isFinishedJob } from '../../../shared/kube/job-end.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { keyOf, prefixOf, type StorageKey, type Store, type Stored } from '../../../shared/kube/storage/index.ts';
import {
  alteredShapesOf,
  type ClusterView,
  type CompiledPolicy,
  type Decision,
  isSameEverywhere,
  jobTask,
  type PriorityClasses,
  partsBefore,
  priorityClassesOf,
  priorityOf,
  shapeIn,
  type Task,
  type TaskDecision,
  type Workload,
  withParts,
} from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { type ShapeIn, seenIn } from '../cluster/ledger.ts';
import { bag, type KindCatalog, objectKeyOf, podSpecOf, refOf, replicasOf, typeOfKey, workIdOf } from '../kinds.ts';
import { rememberBySpec } from '../remember.ts';
import { misfitsUnder } from '../work/render.ts';
import type { Told } from '../work/replicas.ts';
import { isOfLoss } from '../work/staying.ts';
import { outputOf, type PlacementOutput, workloadOf } from './decide.ts';
import { placementOf } from './names.ts';
import { type Nominated, nodeFactsOf, nominatedIn } from './node-facts.ts';
import type { PolicyBook } from './policies.ts';
import { runsAlone } from './singleton.ts';

/** One object to place. */
export type Entry = {
  readonly key: StorageKey;
  readonly workId: string;
  readonly stored: Stored;
  readonly existing: ReturnType<typeof placementOf>;
  readonly task: Task;
  /** Replicas by cluster as its Placement has them, and what lingers where it is placed no more; kinds without replicas have none. */
  readonly held: ReadonlyMap<string, number>;
  /** Nodes that its Placement keeps for it. */
  readonly nominated: Nominated;
};

/** What entries are read from. */
export type EntrySources = {
  readonly store: Store;
  readonly catalog: KindCatalog;
  readonly policies: Pick<PolicyBook, 'policyOf'>;
  readonly directory: Pick<Directory, 'get' | 'view' | 'keptBack'>;
  readonly told: Told;
};

/** Where templates of claims are looked up. */
type ObjectLookup = { readonly get: (key: StorageKey) => { readonly object: KubeObject } | undefined };

const plainShapeOf = rememberBySpec((object): PodShape | undefined =>
  podSpecOf(object) === undefined ? undefined : podShapeOfObject(object),
);

/** What one replica of an object asks for, with the claims of devices that it makes from templates; undefined for what makes no pods. */
export const shapeOf = (object: KubeObject, objects: ObjectLookup): PodShape | undefined => {
  const shape = plainShapeOf(object);
  if (shape === undefined || shape.demand.claims.length === 0) return shape;
  return withClaims(shape, (name) => {
    const template = objects.get(keyOf('resource.k8s.io', 'resourceclaimtemplates', object.metadata.namespace ?? '', name))?.object;
    return template === undefined ? undefined : bag(bag(template.spec).spec);
  });
};

/** What one replica of an object asks for, and where overrides of its policy make that another. */
export const shapesOf = (
  object: KubeObject,
  policy: CompiledPolicy | undefined,
  objects: ObjectLookup,
): Pick<Workload, 'shape' | 'altered'> => {
  const shape = shapeOf(object, objects);
  if (shape === undefined || policy === undefined) return { shape };
  const altered = alteredShapesOf(object, policy, shape, (changed) => shapeOf(changed, objects));
  return altered === undefined ? { shape } : { shape, altered };
};

/** What a replica of the task asks for in each cluster, for the ledger; in one that cannot run it, as the object says. */
export const shapeByCluster = (task: Task, viewOf: (cluster: string) => ClusterView | undefined): PodShape | undefined | ShapeIn => {
  const { shape } = task.workload;
  if (shape === undefined || isSameEverywhere(task)) return shape;
  return (cluster) => {
    const view = viewOf(cluster);
    return (view === undefined ? undefined : shapeIn(task, view)) ?? shape;
  };
};

/** Replicas of a Placement by cluster. */
export const replicasByCluster = (placement: Pick<StoredPlacement, 'spec'> | undefined): ReadonlyMap<string, number> =>
  new Map((placement?.spec.clusters ?? []).flatMap(({ name, replicas }) => (replicas === undefined ? [] : [[name, replicas] as const])));

/** What a cluster may have of a workload; of one that was not lost it is known what it was told. */
type Left = { readonly name: string; readonly replicas?: number; readonly wasLost: boolean };

/** Clusters that are owed what they had of a workload, or in which a drain or its policy left it. */
const leftIn = ({ status }: Pick<StoredPlacement, 'status'>): readonly Left[] =>
  [...(status?.staying ?? []), ...(status?.owed ?? [])].map(({ reason, ...left }) => ({ ...left, wasLost: isOfLoss(reason) }));

/** Silent clusters where it is placed no more: nothing leaves them. */
const keptIn = ({ directory }: Pick<EntrySources, 'directory'>, placement: StoredPlacement | undefined): readonly Left[] => {
  const keptBack = directory.keptBack();
  if (keptBack.size === 0) return [];
  const placed = new Set(placement?.spec.clusters.map(({ name }) => name));
  return [...keptBack].filter((name) => !placed.has(name)).map((name) => ({ name, wasLost: false }));
};

/**
 * What of a workload is in clusters that are owed it, in which a drain or its policy left it, or that it cannot leave yet: it is there when they
 * take replicas again, and needs no further room. Where they were not lost that is what they were told to have, as a report may be older than its
 * pods; of the rest, and where that is not known, what the report shows bound to a node or about to be. More of it than is owed or left is not the
 * workload's.
 */
export const lingeringOf = (
  sources: Pick<EntrySources, 'directory' | 'told'>,
  workId: string,
  placement: StoredPlacement | undefined,
): ReadonlyMap<string, number> => {
  const { directory, told } = sources;
  const shown = (name: string): number => {
    const report = directory.view(name)?.room?.report;
    const { bound, pending } = report === undefined ? { bound: 0, pending: 0 } : seenIn(report, workId);
    return bound + pending;
  };
  const left = placement === undefined ? [] : leftIn(placement);
  return new Map(
    [...keptIn(sources, placement), ...left].flatMap(({ name, replicas = Number.MAX_SAFE_INTEGER, wasLost }) => {
      const there = Math.min(replicas, (wasLost ? undefined : told(workId, name)) ?? shown(name));
      return there === 0 ? [] : [[name, there] as const];
    }),
  );
};

/** What the ledger holds of a workload until it is known how much of what is left lingers. */
export const heldAtFirst = (placement: StoredPlacement): ReadonlyMap<string, number> =>
  new Map([
    ...leftIn(placement).flatMap(({ name, replicas }) => (replicas === undefined ? [] : [[name, replicas] as const])),
    ...replicasByCluster(placement),
  ]);

/** Reads the entry of an object that a policy selects. */
export const entryOf = (sources: EntrySources, stored: Stored, policy: CompiledPolicy, classes: PriorityClasses): Entry => {
  const { store, catalog } = sources;
  const { object, key } = stored;
  const existing = placementOf(store, refOf(object));
  const type = typeOfKey(catalog, key);
  const lingering = lingeringOf(sources, workIdOf(key), existing.placement);
  const workload = workloadOf({
    object,
    replicas: replicasOf(object, type),
    ...shapesOf(object, policy, store),
    misfits: misfitsUnder(object, type, policy),
    before: existing.placement,
    lingering,
    isSingleton: runsAlone(store, object, policy),
    priority: priorityOf(object, classes),
    nodes: nodeFactsOf(sources.directory, workIdOf(key), existing.placement),
  });
  return {
    key,
    workId: workIdOf(key),
    stored,
    existing,
    task: jobTask({ workload, policy }, object, existing.placement),
    held: new Map([...lingering, ...replicasByCluster(existing.placement)]),
    nominated: nominatedIn(existing.placement?.spec.clusters ?? []),
  };
};

/** What a decision about an entry comes to, as its Placement says it. */
export const outcomeOf = (
  { stored, existing, task }: Entry,
  { decision: made, policy, preempted }: TaskDecision,
  clusters: readonly ClusterView[],
  nowMs: number,
): { readonly decision: Decision; readonly output: PlacementOutput } => {
  const before = existing.placement;
  const decision = withParts(stored.object, policy, made, partsBefore(before));
  const { replicas, isSingleton = false } = task.workload;
  const input = { object: stored.object, replicas, policy, before, clusters, preempted, isSingleton, nowMs };
  return { decision, output: outputOf(input, decision) };
};

/** The PriorityClasses of the hub. */
export const priorityClassesIn = (store: Pick<Store, 'list'>): PriorityClasses =>
  priorityClassesOf(store.list(prefixOf('scheduling.k8s.io', 'priorityclasses')).map(({ object }) => object));

/** Everything that runs and may give way: placed, with replicas, under a policy, not on its way out. */
export const placedEntries = (sources: EntrySources, classes: PriorityClasses): Entry[] =>
  sources.store.list(prefixOf(hanseGroup, 'placements')).flatMap(({ object }): Entry[] => {
    const { spec } = storedPlacement(object);
    if (spec === undefined || !spec.clusters.some(({ replicas = 0 }) => replicas > 0)) return [];
    const key = objectKeyOf(sources.catalog, spec.workload);
    const stored = key === undefined ? undefined : sources.store.get(key);
    if (stored === undefined || stored.object.metadata.deletionTimestamp !== undefined || isFinishedJob(stored.object)) return [];
    const policy = sources.policies.policyOf(stored.object);
    return policy === undefined ? [] : [entryOf(sources, stored, policy, classes)];
  });
