/** @module Weights of HTTPRoutes and GRPCRoutes that send requests to imports of single clusters. Pure. */
import { clusterImports, type ImportWeights, routePatch } from '../../shared/traffic/index.ts';
import type { ServiceNow } from './desired.ts';
import type { MemberView } from './member/index.ts';
import type { TrafficWrite } from './writer.ts';

/** What every import of one cluster weighs in routes. */
export const importWeights = (states: Iterable<ServiceNow>): ImportWeights => {
  const weights = new Map<string, number>();
  for (const { record, local } of states) {
    const imports = clusterImports(record);
    if (imports.size === 0) continue;
    const shares = new Map(local.map(({ cluster, weight }) => [cluster, weight]));
    for (const [name, source] of imports) weights.set(`${record.namespace}/${name}`, shares.get(source) ?? 0);
  }
  return weights;
};

/** The writes that bring the member's routes to where requests shall go, by the route's `namespace/name`. */
export const routeWrites = (view: Pick<MemberView, 'routes'>, weights: ImportWeights): [key: string, write: TrafficWrite][] =>
  (['httproutes', 'grpcroutes'] as const).flatMap((resource) =>
    [...view.routes(resource)].flatMap(([key, backends]): [string, TrafficWrite][] => {
      const patch = routePatch(backends, weights);
      const [namespace = '', name = ''] = key.split('/');
      const address = { group: 'gateway.networking.k8s.io', version: 'v1', resource, namespace, name };
      return patch.length === 0 ? [] : [[key, { do: 'route', address, patch }]];
    }),
  );
