/** @module Small builders for tests of placement: clusters of one node size, policies, workloads. */
import type { PolicySpec } from '../api/index.ts';
import type { FitResult, PodShape } from '../capacity/index.ts';
import { emptyReport, plainShape } from '../capacity/index.ts';
import { compilePolicy } from './compiled-policy.ts';
import type { ClusterView, TimedTaint, Workload } from './model.ts';

/** A cluster in which `fits` further replicas of anything fit. */
export const clusterWith = (
  name: string,
  fits: number,
  labels: Readonly<Record<string, string>> = {},
  taints: readonly TimedTaint[] = [],
): ClusterView => {
  const result: FitResult = { count: fits, exact: true, refusals: {} };
  return {
    name,
    labels: { 'hanse.dev/cluster': name, ...labels },
    taints,
    served: undefined,
    room: { report: emptyReport, fit: () => result, assume: () => 0 },
  };
};

const shape: PodShape = plainShape({ cpu: 100 });

/** A Deployment `shop/web`. */
export const workloadOf = (
  replicas: number | undefined,
  current: Readonly<Record<string, number>> = {},
  owed: Readonly<Record<string, number>> = {},
  takers: Readonly<Record<string, Readonly<Record<string, number>>>> = {},
): Workload => ({
  ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name: 'web' },
  replicas,
  shape: replicas === undefined ? undefined : shape,
  current: new Map(Object.entries(current)),
  owed: new Map(Object.entries(owed)),
  takers: new Map(Object.entries(takers).map(([name, taken]) => [name, new Map(Object.entries(taken))])),
});

/** A compiled policy for every Deployment of `shop`. */
export const policyOf = (spec: Partial<PolicySpec> = {}) =>
  compilePolicy('shop', 'web', { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }], ...spec });

/** The clusters of a decision as a map, for comparing. */
export const asMap = (clusters: readonly { readonly name: string; readonly replicas?: number }[]): Record<string, number> =>
  Object.fromEntries(clusters.map(({ name, replicas }) => [name, replicas ?? 1]));
