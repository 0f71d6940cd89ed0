/** @module Node lifecycle: the not-ready taint, which the API server puts on every new node, stays only while the node is not ready. */
import { type Controller, resources, settled } from '../controller.ts';
import { conditionIsTrue, type Node } from '../objects.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

export const nodeLifecycleController: Controller = {
  name: 'node-lifecycle',
  watches: [{ type: resources.nodes, keysOf: (node) => [`/${node.metadata.name}`] }],
  reconcile: (view, _namespace, name) => {
    const node = view.get<Node>(resources.nodes, '', name);
    if (node === undefined) return settled;
    const taints = node.spec?.taints ?? [];
    const others = taints.filter(({ key }) => key !== notReady.key);
    const isTainted = others.length < taints.length;
    const isReady = conditionIsTrue(node.status?.conditions, 'Ready');
    if (isTainted !== isReady) return settled;
    const wanted = isReady ? others : [...others, notReady];
    return { actions: [{ do: 'update', type: resources.nodes, object: { ...node, spec: { ...node.spec, taints: wanted } } }] };
  },
};
