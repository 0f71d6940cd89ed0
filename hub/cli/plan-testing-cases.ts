/** @module Random small fleets for the rules of offline plans: a model in plain numbers, and the dumps and objects that say the same. */
import { type Prng, prng } from '../../shared/lib/index.ts';

/** A node; pods of others hold `held` milli-CPU and `heldPods` places. */
export type FleetNode = {
  readonly cpu: number;
  readonly pods: number;
  readonly held: number;
  readonly heldPods: number;
  readonly isClosed: boolean;
};

/** A cluster; without nodes nothing is known of its capacity. */
export type FleetCluster = {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly taint: 'NoSchedule' | 'NoExecute' | undefined;
  /** Price of a core and hour in thousandths; undefined = none. */
  readonly price: number | undefined;
  readonly nodes: readonly FleetNode[] | undefined;
};

/** A rule of spreading as policies write it; always `DoNotSchedule`. */
export type FleetSpread = {
  readonly topologyKey: string;
  readonly minDomains?: number;
  readonly maxDomains?: number;
  readonly maxSkew?: number;
  readonly maxShare?: number;
};

/** What a workload has in a cluster: running pods by node, and replicas that its Placement has sent beside them. */
export type FleetPresence = { readonly byNode: readonly number[]; readonly sent: number };

/** A workload with a policy of its own. */
export type FleetWorkload = {
  readonly name: string;
  readonly cpu: number;
  readonly replicas: number;
  readonly priority: number;
  readonly strategy: 'Duplicated' | 'Weighted' | 'Capacity' | 'Aggregated' | 'Cheapest' | 'Tightest';
  /** By provider; undefined = equal. */
  readonly weights: Readonly<Record<string, number>> | undefined;
  /** By cluster. */
  readonly bounds: Readonly<Record<string, readonly [min: number, max: number]>>;
  readonly spread: readonly FleetSpread[];
  readonly residency: readonly string[] | undefined;
  /** Providers in their order; undefined = one tier of all. */
  readonly tiers: readonly string[] | undefined;
  readonly tolerates: boolean;
  readonly gang: boolean;
  readonly present: Readonly<Record<string, FleetPresence>>;
};

/** A case in numbers. */
export type Fleet = { readonly clusters: readonly FleetCluster[]; readonly workloads: readonly FleetWorkload[] };

const providers = ['aws', 'gcp', 'home'];
const strategies = ['Duplicated', 'Weighted', 'Capacity', 'Aggregated', 'Cheapest', 'Tightest'] as const;
const keys = ['hanse.dev/provider', 'hanse.dev/region', 'hanse.dev/cluster'];
/** Sizes that divide each other, so that a packing can be searched for. */
const sizes = [500, 1_000, 2_000];

const randomNode = (draw: Prng): FleetNode => {
  const cpu = 500 * (1 + draw.below(12));
  const isBusy = draw.chance(30);
  return {
    cpu,
    pods: draw.chance(20) ? 1 + draw.below(3) : 20,
    held: isBusy ? 500 * draw.below(cpu / 500 + 1) : 0,
    heldPods: isBusy ? 1 : 0,
    isClosed: draw.chance(8),
  };
};

const randomCluster = (draw: Prng, at: number): FleetCluster => {
  const provider = draw.pick(providers);
  const hasRegion = !draw.chance(10);
  const region = draw.chance(70) ? `${provider}-${draw.pick(['east', 'west'])}` : draw.pick(['east', 'west']);
  const taints = ['NoSchedule', 'NoExecute'] as const;
  return {
    name: `c${at}`,
    labels: { 'hanse.dev/provider': provider, ...(hasRegion ? { 'hanse.dev/region': region } : {}) },
    taint: draw.chance(12) ? draw.pick(taints) : undefined,
    price: draw.chance(70) ? 1 + draw.below(5) : undefined,
    nodes: draw.chance(8) ? undefined : Array.from({ length: draw.below(4) }, () => randomNode(draw)),
  };
};

const randomSpread = (draw: Prng): FleetSpread => {
  const max = draw.chance(25) ? 1 + draw.below(3) : undefined;
  return {
    topologyKey: draw.pick(keys),
    ...(draw.chance(25) ? { minDomains: 1 + draw.below(max ?? 3) } : {}),
    ...(max === undefined ? {} : { maxDomains: max }),
    ...(draw.chance(40) ? { maxSkew: 1 + draw.below(3) } : {}),
    ...(draw.chance(30) ? { maxShare: 25 + draw.below(76) } : {}),
  };
};

