/** @module A small cluster and the shapes that `fit.e2e.test.ts` fills it with: one term of the scheduler each, and some together. */
import type { NodeSpec } from '../testbed/index.ts';

const node = (name: string, zone: string, more: Partial<NodeSpec> & { rack?: string } = {}): NodeSpec => ({
  name,
  ...more,
  labels: {
    'topology.kubernetes.io/zone': zone,
    ...(more.rack === undefined ? {} : { rack: more.rack }),
    ...more.labels,
  },
  allocatable: { cpu: '4', memory: '8Gi', pods: '10', ...more.allocatable },
});

/** Three zones; a GPU node with a taint, a node out of service, one without a rack. */
export const fitNodes: readonly NodeSpec[] = [
  node('a1', 'a', { rack: 'r1', labels: { disk: 'ssd', gen: '3' } }),
  node('a2', 'a', { rack: 'r2', labels: { disk: 'ssd', gen: '4' } }),
  node('b1', 'b', { rack: 'r3', labels: { disk: 'hdd', gen: '4' } }),
  node('b2', 'b', { rack: 'r3', labels: { disk: 'hdd' }, allocatable: { cpu: '2', 'ephemeral-storage': '10Gi' } }),
  node('c1', 'c', { rack: 'r4', labels: { gen: '5' }, allocatable: { cpu: '8', memory: '16Gi', pods: '12', 'hugepages-2Mi': '64Mi' } }),
  node('g1', 'c', {
    rack: 'r5',
    taints: [{ key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' }],
    allocatable: { cpu: '8', 'nvidia.com/gpu': '5' },
  }),
  node('off', 'c', { rack: 'r6', unschedulable: true }),
  node('spare', 'b', {
    labels: { gen: '2' },
    taints: [{ key: 'spare', effect: 'PreferNoSchedule' }],
    allocatable: { cpu: '3', pods: '5' },
  }),
  node('evict', 'a', { taints: [{ key: 'leaving', effect: 'NoExecute' }] }),
];

type Pod = { readonly metadata: { readonly labels?: Record<string, string> }; readonly spec: Record<string, unknown> };

const container = (requests: Record<string, string>, more: object = {}): object => ({
  name: 'main',
  image: 'registry.example/app:1',
  resources: { requests, ...Object.fromEntries(Object.keys(requests).some((name) => name.includes('/')) ? [['limits', requests]] : []) },
  ...more,
});
const pod = (
  requests: Record<string, string>,
  spec: Record<string, unknown> = {},
  labels: Record<string, string> = { app: 'shape' },
): Pod => ({
  metadata: { labels },
  spec: { containers: [container(requests)], ...spec },
});
const named = (name: string, requests: Record<string, string>, more: object = {}): object => ({ ...container(requests), name, ...more });
const own = { labelSelector: { matchLabels: { app: 'shape' } } };
const host = 'kubernetes.io/hostname';
const zone = 'topology.kubernetes.io/zone';
const spread = (topologyKey: string, maxSkew = 1, more: object = {}): object => ({
  topologyKey,
  maxSkew,
  whenUnsatisfiable: 'DoNotSchedule',
  ...own,
  ...more,
});
const nodeAffinity = (...nodeSelectorTerms: object[]): object => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
});
const rule = (key: string, operator: string, ...values: string[]): object => ({
  matchExpressions: [{ key, operator, ...(values.length === 0 ? {} : { values }) }],
});
const podAffinity = (field: 'podAffinity' | 'podAntiAffinity', ...terms: object[]): object => ({
  [field]: { requiredDuringSchedulingIgnoredDuringExecution: terms },
});
const tolerateAll = [{ operator: 'Exists' }];
const half = { cpu: '500m' };

