/** @module Workloads with random pod templates. */
import type { Prng } from '../../../shared/lib/index.ts';
import { type Fields, type Subject, several, some } from './draw.ts';

const envOf = (random: Prng) =>
  several(random, ['A', 'B', 'C'], 3).map((name) =>
    random.chance(70)
      ? { name, value: random.pick(['1', '2', '$(A)']) }
      : { name, valueFrom: { fieldRef: { fieldPath: random.pick(['metadata.name', 'metadata.namespace']) } } },
  );

const portsOf = (random: Prng) =>
  several(random, [80, 443, 8080], 3).map((containerPort) => ({
    containerPort,
    ...some(random, false, { name: () => `p${containerPort}`, protocol: () => random.pick(['TCP', 'UDP']) }),
  }));

/** A container; `whole` gives it an image. */
export const container = (random: Prng, name: string, whole: boolean) => ({
  name,
  ...some(random, whole, { image: () => `registry.example/${name}:${1 + random.below(3)}` }),
  ...some(random, false, {
    args: () => several(random, ['--a', '--b', '--c'], 3),
    env: () => envOf(random),
    ports: () => portsOf(random),
    resources: () => ({
      requests: some(random, false, { cpu: () => random.pick(['100m', '0.1', '1']), memory: () => random.pick(['64Mi', '1Gi', '1024Mi']) }),
      limits: some(random, false, { cpu: () => '2', memory: () => '2Gi' }),
    }),
    volumeMounts: () => [{ name: 'data', mountPath: random.pick(['/data', '/var/data']) }],
    livenessProbe: () => ({ httpGet: { path: '/', port: 80 }, ...some(random, false, { periodSeconds: () => 5 }) }),
    securityContext: () => ({ capabilities: { add: several(random, ['NET_ADMIN', 'SYS_TIME'], 2) } }),
  }),
});

/** A pod spec; `whole` gives it a container `front`. */
export const podSpec = (random: Prng, whole: boolean): Fields => ({
  containers: [...(whole ? ['front'] : []), ...several(random, ['front', 'side', 'log'].slice(whole ? 1 : 0), 2)].map((name) =>
    container(random, name, whole),
  ),
  volumes: [{ name: 'data', ...(random.chance(50) ? { emptyDir: {} } : { configMap: { name: 'settings' } }) }],
  ...some(random, false, {
    nodeSelector: () => ({ [random.pick(['disk', 'zone'])]: random.pick(['a', 'b']) }),
    tolerations: () =>
      several(
        random,
        [
          { key: 'a', operator: 'Exists' },
          { key: 'b', operator: 'Equal', value: 'x', effect: 'NoSchedule' },
        ],
        2,
      ),
    terminationGracePeriodSeconds: () => 5 + random.below(3),
    imagePullSecrets: () => several(random, [{ name: 'one' }, { name: 'two' }], 2),
    hostAliases: () =>
      several(
        random,
        [
          { ip: '10.0.0.1', hostnames: ['a'] },
          { ip: '10.0.0.2', hostnames: ['b'] },
        ],
        2,
      ),
    topologySpreadConstraints: () => [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway', labelSelector: { matchLabels: { app: 'x' } } },
    ],
  }),
});

const workload = (random: Prng, whole: boolean, more: Fields): Fields => ({
  ...some(random, whole, { selector: () => ({ matchLabels: { app: 'x' } }) }),
  ...some(random, false, { replicas: () => random.below(4), revisionHistoryLimit: () => 3, minReadySeconds: () => random.below(3) }),
  ...more,
  template: { metadata: { labels: { app: 'x', ...(random.chance(30) ? { extra: 'y' } : {}) } }, spec: podSpec(random, whole) },
});

const job = (random: Prng, whole: boolean): Fields => ({
  ...some(random, false, {
    parallelism: () => random.below(4),
    completions: () => 1 + random.below(3),
    backoffLimit: () => random.below(3),
    ttlSecondsAfterFinished: () => 5,
    completionMode: () => random.pick(['Indexed', 'NonIndexed']),
    suspend: () => random.chance(50),
    activeDeadlineSeconds: () => 30,
  }),
  ...some(random, whole, {
    template: () => ({
      metadata: { labels: { app: 'x' } },
      spec: { ...podSpec(random, whole), ...some(random, whole, { restartPolicy: () => random.pick(['Never', 'OnFailure']) }) },
    }),
  }),
});

/** Deployments and their like. */
export const workloadSubjects: readonly Subject[] = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    // Away from the LimitRanges of other programs.
    collection: '/api/v1/namespaces/pods/pods',
    // Without a token: a real API server mounts one in a volume whose name it draws.
    part: (random, whole) => ({ spec: { ...podSpec(random, whole), automountServiceAccountToken: false } }),
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    collection: '/apis/apps/v1/namespaces/default/deployments',
    part: (random, whole) => ({
      spec: workload(
        random,
        whole,
        some(random, false, {
          strategy: () => ({ type: 'RollingUpdate', rollingUpdate: { maxSurge: random.pick<unknown>([1, '25%']) } }),
          paused: () => true,
        }),
      ),
    }),
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    collection: '/apis/apps/v1/namespaces/default/statefulsets',
    part: (random, whole) => ({ spec: workload(random, whole, whole ? { serviceName: 'x' } : {}) }),
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    collection: '/apis/apps/v1/namespaces/default/daemonsets',
    part: (random, whole) => {
      const { replicas: _, ...spec } = workload(
        random,
        whole,
        some(random, false, { updateStrategy: () => ({ type: random.pick(['RollingUpdate', 'OnDelete']) }) }),
      );
      return { spec };
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    collection: '/apis/apps/v1/namespaces/default/replicasets',
    part: (random, whole) => {
      const { revisionHistoryLimit: _, ...spec } = workload(random, whole, {});
      return { spec };
    },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    collection: '/apis/batch/v1/namespaces/default/jobs',
    part: (random, whole) => ({ spec: job(random, whole) }),
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    collection: '/apis/batch/v1/namespaces/default/cronjobs',
    part: (random, whole) => ({
      spec: {
        ...some(random, whole, {
          schedule: () => random.pick(['* * * * *', '@daily', '0 25 * * *']),
          jobTemplate: () => ({ spec: job(random, whole) }),
        }),
        ...some(random, false, {
          concurrencyPolicy: () => random.pick(['Allow', 'Forbid', 'Never']),
          suspend: () => random.chance(50),
          timeZone: () => random.pick(['Etc/UTC', 'Nowhere/City']),
          startingDeadlineSeconds: () => 10,
        }),
      },
    }),
  },
];