const randomBounds = (draw: Prng, clusters: readonly FleetCluster[]): FleetWorkload['bounds'] =>
  Object.fromEntries(
    clusters
      .filter(() => draw.chance(30))
      .map(({ name }) => {
        const min = draw.below(3);
        return [name, [min, min + draw.below(4)] as const];
      }),
  );

/** Weights of some providers; those without one get nothing. */
const randomWeights = (draw: Prng): Readonly<Record<string, number>> =>
  Object.fromEntries(providers.filter((_, at) => at === 0 || draw.chance(70)).map((provider) => [provider, 1 + draw.below(4)]));

/** Room that is left while running pods are dealt to nodes. */
type Left = { cpu: number; pods: number };

const randomPresence = (draw: Prng, cpu: number, left: readonly Left[]): FleetPresence => {
  const byNode = left.map((node) => {
    const most = Math.min(node.pods, Math.floor(node.cpu / cpu), 3);
    const count = most <= 0 ? 0 : draw.below(most + 1);
    node.cpu -= count * cpu;
    node.pods -= count;
    return count;
  });
  const seen = byNode.reduce((sum, count) => sum + count, 0);
  const style = draw.below(4);
  return { byNode, sent: style === 0 ? 0 : style === 1 ? seen + draw.below(3) : seen };
};

const randomWorkload = (draw: Prng, at: number, clusters: readonly FleetCluster[], left: ReadonlyMap<string, Left[]>): FleetWorkload => {
  const cpu = draw.pick(sizes);
  const strategy = draw.pick(strategies);
  const hasPresent = draw.chance(55);
  const isPlain = draw.chance(40);
  const present: Record<string, FleetPresence> = {};
  for (const { name, nodes } of clusters) {
    if (!hasPresent || nodes === undefined || draw.chance(40)) continue;
    const presence = randomPresence(draw, cpu, left.get(name) ?? []);
    if (presence.sent > 0 || presence.byNode.some((count) => count > 0)) present[name] = presence;
  }
  const spreadKinds = isPlain ? 0 : draw.below(3);
  const spread = Array.from({ length: spreadKinds }, () => randomSpread(draw));
  return {
    name: `w${at}`,
    cpu,
    replicas: draw.below(13),
    priority: draw.chance(30) ? draw.below(3) : 0,
    strategy,
    weights: draw.chance(60) ? randomWeights(draw) : undefined,
    bounds: isPlain || draw.chance(70) ? {} : randomBounds(draw, clusters),
    spread: spread.filter(({ topologyKey }, index) => spread.findIndex((other) => other.topologyKey === topologyKey) === index),
    residency: !isPlain && draw.chance(15) ? [draw.pick(providers), draw.pick(providers)] : undefined,
    tiers: draw.chance(25) ? [...providers].sort(() => draw.next() - 0.5).slice(0, 2 + draw.below(2)) : undefined,
    tolerates: draw.chance(20),
    gang: !isPlain && draw.chance(10),
    present,
  };
};

/** The case of a seed. */
export const randomFleet = (seed: number): Fleet => {
  const draw = prng(seed, 'plan rules');
  const clusters = Array.from({ length: 1 + draw.below(5) }, (_, at) => randomCluster(draw, at));
  const left = new Map(
    clusters.map(({ name, nodes = [] }) => [name, nodes.map((node) => ({ cpu: node.cpu - node.held, pods: node.pods - node.heldPods }))]),
  );
  const count = draw.chance(60) ? 1 : 1 + draw.below(3);
  return { clusters, workloads: Array.from({ length: count }, (_, at) => randomWorkload(draw, at, clusters, left)) };
};

const podOf = (name: string, app: string, nodeName: string, cpu: number) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name, labels: { app } },
  spec: { nodeName, containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: `${cpu}m` } } }] },
  status: { phase: 'Running' },
});

