/** @module What placement reads of an object: its replicas, its pod template, the reference a Placement names it by. */
import type { WorkloadRef } from '../api/index.ts';
import { type KubeObject, parseApiVersion } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';

type Bag = { readonly [field: string]: unknown };

/** A JSON object, empty where there is none. */
export const bag = (value: unknown): Bag => (typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Bag) : {});

/** The objects of a list. */
export const bags = (value: unknown): readonly Bag[] => (Array.isArray(value) ? value.map(bag) : []);

const wholeNumber = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : otherwise;

/** Kinds whose `spec.replicas` says how many pods there are. */
const scaledKinds = new Set(['apps/Deployment', 'apps/ReplicaSet', 'apps/StatefulSet', '/ReplicationController']);

/** Texts of kinds, which are asked for several times for each object; beyond so many they are made anew. */
const kindsMax = 1_024;
const groupKinds = new Map<string, Map<string, string>>();

/** `apps/Deployment`, `/Pod`. */
export const groupKind = ({ apiVersion, kind }: { readonly apiVersion: string; readonly kind: string }): string => {
  const known = groupKinds.get(apiVersion)?.get(kind);
  return known ?? rememberKind(apiVersion, kind, `${parseApiVersion(apiVersion).group}/${kind}`);
};

const rememberKind = (apiVersion: string, kind: string, text: string): string => {
  if (groupKinds.size >= kindsMax) groupKinds.clear();
  const kinds = groupKinds.get(apiVersion) ?? new Map<string, string>();
  groupKinds.set(apiVersion, kinds);
  if (kinds.size >= kindsMax) kinds.clear();
  kinds.set(kind, text);
  return text;
};

const identity = ['apiVersion', 'kind', 'metadata.name', 'metadata.namespace'];

/** Where a kind says how many replicas it has; undefined = it has none. */
export const replicasField = (object: KubeObject, type: ResourceType | undefined): string | undefined => {
  const kind = groupKind(object);
  if (kind === 'batch/Job') return 'spec.parallelism';
  if (scaledKinds.has(kind)) return 'spec.replicas';
  return type?.scale?.specReplicas;
};

/** Dotted paths of the fields of an object that the placement decides: nothing else may change them. */
export const decidedFields = (object: KubeObject, type: ResourceType | undefined): readonly string[] => {
  const field = replicasField(object, type);
  const hasParts = groupKind(object) === 'batch/Job' && typeof bag(object.spec).completions === 'number';
  return [...identity, ...(field === undefined ? [] : [field]), ...(hasParts ? ['spec.completions'] : [])];
};

/** The value at a dotted path. */
export const valueAt = (object: KubeObject, path: string): unknown =>
  path.split('.').reduce<unknown>((value, field) => bag(value)[field], object);

/**
 * Replicas an object asks for; undefined for kinds that have none. A Pod counts as one. A Job never has more pods at once than completions
 * (batch/v1, JobSpec.completions); what has succeeded of them is not taken off, for a part that a cluster was given stays as it is.
 */
export const replicasOf = (object: KubeObject, type: ResourceType | undefined): number | undefined => {
  if (groupKind(object) === '/Pod') return 1;
  const field = replicasField(object, type);
  if (field === undefined) return undefined;
  const replicas = wholeNumber(valueAt(object, field), 1);
  return groupKind(object) === 'batch/Job' ? Math.min(replicas, wholeNumber(bag(object.spec).completions, replicas)) : replicas;
};

/** As {@link replicasOf}, of a Job no more than the completions that have not succeeded yet: so many pods may run at once from now on. */
export const replicasLeft = (object: KubeObject, type: ResourceType | undefined): number | undefined => {
  const replicas = replicasOf(object, type);
  const { completions } = bag(object.spec);
  if (replicas === undefined || groupKind(object) !== 'batch/Job' || typeof completions !== 'number') return replicas;
  return Math.min(replicas, Math.max(0, completions - wholeNumber(bag(object.status).succeeded, 0)));
};

/** The pod template of an object, a Pod being its own; undefined where it has none. */
export const podTemplateOf = (object: KubeObject): { readonly metadata: Bag; readonly spec: unknown } | undefined => {
  if (groupKind(object) === '/Pod') return { metadata: bag(object.metadata), spec: object.spec };
  const spec = bag(object.spec);
  const template = bag(groupKind(object) === 'batch/CronJob' ? bag(bag(spec.jobTemplate).spec).template : spec.template);
  return template.spec === undefined ? undefined : { metadata: bag(template.metadata), spec: template.spec };
};

/** The pod spec that a replica runs; undefined where the object has no pod template. */
export const podSpecOf = (object: KubeObject): unknown => podTemplateOf(object)?.spec;

/** Labels of the pods that an object makes. */
export const podLabelsOf = (object: KubeObject): Readonly<Record<string, string>> =>
  bag(podTemplateOf(object)?.metadata.labels) as Readonly<Record<string, string>>;

/** The reference of an object in a Placement. */
export const refOf = (object: KubeObject): WorkloadRef => ({
  apiVersion: object.apiVersion,
  kind: object.kind,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
});

/** One text for one reference; it orders by namespace, then name. */
export const refText = ({ apiVersion, kind, namespace, name }: WorkloadRef): string => `${namespace}/${name}/${kind}/${apiVersion}`;
