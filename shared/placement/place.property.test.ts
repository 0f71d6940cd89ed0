/** @module What holds for every placement: checked on random policies and clusters, and against brute force. */
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { explanationRows, type PolicySpec, type SpreadConstraint } from '../api/index.ts';
import type { ClusterView, Decision } from './model.ts';
import { place } from './place.ts';
import { asMap, clusterWith, policyOf, workloadOf } from './testing.ts';

// Thousands of cases on a machine that may be busy with other tests.
vi.setConfig({ testTimeout: 120_000 });

type Case = {
  readonly spec: Partial<PolicySpec>;
  readonly clusters: readonly ClusterView[];
  readonly fits: readonly number[];
  readonly replicas: number;
  readonly current: Readonly<Record<string, number>>;
};

const env = { nowMs: 0 };
const names = ['a', 'b', 'c', 'd', 'e'];
const strategyOf = fc.constantFrom(
  'Weighted' as const,
  'Capacity' as const,
  'Aggregated' as const,
  'Cheapest' as const,
  'Tightest' as const,
);

const spreadOf = (key: string): fc.Arbitrary<SpreadConstraint> =>
  fc
    .record(
      {
        topologyKey: fc.constant(key),
        minDomains: fc.integer({ min: 1, max: 3 }),
        maxDomains: fc.integer({ min: 1, max: 3 }),
        maxSkew: fc.integer({ min: 1, max: 3 }),
        maxShare: fc.integer({ min: 30, max: 100 }),
      },
      { requiredKeys: ['topologyKey'] },
    )
    .map((rule) =>
      rule.minDomains !== undefined && rule.maxDomains !== undefined && rule.minDomains > rule.maxDomains
        ? { ...rule, minDomains: rule.maxDomains }
        : rule,
    );

const caseOf = (options: { present: boolean; spread: fc.Arbitrary<SpreadConstraint[]>; tiers: boolean }): fc.Arbitrary<Case> =>
  fc
    .record({
      strategy: strategyOf,
      sizes: fc.array(
        fc.record({
          fits: fc.integer({ min: 0, max: 6 }),
          provider: fc.constantFrom('p', 'q', 'r'),
          current: fc.integer({ min: 0, max: 4 }),
        }),
        {
          minLength: 1,
          maxLength: 5,
        },
      ),
      replicas: fc.integer({ min: 0, max: 12 }),
      spread: options.spread,
      tier: fc.boolean(),
    })
    .map(({ strategy, sizes, replicas, spread, tier }) => ({
      spec: {
        spread,
        replicaScheduling: { strategy },
        ...(options.tiers && tier
          ? { tiers: [{ name: 'first', clusterSelector: { matchLabels: { provider: 'p' } } }, { name: 'rest' }] }
          : {}),
      },
      clusters: sizes.map(({ fits, provider }, at) => clusterWith(names[at] ?? '', fits, { provider })),
      fits: sizes.map(({ fits }) => fits),
      replicas,
      current: options.present
        ? Object.fromEntries(sizes.flatMap(({ current }, at) => (current > 0 ? [[names[at] ?? '', current]] : [])))
        : {},
    }));

const noSpread = fc.constant<SpreadConstraint[]>([]);
const oneSpread = spreadOf('provider').map((rule) => [rule]);
const twoSpreads = fc.tuple(spreadOf('provider'), spreadOf('hanse.dev/cluster')).map((rules) => [...rules]);

const run = (given: Case, current: Readonly<Record<string, number>> = given.current): Decision =>
  place({ policy: policyOf(given.spec), clusters: given.clusters }, workloadOf(given.replicas, current), env);

const total = (map: Readonly<Record<string, number>>): number => Object.values(map).reduce((sum, count) => sum + count, 0);

/** Says whether a division keeps one constraint, straight from its definition. */
const holds = (rule: SpreadConstraint, given: Case, counts: readonly number[]): boolean => {
  const sums = new Map<string, number>();
  given.clusters.forEach((cluster, at) => {
    const domain = cluster.labels[rule.topologyKey] ?? '';
    sums.set(domain, (sums.get(domain) ?? 0) + (counts[at] ?? 0));
  });
  const used = [...sums.values()].filter((sum) => sum > 0);
  const measured = rule.maxDomains !== undefined && rule.maxDomains < sums.size ? used : [...sums.values()];
  return (
    used.length >= (rule.minDomains ?? 0) &&
    used.length <= (rule.maxDomains ?? Number.MAX_SAFE_INTEGER) &&
    (rule.maxSkew === undefined || Math.max(0, ...measured) - Math.min(...(measured.length === 0 ? [0] : measured)) <= rule.maxSkew) &&
    Math.max(0, ...sums.values()) <= Math.floor((given.replicas * (rule.maxShare ?? 100)) / 100)
  );
};

