/**
 * @module A kube-apiserver with the content of a large cluster, as far as an agent's inventory asks: discovery, lists in pages, watches. Its
 * objects are made when they are asked for, as large as real ones (managed fields, images, conditions). Run as a program; settings are JSON
 * in PAGED_APISERVER. It refuses streamed lists, so that pages are read.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How large the cluster is, and how many pods change each second: some only in their status, some move in or out. */
export type PagedCluster = {
  readonly nodes: number;
  readonly pods: number;
  readonly statusChangesPerSecond: number;
  readonly movesPerSecond: number;
};

const { nodes, pods, statusChangesPerSecond, movesPerSecond } = JSON.parse(process.env.PAGED_APISERVER ?? '{}') as PagedCluster;

type Resource = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
};
const resources: readonly Resource[] = [
  { group: '', version: 'v1', kind: 'Node', plural: 'nodes', namespaced: false },
  { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true },
  { group: 'apps', version: 'v1', kind: 'ReplicaSet', plural: 'replicasets', namespaced: true },
  { group: 'node.k8s.io', version: 'v1', kind: 'RuntimeClass', plural: 'runtimeclasses', namespaced: false },
  { group: 'topology.node.k8s.io', version: 'v1alpha2', kind: 'NodeResourceTopology', plural: 'noderesourcetopologies', namespaced: false },
];

let revision = 1_000_000;
const time = '2026-11-01T00:00:00Z';
const managed = (fields: number): object[] => [
  {
    manager: 'kubelet',
    operation: 'Update',
    apiVersion: 'v1',
    time,
    fieldsType: 'FieldsV1',
    fieldsV1: Object.fromEntries(Array.from({ length: fields }, (_, at) => [`f:field-${at}`, {}])),
  },
];

const nodeName = (at: number): string => `gke-prod-pool-${at % 12}-${((at * 2_654_435_761) % 4_294_967_296).toString(36).padStart(7, '0')}`;
const meta = (name: string, at: number, namespace?: string): object => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
  uid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
  resourceVersion: String(revision),
  creationTimestamp: time,
  managedFields: managed(40),
});

const nodeOf = (at: number): object => {
  const gpus = at % 3 === 0 ? 8 : 0;
  return {
    metadata: {
      ...meta(nodeName(at), at),
      labels: {
        'kubernetes.io/hostname': nodeName(at),
        'kubernetes.io/arch': 'amd64',
        'node.kubernetes.io/instance-type': `m-${at % 12}`,
        'topology.kubernetes.io/region': 'eu-west-1',
        'topology.kubernetes.io/zone': `eu-west-1${'abc'[at % 3]}`,
        ...(gpus === 0
          ? {}
          : { 'nvidia.com/gpu.product': 'NVIDIA-A100-SXM4-40GB', 'nvidia.com/gpu.memory': '40960', 'nvidia.com/gpu.count': '8' }),
      },
    },
    spec: { providerID: `gce://p/eu-west-1/${nodeName(at)}`, podCIDR: '10.0.0.0/24' },
    status: {
      allocatable: {
        cpu: '63770m',
        memory: '257180012Ki',
        'ephemeral-storage': '95551679124',
        pods: '110',
        ...(gpus === 0 ? {} : { 'nvidia.com/gpu': '8' }),
      },
      conditions: ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'].map((type) => ({
        type,
        status: type === 'Ready' ? 'True' : 'False',
        lastHeartbeatTime: time,
        lastTransitionTime: time,
        reason: 'KubeletReady',
        message: 'kubelet is posting ready status',
      })),
      images: Array.from({ length: 50 }, (_, image) => ({
        names: [`registry.example/team/app-${image}@sha256:${'0'.repeat(64)}`],
        sizeBytes: 123_456_789,
      })),
      nodeInfo: { kubeletVersion: 'v1.36.3', osImage: 'Container-Optimized OS', architecture: 'amd64' },
    },
  };
};

const podOf = (at: number, node = (at * 7) % nodes): object => {
  const gpu = node % 3 === 0 && at % 2 === 0;
  const app = at % 500;
  return {
    metadata: {
      ...meta(`app-${app}-7c9f-${String(at).padStart(6, '0')}`, 1_000_000 + at, `team-${app % 40}`),
      labels: { app: `app-${app}`, 'pod-template-hash': '7c9f' },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `app-${app}-7c9f`, uid: `rs-${app}`, controller: true }],
    },
    spec: {
      nodeName: nodeName(node),
      containers: [
        {
          name: 'app',
          image: `registry.example/team/app-${app}:1.2.3`,
          env: Array.from({ length: 20 }, (_, env) => ({ name: `SETTING_${env}`, value: `value-${env}` })),
          resources: {
            requests: { cpu: `${(1 + (app % 16)) * 250}m`, memory: `${256 * (1 + (app % 8))}Mi` },
            ...(gpu ? { limits: { 'nvidia.com/gpu': '1' } } : {}),
          },
        },
      ],
    },
    status: {
      phase: 'Running',
      conditions: ['Initialized', 'Ready', 'ContainersReady', 'PodScheduled'].map((type) => ({
        type,
        status: 'True',
        lastTransitionTime: time,
      })),
      podIP: '10.0.0.1',
      containerStatuses: [{ name: 'app', ready: true, restartCount: revision % 7, image: 'i', imageID: 'i' }],
    },
  };
};

