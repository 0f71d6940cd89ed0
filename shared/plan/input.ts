/** @module The objects a plan is made from, sorted by what they are and checked: clusters, policies, present decisions, workloads, priorities. */
import {
  type Cluster,
  clusterType,
  hanseApiVersion,
  hanseGroup,
  hanseSchemas,
  type Placement,
  type PolicySpec,
  placementType,
  schemaNameOf,
  validatePolicySpec,
  type WorkloadRef,
} from '../api/index.ts';
import { demandFault, type Read } from '../capacity/index.ts';
import { type KubeObject, parseApiVersion } from '../kube/object.ts';
import { conform, createSchemaSet, unknownFieldText } from '../kube/schema/index.ts';
import { type LabelSelectorObject, selectorFromObject } from '../kube/selectors/index.ts';
import { bagOf, isBag, textsOf } from '../lib/fields.ts';
import { sameJson } from '../lib/same-json.ts';
import { bag, type CompiledPolicy, compilePolicy, groupKind, podTemplateOf } from '../placement/index.ts';

/** What was found. */
export type PlanObjects = {
  readonly clusters: ReadonlyMap<string, Cluster>;
  readonly policies: readonly CompiledPolicy[];
  /** The objects they were compiled from. */
  readonly policyObjects: readonly KubeObject[];
  /** Present decisions by {@link refKey}. */
  readonly placements: ReadonlyMap<string, Placement>;
  /** Everything that a policy may select. */
  readonly workloads: readonly KubeObject[];
  /** PriorityClasses by name. */
  readonly priorities: ReadonlyMap<string, KubeObject>;
};

/** One text for one object, whatever wrote the reference. */
export const refKey = (ref: WorkloadRef): string => `${parseApiVersion(ref.apiVersion).group}/${ref.kind}/${ref.namespace}/${ref.name}`;

class PlanFault extends Error {
  override name = 'PlanFault';
}

/** Lists within lists that are opened. */
const depthMax = 4;

const openLists = (values: readonly unknown[], path: string, depth: number): unknown[] => {
  if (depth > depthMax) throw new PlanFault(`${path}: lists are nested more than ${depthMax} deep`);
  return values.flatMap((value, at) => {
    const where = `${path}[${at}]`;
    if (Array.isArray(value)) return openLists(value, where, depth + 1);
    const { items, kind } = bag(value);
    const isList = Array.isArray(items) && (kind === undefined || (typeof kind === 'string' && kind.endsWith('List')));
    return isList ? openLists(items, `${where}.items`, depth + 1) : [value];
  });
};

/** Kinds whose objects belong to no namespace, of those that plans meet. */
const clusterWide = new Set([
  `${hanseGroup}/Cluster`,
  `${hanseGroup}/ClusterPlacementPolicy`,
  'scheduling.k8s.io/PriorityClass',
  '/Namespace',
  '/PersistentVolume',
  'storage.k8s.io/StorageClass',
  'rbac.authorization.k8s.io/ClusterRole',
  'rbac.authorization.k8s.io/ClusterRoleBinding',
  'apiextensions.k8s.io/CustomResourceDefinition',
]);

const checked = (value: unknown, path: string): KubeObject => {
  const { apiVersion, kind, metadata } = bag(value);
  if (typeof kind !== 'string' || kind === '') throw new PlanFault(`${path}.kind: say what the object is`);
  if (typeof apiVersion !== 'string' || apiVersion === '') throw new PlanFault(`${path}.apiVersion: say the version of the ${kind}`);
  const { name, namespace } = bag(metadata);
  if (typeof name !== 'string' || name === '') throw new PlanFault(`${path}.metadata.name: name the ${kind}`);
  if (namespace !== undefined && typeof namespace !== 'string') throw new PlanFault(`${path}.metadata.namespace: a text is wanted`);
  const object = value as KubeObject;
  const own = clusterWide.has(groupKind({ apiVersion, kind })) ? '' : namespace || 'default';
  return { ...object, metadata: { ...object.metadata, namespace: own } };
};