/** Pods that are there already, by the node they run on. */
export const residents: readonly { readonly name: string; readonly node: string; readonly pod: Pod }[] = [
  { name: 'web', node: 'a1', pod: pod({ cpu: '700m', memory: '1Gi' }, {}, { app: 'web' }) },
  {
    name: 'hermit',
    node: 'b1',
    pod: pod(
      half,
      { affinity: podAffinity('podAntiAffinity', { topologyKey: host, labelSelector: { matchLabels: { shy: 'yes' } } }) },
      { app: 'hermit' },
    ),
  },
  {
    name: 'door',
    node: 'c1',
    pod: {
      metadata: { labels: { app: 'door' } },
      spec: { containers: [container(half, { ports: [{ containerPort: 80, hostPort: 8080 }] })] },
    },
  },
  { name: 'elder', node: 'c1', pod: pod(half, {}, { app: 'shape', rev: '1' }) },
];

/** Shapes by the rule that they are about. */
export const fitShapes: [rule: string, pod: Pod, namespace?: string][] = [
  ['cpu by floors of each node', pod({ cpu: '1500m' })],
  ['memory', pod({ memory: '3Gi' })],
  ['several amounts', pod({ cpu: '700m', memory: '1500Mi' })],
  ['pods that ask for nothing', pod({})],
  ['ephemeral storage', pod({ 'ephemeral-storage': '3Gi' })],
  [
    'huge pages',
    {
      metadata: {},
      spec: {
        containers: [
          { ...container({}), resources: { requests: { cpu: '100m', 'hugepages-2Mi': '20Mi' }, limits: { 'hugepages-2Mi': '20Mi' } } },
        ],
      },
    },
  ],
  ['devices behind a taint', pod({ 'nvidia.com/gpu': '2' })],
  [
    'devices with the taint tolerated',
    pod({ 'nvidia.com/gpu': '2' }, { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Equal', value: 'present' }] }),
  ],
  ['every taint tolerated, the cordoned node too', pod({ cpu: '1' }, { tolerations: tolerateAll })],
  [
    'a taint tolerated for one effect only',
    pod({ cpu: '2' }, { tolerations: [{ key: 'leaving', operator: 'Exists', effect: 'NoSchedule' }] }),
  ],
  ['NoExecute tolerated', pod({ cpu: '2' }, { tolerations: [{ key: 'leaving', operator: 'Exists', effect: 'NoExecute' }] })],
  ['a node selector', pod({ cpu: '1' }, { nodeSelector: { disk: 'ssd' } })],
  ['node affinity In', pod({ cpu: '1' }, { affinity: nodeAffinity(rule('disk', 'In', 'hdd', 'tape')) })],
  ['node affinity NotIn holds without the label', pod({ cpu: '1' }, { affinity: nodeAffinity(rule('disk', 'NotIn', 'hdd')) })],
  ['node affinity Gt or Lt', pod({ cpu: '1' }, { affinity: nodeAffinity(rule('gen', 'Gt', '4'), rule('gen', 'Lt', '3')) })],
  ['node affinity DoesNotExist', pod({ cpu: '1' }, { affinity: nodeAffinity(rule('rack', 'DoesNotExist')) })],
  [
    'a node by its name field',
    pod({ cpu: '1' }, { affinity: nodeAffinity({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['b1'] }] }) }),
  ],
  ['a host port', { metadata: {}, spec: { containers: [container(half, { ports: [{ containerPort: 80, hostPort: 8080 }] })] } }],
  [
    'a host port of another protocol',
    { metadata: {}, spec: { containers: [container(half, { ports: [{ containerPort: 80, hostPort: 8080, protocol: 'UDP' }] })] } },
  ],
  [
    'a host port on one address beside all addresses',
    { metadata: {}, spec: { containers: [container(half, { ports: [{ containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1' }] })] } },
  ],
  ['apart from itself by host', pod(half, { affinity: podAffinity('podAntiAffinity', { topologyKey: host, ...own }) })],
  ['apart from itself by zone, an elder there', pod(half, { affinity: podAffinity('podAntiAffinity', { topologyKey: zone, ...own }) })],
  [
    'apart by rack and by host',
    pod(half, { affinity: podAffinity('podAntiAffinity', { topologyKey: 'rack', ...own }, { topologyKey: host, ...own }) }),
  ],
  ['kept away by one that runs', pod({ cpu: '1' }, {}, { app: 'shape', shy: 'yes' })],
  [
    'beside another by zone',
    pod({ cpu: '1' }, { affinity: podAffinity('podAffinity', { topologyKey: zone, labelSelector: { matchLabels: { app: 'web' } } }) }),
  ],
  [
    'beside one that does not exist',
    pod({ cpu: '1' }, { affinity: podAffinity('podAffinity', { topologyKey: zone, labelSelector: { matchLabels: { app: 'nobody' } } }) }),
  ],
  ['beside itself, where an elder is', pod({ cpu: '1' }, { affinity: podAffinity('podAffinity', { topologyKey: zone, ...own }) })],
  [
    'beside itself in the one zone that can',
    pod(
      { cpu: '1' },
      {
        nodeSelector: { disk: 'ssd' },
        affinity: podAffinity('podAffinity', { topologyKey: zone, labelSelector: { matchLabels: { team: 'x' } } }),
      },
      { team: 'x' },
    ),
  ],
  ['spread over zones', pod(half, { topologySpreadConstraints: [spread(zone)] })],
  [
    'spread over zones, those of tainted nodes left out',
    pod(half, { topologySpreadConstraints: [spread(zone, 2, { nodeTaintsPolicy: 'Honor' })] }),
  ],
  ['spread over hosts that the pod may use', pod(half, { nodeSelector: { disk: 'ssd' }, topologySpreadConstraints: [spread(host)] })],
  ['spread over hosts, tainted ones counted', pod(half, { topologySpreadConstraints: [spread(host, 2)] })],
  [
    'spread over all zones though the pod may use one',
    pod(half, { nodeSelector: { disk: 'ssd' }, topologySpreadConstraints: [spread(zone, 1, { nodeAffinityPolicy: 'Ignore' })] }),
  ],
  ['spread with fewer domains than wanted', pod(half, { topologySpreadConstraints: [spread(zone, 2, { minDomains: 5 })] })],
  [
    'spread of one revision',
    pod(half, { topologySpreadConstraints: [spread(zone, 1, { matchLabelKeys: ['rev'] })] }, { app: 'shape', rev: '2' }),
  ],
  [
    'spread over racks: nodes without one are out',
    pod(half, { topologySpreadConstraints: [spread('rack', 1, { nodeTaintsPolicy: 'Honor' })] }),
  ],
  ['overhead and selector of a RuntimeClass', pod({ cpu: '1' }, { runtimeClassName: 'kata' })],
  [
    'sidecars beside app and init',
    {
      metadata: {},
      spec: {
        initContainers: [named('s', half, { restartPolicy: 'Always' }), named('i', { cpu: '1' })],
        containers: [container({ cpu: '800m' })],
      },
    },
  ],
  [
    'a large init container',
    { metadata: {}, spec: { initContainers: [named('i', { cpu: '3' })], containers: [container({ cpu: '100m' })] } },
  ],
  ['pod-level resources', pod(half, { resources: { requests: { cpu: '1500m', memory: '1Gi' } } })],
  ['limits stand in for requests', { metadata: {}, spec: { containers: [{ ...container({}), resources: { limits: { cpu: '2' } } }] } }],
  ['quota of pods', pod({}), 'few'],
  [
    'quota of cpu and of limits',
    {
      metadata: {},
      spec: { containers: [{ ...container({}), resources: { requests: { cpu: '300m' }, limits: { cpu: '400m', memory: '64Mi' } } }] },
    },
    'small',
  ],
  ['quota of devices', pod({ 'nvidia.com/gpu': '1' }, { tolerations: tolerateAll }), 'devices'],
  ['quota of another scope does not count', pod({ cpu: '1' }), 'scoped'],
];

/** Quotas by the namespace that they limit. */
export const quotas: readonly { readonly namespace: string; readonly spec: object }[] = [
  { namespace: 'few', spec: { hard: { pods: '7' } } },
  { namespace: 'small', spec: { hard: { 'requests.cpu': '2', 'limits.cpu': '2500m', 'limits.memory': '1Gi' } } },
  { namespace: 'devices', spec: { hard: { 'requests.nvidia.com/gpu': '3' } } },
  { namespace: 'scoped', spec: { hard: { pods: '1' }, scopes: ['BestEffort'] } },
];
