/** @module The hub's own state as a fleet to plan over: its clusters on copies of their rooms, its workloads, and what a review supposes. */
import { type Cluster, hanseGroup, type PlanReviewSpec, storedPlacement, type WorkloadRef } from '../../../shared/api/index.ts';
import { emptyReport, type PodShape, type Read } from '../../../shared/capacity/index.ts';
import { isFinishedJob } from '../../../shared/kube/job-end.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { prefixOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import {
  type ClusterView,
  type OtherWorkload,
  type PriorityClasses,
  priorityClassesOf,
  priorityOf,
  shapeIn,
} from '../../../shared/placement/index.ts';
import {
  type AddedNodes,
  addedNodesFault,
  type NoCluster,
  type PlanCluster,
  type PlanFleet,
  type PlanTask,
  type RemovedWorkload,
  reportLoad,
  warningsOf,
  withAddedNodes,
  withPods,
} from '../../../shared/plan/index.ts';
import { type ClusterRecord, type Directory, strangerOf, viewOf } from '../cluster/directory.ts';
import { healthTaints } from '../cluster/health.ts';
import { type Ledger, unseen } from '../cluster/ledger.ts';
import type { NamedObjects } from '../dependencies/index.ts';
import { type KindCatalog, objectKeyOf, refOf, replicasOf, typeOfKey, workIdOf } from '../kinds.ts';
import { workloadOf } from '../placement/decide.ts';
import { lingeringOf, shapesOf } from '../placement/entry.ts';
import { placementOf } from '../placement/names.ts';
import { nodeFactsOf } from '../placement/node-facts.ts';
import { createPolicyBook, type PolicyBook, policyPrefixes } from '../placement/policies.ts';
import { runsAlone } from '../placement/singleton.ts';
import { misfitsUnder } from '../work/render.ts';
import type { Told } from '../work/replicas.ts';
import { withFollowing } from './following.ts';
import { type Overlay, overlayOf } from './overlay.ts';

/** What the hub plans from; only read. */
export type PlanSources = {
  readonly store: Store;
  readonly catalog: KindCatalog;
  readonly directory: Directory;
  readonly ledger: Pick<Ledger, 'copy'>;
  readonly told: Told;
  readonly nowMs: () => number;
};

/** The policies in force under the overlay, and the objects that they or their predecessors select. */
const policiesUnder = (sources: PlanSources, overlay: Overlay): { book: PolicyBook; selected: Set<StorageKey> } => {
  const { store, catalog } = sources;
  const book = createPolicyBook(store, catalog);
  const selected = new Set<StorageKey>();
  const put = (key: StorageKey, object: KubeObject): void => {
    for (const touched of book.put(key, object)) selected.add(touched);
  };
  for (const prefix of policyPrefixes) for (const { key, object } of store.list(prefix)) if (!overlay.policies.has(key)) put(key, object);
  for (const [key, object] of overlay.policies) if (object !== undefined) put(key, object);
  return { book, selected };
};

/** PriorityClasses of the hub, with those of the overlay in their place. */
const classesUnder = (store: Store, overlay: Overlay): PriorityClasses => {
  const stored = store.list(prefixOf('scheduling.k8s.io', 'priorityclasses')).map(({ object }) => [object.metadata.name, object] as const);
  return priorityClassesOf(new Map([...stored, ...overlay.priorities]).values());
};

type Workloads = {
  tasks: PlanTask[];
  others: OtherWorkload[];
  unselected: WorkloadRef[];
  removed: RemovedWorkload[];
  /** Replicas by work id, for what reports do not show yet. */
  assigned: { workId: string; shapeIn: (view: ClusterView) => PodShape | undefined; replicas: ReadonlyMap<string, number> }[];
};

/** The objects of the store with those of the overlay in their place. */
const supposedObjects = (store: Store, { workloads }: Overlay): NamedObjects => ({
  get: (key) => {
    const object = workloads.has(key) ? workloads.get(key) : store.get(key)?.object;
    return object === undefined ? undefined : { object };
  },
  list: (prefix) => [
    ...store.list(prefix).filter(({ key }) => !workloads.has(key)),
    ...[...workloads].flatMap(([key, object]) => (object === undefined || !key.startsWith(prefix) ? [] : [{ key, object }])),
  ],
});

