/** @module ReplicaSet: as many pods as asked, the least useful ones go first. */

import type { KubeObject } from '../../../../shared/kube/object.ts';
import { type Action, type Controller, keyOf, ownerKeys, resources, settled, statusUpdate } from '../controller.ts';
import { controllerRef, isActive, isReady, type Pod, type PodTemplate, type ReplicaSet } from '../objects.ts';

/** Pods made or removed in one pass: a mistyped replica count must not stall a laptop. */
const podsAtOnceMax = 200;

/** A pod of `owner` after its template; the server completes the name. */
export const podFromTemplate = (
  owner: KubeObject,
  template: PodTemplate,
  name: { name: string } | { generateName: string },
): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: '',
    ...name,
    namespace: owner.metadata.namespace ?? 'default',
    ...(template.metadata?.labels === undefined ? {} : { labels: template.metadata.labels }),
    ...(template.metadata?.annotations === undefined ? {} : { annotations: template.metadata.annotations }),
    ownerReferences: [controllerRef(owner)],
  },
  spec: template.spec,
});

/** The removal of one object, held to its uid. */
export const deletion = (type: (typeof resources)[keyof typeof resources], object: KubeObject): Action => ({
  do: 'delete',
  type,
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
  uid: object.metadata.uid ?? '',
});

const deletionCost = 'controller.kubernetes.io/pod-deletion-cost';

/** What it costs to delete the pod; 0 without the annotation, and where that is no 32-bit number (KEP-2255). */
const costOf = ({ metadata }: Pod): number => {
  const text = metadata.annotations?.[deletionCost] ?? '';
  const cost = /^(0|-?[1-9]\d{0,9})$/.test(text) ? Number(text) : 0;
  return Math.abs(cost + 0.5) <= 2 ** 31 ? cost : 0;
};

/**
 * Unbound before bound, not ready before ready, cheaper before dearer, younger before older, then by name: the order in which pods are given up
 * (k8s.io/kubernetes pkg/controller/controller_utils.go, ActivePodsWithRanks).
 */
const givenUpFirst = (a: Pod, b: Pod): number =>
  Number(a.spec.nodeName !== undefined) - Number(b.spec.nodeName !== undefined) ||
  Number(isReady(a)) - Number(isReady(b)) ||
  costOf(a) - costOf(b) ||
  (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? '') ||
  a.metadata.name.localeCompare(b.metadata.name);

export const replicaSetController: Controller = {
  name: 'replicaset',
  watches: [
    { type: resources.replicaSets, keysOf: (object) => [keyOf(object)] },
    { type: resources.pods, keysOf: ownerKeys('ReplicaSet') },
  ],
  reconcile: (view, namespace, name) => {
    const set = view.get<ReplicaSet>(resources.replicaSets, namespace, name);
    if (set === undefined) return settled;
    const pods = view.owned<Pod>(resources.pods, set).filter(isActive);
    const wanted = set.spec.replicas ?? 1;
    const actions: Action[] = [];
    if (set.metadata.deletionTimestamp === undefined) {
      const missing = Math.min(wanted - pods.length, podsAtOnceMax);
      for (let i = 0; i < missing; i++) {
        actions.push({
          do: 'create',
          type: resources.pods,
          object: podFromTemplate(set, set.spec.template, { generateName: `${set.metadata.name}-` }),
        });
      }
      const surplus = [...pods].sort(givenUpFirst).slice(0, Math.max(0, Math.min(pods.length - wanted, podsAtOnceMax)));
      for (const pod of surplus) actions.push(deletion(resources.pods, pod));
    }
    const ready = pods.filter(isReady).length;
    const status = {
      replicas: pods.length,
      fullyLabeledReplicas: pods.length,
      ...(ready > 0 ? { readyReplicas: ready, availableReplicas: ready } : {}),
      observedGeneration: set.metadata.generation ?? 1,
    };
    const counted = statusUpdate(resources.replicaSets, set, status);
    // Pods that are made or removed bring the key back: a status now would be old at once. Where none may be made it is due.
    return actions.length > 0 ? { actions, ifRefused: counted } : { actions: counted };
  },
};
