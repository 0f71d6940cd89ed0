/** @module Clusters known from dumps alone: what placement sees of each, and the pods that are there already. */
import { type Cluster, clusterLabels } from '../api/index.ts';
import {
  type AssumedPods,
  type ClusterModel,
  type ClusterRoom,
  createModelRoom,
  type DumpObject,
  flatten,
  type NodeModel,
  type Read,
  readDump,
  wholeNodesOf,
} from '../capacity/index.ts';
import { textMapOf, textOf } from '../lib/fields.ts';
import { bag, bags, type ClusterFacts, type ClusterView, learntLabels, operatorTaints, shutOut } from '../placement/index.ts';
import { type ClusterLoad, modelLoad } from './load.ts';

type Labels = Readonly<Record<string, string>>;

/** A pod as present replicas are counted by. */
export type PresentPod = {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly owners: readonly string[];
  /** Its node; '' while it waits for one: it is there and holds no room yet. */
  readonly node: string;
  /** Its condition Ready is True, or the dump says nothing of that. */
  readonly isReady: boolean;
  /** Labels of its node; undefined while it waits for one, or when the dump does not list it. */
  readonly nodeLabels: Labels | undefined;
};

/** A cluster as its dump tells it. */
export type OfflineCluster = {
  /** Without room, which holds for one plan only: see `roomUnder`. */
  readonly view: ClusterView;
  /** A room of one's own with these pods on their way, all counts of it estimates where there are doubts; undefined = its capacity is not known. */
  readonly roomUnder: (held: readonly AssumedPods[], doubts: readonly string[]) => ClusterRoom | undefined;
  readonly load: ClusterLoad | undefined;
  /** Pods that have not ended and are not on their way out. */
  readonly pods: readonly PresentPod[];
};

/** What is known of a cluster besides its Cluster object. */
export type DumpedCluster = {
  /** What `kubectl get nodes,pods,… -A -o json` prints; undefined = nothing is known of its capacity. */
  readonly dump: readonly unknown[] | undefined;
  /** Labels given on the command line. */
  readonly labels?: Readonly<Record<string, string>>;
};

const ended = new Set<unknown>(['Succeeded', 'Failed']);

const presentPodOf = (pod: Readonly<Record<string, unknown>>, nodes: ReadonlyMap<string, NodeModel>): PresentPod | undefined => {
  const metadata = bag(pod.metadata);
  if (ended.has(bag(pod.status).phase) || textOf(metadata.deletionTimestamp) !== '') return undefined;
  const owners = Array.isArray(metadata.ownerReferences) ? metadata.ownerReferences : [];
  return {
    name: textOf(metadata.name),
    namespace: textOf(metadata.namespace) || 'default',
    labels: textMapOf(metadata.labels),
    owners: owners.map((owner) => `${textOf(bag(owner).kind)}/${textOf(bag(owner).name)}`),
    node: textOf(bag(pod.spec).nodeName),
    isReady: bags(bag(pod.status).conditions).every(({ type, status }) => type !== 'Ready' || status === 'True'),
    nodeLabels: nodes.get(textOf(bag(pod.spec).nodeName))?.labels,
  };
};

const hostname = 'kubernetes.io/hostname';

/** Node groups as requirements and prices read them: labels, taints and zones, each combination once. */
const groupsOf = (nodes: readonly NodeModel[]): ClusterFacts['groups'] => {
  const groups = new Map<string, ClusterFacts['groups'][number]>();
  for (const node of nodes) {
    const { [hostname]: _own, ...labels } = node.labels;
    const zones = node.zones.map(({ id }) => ({ id, total: [] }));
    const taints = node.taints as ClusterFacts['groups'][number]['taints'];
    const key = JSON.stringify([labels, taints, zones.length]);
    if (groups.has(key)) continue;
    groups.set(key, {
      id: groups.size,
      labels,
      taints,
      ready: true,
      unschedulable: node.unschedulable,
      allocatable: [],
      runtimeHandlers: node.runtimeHandlers,
      ...(zones.length === 0
        ? {}
        : {
            numa: {
              policy: node.kubelet.topologyPolicy,
              scope: node.kubelet.topologyScope,
              cpuManager: 'none',
              memoryManager: 'None',
              options: [],
              zones,
            },
          }),
    });
  }
  return [...groups.values()];
};

const factsOf = (model: ClusterModel): ClusterFacts => ({
  groups: groupsOf(model.nodes),
  runtimeClasses: model.runtimeClasses.map(({ name, handler, nodeSelector }) => ({ name, handler, overhead: {}, nodeSelector })),
  networks: model.networks.map(({ namespace, name, resource }) => ({ namespace, name, ...(resource === undefined ? {} : { resource }) })),
  unsupported: [],
});

const providerIdsOf = (objects: readonly DumpObject[]): ReadonlyMap<string, string> =>
  new Map(objects.filter(({ kind }) => kind === 'Node').map(({ name, body }) => [name, textOf(bag(bag(body).spec).providerID)]));

const viewOf = (name: string, object: Cluster | undefined, labels: Labels, facts: ClusterFacts | undefined): ClusterView => {
  const pricing = object?.spec?.pricing;
  const closed = shutOut(object?.spec);
  return {
    name,
    labels: { ...labels, ...object?.metadata.labels, [clusterLabels.cluster]: name },
    taints: operatorTaints(object?.spec),
    served: undefined,
    room: undefined,
    ...(closed === undefined ? {} : { closed }),
    ...(facts === undefined ? {} : { facts }),
    ...(pricing === undefined ? {} : { pricing }),
  };
};

/** One cluster from its dump and, where there is one, its Cluster object. */
export const offlineCluster = (name: string, dumped: DumpedCluster, object: Cluster | undefined): Read<OfflineCluster> => {
  const labels = dumped.labels ?? {};
  if (dumped.dump === undefined) {
    const view = viewOf(name, object, labels, undefined);
    return { ok: true, value: { view, roomUnder: () => undefined, load: undefined, pods: [] } };
  }
  const [dump, objects] = [readDump(dumped.dump), flatten(dumped.dump)];
  if (!dump.ok) return { ok: false, message: `cluster ${name}: ${dump.message}` };
  if (!objects.ok) return { ok: false, message: `cluster ${name}: ${objects.message}` };
  const { cluster } = dump.value;
  const whole = wholeNodesOf(objects.value);
  const nodes = new Map(cluster.nodes.map((node) => [node.name, node]));
  const providerIds = providerIdsOf(objects.value);
  const learnt = learntLabels(cluster.nodes.map((node) => ({ labels: node.labels, providerId: providerIds.get(node.name) ?? '' })));
  return {
    ok: true,
    value: {
      view: viewOf(name, object, { ...learnt, ...labels }, factsOf(cluster)),
      roomUnder: (held, doubts) => {
        const room = createModelRoom({ ...cluster, doubts: [...cluster.doubts, ...doubts] }, whole);
        for (const pods of held) room.assume(pods);
        return room;
      },
      load: modelLoad(cluster, whole),
      pods: objects.value.flatMap(({ kind, body }) => (kind === 'Pod' ? (presentPodOf(body, nodes) ?? []) : [])),
    },
  };
};
