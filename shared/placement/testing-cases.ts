/** @module Rows for tests of placement: a rule, what is given, what must come out. */
import type { PolicySpec, Taint } from '../api/index.ts';
import { place } from './place.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';

/** The clock of the cases. */
export const env = { nowMs: 1_000_000 };
/** Clusters as rows: name, further replicas that fit, labels, taints. */
export type Clusters = readonly (readonly [name: string, fits: number, labels?: Record<string, string>, taints?: readonly Taint[]])[];

/** A decision of a case. */
export const decide = (
  spec: Partial<PolicySpec>,
  clusters: Clusters,
  replicas: number | undefined,
  current: Record<string, number> = {},
  owed: Record<string, number> = {},
  takers: Row['takers'] = {},
) =>
  place(
    { policy: policyOf(spec), clusters: clusters.map(([name, fits, labels, taints]) => clusterWith(name, fits, labels, taints)) },
    workloadOf(replicas, current, owed, takers),
    env,
  );

/** Labels of a cluster at a provider. */
export const on = (provider: string): Record<string, string> => ({ 'hanse.dev/provider': provider });
/** Selects the clusters of a provider. */
export const provider = (value: string) => ({ matchLabels: on(value) });

/** One case. */
export type Row = {
  readonly rule: string;
  readonly spec?: Partial<PolicySpec>;
  readonly clusters: Clusters;
  readonly replicas: number | undefined;
  readonly current?: Record<string, number>;
  readonly owed?: Record<string, number>;
  readonly takers?: Record<string, Record<string, number>>;
  readonly placed: Record<string, number>;
  readonly unplaced?: number;
  readonly reason?: string;
};

type Outcome = { readonly placed: Record<string, number>; readonly unplaced: number; readonly reason?: string };

/** What a case wants: a reason only where its row names one. */
export const expectedOf = ({ placed, unplaced = 0, reason }: Row): Outcome => ({
  placed,
  unplaced,
  ...(reason === undefined ? {} : { reason }),
});

/** What came out of a case, as {@link expectedOf} tells it. */
export const outcomeOf = ({ spec = {}, clusters, replicas, current, owed, takers, reason: wanted }: Row): Outcome => {
  const { clusters: shares, unplaced, reason } = decide(spec, clusters, replicas, current, owed, takers);
  return { placed: asMap(shares), unplaced, ...(wanted === undefined ? {} : { reason }) };
};

/** A spec with only a strategy. */
export const strategy = (name: 'Duplicated' | 'Weighted' | 'Capacity' | 'Aggregated'): Partial<PolicySpec> => ({
  replicaScheduling: { strategy: name },
});
/** Own machines first, then a cloud. */
export const tiers: Partial<PolicySpec> = {
  tiers: [
    { name: 'idc', clusterSelector: provider('onprem') },
    { name: 'cloud', clusterSelector: provider('aws') },
  ],
};
/** A cluster for each of the two tiers. */
export const tiered: Clusters = [
  ['home', 6, on('onprem')],
  ['cloud', 20, on('aws')],
];
/** Three equal clusters. */
export const three: Clusters = [
  ['a', 10],
  ['b', 10],
  ['c', 10],
];
