/** @module Which workloads go before others: what PriorityClasses say of an object's pods (scheduling.k8s.io/v1, KEP-902 for `preemptionPolicy`). */
import type { KubeObject } from '../kube/object.ts';
import { bag, podTemplateOf } from './workload-fields.ts';

/** What a PriorityClass says. */
export type PriorityClass = {
  readonly value: number;
  /** False with `preemptionPolicy: Never`: its pods go before others in the queue and make nobody give way. */
  readonly preempts: boolean;
};

/** PriorityClasses by name; '' = the one for pods that name none. */
export type PriorityClasses = ReadonlyMap<string, PriorityClass>;

/** Classes that every cluster has (k8s.io/kubernetes pkg/apis/scheduling). */
const systemClasses: PriorityClasses = new Map([
  ['system-cluster-critical', { value: 2_000_000_000, preempts: true }],
  ['system-node-critical', { value: 2_000_001_000, preempts: true }],
]);

const noClass: PriorityClass = { value: 0, preempts: true };

/** Reads PriorityClass objects. Of several global defaults the one with the lowest value holds, as the API server's admission has it. */
export const priorityClassesOf = (objects: Iterable<KubeObject>): PriorityClasses => {
  const classes = new Map<string, PriorityClass>();
  for (const object of objects) {
    const { value, globalDefault, preemptionPolicy } = bag(object);
    const read = { value: Number.isSafeInteger(value) ? Number(value) : 0, preempts: preemptionPolicy !== 'Never' };
    classes.set(object.metadata.name, read);
    if (globalDefault === true && read.value < (classes.get('')?.value ?? Number.POSITIVE_INFINITY)) classes.set('', read);
  }
  return classes;
};

const classNameOf = (object: KubeObject): string | undefined => {
  const { priorityClassName } = bag(podTemplateOf(object)?.spec);
  return typeof priorityClassName === 'string' && priorityClassName !== '' ? priorityClassName : undefined;
};

/** The PriorityClass that an object's pods name and that is not known; a member without it takes no such pod (admission plugin Priority). */
export const unknownClassOf = (object: KubeObject, classes: PriorityClasses): string | undefined => {
  const named = classNameOf(object);
  return named === undefined || classes.has(named) || systemClasses.has(named) ? undefined : named;
};

/**
 * The class of an object's pods: the one they name, else the default one. One that nobody knows counts by the pods' own `priority`, else by
 * the default; a member may know it.
 */
export const priorityOf = (object: KubeObject, classes: PriorityClasses): PriorityClass => {
  const { priority, preemptionPolicy } = bag(podTemplateOf(object)?.spec);
  const named = classNameOf(object);
  const known = named === undefined ? undefined : (classes.get(named) ?? systemClasses.get(named));
  const given = known ?? classes.get('') ?? noClass;
  const own = known === undefined && Number.isSafeInteger(priority) ? Number(priority) : undefined;
  const preempts = (preemptionPolicy ?? '') === '' ? given.preempts : preemptionPolicy !== 'Never';
  return { value: own ?? given.value, preempts };
};
