/** @module Rules of the playground's controllers, on a small model of a cluster under a virtual clock. */
import { describe, expect, test } from 'vitest';
import type { GroupVersionResource, KubeObject } from '../../../shared/kube/object.ts';
import { cloudClusters, nodesOf, topologyOf } from './clouds.ts';
import { type Action, resources, type View } from './controller.ts';
import { playgroundControllers } from './controllers/index.ts';
import { controllerUidOf, isReady, type Pod } from './objects.ts';

type Topology = KubeObject & { zones: { resources: { name: string; available: string }[] }[] };

/** Passes until a cluster must be at rest. */
const passesMax = 400;

const modelCluster = (initial: readonly [GroupVersionResource, KubeObject][]) => {
  const objects = new Map<string, KubeObject>();
  let serial = 0;
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const keyFor = (type: GroupVersionResource, namespace: string, name: string) => `${type.group}/${type.resource}/${namespace}/${name}`;
  const put = (type: GroupVersionResource, object: KubeObject): void => {
    serial++;
    const name = object.metadata.name === '' ? `${object.metadata.generateName}${serial}` : object.metadata.name;
    const created = { uid: `uid-${serial}`, generation: 1, creationTimestamp: new Date(nowMs).toISOString(), ...object.metadata, name };
    objects.set(keyFor(type, object.metadata.namespace ?? '', name), { ...object, metadata: created });
  };
  for (const [type, object] of initial) put(type, object);
  const sorted = (): [string, KubeObject][] => [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
  const view: View = {
    get: <T extends KubeObject>(type: GroupVersionResource, namespace: string, name: string) =>
      objects.get(keyFor(type, namespace, name)) as T | undefined,
    list: <T extends KubeObject>(type: GroupVersionResource, namespace: string) =>
      sorted()
        .filter(([key]) => key.startsWith(`${type.group}/${type.resource}/${namespace === '' ? '' : `${namespace}/`}`))
        .map(([, object]) => object as T),
    owned: <T extends KubeObject>(type: GroupVersionResource, owner: KubeObject) =>
      view.list<T>(type, owner.metadata.namespace ?? '').filter((object) => controllerUidOf(object) === owner.metadata.uid),
  };
  const removeWithDependents = (key: string): void => {
    const gone = objects.get(key);
    objects.delete(key);
    for (const [other, object] of sorted()) {
      if (object.metadata.ownerReferences?.some(({ uid }) => uid === gone?.metadata.uid)) removeWithDependents(other);
    }
  };
  const perform = (action: Action): void => {
    if (action.do === 'create') put(action.type, action.object);
    else if (action.do === 'update')
      objects.set(keyFor(action.type, action.object.metadata.namespace ?? '', action.object.metadata.name), action.object);
    else if (action.do === 'delete') removeWithDependents(keyFor(action.type, action.namespace, action.name));
    else {
      const pod = view.get<Pod>(resources.pods, action.namespace, action.pod);
      const scheduled = { type: 'PodScheduled', status: 'True' as const, lastTransitionTime: new Date(nowMs).toISOString() };
      if (pod !== undefined)
        put(resources.pods, { ...pod, spec: { ...pod.spec, nodeName: action.node }, status: { ...pod.status, conditions: [scheduled] } });
    }
  };
  /** Looks at every object with every controller until nothing is due, letting time pass where something waits. */
  const settle = (): void => {
    for (let pass = 0; pass < passesMax; pass++) {
      let waitMs = 0;
      let acted = 0;
      for (const controller of playgroundControllers) {
        const keys = new Set(
          controller.watches.flatMap(({ type, keysOf }) => view.list(type, '').flatMap((object) => keysOf(object, view))),
        );
        for (const key of keys) {
          const slash = key.indexOf('/');
          const due = controller.reconcile(view, key.slice(0, slash), key.slice(slash + 1), nowMs);
          for (const action of due.actions) perform(action);
          acted += due.actions.length;
          waitMs = Math.max(waitMs, due.requeueAfterMs ?? 0);
        }
      }
      if (acted === 0 && waitMs === 0) return;
      if (acted === 0) nowMs += waitMs;
      if (acted === 0 && pass > passesMax / 2) return;
    }
    throw new Error(`not at rest after ${passesMax} passes`);
  };
  const change = (type: GroupVersionResource, namespace: string, name: string, edit: (object: KubeObject) => KubeObject): void => {
    const object = view.get(type, namespace, name);
    if (object === undefined) throw new Error(`no ${name}`);
    const next = edit(structuredClone(object));
    objects.set(keyFor(type, namespace, name), {
      ...next,
      metadata: { ...next.metadata, generation: (object.metadata.generation ?? 1) + 1 },
    });
  };
  return { view, settle, change };
};

const nodes = (count = 1): [GroupVersionResource, KubeObject][] =>
  cloudClusters(count).flatMap((cluster) =>
    nodesOf(cluster).flatMap(({ node, machine }): [GroupVersionResource, KubeObject][] =>
      machine.gpu === undefined
        ? [[resources.nodes, node]]
        : [
            [resources.nodes, node],
            [resources.topologies, topologyOf(node, machine)],
          ],
    ),
  );

const template = (labels: { [key: string]: string }, requests: { [resource: string]: string } = { cpu: '1' }, extra: object = {}) => ({
  metadata: { labels },
  spec: { containers: [{ name: 'main', image: 'nginx:1', resources: { requests } }], ...extra },
});

const gpu = { key: 'nvidia.com/gpu', operator: 'Exists' };

const deployment = (replicas: number, requests?: { [resource: string]: string }, extra?: object): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: { replicas, selector: { matchLabels: { app: 'web' } }, template: template({ app: 'web' }, requests, extra) },
});

