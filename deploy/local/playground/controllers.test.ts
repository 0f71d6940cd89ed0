/** @module Rules of the playground's controllers, on a small model of a cluster under a virtual clock. */
import { describe, expect, test } from 'vitest';
import type { GroupVersionResource, KubeObject } from '../../../shared/kube/object.ts';
import { cloudClusters, nodesOf, topologyOf } from './clouds.ts';
import { resources, type View } from './controller.ts';
import { playgroundControllers } from './controllers/index.ts';
import { modelCluster } from './model-cluster.ts';
import { isReady, type Pod } from './objects.ts';

type Topology = KubeObject & { zones: { resources: { name: string; available: string }[] }[] };

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

  test('scaling down gives up ready pods of the lowest deletion cost first, and goes by no cost that is no number', () => {
    const cluster = modelCluster([...nodes(), [resources.deployments, deployment(4)]]);
    cluster.settle();
    const names = readyPods(cluster.view).map(({ metadata }) => metadata.name);
    const costs = ['5', '-2147483648', '-3', '-99999999999'];
    names.forEach((name, at) => {
      const annotations = { 'controller.kubernetes.io/pod-deletion-cost': costs[at] ?? '' };
      cluster.change(resources.pods, 'shop', name, (pod) => ({ ...pod, metadata: { ...pod.metadata, annotations } }));
    });
    const scaledTo = (replicas: number): readonly string[] => {
      cluster.change(resources.deployments, 'shop', 'web', (object) => ({ ...object, spec: { ...(object.spec as object), replicas } }));
      cluster.settle();
      return readyPods(cluster.view).map(({ metadata }) => metadata.name);
    };
    expect([2, 1].map((replicas) => [...scaledTo(replicas)].sort())).toEqual([[names[0], names[3]].sort(), [names[0]]]);
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

  const setWithClaims = (more: object): KubeObject => ({
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'shop' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'db' } },
      template: template(
        { app: 'db' },
        { cpu: '1' },
        {
          volumes: [
            { name: 'data', emptyDir: {} },
            { name: 'logs', emptyDir: {} },
          ],
        },
      ),
      volumeClaimTemplates: [{ metadata: { name: 'data', labels: { tier: 'gold' } }, spec: { accessModes: ['ReadWriteOnce'] } }],
      ...more,
    },
  });
  const claimsOf = (view: View): string[] => view.list(resources.claims, 'shop').map(({ metadata }) => metadata.name);

  test('a claim is bound to a volume of its own that has the size and the modes that were asked for', () => {
    const claim: KubeObject = {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'data', namespace: 'shop' },
      spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
    };
    const cluster = modelCluster([[resources.claims, claim]]);
    cluster.settle();
    expect(cluster.view.get(resources.claims, 'shop', 'data')).toMatchObject({
      spec: { volumeName: expect.stringMatching(/^pvc-uid-/) },
      status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' } },
    });
  });

  test("a StatefulSet's pod mounts a claim of its own, which is made before it, keeps its labels, and takes the place of a volume of that name", () => {
    const cluster = modelCluster([...nodes(), [resources.statefulSets, setWithClaims({ ordinals: { start: 5 } })]]);
    cluster.settle();
    expect(readyPods(cluster.view).map((pod) => [pod.metadata.name, pod.spec.volumes])).toEqual([
      [
        'db-5',
        [
          { name: 'data', persistentVolumeClaim: { claimName: 'data-db-5' } },
          { name: 'logs', emptyDir: {} },
        ],
      ],
      [
        'db-6',
        [
          { name: 'data', persistentVolumeClaim: { claimName: 'data-db-6' } },
          { name: 'logs', emptyDir: {} },
        ],
      ],
    ]);
    expect(cluster.view.list(resources.claims, 'shop')).toMatchObject([
      { metadata: { name: 'data-db-5', labels: { tier: 'gold', app: 'db' } }, spec: { accessModes: ['ReadWriteOnce'] } },
      { metadata: { name: 'data-db-6' } },
    ]);
  });

  test.each([
    [undefined, ['data-db-0', 'data-db-1'], ['data-db-0', 'data-db-1']],
    [{ whenScaled: 'Delete', whenDeleted: 'Retain' }, ['data-db-0'], ['data-db-0']],
    [{ whenScaled: 'Retain', whenDeleted: 'Delete' }, ['data-db-0', 'data-db-1'], []],
    [{ whenScaled: 'Delete', whenDeleted: 'Delete' }, ['data-db-0'], []],
  ])('with the retention policy %j the claims %j stay when the set shrinks, and %j when it is deleted', (policy, scaled, deleted) => {
    const more = policy === undefined ? {} : { persistentVolumeClaimRetentionPolicy: policy };
    const cluster = modelCluster([...nodes(), [resources.statefulSets, setWithClaims(more)]]);
    cluster.settle();
    cluster.change(resources.statefulSets, 'shop', 'db', (object) => ({ ...object, spec: { ...(object.spec as object), replicas: 1 } }));
    cluster.settle();
    expect(claimsOf(cluster.view)).toEqual(scaled);
    cluster.remove(resources.statefulSets, 'shop', 'db');
    expect(claimsOf(cluster.view).filter((name) => name === 'data-db-0')).toEqual(deleted.filter((name) => name === 'data-db-0'));
    // What was kept when the set shrank belongs to a pod that is gone: only the set's own end takes it along.
    if (policy?.whenDeleted === 'Delete') expect(claimsOf(cluster.view)).toEqual(deleted);
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

  test('a DaemonSet waits for room on its node, and goes to no other', () => {
    const set = (cpu: string): KubeObject => ({
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'log', namespace: 'shop' },
      spec: { selector: { matchLabels: { app: 'log' } }, template: template({ app: 'log' }, { cpu }) },
    });
    const cluster = modelCluster([...nodes(), [resources.daemonSets, set('1')]]);
    cluster.change(resources.nodes, '', 'idc-berlin-1', (node) => ({
      ...node,
      status: { ...(node.status as object), allocatable: { cpu: '500m', memory: '32Gi', pods: '110' } },
    }));
    cluster.settle();
    const nodesOfPods = () => readyPods(cluster.view).map((pod) => pod.spec.nodeName);
    expect(nodesOfPods()).toEqual(['idc-berlin-2']);
    expect(cluster.view.get(resources.daemonSets, 'shop', 'log')?.status).toMatchObject({
      desiredNumberScheduled: 2,
      currentNumberScheduled: 2,
      numberReady: 1,
      numberUnavailable: 1,
    });
    const waiting = cluster.view.list<Pod>(resources.pods, 'shop').filter((pod) => !isReady(pod));
    expect(waiting.map(({ status }) => [status?.phase, status?.conditions?.[0]?.reason])).toEqual([['Pending', 'Unschedulable']]);
    cluster.change(resources.daemonSets, 'shop', 'log', (object) => ({ ...object, spec: set('250m').spec }));
    cluster.settle();
    expect(nodesOfPods().sort()).toEqual(['idc-berlin-1', 'idc-berlin-2']);
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

  test.each([
    ['gets an address when the balancer of the cluster is meant', {}, 1],
    ['is left to the balancer of its class', { loadBalancerClass: 'lab.example/program' }, 0],
  ])('a Service of type LoadBalancer %s', (_rule, more, addresses) => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'front', namespace: 'shop', uid: 'u' },
      spec: { type: 'LoadBalancer', ports: [{ port: 80 }], ...more },
    };
    const cluster = modelCluster([[resources.services, service]]);
    cluster.settle();
    const status = cluster.view.get(resources.services, 'shop', 'front')?.status as { loadBalancer?: { ingress?: object[] } } | undefined;
    expect(status?.loadBalancer?.ingress ?? []).toHaveLength(addresses);
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
