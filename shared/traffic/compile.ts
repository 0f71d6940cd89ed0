/** @module One service compiled for all agents: the import, the sources with their shares, the tables for every loss. Pure and bounded. */
import type { TrafficPolicySpec } from '../api/traffic-policy.ts';
import { compareText } from '../lib/compare-text.ts';
import type { EndpointSet, TrafficDns, TrafficLoss, TrafficSource, TrafficSpec } from '../wire/traffic.ts';
import { trafficLimits } from '../wire/traffic.ts';
import { spreadDemand } from './demand.ts';
import { lossTables, type ServedService, weightsAtRest } from './loss-table.ts';
import type { MergedService } from './merge-exports.ts';

/** What the policy says of one cluster. */
export type ClusterTerms = { readonly tier: number; readonly share: number | undefined };

/** What is compiled. */
export type ServiceToCompile = {
  readonly merged: MergedService;
  readonly policy: TrafficPolicySpec;
  readonly termsOf: (cluster: string) => ClusterTerms;
  readonly dns: TrafficDns | undefined;
  /** `namespace/name`. */
  readonly gateway: string | undefined;
};

/** What is the same for all agents. */
export type CompiledService = Omit<TrafficSpec, 'wanted' | 'conditions'> & {
  /** Losses that leave something unserved, where a demand is declared. */
  readonly shortfalls: readonly { readonly lost: readonly string[]; readonly unserved: number }[];
  /** What is not as it was asked for, for people. */
  readonly cuts: readonly string[];
};

const endpointsOf = (sets: readonly EndpointSet[]): number => sets.reduce((sum, { ready }) => sum + ready.length, 0);

/** Sets with so many endpoints at most. */
const cutSets = (sets: readonly EndpointSet[], max: number): EndpointSet[] => {
  let left = max;
  return sets.flatMap((set) => {
    const ready = set.ready.slice(0, left);
    left -= ready.length;
    return ready.length === 0 ? [] : [{ ...set, ready }];
  });
};

type Cut = { readonly sets: ReadonlyMap<string, readonly EndpointSet[]>; readonly cuts: readonly string[] };

/** Where a record would hold too many endpoints each cluster keeps the same number of them: requests still reach all clusters. */
const withinRecord = (valid: MergedService['valid']): Cut => {
  const total = valid.reduce((sum, { report }) => sum + endpointsOf(report.sets), 0);
  const cuts = valid.flatMap(({ cluster, report: { leftOut } }) =>
    leftOut === 0 ? [] : [`${leftOut} endpoints of ${cluster} are above the ${trafficLimits.endpointsPerReport} that a cluster may tell`],
  );
  if (total <= trafficLimits.endpointsPerRecord) return { sets: new Map(valid.map(({ cluster, report }) => [cluster, report.sets])), cuts };
  const each = Math.floor(trafficLimits.endpointsPerRecord / valid.length);
  return {
    sets: new Map(valid.map(({ cluster, report }) => [cluster, cutSets(report.sets, each)])),
    cuts: [...cuts, `of ${total} endpoints each cluster keeps ${each} at most: a record holds ${trafficLimits.endpointsPerRecord}`],
  };
};

/** Shares that leave nobody to serve are none, and that is told. */
const shareCuts = ({ merged, policy, termsOf }: Pick<ServiceToCompile, 'merged' | 'policy' | 'termsOf'>): readonly string[] => {
  const able = merged.valid.filter(({ report }) => endpointsOf(report.sets) + report.leftOut > 0).map(({ cluster }) => cluster);
  if ((policy.weights ?? []).length === 0 || able.length === 0 || able.some((cluster) => termsOf(cluster).share !== 0)) return [];
  return [
    `the weights give no share to ${able.sort(compareText).join(', ')}, and nobody else serves: it goes by capacity; give one a weight above 0`,
  ];
};

/** What an endpoint counts where nobody says what it serves: fine enough for shares in whole numbers. */
const endpointUnits = 1_000;