const keeps = (given: Case, counts: readonly number[]): boolean => (given.spec.spread ?? []).every((rule) => holds(rule, given, counts));

/** The most replicas that any division of at most `replicas` places within room and constraints, by trying all. */
const most = (given: Case): number => {
  let best = 0;
  const visit = (at: number, counts: number[], left: number): void => {
    if (at === given.fits.length) {
      const placed = given.replicas - left;
      if (placed > best && keeps(given, counts)) best = placed;
      return;
    }
    for (let count = 0; count <= Math.min(left, given.fits[at] ?? 0); count++) visit(at + 1, [...counts, count], left - count);
  };
  visit(0, [], given.replicas);
  return best;
};

const countsOf = (given: Case, decision: Decision): number[] => {
  const map = asMap(decision.clusters);
  return given.clusters.map(({ name }) => map[name] ?? 0);
};

describe('every placement', () => {
  it('places no more than asked, never above what a cluster has and fits, and counts the rest as unplaced', () => {
    fc.assert(
      fc.property(caseOf({ present: true, spread: twoSpreads, tiers: true }), (given) => {
        const decision = run(given);
        const map = asMap(decision.clusters);
        expect(total(map) + decision.unplaced).toBe(given.replicas);
        given.clusters.forEach(({ name }, at) => {
          expect(map[name] ?? 0).toBeLessThanOrEqual((given.fits[at] ?? 0) + (given.current[name] ?? 0));
        });
        expect(explanationRows(decision.explained)).toHaveLength(given.clusters.length);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps every hard spread constraint, or places nothing', () => {
    fc.assert(
      fc.property(caseOf({ present: false, spread: twoSpreads, tiers: true }), (given) => {
        const counts = countsOf(given, run(given));
        expect(counts.every((count) => count === 0) || keeps(given, counts)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });

  it('fills all room there is without constraints', () => {
    fc.assert(
      fc.property(caseOf({ present: true, spread: noSpread, tiers: true }), (given) => {
        const room = given.clusters.reduce((sum, { name }, at) => sum + (given.fits[at] ?? 0) + (given.current[name] ?? 0), 0);
        expect(total(asMap(run(given).clusters))).toBe(Math.min(given.replicas, room));
      }),
      { numRuns: 1_000 },
    );
  });

  it('places as many as brute force under one constraint without a maximum of domains', () => {
    const spread = oneSpread.map((rules) => rules.map(({ maxDomains: _, ...rule }) => rule));
    fc.assert(
      fc.property(caseOf({ present: false, spread, tiers: true }), (given) => {
        expect(total(asMap(run(given).clusters))).toBe(most(given));
      }),
      { numRuns: 1_500 },
    );
  });

  it('is the same whatever the order of the clusters', () => {
    fc.assert(
      fc.property(caseOf({ present: true, spread: twoSpreads, tiers: true }), (given) => {
        expect(run({ ...given, clusters: [...given.clusters].reverse() })).toEqual(run(given));
      }),
      { numRuns: 500 },
    );
  });

  it('changes nothing when it is made again on its own result', () => {
    fc.assert(
      fc.property(caseOf({ present: true, spread: twoSpreads, tiers: true }), (given) => {
        const first = asMap(run(given).clusters);
        const fits = given.clusters.map(({ name }, at) => (given.fits[at] ?? 0) - ((first[name] ?? 0) - (given.current[name] ?? 0)));
        const again: Case = {
          ...given,
          current: first,
          clusters: given.clusters.map(({ name, labels }, at) => clusterWith(name, Math.max(0, fits[at] ?? 0), labels)),
        };
        expect(asMap(run(again).clusters)).toEqual(first);
      }),
      { numRuns: 2_000 },
    );
  });

  it('moves exactly the difference when it is scaled without constraints', () => {
    fc.assert(
      fc.property(caseOf({ present: true, spread: noSpread, tiers: true }), (given) => {
        fc.pre(given.spec.replicaScheduling?.strategy !== 'Weighted');
        const after = asMap(run(given).clusters);
        const [was, is] = [total(given.current), total(after)];
        const moved = names.reduce((sum, name) => sum + Math.abs((after[name] ?? 0) - (given.current[name] ?? 0)), 0);
        expect(moved).toBe(Math.abs(is - was));
      }),
      { numRuns: 1_000 },
    );
  });

  it('moves only what a lost cluster had', () => {
    fc.assert(
      fc.property(caseOf({ present: true, spread: noSpread, tiers: true }), fc.integer({ min: 0, max: 4 }), (given, lost) => {
        fc.pre(given.spec.replicaScheduling?.strategy !== 'Weighted');
        const present = total(given.current);
        const steady = { ...given, replicas: present };
        const left = { ...steady, clusters: steady.clusters.filter((_, at) => at !== lost) };
        const after = asMap(run(left).clusters);
        for (const { name } of left.clusters) expect(after[name] ?? 0).toBeGreaterThanOrEqual(given.current[name] ?? 0);
      }),
      { numRuns: 1_000 },
    );
  });

  it('moves nothing when nothing changed', () => {
    fc.assert(
      fc.property(caseOf({ present: true, spread: noSpread, tiers: true }), (given) => {
        fc.pre(given.spec.replicaScheduling?.strategy !== 'Weighted');
        expect(asMap(run({ ...given, replicas: total(given.current) }).clusters)).toEqual(given.current);
      }),
      { numRuns: 1_000 },
    );
  });

  /** A chain of scalings over one room, each from what the one before left: what there was, and what came of it. */
  const chainOf = (given: Case, sizes: readonly number[]): { readonly before: Case; readonly after: Case }[] => {
    let before = given;
    return sizes.map((replicas) => {
      const asked = { ...before, replicas };
      const placed = asMap(run(asked).clusters);
      const fits = before.clusters.map(({ name }, at) => (before.fits[at] ?? 0) + (before.current[name] ?? 0) - (placed[name] ?? 0));
      const clusters = before.clusters.map(({ name, labels }, at) => clusterWith(name, fits[at] ?? 0, labels));
      const link = { before: asked, after: { ...asked, fits, clusters, current: placed } };
      before = link.after;
      return link;
    });
  };
  const sizesOf = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 6 });
  const presentOf = ({ clusters, current }: Case): number[] => clusters.map(({ name }) => current[name] ?? 0);
  /** The rule, but for a minimum of domains that there are not as many replicas of. */
  const within = (rule: SpreadConstraint, replicas: number): SpreadConstraint =>
    rule.minDomains === undefined || rule.minDomains <= replicas ? rule : { ...rule, minDomains: Math.max(1, replicas) };

  it('keeps every hard spread constraint through all scaling, where nothing but scaling happens', () => {
    fc.assert(
      fc.property(caseOf({ present: false, spread: twoSpreads, tiers: false }), sizesOf, (given, sizes) => {
        for (const { after } of chainOf(given, sizes)) {
          const counts = presentOf(after);
          const rules = (after.spec.spread ?? []).map((rule) => within(rule, after.replicas));
          expect(counts.every((count) => count === 0) || rules.every((rule) => holds(rule, after, counts))).toBe(true);
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('never breaks a hard spread constraint further than it was', () => {
    const skewOf = ({ topologyKey }: SpreadConstraint, given: Case, counts: readonly number[]): number =>
      [...Array(20).keys()].find((maxSkew) => holds({ topologyKey, maxSkew }, given, counts)) ?? 20;
    fc.assert(
      fc.property(caseOf({ present: true, spread: twoSpreads, tiers: false }), sizesOf, (given, sizes) => {
        for (const { before, after } of chainOf(given, sizes)) {
          const counts = presentOf(after);
          for (const { minDomains: _, maxSkew, ...rule } of after.spec.spread ?? []) {
            expect(holds(rule, after, counts)).toBe(true);
            if (maxSkew === undefined || rule.maxDomains !== undefined) continue;
            expect(skewOf(rule, after, counts)).toBeLessThanOrEqual(Math.max(maxSkew, skewOf(rule, before, presentOf(before))));
          }
        }
      }),
      { numRuns: 1_500 },
    );
  });

  it('uses a later tier only for what the earlier ones cannot hold', () => {
    fc.assert(
      fc.property(caseOf({ present: false, spread: noSpread, tiers: true }), (given) => {
        fc.pre(given.spec.tiers !== undefined);
        const counts = countsOf(given, run(given));
        const first = given.clusters.map(({ labels }) => labels.provider === 'p');
        const inFirst = counts.reduce((sum, count, at) => sum + (first[at] === true ? count : 0), 0);
        const roomFirst = given.fits.reduce((sum, fits, at) => sum + (first[at] === true ? fits : 0), 0);
        expect(inFirst).toBe(Math.min(given.replicas, roomFirst));
      }),
      { numRuns: 500 },
    );
  });
});