const labelOf = ({ kind, metadata }: KubeObject): string =>
  `${kind} ${metadata.namespace === undefined || metadata.namespace === '' ? '' : `${metadata.namespace}/`}${metadata.name}`;

type Causes = readonly { readonly field?: string; readonly message?: string }[];

const refuse = (object: KubeObject, causes: Causes): void => {
  const [cause] = causes;
  if (cause !== undefined) throw new PlanFault(`${labelOf(object)}: ${cause.field ?? ''}: ${cause.message ?? ''}`);
};

type Sorted = {
  clusters: Map<string, Cluster>;
  /** By `namespace/name`, or `name` of a ClusterPlacementPolicy. */
  policies: Map<string, KubeObject>;
  placements: Map<string, Placement>;
  workloads: Map<string, KubeObject>;
  priorities: Map<string, KubeObject>;
};

const schemas = createSchemaSet({ schemas: hanseSchemas });

/** Fields that a server would drop with a warning say something that the plan would not do. */
const refuseUnknown = (object: KubeObject): void => {
  const [first] = conform(schemas.node(schemaNameOf(object.kind)), object).unknown;
  if (first !== undefined) throw new PlanFault(`${labelOf(object)}: ${unknownFieldText(first)}`);
};

/** Puts an object under its key. Two that are the same count once; two that differ would make the answer a matter of their order. */
const putOnce = <T>(into: Map<string, T>, key: string, value: T, object: KubeObject): void => {
  const known = into.get(key);
  if (known === undefined) into.set(key, value);
  else if (!sameJson(known, value))
    throw new PlanFault(`${labelOf(object)}: there are two different objects of this name; keep the one that is meant`);
};

const takePolicy = (object: KubeObject, into: Sorted): void => {
  const namespace = object.kind === 'PlacementPolicy' ? (object.metadata.namespace ?? 'default') : '';
  if (object.spec === undefined) throw new PlanFault(`${labelOf(object)}: spec: say which objects it selects: resourceSelectors`);
  refuse(object, validatePolicySpec(object.spec, namespace === ''));
  refuseUnknown(object);
  putOnce(into.policies, namespace === '' ? object.metadata.name : `${namespace}/${object.metadata.name}`, object, object);
};

const takePriority = (object: KubeObject, into: Sorted): void => {
  if (!Number.isSafeInteger(bag(object).value)) throw new PlanFault(`${labelOf(object)}: value: a whole number is wanted`);
  putOnce(into.priorities, object.metadata.name, object, object);
};

/** Kinds that are nothing without a pod template. */
export const podMakers: ReadonlySet<string> = new Set([
  'apps/Deployment',
  'apps/ReplicaSet',
  'apps/StatefulSet',
  'apps/DaemonSet',
  'batch/Job',
  'batch/CronJob',
  '/ReplicationController',
]);

/** What Kubernetes holds counts of replicas in. */
const int32Max = 2_147_483_647;

const isTextMap = (value: unknown): boolean =>
  value === undefined || value === null || (isBag(value) && Object.values(value).every((item) => typeof item === 'string'));

const isExpression = (value: unknown): boolean => {
  const { key, operator, values = [] } = bagOf(value);
  return [key, operator].every((text) => typeof text === 'string') && Array.isArray(values) && textsOf(values).length === values.length;
};

/** True for what selects pods; `isPlain`: a map of labels, as a ReplicationController has it. */
const isSelector = (value: unknown, isPlain: boolean): boolean => {
  if (isPlain) return isTextMap(value);
  const { matchLabels, matchExpressions } = bagOf(value);
  const lines = matchExpressions ?? [];
  const isWhole = isBag(value) && isTextMap(matchLabels) && Array.isArray(lines) && lines.every(isExpression);
  return isWhole && selectorFromObject(value as LabelSelectorObject).ok;
};

