/** @module DaemonSet: one pod on each node that its template tolerates and selects. */
import { type Action, type Controller, keyOf, ownerKeys, resources, settled, statusUpdate } from '../controller.ts';
import { type DaemonSet, isActive, isReady, type Node, type Pod } from '../objects.ts';
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

const podFor = (set: DaemonSet, node: string, revision: string) => {
  const pod = podFromTemplate(set, set.spec.template, { generateName: `${set.metadata.name}-` });
  const spec = set.spec.template.spec;
  return {
    ...pod,
    metadata: { ...pod.metadata, labels: { ...pod.metadata.labels, [revisionLabel]: revision } },
    spec: { ...spec, nodeName: node, tolerations: [...(spec.tolerations ?? []), ...daemonTolerations] },
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
    const actions: Action[] = pods
      .filter((pod) => !wantedNodes.has(pod.spec.nodeName ?? '') || pod.metadata.labels?.[revisionLabel] !== revision)
      .map((pod) => deletion(resources.pods, pod));
    for (const node of wantedNodes) {
      if (!pods.some((pod) => pod.spec.nodeName === node))
        actions.push({ do: 'create', type: resources.pods, object: podFor(set, node, revision) });
    }
    const placed = current.filter((pod) => wantedNodes.has(pod.spec.nodeName ?? ''));
    const ready = placed.filter(isReady).length;
    const status = {
      currentNumberScheduled: pods.filter((pod) => wantedNodes.has(pod.spec.nodeName ?? '')).length,
      numberMisscheduled: pods.filter((pod) => !wantedNodes.has(pod.spec.nodeName ?? '')).length,
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
