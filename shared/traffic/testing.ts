/** @module Records for tests. */
import type { TrafficRecord, TrafficSource, TrafficSpec } from '../wire/traffic.ts';
import { lossTables, type ServedService, weightsAtRest } from './loss-table.ts';
import { rampRuleDefault } from './ramp.ts';

const http = { name: 'http', protocol: 'TCP', port: 80 } as const;

/** A source with so many endpoints, `10.N.0.x`, and one address, `192.0.2.N`. Load in endpoints; absent = half of them. */
export type DrawnSource = { readonly name: string; readonly endpoints: number; readonly load?: number; readonly tier?: number };

/** A record of shop/web whose tables are those of these sources. */
export const recordOf = (drawn: readonly DrawnSource[], more: Partial<TrafficSpec> = {}): TrafficRecord => {
  const served: ServedService = {
    name: 'shop/web',
    shedPriority: 0,
    clusters: drawn.map(({ name, endpoints, load, tier = 0 }) => ({
      cluster: name,
      capacity: endpoints * 1_000,
      load: load === undefined ? endpoints * 500 : load * 1_000,
      tier,
    })),
  };
  const resting = new Map(weightsAtRest(served).map(({ cluster, weight }) => [cluster, weight]));
  const sources = drawn.map(
    ({ name, endpoints, tier = 0 }, at): TrafficSource => ({
      name,
      load: served.clusters[at]?.load ?? 0,
      capacity: endpoints * 1_000,
      tier,
      weight: resting.get(name) ?? 0,
      addresses: [`192.0.2.${at + 1}`],
      sets: [{ addressType: 'IPv4', ports: [http], ready: Array.from({ length: endpoints }, (_, host) => `10.${at + 1}.0.${host + 1}`) }],
    }),
  );
  const losses = lossTables({ epoch: 1, services: [served], clusterCapacity: new Map(), survivorsMin: 1, pairs: [] }).flatMap(
    ({ lost, services }) =>
      services.map(({ weights, shed }) => ({
        lost,
        shed,
        weights: sources.map(({ name }) => weights.find(({ cluster }) => cluster === name)?.weight ?? 0),
      })),
  );
  const spec: TrafficSpec = {
    import: {
      type: 'ClusterSetIP',
      ports: [http],
      sessionAffinity: 'None',
      ipFamilies: ['IPv4'],
      labels: {},
      annotations: {},
    },
    wanted: false,
    sources,
    losses,
    survivorsMin: 1,
    failback: { ...rampRuleDefault, released: [] },
    reach: 'Pods',
    perCluster: false,
    conditions: [],
    ...more,
  };
  return { namespace: 'shop', name: 'web', epoch: 1, spec };
};
