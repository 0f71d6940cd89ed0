/** @module The workloads of files with the policy that holds for each and where it is now. */
import type { WorkloadRef } from '../api/index.ts';
import { type AssumedPods, type PodShape, podShapeOfObject, withClaims } from '../capacity/index.ts';
import { builtinFaults } from '../kube/builtin/index.ts';
import type { KubeObject } from '../kube/object.ts';
import { compareText } from '../lib/compare-text.ts';
import { type Bag, bagOf } from '../lib/fields.ts';
import {
  alteredShapesOf,
  type CompiledPolicy,
  decidedFields,
  groupKind,
  misfitsOf,
  type OtherWorkload,
  type PriorityClasses,
  podTemplateOf,
  policyFor,
  priorityClassesOf,
  priorityOf,
  refOf,
  refText,
  replicasLeft,
  unknownClassOf,
} from '../placement/index.ts';
import type { PlanTask } from './fleet.ts';
import { type PlanObjects, refKey } from './input.ts';
import type { OfflineCluster } from './offline.ts';
import { beforeOf, type Presence, presenceOf, supersededIn } from './present.ts';

/** What the files say of workloads. */
export type PlanTasks = {
  readonly tasks: readonly PlanTask[];
  /** Objects without a policy that are somewhere all the same. */
  readonly others: readonly OtherWorkload[];
  readonly unselected: readonly WorkloadRef[];
  /** What is on its way to each cluster, by its name. */
  readonly held: ReadonlyMap<string, readonly AssumedPods[]>;
};

/** Templates of claims among the objects, by namespace and name: members get them with the workload. A dump's own are found in the dump. */
const claimTemplatesOf = (objects: readonly KubeObject[]): ReadonlyMap<string, Bag> =>
  new Map(
    objects
      .filter((object) => groupKind(object) === 'resource.k8s.io/ResourceClaimTemplate')
      .map(({ metadata, spec }) => [`${metadata.namespace}/${metadata.name}`, bagOf(bagOf(spec).spec)]),
  );

const shapeOf = (object: KubeObject, claimTemplates: ReadonlyMap<string, Bag>): PodShape | undefined => {
  const shape = podTemplateOf(object) === undefined ? undefined : podShapeOfObject(object);
  const { namespace } = object.metadata;
  return shape && withClaims(shape, (name) => claimTemplates.get(`${namespace}/${name}`));
};

/** Policies by the kind they select, as `apps/v1/Deployment`. */
const policiesByKind = (policies: readonly CompiledPolicy[]): ReadonlyMap<string, readonly CompiledPolicy[]> => {
  const byKind = new Map<string, Set<CompiledPolicy>>();
  for (const policy of policies) {
    for (const { apiVersion, kind } of policy.resources) {
      const key = `${apiVersion}/${kind}`;
      const held = byKind.get(key) ?? new Set<CompiledPolicy>();
      held.add(policy);
      byKind.set(key, held);
    }
  }
  return new Map([...byKind].map(([key, held]) => [key, [...held]]));
};

const replicasIn = (presence: ReadonlyMap<string, Presence>): ReadonlyMap<string, number> =>
  new Map([...presence].map(([cluster, { replicas }]) => [cluster, replicas]));

/** Behind every time that an object has. */
const never = '~';

/** The order of decision: what is on its way is bound in it too, so that a plan made again on its own result finds the same room. */
const inTurn = (workloads: readonly KubeObject[], classes: PriorityClasses): readonly KubeObject[] =>
  workloads
    .map((object) => ({
      object,
      priority: priorityOf(object, classes).value,
      createdAt: object.metadata.creationTimestamp ?? never,
      text: refText(refOf(object)),
    }))
    .sort((a, b) => b.priority - a.priority || compareText(a.createdAt, b.createdAt) || compareText(a.text, b.text))
    .map(({ object }) => object);

/** What a member would refuse though there is room. */
export const warningsOf = (object: KubeObject, classes: PriorityClasses): Pick<PlanTask, 'warnings'> => {
  const named = unknownClassOf(object, classes);
  if (named === undefined) return {};
  return {
    warnings: [
      `priorityClassName: there is no PriorityClass ${named}; a member without it refuses the pods. Create it, or correct the name`,
    ],
  };
};

/** Sorts the workloads of files into those to decide on and those that no policy selects. */
export const tasksOf = (objects: PlanObjects, clusters: readonly OfflineCluster[]): PlanTasks => {
  const policies = policiesByKind(objects.policies);
  const classes = priorityClassesOf(objects.priorities.values());
  const claimTemplates = claimTemplatesOf(objects.workloads);
  const tasks: PlanTask[] = [];
  const others: OtherWorkload[] = [];
  const unselected: WorkloadRef[] = [];
  const held = new Map<string, AssumedPods[]>();
  for (const object of inTurn(objects.workloads, classes)) {
    const { apiVersion, kind, metadata } = object;
    const [ref, labels, shape] = [refOf(object), metadata.labels ?? {}, shapeOf(object, claimTemplates)];
    const placement = objects.placements.get(refKey(ref));
    const presence = presenceOf(object, placement, clusters);
    const asked = { apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name, labels };
    const policy = policyFor(policies.get(`${apiVersion}/${kind}`) ?? [], asked);
    const altered =
      shape === undefined || policy === undefined
        ? undefined
        : alteredShapesOf(object, policy, shape, (changed) => shapeOf(changed, claimTemplates));
    for (const { view } of clusters) {
      const unseen = presence.get(view.name)?.unseen ?? 0;
      const there = altered?.under(view.labels) ?? shape;
      if (there !== undefined && unseen > 0) held.set(view.name, [...(held.get(view.name) ?? []), { shape: there, count: unseen }]);
    }
    if (policy === undefined) {
      unselected.push(ref);
      if (presence.size > 0) others.push({ ref, labels, clusters: [...presence.keys()] });
      continue;
    }
    const misfits = misfitsOf(policy, { read: () => object, decided: decidedFields(object, undefined), faultsOf: builtinFaults });
    const { value: priority, preempts } = priorityOf(object, classes);
    const replicas = replicasLeft(object, undefined);
    const workload = {
      ref,
      labels,
      replicas,
      shape,
      ...(altered === undefined ? {} : { altered }),
      ...(misfits === undefined ? {} : { misfits }),
      current: replicasIn(presence),
      // A Job's parts are not given up.
      ...(replicas === undefined || groupKind(object) === 'batch/Job' ? {} : { superseded: supersededIn(presence, placement, replicas) }),
      runsOn: new Map([...presence].map(([cluster, { lots }]) => [cluster, lots])),
      podsOn: (cluster: string) => presence.get(cluster)?.podsOn,
      owed: new Map(),
      priority,
      preempts,
      ...(metadata.creationTimestamp === undefined ? {} : { createdAt: metadata.creationTimestamp }),
    };
    const before = beforeOf(placement, presence);
    tasks.push({ object, before, policy, workload, isAsked: true, ...warningsOf(object, classes) });
  }
  return { tasks, others, unselected, held };
};
