/** @module Services, configuration, policies and other kinds with random specs. */
import type { Prng } from '../../../shared/lib/index.ts';
import { type Subject, several, some } from './draw.ts';

const servicePorts = (random: Prng) => {
  const ports = several(random, [80, 443, 53], 3);
  return (ports.length === 0 ? [80] : ports).map((port) => ({
    name: `p${port}`,
    port,
    ...some(random, false, { targetPort: () => random.pick<unknown>([8080, 'http']), protocol: () => random.pick(['TCP', 'UDP']) }),
  }));
};

const backend = (random: Prng) => ({
  service: {
    name: random.pick(['web', 'api']),
    port: random.pick<unknown>([{ number: 80 }, { name: 'http' }, { number: 80, name: 'http' }]),
  },
});

const labelSelector = (random: Prng) =>
  random.pick<unknown>([
    { matchLabels: { app: 'a' } },
    { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] },
    { matchExpressions: [{ key: 'app', operator: 'Exists', values: ['a'] }] },
    {},
  ]);

const slices = [
  { addresses: ['10.0.0.1'], conditions: { ready: true } },
  { addresses: ['10.0.0.2', '10.0.0.3'], nodeName: 'n' },
  { addresses: ['fd00::1'] },
];

/** Kinds without pods. */
export const otherSubjects: readonly Subject[] = [
  {
    apiVersion: 'v1',
    kind: 'Service',
    collection: '/api/v1/namespaces/default/services',
    part: (random, whole) => ({
      spec: {
        ...some(random, whole, { ports: () => servicePorts(random) }),
        ...some(random, false, {
          selector: () => ({ [random.pick(['app', 'tier'])]: random.pick(['a', 'b']) }),
          sessionAffinity: () => random.pick(['None', 'ClientIP']),
          externalIPs: () => several(random, ['192.0.2.1', '192.0.2.2'], 2),
          publishNotReadyAddresses: () => random.chance(50),
        }),
      },
    }),
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    collection: '/api/v1/namespaces/default/configmaps',
    part: (random) =>
      some(random, false, {
        // Never empty: see Secret.
        data: () => ({
          a: '1',
          ...Object.fromEntries(several(random, ['a', 'b', 'c'], 3).map((key) => [key, random.pick(['1', '2', ''])])),
        }),
        binaryData: () => ({ bin: random.pick(['AA==', 'AQ==']) }),
        immutable: () => random.chance(15),
      }),
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    collection: '/apis/networking.k8s.io/v1/namespaces/default/networkpolicies',
    part: (random, whole) => ({
      spec: some(random, whole, {
        podSelector: () => ({ matchLabels: { app: random.pick(['a', 'b']) } }),
        policyTypes: () => several(random, ['Ingress', 'Egress'], 2),
        ingress: () => [
          {
            ports: [{ port: random.pick<unknown>([80, 'http']) }],
            // Never empty: kubernetes compares these specs without taking nil for empty, and counts a generation too many.
            from: [{ podSelector: {} }, ...several(random, [{ ipBlock: { cidr: '10.0.0.0/8' } }], 1)],
          },
        ],
      }),
    }),
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    collection: '/api/v1/namespaces/default/secrets',
    part: (random) =>
      some(random, false, {
        // Never empty: of immutable ones nil and empty data differ (reflect.DeepEqual).
        data: () => ({
          b: 'MQ==',
          ...Object.fromEntries(several(random, ['a', '.c', 'd/e'], 2).map((key) => [key, random.pick(['MQ==', '', 'Mg=='])])),
        }),
        stringData: () => ({ [random.pick(['a', 'b'])]: random.pick(['x', 'y']) }),
        type: () => random.pick(['Opaque', 'kubernetes.io/tls', 'example.com/own']),
        immutable: () => random.chance(20),
      }),
  },
  {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    collection: '/api/v1/namespaces/default/serviceaccounts',
    part: (random) =>
      some(random, false, {
        automountServiceAccountToken: () => random.chance(50),
        imagePullSecrets: () => several(random, [{ name: 'one' }, { name: 'two' }], 2),
        secrets: () => several(random, [{ name: 'one' }, { name: 'two' }], 2),
      }),
  },
  {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'Ingress',
    collection: '/apis/networking.k8s.io/v1/namespaces/default/ingresses',
    part: (random, whole) => ({
      spec: {
        ...some(random, whole, { defaultBackend: () => backend(random) }),
        ...some(random, false, {
          ingressClassName: () => random.pick(['nginx', 'Bad Name']),
          tls: () => [{ hosts: several(random, ['a.example', '*.example', 'BAD'], 2), secretName: 'tls' }],
          rules: () =>
            several(random, ['a.example', '*.b.example', '10.0.0.1'], 2).map((host) => ({
              host,
              http: {
                paths: [
                  {
                    path: random.pick(['/', '/a', 'a']),
                    pathType: random.pick(['Prefix', 'Exact', 'ImplementationSpecific']),
                    backend: backend(random),
                  },
                ],
              },
            })),
        }),
      },
    }),
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    collection: '/apis/policy/v1/namespaces/default/poddisruptionbudgets',
    part: (random, whole) => ({
      spec: {
        ...some(random, whole, { selector: () => labelSelector(random) }),
        ...some(random, false, {
          minAvailable: () => random.pick<unknown>([1, '50%', '101%', -1]),
          maxUnavailable: () => random.pick<unknown>([1, '50%']),
          unhealthyPodEvictionPolicy: () => random.pick(['IfHealthyBudget', 'AlwaysAllow']),
        }),
      },
    }),
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    collection: '/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers',
    part: (random, whole) => ({
      spec: {
        ...some(random, whole, {
          maxReplicas: () => 1 + random.below(5),
          scaleTargetRef: () => ({ apiVersion: 'apps/v1', kind: 'Deployment', name: random.pick(['web', 'api']) }),
        }),
        ...some(random, false, {
          minReplicas: () => random.below(4),
          metrics: () => [
            {
              type: 'Resource',
              resource: { name: random.pick(['cpu', 'memory']), target: { type: 'Utilization', averageUtilization: 50 } },
            },
            ...several(
              random,
              [{ type: 'Pods', pods: { metric: { name: 'rps' }, target: { type: 'AverageValue', averageValue: '100' } } }],
              1,
            ),
          ],
          behavior: () => ({ scaleDown: { stabilizationWindowSeconds: random.below(4) * 1000 } }),
        }),
      },
    }),
  },
  {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    collection: '/api/v1/namespaces/default/resourcequotas',
    part: (random) => ({
      spec: some(random, false, {
        hard: () =>
          Object.fromEntries(
            several(random, ['cpu', 'requests.memory', 'pods', 'count/deployments.apps', 'bad quantity'], 3).map((name) => [
              name,
              random.pick(['1', '1.5', '2Gi', '-1']),
            ]),
          ),
        scopes: () => several(random, ['BestEffort', 'NotTerminating', 'Other'], 2),
      }),
    }),
  },
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    collection: '/api/v1/namespaces/default/limitranges',
    part: (random, whole) => ({
      spec: some(random, whole, {
        limits: () => [
          {
            type: random.pick(['Container', 'Pod', 'PersistentVolumeClaim']),
            ...some(random, false, {
              max: () => ({ cpu: random.pick(['1', '2']), memory: '1Gi' }),
              min: () => ({ cpu: random.pick(['100m', '3']) }),
              default: () => ({ cpu: '500m' }),
              defaultRequest: () => ({ cpu: '200m' }),
            }),
          },
        ],
      }),
    }),
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    collection: '/api/v1/namespaces/default/persistentvolumeclaims',
    part: (random, whole) => ({
      spec: {
        ...some(random, whole, {
          accessModes: () => several(random, ['ReadWriteOnce', 'ReadOnlyMany', 'Sometimes'], 2),
          resources: () => ({ requests: { storage: random.pick(['1Gi', '1024Mi', '2Gi', '0']) } }),
        }),
        ...some(random, false, { storageClassName: () => random.pick(['fast', '']), volumeMode: () => 'Block', volumeName: () => 'pv' }),
      },
    }),
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    collection: '/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles',
    part: (random) => ({
      rules: several(
        random,
        [
          { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] },
          { apiGroups: ['apps'], resources: ['*'], verbs: ['*'] },
          { apiGroups: ['apps'], resources: ['deployments'], resourceNames: ['a'], verbs: [] },
          { nonResourceURLs: ['/healthz'], verbs: ['get'] },
        ],
        3,
      ),
    }),
  },
  {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'RoleBinding',
    collection: '/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings',
    part: (random, whole) => ({
      ...some(random, whole, {
        roleRef: () => ({ apiGroup: 'rbac.authorization.k8s.io', kind: random.pick(['Role', 'ClusterRole']), name: 'view' }),
      }),
      ...some(random, false, {
        subjects: () =>
          several(
            random,
            [
              { kind: 'User', name: 'ann' },
              { kind: 'ServiceAccount', name: 'default', namespace: 'default' },
              { kind: 'Group', name: '' },
            ],
            2,
          ),
      }),
    }),
  },
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    collection: '/apis/coordination.k8s.io/v1/namespaces/default/leases',
    part: (random) => ({
      spec: some(random, false, {
        holderIdentity: () => random.pick(['a', 'b', '']),
        leaseDurationSeconds: () => random.below(4) * 5,
        leaseTransitions: () => random.below(3),
        renewTime: () => random.pick(['2026-01-01T00:00:00.000000Z', '2026-01-01T00:00:00Z', 'yesterday']),
      }),
    }),
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    collection: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
    part: (random, whole) => ({
      ...some(random, whole, { addressType: () => random.pick(['IPv4', 'IPv6']), endpoints: () => several(random, slices, 2) }),
      ...some(random, false, { ports: () => [{ name: 'http', port: 80, ...some(random, false, { protocol: () => 'UDP' }) }] }),
    }),
  },
  {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    collection: '/apis/scheduling.k8s.io/v1/priorityclasses',
    part: (random, whole) => ({
      ...some(random, whole, { value: () => random.pick([1, 1000, 2_000_000_000]) }),
      ...some(random, false, {
        description: () => 'words',
        preemptionPolicy: () => random.pick(['Never', 'PreemptLowerPriority', 'Sometimes']),
      }),
    }),
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    collection: '/apis/storage.k8s.io/v1/storageclasses',
    part: (random, whole) => ({
      ...some(random, whole, { provisioner: () => random.pick(['csi.example.com', 'other.example.com']) }),
      ...some(random, false, {
        parameters: () => ({ type: random.pick(['ssd', 'hdd']) }),
        reclaimPolicy: () => random.pick(['Retain', 'Delete']),
        allowVolumeExpansion: () => random.chance(50),
        mountOptions: () => several(random, ['ro', 'soft'], 2),
        volumeBindingMode: () => random.pick(['Immediate', 'WaitForFirstConsumer']),
      }),
    }),
  },
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    collection: '/api/v1/namespaces',
    part: (random) => some(random, false, { spec: () => ({ finalizers: several(random, ['kubernetes', 'example.com/a'], 2) }) }),
  },
];
