/** @module Shares of clusters at rest, and what a compiled service says of each loss. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TrafficPolicySpec } from '../api/traffic-policy.ts';
import { type EndpointSet, type TrafficSpec, trafficLimits, trafficSpecFault } from '../wire/traffic.ts';
import { type ClusterTerms, compileService, servedOf, tablesOf } from './compile.ts';
import { spreadDemand } from './demand.ts';
import { mergeExports } from './merge-exports.ts';
import { rampRuleDefault } from './ramp.ts';

const ports = [{ name: 'http', protocol: 'TCP', port: 80 }] as const;
const failback: TrafficSpec['failback'] = { ...rampRuleDefault, released: [] };
const setOf = (count: number): EndpointSet => ({
  addressType: 'IPv4',
  ports,
  ready: Array.from({ length: count }, (_, at) => `10.0.${at >> 8}.${at & 255}`),
});
const compiled = (
  endpoints: Readonly<Record<string, number>>,
  policy: TrafficPolicySpec = {},
  terms: Readonly<Record<string, Partial<ClusterTerms>>> = {},
) => {
  const merged = mergeExports(
    Object.entries(endpoints).map(([cluster, count]) => ({
      cluster,
      sinceMs: 0,
      labels: {},
      annotations: {},
      report: {
        service: { type: 'ClusterSetIP' as const, ports, sessionAffinity: 'None' as const, ipFamilies: [] },
        addresses: [],
        sets: [setOf(count)],
        leftOut: 0,
      },
    })),
  );
  const input = { merged, policy, termsOf: (cluster: string): ClusterTerms => ({ tier: 0, share: undefined, ...terms[cluster] }) };
  const served = servedOf('s/x', input);
  const rows =
    tablesOf(
      [served],
      new Map(),
      (policy.losses ?? []).map(({ clusters }) => clusters),
    ).get('s/x') ?? [];
  return compileService({ ...input, dns: undefined, gateway: undefined }, served, rows, failback);
};
const shares = (...args: Parameters<typeof compiled>): string =>
  compiled(...args)
    .sources.map(({ name, weight }) => `${name} ${Math.round(weight / 10_000)}`)
    .join(', ');

describe('shares at rest', () => {
  it('go by ready endpoints', () => {
    expect(shares({ a: 4, b: 2, c: 0 })).toBe('a 100, b 50, c 0');
  });
  it('may be fixed, and who has none gets nothing', () => {
    expect(shares({ a: 1, b: 9, c: 9 }, {}, { a: { share: 2 }, b: { share: 1 }, c: { share: 0 } })).toBe('a 100, b 50, c 0');
  });
  it('that would all be nothing are by capacity', () => {
    expect(shares({ a: 4, b: 2 }, {}, { a: { share: 0 }, b: { share: 0 } })).toBe('a 100, b 50');
    expect(shares({ a: 0, b: 2 }, {}, { a: { share: 3 }, b: { share: 0 } })).toBe('a 0, b 100');
  });
  it('that would all be nothing are told', () => {
    const weights = [{ clusterSelector: {}, weight: 0 }];
    const none = { a: { share: 0 }, b: { share: 0 } };
    expect(compiled({ b: 2, a: 4, c: 0 }, { weights }, { ...none, c: { share: 3 } }).cuts).toEqual([
      'the weights give no share to a, b, and nobody else serves: it goes by capacity; give one a weight above 0',
    ]);
    expect(compiled({ a: 4, b: 2 }, { weights }, { ...none, b: { share: 1 } }).cuts).toEqual([]);
    expect(compiled({ a: 4, b: 2 }, { weights: [] }, none).cuts).toEqual([]);
    expect(compiled({ a: 0, b: 0 }, { weights }, none).cuts).toEqual([]);
  });
  it('go to later tiers when the demand is above what the first can serve', () => {
    const demand = { requestsPerSecond: 60, requestsPerSecondPerEndpoint: 10 };
    const tiers = { b: { tier: 1 }, c: { tier: 2 } };
    expect(shares({ a: 4, b: 4, c: 4 }, { demand }, tiers)).toBe('a 100, b 50, c 0');
    expect(shares({ a: 8, b: 4, c: 4 }, { demand }, tiers)).toBe('a 100, b 0, c 0');
  });
});

describe('a compiled service', () => {
  it('has a table for every single loss that changes something, and for chosen pairs', () => {
    const { losses } = compiled({ a: 2, b: 2, c: 2, d: 0 }, { losses: [{ clusters: ['a', 'b'] }] });
    expect(losses.map(({ lost, weights }) => `${lost.join('+')}: ${weights.map((weight) => (weight > 0 ? 1 : 0)).join('')}`)).toEqual([
      'a: 0110',
      'a+b: 0010',
      'b: 1010',
      'c: 1100',
    ]);
  });
  it('tells what a loss leaves unserved where a demand is declared', () => {
    const demand = { requestsPerSecond: 50, requestsPerSecondPerEndpoint: 10 };
    expect(compiled({ a: 4, b: 2 }, { demand }).shortfalls).toEqual([
      { lost: ['a'], unserved: 30 },
      { lost: ['b'], unserved: 10 },
    ]);
    expect(compiled({ a: 4, b: 2 }).shortfalls).toEqual([]);
  });
  it('holds so many endpoints and no more, of each cluster alike, and says what it left out', () => {
    const each = trafficLimits.endpointsPerReport;
    const clusters = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`c${String(at).padStart(2, '0')}`, each]));
    const { sources, cuts, shortfalls: _s, ...rest } = compiled(clusters);
    expect(sources.map(({ sets }) => sets[0]?.ready.length)).toEqual(sources.map(() => Math.floor(trafficLimits.endpointsPerRecord / 12)));
    expect(cuts).toHaveLength(1);
    expect(trafficSpecFault({ ...rest, sources, wanted: false, conditions: [] })).toBeUndefined();
  });
  it('of more sources than tables are made for has none: agents work them out', () => {
    const many = Object.fromEntries(Array.from({ length: trafficLimits.tabledSources + 1 }, (_, at) => [`c${at}`, 1]));
    expect(compiled(many).losses).toEqual([]);
  });
});

it('a demand is spread whole, over clusters that can serve, lower tiers first', () => {
  const clusters = fc.array(
    fc.record({
      capacity: fc.nat({ max: 50 }),
      tier: fc.nat({ max: 2 }),
      share: fc.option(fc.nat({ max: 5 }), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 5 },
  );
  fc.assert(
    fc.property(clusters, fc.option(fc.nat({ max: 200 }), { nil: undefined }), (drawn, demand) => {
      const spread = drawn.map(({ share, ...one }, at) => ({
        cluster: `c${at}`,
        ...one,
        // Shares are all given or none, and not all zero: the compiler sees to that.
        ...(drawn.every((other) => (other.share ?? 0) > 0) && share !== undefined ? { share } : {}),
      }));
      const loads = spreadDemand(spread, demand);
      const sum = loads.reduce((all, load) => all + load, 0);
      if (demand !== undefined && drawn.some(({ capacity }) => capacity > 0)) expect(sum).toBe(demand);
      loads.forEach((load, at) => {
        expect(Number.isInteger(load) && load >= 0).toBe(true);
        if (spread[at]?.capacity === 0) expect(load).toBe(0);
      });
    }),
  );
});
