/** @module DaemonSet: one pod on each node that its template tolerates and selects. */
import { type Action, type Controller, keyOf, ownerKeys, resources, settled, statusUpdate } from '../controller.ts';
import { type Affinity, type DaemonSet, isActive, isReady, type Node, type Pod } from '../objects.ts';
import { admits } from '../scheduling.ts';
import { templateHash } from './deployment.ts';
import { deletion, podFromTemplate } from './replica-set.ts';

const revisionLabel = 'controller-revision-hash';

/** What Kubernetes lets every daemon pod tolerate. */
const daemonTolerations = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable', 'node.kubernetes.io/unschedulable'].map(
  (key) => ({
    key,
    operator: 'Exists',
  }),
);

/**
 * A template's affinity, and its required terms of nodes replaced by the one node, which they admit: the scheduler binds the pod once there is
 * room, and nowhere else (k8s.io/kubernetes pkg/controller/daemon/util `ReplaceDaemonSetPodNodeNameNodeAffinity`).
 */
const affinityTo = (node: string, affinity: Affinity = {}): Affinity => ({
  ...affinity,
  nodeAffinity: {
    ...affinity.nodeAffinity,
    requiredDuringSchedulingIgnoredDuringExecution: {
      nodeSelectorTerms: [{ matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] }],
    },
  },
});

/** The node that a pod of a DaemonSet is for, bound or not. */
const nodeOf = ({ spec }: Pod): string | undefined => {
  if (spec.nodeName !== undefined) return spec.nodeName;
  const terms = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? [];
  return terms[0]?.matchFields?.[0]?.values?.[0];
};

const podFor = (set: DaemonSet, node: string, revision: string) => {
  const pod = podFromTemplate(set, set.spec.template, { generateName: `${set.metadata.name}-` });
  const spec = set.spec.template.spec;
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [revisionLabel]: revision } },
    spec: { ...spec, affinity: affinityTo(node, spec.affinity), tolerations: [...(spec.tolerations ?? []), ...daemonTolerations] },
  };
};

export const daemonSetController: Controller = {
  name: 'daemonset',
  watches: [
    { type: resources.daemonSets, keysOf: (object) => [keyOf(object)] },
    { type: resources.pods, keysOf: ownerKeys('DaemonSet') },
    { type: resources.nodes, keysOf: (_node, view) => view.list(resources.daemonSets, '').map(keyOf) },
  ],
  reconcile: (view, namespace, name) => {
    const set = view.get<DaemonSet>(resources.daemonSets, namespace, name);
    if (set === undefined || set.metadata.deletionTimestamp !== undefined) return settled;
    const revision = templateHash(set.spec.template);
    const spec = { ...set.spec.template.spec, tolerations: [...(set.spec.template.spec.tolerations ?? []), ...daemonTolerations] };
    const nodes = view.list<Node>(resources.nodes, '').filter((node) => admits(node, spec));
    const pods = view.owned<Pod>(resources.pods, set).filter(isActive);
    const current = pods.filter((pod) => pod.metadata.labels?.[revisionLabel] === revision);
    const wantedNodes = new Set(nodes.map((node) => node.metadata.name));
    const isWanted = (pod: Pod): boolean => wantedNodes.has(nodeOf(pod) ?? '');
    const actions: Action[] = pods
      .filter((pod) => !isWanted(pod) || pod.metadata.labels?.[revisionLabel] !== revision)
      .map((pod) => deletion(resources.pods, pod));
    for (const node of wantedNodes) {
      if (!pods.some((pod) => nodeOf(pod) === node))
        actions.push({ do: 'create', type: resources.pods, object: podFor(set, node, revision) });
    }
    const placed = current.filter(isWanted);
    const ready = placed.filter(isReady).length;
    const status = {
      currentNumberScheduled: pods.filter(isWanted).length,
      numberMisscheduled: pods.filter((pod) => !isWanted(pod)).length,
      desiredNumberScheduled: wantedNodes.size,
      numberReady: ready,
      observedGeneration: set.metadata.generation ?? 1,
      ...(placed.length > 0 ? { updatedNumberScheduled: placed.length } : {}),
      ...(ready > 0 ? { numberAvailable: ready } : {}),
      ...(wantedNodes.size > ready ? { numberUnavailable: wantedNodes.size - ready } : {}),
    };
    return { actions: [...actions, ...statusUpdate(resources.daemonSets, set, status)] };
  },
};