const takeWorkload = (object: KubeObject, into: Sorted): void => {
  const template = podTemplateOf(object);
  const group = groupKind(object);
  const path = group === '/Pod' ? 'spec' : 'spec.template.spec';
  if (template === undefined && podMakers.has(group)) throw new PlanFault(`${labelOf(object)}: ${path}: say what a pod is made of`);
  const fault = template === undefined ? undefined : demandFault(template, path);
  if (fault !== undefined) throw new PlanFault(`${labelOf(object)}: ${fault}`);
  for (const field of ['replicas', 'parallelism', 'completions']) {
    const count = bag(object.spec)[field];
    if (count !== undefined && count !== null && (!Number.isSafeInteger(count) || Number(count) < 0 || Number(count) > int32Max))
      throw new PlanFault(
        `${labelOf(object)}: spec.${field}: a whole number from 0 to ${int32Max} is wanted, not ${JSON.stringify(count)}`,
      );
  }
  const { selector } = bag(object.spec);
  const isPlain = group === '/ReplicationController';
  if (template !== undefined && selector !== undefined && selector !== null && !isSelector(selector, isPlain)) {
    const form = isPlain ? '{app: web}' : '{matchLabels: {app: web}}';
    throw new PlanFault(`${labelOf(object)}: spec.selector: it cannot be read; write it as ${form}`);
  }
  const { apiVersion, kind, metadata } = object;
  putOnce(into.workloads, refKey({ apiVersion, kind, namespace: metadata.namespace ?? '', name: metadata.name }), object, object);
};

const takeOwn = (object: KubeObject, into: Sorted): void => {
  if (object.apiVersion !== hanseApiVersion) throw new PlanFault(`${labelOf(object)}: apiVersion: ${hanseApiVersion} is wanted`);
  switch (object.kind) {
    case 'Cluster': {
      // Labels alone say enough of a cluster.
      const cluster = { ...object, spec: object.spec ?? {} };
      refuse(cluster, clusterType.strategy.validate?.(cluster) ?? []);
      // What a hub wrote there is of its version.
      refuseUnknown({ ...cluster, status: undefined });
      putOnce(into.clusters, object.metadata.name, cluster as Cluster, object);
      return;
    }
    case 'PlacementPolicy':
    case 'ClusterPlacementPolicy':
      takePolicy(object, into);
      return;
    case 'Placement': {
      if (object.spec === undefined) throw new PlanFault(`${labelOf(object)}: spec: say which object it is of, and its clusters`);
      refuse(object, placementType.strategy.validate?.(object) ?? []);
      const placement = object as unknown as Placement;
      const { workload } = placement.spec;
      const namespace = workload.namespace ?? placement.metadata.namespace ?? 'default';
      putOnce(into.placements, refKey({ ...workload, namespace }), placement, object);
      return;
    }
    default: // Other kinds of ours say nothing about placement.
  }
};

/** Kinds that describe a cluster, not something to place. */
const passedOver = new Set(['/Node', '/Event', '/Namespace', 'node.k8s.io/RuntimeClass', 'topology.node.k8s.io/NodeResourceTopology']);

const compiled = ({ kind, metadata: { namespace, name }, spec }: KubeObject): CompiledPolicy =>
  compilePolicy(kind === 'PlacementPolicy' ? (namespace ?? 'default') : '', name, spec as PolicySpec);

/** Sorts and checks objects, lists of them or lists of lists. Two different objects of one name are refused; equal ones count once. */
export const readPlanObjects = (inputs: readonly unknown[]): Read<PlanObjects> => {
  const into: Sorted = { clusters: new Map(), policies: new Map(), placements: new Map(), workloads: new Map(), priorities: new Map() };
  try {
    openLists(inputs, 'objects', 0).forEach((value, at) => {
      const object = checked(value, `objects[${at}]`);
      const kind = groupKind(object);
      if (kind.startsWith(`${hanseGroup}/`)) takeOwn(object, into);
      else if (kind === 'scheduling.k8s.io/PriorityClass') takePriority(object, into);
      else if (!passedOver.has(kind)) takeWorkload(object, into);
    });
  } catch (error) {
    if (error instanceof PlanFault) return { ok: false, message: error.message };
    throw error;
  }
  const policies = [...into.policies.values()];
  return {
    ok: true,
    value: {
      ...into,
      policies: policies.map(compiled),
      policyObjects: policies,
      workloads: [...into.workloads.values()],
    },
  };
};
