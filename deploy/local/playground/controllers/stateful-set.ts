/** @module StatefulSet: pods with ordinals and claims of their own, made one after the other and removed from the highest. */
import { type Action, type Controller, keyOf, ownerKeys, resources, settled, statusUpdate, type View } from '../controller.ts';
import { isActive, isReady, type Pod, type StatefulSet } from '../objects.ts';
import { templateHash } from './deployment.ts';
import { deletion, podFromTemplate } from './replica-set.ts';
import { claimCreations, claimOwnerUpdates, volumesOf } from './stateful-set-claims.ts';

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
    spec: {
      ...set.spec.template.spec,
      ...volumesOf(set, ordinal),
      hostname: name,
      ...(set.spec.serviceName === undefined ? {} : { subdomain: set.spec.serviceName }),
    },
  };
};

/** The ordinals that the set wants: from the first to before the end. */
const ordinalsOf = ({ spec: { ordinals, replicas = 1 } }: StatefulSet): { readonly first: number; readonly end: number } => {
  const first = ordinals?.start ?? 0;
  return { first, end: first + replicas };
};

/** The pods of the set to make or remove next, a pod's claims before it; in order unless the policy is Parallel. */
const nextActions = (view: View, set: StatefulSet, pods: readonly Pod[], revision: string): Action[] => {
  const { first, end } = ordinalsOf(set);
  const isSurplus = (pod: Pod): boolean => ordinalOf(pod) < first || ordinalOf(pod) >= end;
  const parallel = set.spec.podManagementPolicy === 'Parallel';
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(pod), pod]));
  // First, since a claim must name its pod before the pod goes.
  const actions: Action[] = pods.flatMap((pod) => claimOwnerUpdates(view, set, pod, ordinalOf(pod), isSurplus(pod)));
  for (let ordinal = first; ordinal < end; ordinal++) {
    const pod = byOrdinal.get(ordinal);
    if (pod === undefined) {
      const object = podWithOrdinal(set, ordinal, revision);
      actions.push(...claimCreations(view, set, ordinal), { do: 'create', type: resources.pods, object });
    }
    if (!parallel && (pod === undefined || !isReady(pod))) return actions;
  }
  const surplus = pods.filter((pod) => isSurplus(pod) && isActive(pod)).sort((a, b) => ordinalOf(b) - ordinalOf(a));
  if (surplus.length > 0)
    return [...actions, ...surplus.slice(0, parallel ? surplus.length : 1).map((pod) => deletion(resources.pods, pod))];
  const outdated = pods
    .filter((pod) => isActive(pod) && pod.metadata.labels?.[revisionLabel] !== revision)
    .sort((a, b) => ordinalOf(b) - ordinalOf(a));
  return [...actions, ...outdated.slice(0, 1).map((pod) => deletion(resources.pods, pod))];
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
    const actions = set.metadata.deletionTimestamp === undefined ? nextActions(view, set, pods, revision) : [];
    return { actions: [...actions, ...statusUpdate(resources.statefulSets, set, status)] };
  },
};