/** Every object that is or would be placed. */
const workloadsUnder = (sources: PlanSources, overlay: Overlay): Workloads => {
  const { store, catalog } = sources;
  const { book, selected } = policiesUnder(sources, overlay);
  const classes = classesUnder(store, overlay);
  for (const { object } of store.list(prefixOf(hanseGroup, 'placements'))) {
    const key = objectKeyOf(catalog, storedPlacement(object).spec.workload);
    if (key !== undefined) selected.add(key);
  }
  for (const key of overlay.workloads.keys()) selected.add(key);
  const into: Workloads = { tasks: [], others: [], unselected: [], removed: [], assigned: [] };
  const supposed = supposedObjects(store, overlay);
  for (const key of [...selected].sort()) {
    const isAsked = overlay.workloads.has(key);
    const stored = store.get(key)?.object;
    const isRemoved = isAsked && overlay.workloads.get(key) === undefined;
    const object = isRemoved ? stored : (overlay.workloads.get(key) ?? stored);
    if (object === undefined) continue;
    const { placement } = placementOf(store, refOf(object));
    const policy = isRemoved ? undefined : book.policyOf(object);
    const shapes = shapesOf(object, policy, supposed);
    const type = typeOfKey(catalog, key);
    const replicas = replicasOf(object, type);
    const misfits = policy === undefined ? undefined : misfitsUnder(object, type, policy);
    const lingering = lingeringOf(sources, workIdOf(key), placement);
    const priority = priorityOf(object, classes);
    const isSingleton = runsAlone(store, object, policy);
    const nodes = nodeFactsOf(sources.directory, workIdOf(key), placement);
    const workload = workloadOf({ object, replicas, ...shapes, misfits, before: placement, lingering, isSingleton, priority, nodes });
    const { ref, labels = {}, current } = workload;
    const inCluster = (view: ClusterView): PodShape | undefined =>
      policy === undefined ? shapes.shape : shapeIn({ policy, workload }, view);
    into.assigned.push({ workId: workIdOf(key), shapeIn: inCluster, replicas: new Map([...lingering, ...current]) });
    const stays = policy === undefined || object.metadata.deletionTimestamp !== undefined || isFinishedJob(object);
    if (isRemoved) into.removed.push({ workload, policy: placement?.spec.policy ?? '' });
    else if (!stays) {
      const unplacedBefore = placement?.status?.unplaced;
      const task = { object, before: placement, policy, workload, isAsked, ...warningsOf(object, classes) };
      into.tasks.push(unplacedBefore === undefined ? task : { ...task, unplacedBefore });
    } else {
      if (current.size > 0) into.others.push({ ref, labels, clusters: [...current.keys()], apart: policy?.apart.required ?? [] });
      if (policy === undefined && isAsked) into.unselected.push(ref);
    }
  }
  return into;
};

/** What a cluster that nobody has heard is tainted with. */
const unheardTaints = new Set<string>(Object.values(healthTaints));

/** The view without what keeps a cluster closed that has not joined: its nodes are supposed to be there. */
const asJoined = (view: ClusterView): ClusterView => {
  const { closed, ...rest } = view;
  return closed?.reason === 'pending' ? { ...rest, taints: rest.taints.filter(({ key }) => !unheardTaints.has(key)) } : view;
};

type ClusterInput = { readonly record: ClusterRecord; readonly object: Cluster; readonly added: readonly AddedNodes[] };

const planCluster = (sources: PlanSources, { record, object, added }: ClusterInput, workloads: Workloads): PlanCluster => {
  const { name, report: heard } = record;
  const report = added.length === 0 ? heard : withAddedNodes(heard ?? emptyReport, added);
  const view = viewOf(record, object, () => undefined);
  const onTheWay = workloads.assigned.flatMap(({ workId, shapeIn: asked, replicas }) => {
    const count = report === undefined ? 0 : unseen(report, workId, replicas.get(name) ?? 0);
    const shape = count > 0 ? asked(view) : undefined;
    return shape === undefined ? [] : [{ shape, count }];
  });
  return {
    view: added.length > 0 && heard === undefined ? asJoined(view) : view,
    newRoom: () => (report === undefined ? undefined : sources.ledger.copy(name, report)),
    load: report === undefined ? undefined : onTheWay.reduce(withPods, reportLoad(report)),
  };
};

const clustersUnder = (
  sources: PlanSources,
  overlay: Overlay,
  added: readonly AddedNodes[],
  workloads: Workloads,
): Extract<Read<readonly PlanCluster[]>, { readonly ok: true }> | NoCluster => {
  const { directory, nowMs } = sources;
  const records = new Map(directory.all().map((record) => [record.name, record]));
  const names = [...new Set([...records.keys(), ...overlay.clusters.keys()])].sort();
  const clusters: PlanCluster[] = [];
  for (const name of names) {
    const record = records.get(name) ?? strangerOf(name, nowMs());
    const isDeleted = overlay.clusters.has(name) && overlay.clusters.get(name) === undefined;
    const object = overlay.clusters.get(name) ?? record.object;
    if (object === undefined) continue;
    const mine = added.filter(({ cluster }) => cluster === name);
    const made = planCluster(sources, { record, object, added: mine }, workloads);
    const closed = { reason: 'deleting', message: 'the cluster is deleted' };
    clusters.push(isDeleted ? { ...made, view: { ...made.view, closed }, isLost: true } : made);
  }
  const stray = added.findIndex(({ cluster }) => !clusters.some(({ view }) => view.name === cluster));
  if (stray < 0) return { ok: true, value: clusters };
  const message = `no cluster ${JSON.stringify(added[stray]?.cluster)}; a new one needs a Cluster object beside it`;
  return { ok: false, field: `addNodes[${stray}].cluster`, message };
};

/** The hub's fleet with what a review supposes of objects and nodes; losses are applied to it afterwards. */
export const fleetUnder = (
  sources: PlanSources,
  { objects = [], deletions = [], addNodes = [] }: Pick<PlanReviewSpec, 'objects' | 'deletions' | 'addNodes'>,
): Read<PlanFleet> | NoCluster => {
  const overlay = overlayOf(sources.store, sources.catalog, objects, deletions);
  if (!overlay.ok) return overlay;
  for (const [at, added] of addNodes.entries()) {
    const fault = addedNodesFault(added, `addNodes[${at}].resources`);
    if (fault !== undefined) return { ok: false, message: fault };
  }
  const workloads = workloadsUnder(sources, overlay.value);
  const clusters = clustersUnder(sources, overlay.value, addNodes, workloads);
  if (!clusters.ok) return clusters;
  const { tasks, others, unselected, removed } = workloads;
  const fleet = { clusters: clusters.value, tasks, others, unselected, removed };
  if (unselected.length === 0) return { ok: true, value: fleet };
  const supposed = supposedObjects(sources.store, overlay.value);
  return { ok: true, value: withFollowing(fleet, supposed, (ref) => objectKeyOf(sources.catalog, ref)) };
};
