/** @module Dumps and objects for tests of plans, written short. */
import { planCase } from './index.ts';

type Case = Parameters<typeof planCase>[0];
/** A node of 32Gi and 110 pods. */
export const node = (name: string, cpu = '8', more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name, labels: { 'kubernetes.io/hostname': name } },
  status: { allocatable: { cpu, memory: '32Gi', pods: '110' } },
  ...more,
});
/** A running pod of one core in namespace shop. */
export const pod = (name: string, nodeName: string, more: { labels?: object; phase?: string; deletionTimestamp?: string } = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'shop',
    labels: more.labels ?? { app: 'web' },
    ...(more.deletionTimestamp === undefined ? {} : { deletionTimestamp: more.deletionTimestamp }),
  },
  spec: { nodeName, containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: '1' } } }] },
  status: { phase: more.phase ?? 'Running' },
});
/** A Deployment in namespace shop; one core a replica. */
export const deployment = (name: string, replicas: number, more: { cpu?: string; priorityClassName?: string } = {}) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop' },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        ...(more.priorityClassName === undefined ? {} : { priorityClassName: more.priorityClassName }),
        containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: more.cpu ?? '1' } } }],
      },
    },
  },
});
/** A policy for all Deployments of namespace shop. */
export const policy = (spec: object = {}) => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'all', namespace: 'shop' },
  spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }], ...spec },
});
/** The present decision about a Deployment. */
export const placement = (name: string, clusters: Readonly<Record<string, number>>) => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Placement',
  metadata: { name: `${name}-deployment`, namespace: 'shop' },
  spec: {
    workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
    policy: 'shop/all',
    clusters: Object.entries(clusters).map(([cluster, replicas]) => ({ name: cluster, replicas })),
  },
});

/** The plan of a case. @throws Error when there is none */
export const planned = (clusters: Readonly<Record<string, readonly unknown[]>>, ...objects: unknown[]) => {
  const made = planCase(
    { clusters: Object.fromEntries(Object.entries(clusters).map(([name, dump]) => [name, { dump }])), objects } satisfies Case,
    { nowMs: 0 },
  );
  if (!made.ok) throw new Error(made.message);
  return made.value;
};
/** `web: a 1→2, b 0→3, 1 unplaced` for each workload. */
export const told = (...of: Parameters<typeof planned>): string[] =>
  planned(...of).placements.map(({ object, clusters, unplaced }) =>
    [
      `${object.name}:`,
      ...clusters.map(({ cluster, before, replicas }) => `${cluster} ${before}→${replicas}`),
      ...(unplaced > 0 ? [`${unplaced} unplaced`] : []),
    ].join(' '),
  );

/** The extended resource of plain GPUs. */
export const gi = 'nvidia.com/gpu';

/** A node with labels, and more that it offers. */
export const labelled = (name: string, labels: object, more: object = {}, cpu = '8') => ({
  ...node(name, cpu),
  metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
  status: { allocatable: { cpu, memory: '32Gi', pods: '110', ...more } },
});

/** A Cluster object. */
export const cluster = (name: string, labels: object, spec: object = {}) => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name, labels },
  spec,
});

/** A Cluster of a provider. */
export const provider = (name: string, value: string) => cluster(name, { 'hanse.dev/provider': value });

/** A Deployment of which each replica asks for these resources. */
export const asking = (resources: object, replicas = 20) => {
  const made = deployment('web', replicas);
  const container = { name: 'a', image: 'b', resources: { requests: resources, limits: resources } };
  return { ...made, spec: { ...made.spec, template: { ...made.spec.template, spec: { containers: [container] } } } };
};

/** Why clusters were not eligible, by name. */
export const refusals = (...of: Parameters<typeof planned>): Record<string, string> =>
  Object.fromEntries((planned(...of).placements[0]?.explain ?? []).filter((row) => !row.eligible).map((row) => [row.cluster, row.reason]));