const topologyOf = (at: number): object => ({
  metadata: meta(nodeName(at * 3), at),
  attributes: [
    { name: 'topologyManagerPolicy', value: 'single-numa-node' },
    { name: 'topologyManagerScope', value: 'pod' },
  ],
  zones: [0, 1].map((zone) => ({
    name: `node-${zone}`,
    type: 'Node',
    costs: [0, 1].map((other) => ({ name: `node-${other}`, value: other === zone ? 10 : 21 })),
    resources: [
      { name: 'cpu', capacity: '32', allocatable: '31', available: String(31 - (at % 16)) },
      { name: 'nvidia.com/gpu', capacity: '4', allocatable: '4', available: String(at % 5) },
    ],
  })),
});

const content: Readonly<Record<string, { readonly count: number; readonly make: (at: number) => object }>> = {
  nodes: { count: nodes, make: nodeOf },
  pods: { count: pods, make: (at) => podOf(at) },
  replicasets: {
    count: 500,
    make: (at) => ({
      metadata: {
        ...meta(`app-${at}-7c9f`, at, `team-${at % 40}`),
        uid: `rs-${at}`,
        ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: `app-${at}`, uid: `d-${at}`, controller: true }],
      },
    }),
  },
  runtimeclasses: { count: 1, make: () => ({ metadata: meta('nvidia', 0), handler: 'nvidia' }) },
  noderesourcetopologies: { count: Math.ceil(nodes / 3), make: topologyOf },
};

const discovery = (root: '/api' | '/apis'): object => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: 'apidiscovery.k8s.io/v2',
  metadata: {},
  items: [...new Set(resources.map(({ group }) => group))]
    .filter((group) => (group === '') === (root === '/api'))
    .map((group) => ({
      metadata: { name: group },
      versions: [
        {
          version: resources.find((entry) => entry.group === group)?.version,
          freshness: 'Current',
          resources: resources
            .filter((entry) => entry.group === group)
            .map(({ plural, kind, version, namespaced }) => ({
              resource: plural,
              responseKind: { group, version, kind },
              scope: namespaced ? 'Namespaced' : 'Cluster',
              verbs: ['get', 'list', 'watch'],
            })),
        },
      ],
    })),
});

const send = (response: ServerResponse, body: object, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

const watches = new Set<ServerResponse>();
const watch = (response: ServerResponse, resource: Resource): void => {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.write(
    `${JSON.stringify({ type: 'BOOKMARK', object: { kind: resource.kind, apiVersion: 'v1', metadata: { resourceVersion: String(revision) } } })}\n`,
  );
  if (resource.plural !== 'pods') return;
  watches.add(response);
  response.on('close', () => watches.delete(response));
};

/** `continue` is the number of the first object of the next page. */
const listPage = (response: ServerResponse, resource: Resource, query: URLSearchParams): void => {
  const { count, make } = content[resource.plural] ?? { count: 0, make: () => ({}) };
  const from = Number(query.get('continue') ?? 0);
  const limit = Number(query.get('limit') ?? count) || count;
  const end = Math.min(count, from + limit);
  const items = Array.from({ length: end - from }, (_, at) => make(from + at));
  const metadata = { resourceVersion: String(revision), ...(end < count ? { continue: String(end) } : {}) };
  send(response, { kind: `${resource.kind}List`, apiVersion: 'v1', metadata, items });
};

const refuse = (response: ServerResponse, code: number, reason: string): void =>
  send(response, { kind: 'Status', code, reason, message: reason }, code);

const answer = (request: IncomingMessage, response: ServerResponse): void => {
  const { pathname, searchParams: query } = new URL(request.url ?? '/', 'http://x');
  const resource = resources.find(({ plural }) => pathname.endsWith(`/${plural}`));
  if (pathname === '/api' || pathname === '/apis') send(response, discovery(pathname));
  else if (pathname === '/version') send(response, { gitVersion: 'v1.36.3' });
  else if (pathname === '/readyz') response.end('ok');
  else if (resource === undefined) refuse(response, 404, 'NotFound');
  else if (query.get('sendInitialEvents') === 'true') refuse(response, 422, 'Invalid');
  else if (query.get('watch') === 'true' || query.get('watch') === '1') watch(response, resource);
  else listPage(response, resource, query);
};

let turn = 0;
const change = (): void => {
  for (let at = 0; at < statusChangesPerSecond + movesPerSecond; at++) {
    turn = (turn + 7_919) % pods;
    revision += 1;
    const moves = at >= statusChangesPerSecond;
    const object = { kind: 'Pod', apiVersion: 'v1', ...podOf(turn, moves ? revision % nodes : undefined) };
    const line = `${JSON.stringify({ type: 'MODIFIED', object })}\n`;
    for (const response of watches) response.write(line);
  }
};

const server = createServer(answer);
server.listen(0, '127.0.0.1', () => {
  setInterval(change, 1_000);
  process.stdout.write(`serving on ${(server.address() as AddressInfo).port}\n`);
});
