/** @module Users of the hub: they create, scale, change and delete workloads and policies, and label and taint clusters. */
import type { PolicySpec, Strategy, Toleration } from '../../shared/api/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { Prng } from '../../shared/lib/prng.ts';
import { type HubApi, type HubKind, hubKinds, type Written } from './model/hub-api.ts';

/** One action: what was asked, of which object, with which content, and what came of it. */
export type Action = {
  readonly verb: 'create' | 'update' | 'delete';
  readonly kind: HubKind;
  readonly name: string;
  /** The spec (or data) that the user wants from now on; undefined = gone. */
  readonly wanted: unknown;
  readonly result: Promise<Written>;
};

const workloadsMax = 6;
const providers = ['aws', 'gcp', 'onprem'];
const regions = ['north', 'south'];

/** Labels of the model's clusters. */
export const clusterLabelsOf = (random: Prng): Record<string, string> => ({
  'hanse.dev/provider': random.pick(providers),
  'topology.kubernetes.io/region': random.pick(regions),
  tier: random.pick(['gold', 'silver']),
});

const deployment = (name: string, replicas: number, cpuMilli: number, image: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, labels: { app: name } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        containers: [{ name: 'main', image, resources: { requests: { cpu: `${cpuMilli}m` } } }],
        volumes: [{ name: 'config', configMap: { name: `${name}-config` } }],
      },
    },
  },
});

const policySpec = (random: Prng, workload: string): PolicySpec => {
  const isSingleton = random.chance(25);
  const strategy = isSingleton ? 'Aggregated' : random.pick<Strategy>(['Duplicated', 'Weighted', 'Capacity', 'Capacity', 'Aggregated']);
  const tolerations: Toleration[] = random.chance(25) ? [{ key: 'maintenance', operator: 'Exists' }] : [];
  return {
    priority: random.below(3),
    resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', ...(random.chance(80) ? { name: workload } : {}) }],
    ...(random.chance(30)
      ? {
          tiers: [{ name: 'first', clusterSelector: { matchLabels: { 'hanse.dev/provider': random.pick(providers) } } }, { name: 'rest' }],
        }
      : {}),
    ...(tolerations.length === 0 ? {} : { tolerations }),
    ...(random.chance(25)
      ? {
          spread: [
            {
              topologyKey: 'hanse.dev/provider',
              ...(random.chance(50) ? { maxSkew: 1 + random.below(3) } : { minDomains: 2 }),
              whenUnsatisfiable: random.pick<'DoNotSchedule' | 'ScheduleAnyway'>(['DoNotSchedule', 'ScheduleAnyway']),
            },
          ],
        }
      : {}),
    replicaScheduling: {
      strategy,
      ...(strategy === 'Weighted' ? { weights: [{ clusterSelector: { matchLabels: { tier: 'gold' } }, weight: 3 }, { weight: 1 }] } : {}),
    },
    ...(isSingleton ? { failover: { class: 'Singleton' } } : random.chance(10) ? { failover: { surplusSeconds: 20 } } : {}),
    ...(random.chance(20) ? { overrides: [{ labels: { cloud: random.pick(providers) } }] } : {}),
  };
};

const policyObject = (name: string, spec: PolicySpec): KubeObject => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name },
  spec,
});

/** The next action of a user, begun; undefined when there is nothing to do. */
export const actAsUser = (api: HubApi, random: Prng): Action | undefined => {
  const name = `app-${random.below(workloadsMax)}`;
  const live = api.get(hubKinds.deployments, name);
  if (live === undefined || live.metadata.deletionTimestamp !== undefined) return createWorkload(api, random, name);
  switch (random.below(10)) {
    case 0:
      return remove(api, hubKinds.deployments, name);
    case 1:
      return changePolicy(api, random, name);
    case 2:
      return random.chance(30) ? remove(api, hubKinds.policies, name) : changePolicy(api, random, name);
    case 3:
      return taintCluster(api, random);
    case 4:
      return labelCluster(api, random);
    case 5:
      return changeImage(api, random, name);
    case 6:
      return changeConfig(api, random, name);
    default:
      return scale(api, random, name);
  }
};

const remove = (api: HubApi, kind: HubKind, name: string): Action | undefined =>
  api.get(kind, name) === undefined ? undefined : { verb: 'delete', kind, name, wanted: undefined, result: api.remove(kind, name) };

const create = (api: HubApi, kind: HubKind, object: KubeObject): Action => ({
  verb: 'create',
  kind,
  name: object.metadata.name,
  wanted: object.spec ?? object.data,
  result: api.create(kind, object),
});

/** Writes what `change` makes of an object; undefined when there is none. */
export const update = (api: HubApi, kind: HubKind, name: string, change: (object: KubeObject) => KubeObject): Action | undefined => {
  const live = api.get(kind, name);
  if (live === undefined) return undefined;
  const changed = change(structuredClone(live));
  return { verb: 'update', kind, name, wanted: changed.spec ?? changed.data, result: api.update(kind, name, change) };
};

const createWorkload = (api: HubApi, random: Prng, name: string): Action => {
  if (api.get(hubKinds.policies, name) === undefined) return create(api, hubKinds.policies, policyObject(name, policySpec(random, name)));
  if (api.get(hubKinds.configMaps, `${name}-config`) === undefined) {
    return create(api, hubKinds.configMaps, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: `${name}-config` },
      data: { turn: '0' },
    });
  }
  return create(api, hubKinds.deployments, deployment(name, 1 + random.below(8), 250 * (1 + random.below(4)), 'web:1'));
};

const changePolicy = (api: HubApi, random: Prng, name: string): Action | undefined => {
  const spec = policySpec(random, name);
  if (api.get(hubKinds.policies, name) === undefined) return create(api, hubKinds.policies, policyObject(name, spec));
  return update(api, hubKinds.policies, name, (object) => ({ ...object, spec }));
};

const scale = (api: HubApi, random: Prng, name: string): Action | undefined => {
  const replicas = random.below(12);
  return update(api, hubKinds.deployments, name, (object) => ({ ...object, spec: { ...(object.spec as object), replicas } }));
};

const changeImage = (api: HubApi, random: Prng, name: string): Action | undefined => {
  const image = `web:${1 + random.below(1_000)}`;
  return update(api, hubKinds.deployments, name, (object) => {
    const spec = structuredClone(object.spec) as { template: { spec: { containers: { image: string }[] } } };
    for (const container of spec.template.spec.containers) container.image = image;
    return { ...object, spec };
  });
};

const changeConfig = (api: HubApi, random: Prng, name: string): Action | undefined => {
  const turn = String(random.below(1_000));
  return update(api, hubKinds.configMaps, `${name}-config`, (object) => ({ ...object, data: { turn } }));
};

const anyCluster = (api: HubApi, random: Prng): string => random.pick(api.list(hubKinds.clusters)).metadata.name;

const taintCluster = (api: HubApi, random: Prng): Action | undefined => {
  const effect = random.pick(['NoSchedule', 'PreferNoSchedule', 'NoExecute']);
  const taints = random.chance(60) ? [] : [{ key: 'maintenance', value: '', effect }];
  return update(api, hubKinds.clusters, anyCluster(api, random), (object) => ({ ...object, spec: { ...(object.spec as object), taints } }));
};

const labelCluster = (api: HubApi, random: Prng): Action | undefined => {
  const labels = clusterLabelsOf(random);
  return update(api, hubKinds.clusters, anyCluster(api, random), (object) => ({
    ...object,
    metadata: { ...object.metadata, labels: { ...object.metadata.labels, ...labels } },
  }));
};