const dumpOf = ({ name: cluster, nodes = [] }: FleetCluster, workloads: readonly FleetWorkload[]): object[] =>
  nodes.flatMap((node, at) => {
    const name = `${cluster}-n${at}`;
    const pods = workloads.flatMap(({ name: app, cpu, present }) =>
      Array.from({ length: present[cluster]?.byNode[at] ?? 0 }, (_, index) => podOf(`${app}-${at}-${index}`, app, name, cpu)),
    );
    return [
      {
        apiVersion: 'v1',
        kind: 'Node',
        metadata: { name, labels: { 'kubernetes.io/hostname': name } },
        ...(node.isClosed ? { spec: { unschedulable: true } } : {}),
        status: { allocatable: { cpu: `${node.cpu}m`, memory: '64Gi', pods: String(node.pods) } },
      },
      ...Array.from({ length: node.heldPods }, (_, index) => podOf(`other-${at}-${index}`, 'other', name, node.held)),
      ...pods,
    ];
  });

const clusterObject = ({ name, labels, taint, price }: FleetCluster): object => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name, labels },
  spec: {
    ...(taint === undefined ? {} : { taints: [{ key: 'closed', value: '', effect: taint }] }),
    ...(price === undefined ? {} : { pricing: { currency: 'EUR', cpuCoreHour: `0.00${price}` } }),
  },
});

const provider = (value: string) => ({ matchLabels: { 'hanse.dev/provider': value } });
const named = (value: string) => ({ matchLabels: { 'hanse.dev/cluster': value } });

const policyObject = (workload: FleetWorkload): object => {
  const { name, strategy, weights, bounds, spread, residency, tiers, tolerates, gang } = workload;
  const rules = Object.entries(weights ?? {}).map(([value, weight]) => ({ clusterSelector: provider(value), weight }));
  return {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { namespace: 'shop', name },
    spec: {
      resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name }],
      ...(tiers === undefined ? {} : { tiers: tiers.map((value) => ({ name: value, clusterSelector: provider(value) })) }),
      ...(tolerates ? { tolerations: [{ key: 'closed', operator: 'Exists' }] } : {}),
      ...(spread.length === 0 ? {} : { spread: spread.map((rule) => ({ ...rule, whenUnsatisfiable: 'DoNotSchedule' })) }),
      ...(residency === undefined ? {} : { residency: { topologyKey: 'hanse.dev/provider', values: [...new Set(residency)] } }),
      replicaScheduling: {
        strategy,
        ...(strategy === 'Weighted' && weights !== undefined ? { weights: rules } : {}),
        ...(Object.keys(bounds).length === 0
          ? {}
          : { bounds: Object.entries(bounds).map(([value, [min, max]]) => ({ clusterSelector: named(value), min, max })) }),
        ...(gang ? { gang } : {}),
      },
    },
  };
};

const workloadObject = ({ name, cpu, replicas, priority }: FleetWorkload): object => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { namespace: 'shop', name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        ...(priority === 0 ? {} : { priorityClassName: `p${priority}` }),
        containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: `${cpu}m` } } }],
      },
    },
  },
});

/** The Placement of a workload with so many replicas in each cluster. */
export const placementObject = (name: string, clusters: Readonly<Record<string, number>>): object => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Placement',
  metadata: { namespace: 'shop', name: `${name}-deployment` },
  spec: {
    workload: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
    policy: `shop/${name}`,
    clusters: Object.entries(clusters).map(([cluster, replicas]) => ({ name: cluster, replicas })),
  },
});

/** One case of `hanse plan --offline --batch`. */
export type BatchCase = {
  readonly name: string;
  readonly clusters: Readonly<Record<string, readonly object[]>>;
  readonly objects: readonly object[];
};

/** The case as the command reads it. */
export const batchCase = (name: string, { clusters, workloads }: Fleet): BatchCase => ({
  name,
  clusters: Object.fromEntries(
    clusters.filter(({ nodes }) => nodes !== undefined).map((cluster) => [cluster.name, dumpOf(cluster, workloads)]),
  ),
  objects: [
    ...clusters.map(clusterObject),
    ...[1, 2].map((value) => ({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: `p${value}` }, value })),
    ...workloads.flatMap((workload) => {
      const sent = Object.entries(workload.present).flatMap(([cluster, { sent: count }]) => (count > 0 ? [[cluster, count] as const] : []));
      return [
        policyObject(workload),
        workloadObject(workload),
        ...(sent.length === 0 ? [] : [placementObject(workload.name, Object.fromEntries(sent))]),
      ];
    }),
  ],
});