const readyPods = (view: View): Pod[] => view.list<Pod>(resources.pods, 'shop').filter(isReady);

describe('playground', () => {
  test('a Deployment comes to as many ready pods as asked, and says so in its status', () => {
    const cluster = modelCluster([...nodes(), [resources.deployments, deployment(3)]]);
    cluster.settle();
    expect(readyPods(cluster.view)).toHaveLength(3);
    expect(cluster.view.get(resources.deployments, 'shop', 'web')?.status).toMatchObject({
      replicas: 3,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
    });
  });

  test('a status is written once what was asked for shows, not while it is asked for', () => {
    const cluster = modelCluster([...nodes(), [resources.deployments, deployment(2)]]);
    const actionsOf = (controller: string, name: string) =>
      playgroundControllers.find((one) => one.name === controller)?.reconcile(cluster.view, 'shop', name, 0).actions;
    expect(actionsOf('deployment', 'web')).toMatchObject([{ do: 'create', type: resources.replicaSets }]);
    cluster.settle();
    const set = cluster.view.list(resources.replicaSets, 'shop')[0]?.metadata.name ?? '';
    cluster.change(resources.replicaSets, 'shop', set, (object) => ({ ...object, spec: { ...(object.spec as object), replicas: 4 } }));
    expect(actionsOf('replicaset', set)).toMatchObject([{ do: 'create' }, { do: 'create' }]);
  });

  test('a new template replaces every pod and leaves the old set empty', () => {
    const cluster = modelCluster([...nodes(), [resources.deployments, deployment(4)]]);
    cluster.settle();
    cluster.change(resources.deployments, 'shop', 'web', (object) => ({
      ...object,
      spec: { ...(object.spec as object), template: template({ app: 'web', v: '2' }) },
    }));
    cluster.settle();
    expect(readyPods(cluster.view).map((pod) => pod.metadata.labels?.v)).toEqual(['2', '2', '2', '2']);
    expect(
      cluster.view
        .list(resources.replicaSets, 'shop')
        .map((set) => (set.spec as { replicas: number }).replicas)
        .sort(),
    ).toEqual([0, 4]);
  });

  test('scaling down gives up pods that wait before pods that run', () => {
    const cluster = modelCluster([...nodes(), [resources.deployments, deployment(40, { cpu: '2' })]]);
    cluster.settle();
    const bound = readyPods(cluster.view).length;
    expect(bound).toBeLessThan(40);
    cluster.change(resources.deployments, 'shop', 'web', (object) => ({
      ...object,
      spec: { ...(object.spec as object), replicas: bound },
    }));
    cluster.settle();
    expect(readyPods(cluster.view)).toHaveLength(bound);
    expect(cluster.view.list(resources.pods, 'shop')).toHaveLength(bound);
  });

  test('no node is given more than it has, nor a pod that does not tolerate its taint', () => {
    const cluster = modelCluster([...nodes(), [resources.deployments, deployment(100, { cpu: '3', memory: '1Gi' })]]);
    cluster.settle();
    const perNode = Map.groupBy(readyPods(cluster.view), (pod) => pod.spec.nodeName ?? '');
    expect([...perNode].map(([name, pods]) => [name, pods.length]).sort()).toEqual([
      ['idc-berlin-1', 2],
      ['idc-berlin-2', 2],
    ]);
  });

  test('a pod that is told to end ends, whatever grace it has, and its place is free again', () => {
    const cluster = modelCluster([...nodes(), [resources.deployments, deployment(1)]]);
    cluster.settle();
    const [pod] = readyPods(cluster.view);
    cluster.change(resources.pods, 'shop', pod?.metadata.name ?? '', (object) => ({
      ...object,
      metadata: { ...object.metadata, deletionTimestamp: '2026-01-01T00:01:00Z', deletionGracePeriodSeconds: 30 },
    }));
    cluster.settle();
    expect(readyPods(cluster.view)).toHaveLength(1);
    expect(cluster.view.list(resources.pods, 'shop')).toHaveLength(1);
    expect(readyPods(cluster.view)[0]?.metadata.name).not.toBe(pod?.metadata.name);
  });

  test('a StatefulSet makes its pods in order and removes the highest first', () => {
    const set: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: 'db', namespace: 'shop' },
      spec: { replicas: 3, serviceName: 'db', selector: { matchLabels: { app: 'db' } }, template: template({ app: 'db' }) },
    };
    const cluster = modelCluster([...nodes(), [resources.statefulSets, set]]);
    cluster.settle();
    expect(readyPods(cluster.view).map((pod) => pod.metadata.name)).toEqual(['db-0', 'db-1', 'db-2']);
    cluster.change(resources.statefulSets, 'shop', 'db', (object) => ({ ...object, spec: { ...(object.spec as object), replicas: 1 } }));
    cluster.settle();
    expect(readyPods(cluster.view).map((pod) => pod.metadata.name)).toEqual(['db-0']);
  });

  test('a Job runs until its completions are reached', () => {
    const job: KubeObject = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'once', namespace: 'shop' },
      spec: { completions: 4, parallelism: 2, template: template({ app: 'once' }, { cpu: '1' }, { restartPolicy: 'Never' }) },
    };
    const cluster = modelCluster([...nodes(), [resources.jobs, job]]);
    cluster.settle();
    expect(cluster.view.get(resources.jobs, 'shop', 'once')?.status).toMatchObject({
      succeeded: 4,
      conditions: [{ type: 'Complete', status: 'True' }],
    });
  });

  test('a DaemonSet runs on each node that its pods tolerate', () => {
    const set: KubeObject = {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'log', namespace: 'shop' },
      spec: { selector: { matchLabels: { app: 'log' } }, template: template({ app: 'log' }, { cpu: '1' }, { tolerations: [gpu] }) },
    };
    const cluster = modelCluster([...nodes(), [resources.daemonSets, set]]);
    cluster.change(resources.nodes, '', 'idc-berlin-2', (node) => ({ ...node, spec: { taints: [{ key: 'own', effect: 'NoSchedule' }] } }));
    cluster.settle();
    expect(
      readyPods(cluster.view)
        .map((pod) => pod.spec.nodeName)
        .sort(),
    ).toEqual(['idc-berlin-1', 'idc-berlin-3']);
  });

  test('a new node runs pods once it is ready', () => {
    const cluster = modelCluster([...nodes(), [resources.deployments, deployment(1)]]);
    const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
    for (const name of ['idc-berlin-1', 'idc-berlin-2'])
      cluster.change(resources.nodes, '', name, (node) => ({ ...node, spec: { taints: [notReady] } }));
    cluster.settle();
    expect(cluster.view.get(resources.nodes, '', 'idc-berlin-1')?.spec).toEqual({ taints: [] });
    expect(readyPods(cluster.view)).toHaveLength(1);
  });

  test('a Service has an EndpointSlice with the ready pods and the port they serve', () => {
    const service: KubeObject = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 8080 }] },
    };
    const cluster = modelCluster([...nodes(), [resources.services, service], [resources.deployments, deployment(2)]]);
    cluster.settle();
    const [slice] = cluster.view.list(resources.endpointSlices, 'shop');
    expect(slice?.ports).toEqual([{ name: '', protocol: 'TCP', port: 8080 }]);
    expect(slice?.endpoints).toHaveLength(2);
  });

  test('exclusive GPUs are taken from one NUMA zone after the other', () => {
    const cluster = modelCluster([
      ...nodes(),
      [resources.deployments, deployment(1, { cpu: '1', 'nvidia.com/gpu': '2' }, { tolerations: [gpu] })],
    ]);
    cluster.settle();
    const [topology] = cluster.view.list<Topology>(resources.topologies, '');
    const available = topology?.zones.map((zone) => zone.resources.find(({ name }) => name === 'nvidia.com/gpu')?.available);
    expect(available).toEqual(['0', '2']);
  });
});
