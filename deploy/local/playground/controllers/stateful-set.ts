/** @module StatefulSet: pods with ordinals, made one after the other and removed from the highest. */
import { type Action, type Controller, keyOf, ownerKeys, resources, settled, statusUpdate } from '../controller.ts';
import { isActive, isReady, type Pod, type StatefulSet } from '../objects.ts';
import { templateHash } from './deployment.ts';
import { deletion, podFromTemplate } from './replica-set.ts';

const revisionLabel = 'controller-revision-hash';

const ordinalOf = (pod: Pod): number => Number(pod.metadata.name.slice(pod.metadata.name.lastIndexOf('-') + 1));

const podWithOrdinal = (set: StatefulSet, ordinal: number, revision: string) => {
  const name = `${set.metadata.name}-${ordinal}`;
  const pod = podFromTemplate(set, set.spec.template, { name });
  const labels = {
    ...pod.metadata.labels,
    'apps.kubernetes.io/pod-index': String(ordinal),
    'statefulset.kubernetes.io/pod-name': name,
    [revisionLabel]: revision,
  };
  return {
    ...pod,
    metadata: { ...pod.metadata, labels },
    spec: { ...set.spec.template.spec, hostname: name, ...(set.spec.serviceName === undefined ? {} : { subdomain: set.spec.serviceName }) },
  };
};

/** The pods of the set to make or remove next; in order unless the policy is Parallel. */
const nextActions = (set: StatefulSet, pods: readonly Pod[], wanted: number, revision: string): Action[] => {
  const parallel = set.spec.podManagementPolicy === 'Parallel';
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod), pod]));
  const actions: Action[] = [];
  for (let ordinal = 0; ordinal < wanted; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) actions.push({ do: 'create', type: resources.pods, object: podWithOrdinal(set, ordinal, revision) });
    if (!parallel && (pod === undefined || !isReady(pod))) return actions;
  }
  const surplus = pods.filter((pod) => ordinalOf(pod) >= wanted && isActive(pod)).sort((a, b) => ordinalOf(b) - ordinalOf(a));
  if (surplus.length > 0) return surplus.slice(0, parallel ? surplus.length : 1).map((pod) => deletion(resources.pods, pod));
  const outdated = pods
    .filter((pod) => isActive(pod) && pod.metadata.labels?.[revisionLabel] !== revision)
    .sort((a, b) => ordinalOf(b) - ordinalOf(a));
  return outdated.slice(0, 1).map((pod) => deletion(resources.pods, pod));
};

export const statefulSetController: Controller = {
  name: 'statefulset',
  watches: [
    { type: resources.statefulSets, keysOf: (object) => [keyOf(object)] },
    { type: resources.pods, keysOf: ownerKeys('StatefulSet') },
  ],
  reconcile: (view, namespace, name) => {
    const set = view.get<StatefulSet>(resources.statefulSets, namespace, name);
    if (set === undefined) return settled;
    const pods = view.owned<Pod>(resources.pods, set);
    const revision = `${set.metadata.name}-${templateHash(set.spec.template)}`;
    const updated = pods.filter((pod) => isActive(pod) && pod.metadata.labels?.[revisionLabel] === revision).length;
    const ready = pods.filter(isReady).length;
    const status = {
      observedGeneration: set.metadata.generation ?? 1,
      replicas: pods.filter(isActive).length,
      ...(ready > 0 ? { readyReplicas: ready } : {}),
      currentReplicas: updated,
      updatedReplicas: updated,
      currentRevision: revision,
      updateRevision: revision,
      availableReplicas: ready,
      collisionCount: 0,
    };
    const actions = set.metadata.deletionTimestamp === undefined ? nextActions(set, pods, set.spec.replicas ?? 1, revision) : [];
    return { actions: [...actions, ...statusUpdate(resources.statefulSets, set, status)] };
  },
};
