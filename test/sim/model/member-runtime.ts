/** @module What runs in a member: Deployments make pods, pods are bound where they fit, become ready after a while or never, and linger when they end. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Prng } from '../../../shared/lib/prng.ts';
import type { Faults } from '../faults.ts';
import type { World } from '../world.ts';
import type { MemberStore } from './member-store.ts';

/** Addresses of the kinds used here. */
export const types = {
  nodes: { group: '', version: 'v1', resource: 'nodes' },
  pods: { group: '', version: 'v1', resource: 'pods' },
  namespaces: { group: '', version: 'v1', resource: 'namespaces' },
  configMaps: { group: '', version: 'v1', resource: 'configmaps' },
  deployments: { group: 'apps', version: 'v1', resource: 'deployments' },
  services: { group: '', version: 'v1', resource: 'services' },
  slices: { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' },
  exports: { group: 'multicluster.x-k8s.io', version: 'v1beta1', resource: 'serviceexports' },
} as const;

/** What the model reads of a Deployment's spec. */
export type DeploymentSpec = { readonly replicas?: number; readonly template?: { readonly metadata?: object; readonly spec?: PodSpec } };
type PodSpec = {
  readonly nodeName?: string;
  readonly containers?: readonly { readonly resources?: { readonly requests?: { readonly cpu?: string } } }[];
};

/** What a pod spec asks for, in milli-CPU; the model writes requests as `250m`. */
export const cpuMilliOf = (spec: PodSpec | undefined): number =>
  (spec?.containers ?? []).reduce((sum, { resources }) => sum + Number.parseInt(resources?.requests?.cpu ?? '0', 10), 0);

const podSpec = (pod: KubeObject): PodSpec => (pod.spec ?? {}) as PodSpec;
const isReady = (pod: KubeObject): boolean => (pod.status as { ready?: boolean } | undefined)?.ready === true;
const isEnding = (pod: KubeObject): boolean => pod.metadata.deletionTimestamp !== undefined;

/** Free milli-CPU of a node under the pods bound to it. */
const freeOn = (node: KubeObject, pods: readonly KubeObject[]): number => {
  const { allocatable } = node.status as { readonly allocatable: { readonly cpu: string } };
  const used = pods.filter((pod) => podSpec(pod).nodeName === node.metadata.name).reduce((sum, pod) => sum + cpuMilliOf(podSpec(pod)), 0);
  return Number.parseInt(allocatable.cpu, 10) - used;
};

type Taint = { readonly key: string; readonly effect: 'NoSchedule' };

/** A taint that no pod of the model tolerates. */
export const gpuTaint: Taint = { key: 'gpu', effect: 'NoSchedule' };

/** True for nodes that take the pods of the model. */
export const isUntainted = (node: KubeObject): boolean => ((node.spec as { taints?: readonly Taint[] }).taints ?? []).length === 0;

const isOpen = (node: KubeObject): boolean => isUntainted(node) && (node.spec as { unschedulable?: boolean }).unschedulable !== true;

/** A node object of the model: cpu in milli, plenty of memory and pods. */
export const nodeObject = (name: string, cpuMilli: number, labels: Record<string, string>, taints: readonly Taint[] = []): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  spec: taints.length === 0 ? {} : { taints },
  status: {
    allocatable: { cpu: `${cpuMilli}m`, memory: '64Gi', pods: '110' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
});

/** Pods of such a request that the member's nodes take; none while others wait for room. */
export const roomIn = (store: MemberStore, cpuMilli: number): number => {
  const pods = store.list(types.pods);
  if (pods.some((pod) => podSpec(pod).nodeName === undefined)) return 0;
  return store
    .list(types.nodes)
    .filter(isOpen)
    .reduce((sum, node) => sum + Math.max(0, Math.floor(freeOn(node, pods) / cpuMilli)), 0);
};

/** Pods of a Deployment that are bound to no node and larger than what is free on any. */
export const nodelessIn = (store: MemberStore, deployment: string): number => {
  const pods = store.list(types.pods);
  const free = Math.max(
    0,
    ...store
      .list(types.nodes)
      .filter(isOpen)
      .map((node) => freeOn(node, pods)),
  );
  return pods.filter(
    (pod) =>
      pod.metadata.ownerReferences?.[0]?.name === deployment &&
      !isEnding(pod) &&
      podSpec(pod).nodeName === undefined &&
      cpuMilliOf(podSpec(pod)) > free,
  ).length;
};

/** Kinds that no controller of the model acts on. */
const restful: ReadonlySet<string> = new Set(['Secret', 'ConfigMap', 'Service', 'EndpointSlice', 'ServiceExport', 'ServiceImport']);

/** Starts the controllers of a member; they look again a moment after each change. Its scheduler looks at no pod sooner than after `bindMs`. */
export const startMemberRuntime = (
  world: World,
  name: string,
  store: MemberStore,
  random: Prng,
  faults: () => Faults,
  bindMs: number,
): void => {
  /** Pods that the scheduler has not come to. */
  const unseen = new Set<string>();
  let isPlanned = false;
  let podCount = 0;
  const soon = (): void => {
    if (isPlanned) return;
    isPlanned = true;
    world.after(50 + random.below(300), `${name} controllers`, () => {
      isPlanned = false;
      reconcile();
    });
  };
  store.onChange((object) => {
    if (!restful.has(object.kind)) soon();
  });

  const end = (pod: KubeObject): void => {
    if (isEnding(pod)) return;
    const { name: podName, namespace = '' } = pod.metadata;
    store.put(types.pods, { ...pod, metadata: { ...pod.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } });
    world.after(200 + random.below(4_000), `${name} pod ${podName} ends`, () => {
      if (store.get(types.pods, namespace, podName) !== undefined) store.remove({ ...types.pods, namespace, name: podName });
    });
  };
  const start = (deployment: KubeObject): void => {
    const { namespace = '', name: owner, uid = '' } = deployment.metadata;
    const template = (deployment.spec as DeploymentSpec).template ?? {};
    podCount += 1;
    const podName = `${owner}-${podCount}`;
    if (bindMs > 0) {
      unseen.add(podName);
      world.after(bindMs, `${name} scheduler comes to ${podName}`, () => {
        unseen.delete(podName);
        soon();
      });
    }
    store.put(types.pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name: podName,
        namespace,
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: owner, uid, controller: true }],
      },
      spec: { ...template.spec },
      status: { phase: 'Pending' },
    });
  };
  const bind = (pod: KubeObject, node: KubeObject): void => {
    const { name: podName, namespace = '' } = pod.metadata;
    store.put(types.pods, { ...pod, spec: { ...podSpec(pod), nodeName: node.metadata.name } });
    const isStuck = random.chance(faults().stuckPodPercent);
    // A stuck pod starts in the end, so that a healed federation can settle.
    const delayMs = 200 + random.below(4_000) + (isStuck ? 60_000 + random.below(240_000) : 0);
    world.after(delayMs, `${name} pod ${podName} ready`, () => {
      const now = store.get(types.pods, namespace, podName);
      if (now !== undefined && !isEnding(now)) store.put(types.pods, { ...now, status: { phase: 'Running', ready: true } });
    });
  };
  const schedule = (): void => {
    const nodes = store.list(types.nodes).filter(isOpen);
    for (const pod of store.list(types.pods)) {
      if (podSpec(pod).nodeName !== undefined || isEnding(pod) || unseen.has(pod.metadata.name)) continue;
      const pods = store.list(types.pods);
      const fitting = nodes.find((node) => freeOn(node, pods) >= cpuMilliOf(podSpec(pod)));
      if (fitting !== undefined) bind(pod, fitting);
    }
  };
  const reconcile = (): void => {
    const nodeNames = new Set(store.list(types.nodes).map((node) => node.metadata.name));
    const pods = store.list(types.pods);
    for (const pod of pods) {
      const { nodeName } = podSpec(pod);
      // Pods of a node that is gone are gone.
      if (nodeName !== undefined && !nodeNames.has(nodeName))
        store.remove({ ...types.pods, namespace: pod.metadata.namespace ?? '', name: pod.metadata.name });
    }
    const deployments = store.list(types.deployments);
    const uids = new Set(deployments.map((deployment) => deployment.metadata.uid));
    for (const pod of store.list(types.pods)) {
      const owner = pod.metadata.ownerReferences?.[0]?.uid;
      if (owner !== undefined && !uids.has(owner)) end(pod);
    }
    for (const deployment of deployments) follow(deployment);
    schedule();
  };
  const follow = (deployment: KubeObject): void => {
    const wanted = (deployment.spec as DeploymentSpec).replicas ?? 1;
    const cpuMilli = cpuMilliOf((deployment.spec as DeploymentSpec).template?.spec);
    const all = store
      .list(types.pods)
      .filter((pod) => pod.metadata.ownerReferences?.[0]?.uid === deployment.metadata.uid && !isEnding(pod));
    const [own, old] = [
      all.filter((pod) => cpuMilliOf(podSpec(pod)) === cpuMilli),
      all.filter((pod) => cpuMilliOf(podSpec(pod)) !== cpuMilli),
    ];
    // Strategy Recreate.
    for (const pod of old) end(pod);
    for (let count = own.length; count < wanted; count++) start(deployment);
    for (const pod of [...own].sort((a, b) => Number(isReady(a)) - Number(isReady(b))).slice(0, Math.max(0, own.length - wanted))) end(pod);
    const ready = own.filter(isReady).length - Math.max(0, own.filter(isReady).length - wanted);
    const status = {
      observedGeneration: deployment.metadata.generation,
      replicas: wanted,
      updatedReplicas: wanted,
      readyReplicas: ready,
      availableReplicas: ready,
    };
    if (JSON.stringify(deployment.status) !== JSON.stringify(status)) store.put(types.deployments, { ...deployment, status });
  };
};
