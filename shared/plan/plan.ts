/** @module What would be decided: every workload in the order of its priority, over one ledger, with nothing written. */
import type { ExplanationRow, PlacedCluster, PlacementCost, WorkloadRef } from '../api/index.ts';
import { type PodShape, podShapeOf } from '../capacity/index.ts';
import type { KubeObject } from '../kube/object.ts';
import {
  bag,
  type ClusterView,
  type CompiledPolicy,
  type OtherWorkload,
  place,
  podTemplateOf,
  policyFor,
  refOf,
  replicasOf,
} from '../placement/index.ts';
import { type PlanObjects, refKey } from './input.ts';
import type { PlanCluster } from './offline.ts';
import { type Presence, presenceOf } from './present.ts';

/** One object of a plan. */
export type PlannedPlacement = {
  readonly object: WorkloadRef;
  /** `namespace/name`, or `name` of a ClusterPlacementPolicy. */
  readonly policy: string;
  /** Undefined for kinds without replicas. */
  readonly replicas: number | undefined;
  /** Clusters that have or had some, sorted by name. */
  readonly clusters: readonly { readonly cluster: string; readonly replicas: number; readonly before: number }[];
  readonly unplaced: number;
  readonly reason: string;
  readonly message: string;
  readonly cost: PlacementCost | undefined;
  readonly explain: readonly ExplanationRow[];
};

/** What would be. */
export type Plan = {
  /** In the order of decision. */
  readonly placements: readonly PlannedPlacement[];
  /** Objects that no policy selects. */
  readonly unselected: readonly WorkloadRef[];
};

type Item = {
  readonly object: KubeObject;
  readonly policy: CompiledPolicy;
  readonly priority: number;
  readonly replicas: number | undefined;
  readonly shape: PodShape | undefined;
  readonly presence: ReadonlyMap<string, Presence>;
};

const priorityOf = (object: KubeObject, priorities: PlanObjects['priorities']): number => {
  const { priorityClassName } = bag(podTemplateOf(object)?.spec);
  const named = typeof priorityClassName === 'string' && priorityClassName !== '' ? priorityClassName : '';
  return priorities.get(named) ?? priorities.get('') ?? 0;
};

const shapeOf = (object: KubeObject): PodShape | undefined => {
  const template = podTemplateOf(object);
  return template === undefined ? undefined : podShapeOf(template.spec, { ...template.metadata, namespace: object.metadata.namespace });
};

const textOf = (ref: WorkloadRef): string => `${ref.namespace}/${ref.name}/${ref.apiVersion}/${ref.kind}`;

const itemsOf = (objects: PlanObjects, clusters: readonly PlanCluster[]): { items: Item[]; unselected: WorkloadRef[] } => {
  const items: Item[] = [];
  const unselected: WorkloadRef[] = [];
  for (const object of objects.workloads) {
    const { apiVersion, kind, metadata } = object;
    const policy = policyFor(objects.policies, {
      apiVersion,
      kind,
      namespace: metadata.namespace ?? '',
      name: metadata.name,
      labels: metadata.labels ?? {},
    });
    if (policy === undefined) {
      unselected.push(refOf(object));
      continue;
    }
    items.push({
      object,
      policy,
      priority: priorityOf(object, objects.priorities),
      replicas: replicasOf(object, undefined),
      shape: shapeOf(object),
      presence: presenceOf(object, objects.placements.get(refKey(refOf(object))), clusters),
    });
  }
  const order = (a: Item, b: Item): number => b.priority - a.priority || (textOf(refOf(a.object)) < textOf(refOf(b.object)) ? -1 : 1);
  return { items: items.sort(order), unselected };
};

const clustersOf = (placed: readonly PlacedCluster[], presence: ReadonlyMap<string, Presence>): PlannedPlacement['clusters'] => {
  const after = new Map(placed.map(({ name, replicas }) => [name, replicas ?? 1]));
  return [...new Set([...after.keys(), ...presence.keys()])]
    .sort()
    .map((cluster) => ({ cluster, replicas: after.get(cluster) ?? 0, before: presence.get(cluster)?.replicas ?? 0 }));
};

/**
 * Plans all workloads. Room that replicas on their way hold is taken off first; what a decision adds is taken off for those after it, and
 * what it removes is not given back: it is there until it is gone.
 */
export const makePlan = (objects: PlanObjects, clusters: readonly PlanCluster[], env: { readonly nowMs: number }): Plan => {
  const { items, unselected } = itemsOf(objects, clusters);
  const views: readonly ClusterView[] = clusters.map(({ view }) => view);
  const roomOf = new Map(views.map((view) => [view.name, view.room]));
  const hold = (item: Item, cluster: string, count: number): void => {
    if (item.shape !== undefined && count > 0) roomOf.get(cluster)?.assume({ shape: item.shape, count });
  };
  for (const item of items) for (const [cluster, { unseen }] of item.presence) hold(item, cluster, unseen);
  const others = new Map<string, OtherWorkload>(
    items.map(({ object, presence }) => [
      refKey(refOf(object)),
      { ref: refOf(object), labels: object.metadata.labels ?? {}, clusters: [...presence.keys()] },
    ]),
  );
  const placements = items.map((item): PlannedPlacement => {
    const ref = refOf(item.object);
    const labels = item.object.metadata.labels ?? {};
    const { clusters: placed, ...decision } = place(
      { policy: item.policy, clusters: views, others: [...others.values()].filter((other) => refKey(other.ref) !== refKey(ref)) },
      {
        ref,
        labels,
        replicas: item.replicas,
        shape: item.shape,
        current: new Map([...item.presence].map(([cluster, { replicas }]) => [cluster, replicas])),
        owed: new Map(),
        priority: item.priority,
      },
      env,
    );
    const { rows } = decision;
    for (const { name, replicas = 0 } of placed) hold(item, name, replicas - (item.presence.get(name)?.replicas ?? 0));
    others.set(refKey(ref), { ref, labels, clusters: placed.map(({ name }) => name) });
    return {
      object: ref,
      policy: item.policy.id,
      replicas: item.replicas,
      clusters: clustersOf(placed, item.presence),
      unplaced: decision.unplaced,
      reason: decision.reason,
      message: decision.message,
      cost: decision.cost,
      explain: rows,
    };
  });
  return { placements, unselected };
};