/** The service as the tables see it. Clusters that the policy gives no share can serve nothing, unless it gives none to any. */
export const servedOf = (name: string, { merged, policy, termsOf }: Omit<ServiceToCompile, 'dns' | 'gateway'>): ServedService => {
  const perEndpoint = policy.demand?.requestsPerSecondPerEndpoint ?? endpointUnits;
  const all = merged.valid
    .map(({ cluster, report }) => ({ cluster, count: endpointsOf(report.sets) + report.leftOut, ...termsOf(cluster) }))
    .sort((a, b) => compareText(a.cluster, b.cluster));
  const hasShare = all.some(({ count, share }) => count > 0 && (share ?? 1) > 0);
  const clusters = all.map(({ cluster, count, tier, share }) => ({
    cluster,
    tier,
    capacity: hasShare && share === 0 ? 0 : count * perEndpoint,
    ...(hasShare && share !== undefined ? { share } : {}),
  }));
  const loads = spreadDemand(clusters, policy.demand?.requestsPerSecond);
  return {
    name,
    shedPriority: policy.shedPriority ?? 0,
    clusters: clusters.map(({ cluster, capacity, tier }, at) => ({ cluster, capacity, tier, load: loads[at] ?? 0 })),
  };
};

/** One service after one loss. */
export type LossRow = { readonly lost: readonly string[]; readonly weights: ReadonlyMap<string, number>; readonly shed: number };

/** Tables of several services that share the limits of clusters, by service name. */
export const tablesOf = (
  services: readonly ServedService[],
  clusterCapacity: ReadonlyMap<string, number>,
  pairs: readonly (readonly string[])[],
): Map<string, LossRow[]> => {
  const byService = new Map<string, LossRow[]>();
  for (const table of lossTables({ epoch: 0, services, clusterCapacity, survivorsMin: 1, pairs }))
    for (const { name, weights, shed } of table.services) {
      const rows = byService.get(name) ?? [];
      rows.push({ lost: table.lost, weights: new Map(weights.map(({ cluster, weight }) => [cluster, weight])), shed });
      byService.set(name, rows);
    }
  return byService;
};

const rampOf = ({ failback }: TrafficPolicySpec, defaults: TrafficSpec['failback']): TrafficSpec['failback'] => ({
  mode: failback?.mode ?? defaults.mode,
  holdDownMs: failback?.holdDownSeconds === undefined ? defaults.holdDownMs : failback.holdDownSeconds * 1_000,
  stepsPercent: failback?.stepsPercent ?? defaults.stepsPercent,
  stepMs: failback?.stepSeconds === undefined ? defaults.stepMs : failback.stepSeconds * 1_000,
  setbacksMax: failback?.setbacksMax ?? defaults.setbacksMax,
  released: [...(failback?.released ?? [])].sort(compareText),
});

/** Compiles. `rows`: the service's tables from {@link tablesOf}; `failback`: what holds where the policy says nothing. */
export const compileService = (
  { merged, policy, termsOf, dns, gateway }: ServiceToCompile,
  served: ServedService,
  rows: readonly LossRow[],
  failback: TrafficSpec['failback'],
): CompiledService => {
  const { sets, cuts } = withinRecord(merged.valid);
  const resting = new Map(weightsAtRest(served).map(({ cluster, weight }) => [cluster, weight]));
  const reports = new Map(merged.valid.map(({ cluster, report }) => [cluster, report]));
  const sources: TrafficSource[] = served.clusters.slice(0, trafficLimits.sources).map(({ cluster, load, capacity, tier = 0, inUse }) => ({
    name: cluster,
    load,
    capacity,
    ...(inUse === undefined ? {} : { inUse }),
    tier,
    weight: resting.get(cluster) ?? 0,
    addresses: reports.get(cluster)?.addresses ?? [],
    sets: sets.get(cluster) ?? [],
  }));
  const losses: TrafficLoss[] =
    sources.length > trafficLimits.tabledSources
      ? []
      : rows
          .map(({ lost, weights, shed }) => ({ lost, weights: sources.map(({ name }) => weights.get(name) ?? 0), shed }))
          .filter(({ weights }) => weights.some((weight, at) => weight !== sources[at]?.weight))
          .slice(0, trafficLimits.losses);
  return {
    ...(merged.import === undefined ? {} : { import: merged.import }),
    sources,
    losses,
    survivorsMin: policy.survivorsMin ?? 1,
    failback: rampOf(policy, failback),
    reach: policy.reach ?? 'Pods',
    perCluster: policy.perClusterImports ?? false,
    ...(gateway === undefined ? {} : { gateway }),
    ...(dns === undefined ? {} : { dns }),
    shortfalls: policy.demand === undefined ? [] : rows.flatMap(({ lost, shed }) => (shed > 0 ? [{ lost, unserved: shed }] : [])),
    cuts: [...cuts, ...shareCuts({ merged, policy, termsOf })],
  };
};
