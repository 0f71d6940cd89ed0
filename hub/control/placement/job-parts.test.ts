/** @module What becomes of a Job's completions as clusters and policies come and go: none is done twice, none is forgotten. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drainTaint, explainedIn, explanationRows, keptExplanation, type PlacedCluster } from '../../../shared/api/index.ts';
import { plainShape } from '../../../shared/capacity/index.ts';
import {
  completionShares,
  isSettledJob,
  jobTask,
  partsBefore,
  place,
  type TimedTaint,
  withParts,
} from '../../../shared/placement/index.ts';
import { clusterWith, policyOf } from '../../../shared/placement/testing.ts';
import { healthTaints } from '../cluster/health.ts';
import { outputOf, type PlacementOutput, workloadOf } from './decide.ts';

const job = (completions: number, parallelism = 6) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'sums', namespace: 'shop', generation: 1 },
  spec: { completions, parallelism, template: { spec: { containers: [{ name: 'main', image: 'sum:1' }] } } },
});
const away: readonly TimedTaint[] = [
  { key: healthTaints.unreachable, effect: 'NoSchedule' },
  { key: healthTaints.unreachable, effect: 'NoExecute' },
];

const drained: readonly TimedTaint[] = [{ key: drainTaint, effect: 'NoExecute' }];

type Taints = { readonly [cluster: string]: readonly TimedTaint[] };
type Fits = { readonly [cluster: string]: number };
const clustersOf = (taints: Taints, fits: Fits = {}) =>
  ['a', 'b', 'c'].map((name) => clusterWith(name, fits[name] ?? 9, { 'hanse.dev/cluster': name }, taints[name] ?? []));

const decide = (
  before: PlacementOutput | undefined,
  taints: Taints,
  spec: object = {},
  object = job(12),
  fits: Fits = {},
): PlacementOutput => {
  const clusters = clustersOf(taints, fits);
  const replicas = Math.min(object.spec.parallelism, object.spec.completions);
  const read = workloadOf({ object, replicas, shape: plainShape({ cpu: 1 }), before, priority: { value: 0, preempts: true } });
  const { workload, policy } = jobTask({ workload: read, policy: policyOf(spec) }, object, before);
  const made = withParts(object, policy, place({ policy, clusters }, workload, { nowMs: 0 }), partsBefore(before));
  return outputOf({ object, replicas, policy, before, clusters, nowMs: 0 }, made);
};
const partsOf = ({ spec }: PlacementOutput): Record<string, string> =>
  Object.fromEntries(spec.clusters.map(({ name, replicas, completions }) => [name, `${replicas} do ${completions}`]));
const equal = { replicaScheduling: { strategy: 'Weighted' } };

describe('a divided Job', () => {
  it('keeps its parts when a cluster is lost; the lost part waits and goes to a cluster that has none', () => {
    const first = decide(undefined, { c: away }, equal);
    expect(partsOf(first)).toEqual({ a: '3 do 6', b: '3 do 6' });
    const loss = decide(first, { b: away, c: away }, equal);
    expect([partsOf(loss), loss.status.unplaced, loss.status.reason]).toEqual([{ a: '3 do 6' }, 3, 'Unplaced']);
    expect(loss.status.message).toBe(
      '6 of 12 completions wait for a cluster that has no part of the Job: a part that was given cannot be changed; that of b is begun anew there, or gone on with once b takes it again; 3 of 6 replicas unplaced: part in 1 cluster',
    );
    const other = decide(loss, { b: away }, equal);
    expect([partsOf(other), other.status.unplaced]).toEqual([{ a: '3 do 6', c: '3 do 6' }, 0]);
    const lost = 'the part of b (6 completions) is begun anew in c (6 completions), with what was done of it';
    expect(other.status.message).toBe(`placed in 2 clusters; ${lost}`);
    expect(other.events).toContainEqual({ type: 'Warning', reason: 'PartBegunAnew', message: lost });
  });

  it('gives the part back to a cluster that returns before anybody took it', () => {
    const first = decide(undefined, { c: away }, equal);
    const back = decide(decide(first, { b: away, c: away }, equal), { c: away }, equal);
    expect([partsOf(back), back.status.unplaced]).toEqual([partsOf(first), 0]);
  });

  it('leaves the part of a lost cluster with the one that took it, when the lost one returns', () => {
    const first = decide(undefined, { c: away }, equal);
    const taken = decide(first, { b: away }, equal);
    expect([partsOf(taken), taken.status.owed ?? []]).toEqual([{ a: '3 do 6', c: '3 do 6' }, []]);
    const isSettled = isSettledJob(job(12), 6, taken, (name) => clustersOf({}).find((view) => view.name === name));
    expect(isSettled).toBe(true);
  });

  it('remembers the part of each cluster that is drained or lost, and gives back to each its own', () => {
    const first = decide(undefined, {}, equal);
    const both = decide(decide(first, { b: drained }, equal), { b: drained, c: away }, equal);
    expect(both.status.staying).toEqual([
      { name: 'b', completions: 4, reason: 'Drained' },
      { name: 'c', completions: 4, reason: 'Lost' },
    ]);
    expect(partsOf(decide(both, { c: away }, equal))).toMatchObject({ a: '2 do 4', b: expect.stringMatching(/ do 4$/) });
  });

  it('does not stay where its part was once another cluster has it, though fewer of its pods run at once', () => {
    const first = decide(undefined, { c: away }, equal);
    const taken = decide(first, { b: drained }, equal, job(12), { a: 0, c: 1 });
    expect([partsOf(taken), taken.status.unplaced, taken.status.staying]).toEqual([{ a: '3 do 6', c: '1 do 6' }, 2, undefined]);
  });

  it('is not whole while completions wait, though no more of its pods may run at once', () => {
    const first = decide(undefined, { c: away }, equal, job(12, 2));
    const loss = decide(first, { b: away, c: away }, equal, job(12, 2));
    const fewer = decide(loss, { b: away, c: away }, equal, job(12, 1));
    expect([partsOf(fewer), fewer.status.unplaced]).toEqual([{ a: '1 do 6' }, 1]);
    expect(fewer.status.message).toContain('6 of 12 completions wait');
  });

  it('is not moved by a change of policy; by a lost cluster, more at once or something that waits it is decided on', () => {
    const object = job(12);
    const first = decide(undefined, { c: away }, equal);
    const look = (taints: Taints, replicas = 6, placement: PlacementOutput = first) =>
      isSettledJob(object, replicas, placement, (name) => clustersOf(taints).find((view) => view.name === name));
    expect([look({}), look({ b: away }), look({}, 8), look({ c: away }, 6, decide(first, { b: away, c: away }, equal))]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  const strategies = ['Weighted', 'Capacity', 'Aggregated'].map((strategy) => [strategy, { replicaScheduling: { strategy } }] as const);

  it.each(strategies)(
    'with more at once under %s runs more in the clusters that have its parts, and takes nothing away',
    (strategy, spec) => {
      const first = decide(undefined, { c: away }, equal);
      const more = decide(first, {}, spec, job(12, 8));
      const got = strategy === 'Aggregated' ? { a: '5 do 6', b: '3 do 6' } : { a: '4 do 6', b: '4 do 6' };
      expect([partsOf(more), more.status.unplaced, more.status.reason]).toEqual([got, 0, 'Placed']);
      const rows = explanationRows(explainedIn(more.status) ?? keptExplanation([]));
      expect(rows.find(({ cluster }) => cluster === 'c')).toMatchObject({
        eligible: false,
        reason: 'part',
        message: 'all 12 completions of the Job are given to other clusters',
      });
    },
  );

  it.each(strategies)('under %s runs no more at once in a cluster than its part', (_, spec) => {
    const first = decide(undefined, { c: away }, equal, job(12), { a: 1, b: 5 });
    expect(partsOf(first)).toEqual({ a: '1 do 2', b: '5 do 10' });
    expect(partsOf(decide(first, {}, spec, job(12, 12)))).toEqual({ a: '2 do 2', b: '10 do 10' });
  });

  it.each(strategies)('under %s gives a lost part at once to who has none, though those with a part have room', (_, spec) => {
    const first = decide(undefined, { c: away }, equal);
    expect(partsOf(decide(first, { b: away }, spec))).toEqual({ a: '3 do 6', c: '3 do 6' });
  });

  it('keeps one of each part that is under way, however few may run at once, and says so', () => {
    const first = decide(undefined, {}, equal);
    expect(partsOf(first)).toEqual({ a: '2 do 4', b: '2 do 4', c: '2 do 4' });
    const fewer = decide(first, {}, equal, job(12, 1));
    expect([partsOf(fewer), fewer.status.unplaced]).toEqual([{ a: '1 do 4', b: '1 do 4', c: '1 do 4' }, 0]);
    expect(fewer.status.message).toBe(
      'placed in 3 clusters; 3 run at once, not 1: a part that is under way keeps one, as it would be lost with what was done of it',
    );
    expect(partsOf(decide(fewer, {}, equal))).toEqual(partsOf(first));
  });

  it('that is a gang is scaled whole or not at all, also beside a lost part', () => {
    const gang = { replicaScheduling: { strategy: 'Weighted', gang: true } };
    const first = decide(undefined, { b: away, c: away }, gang, job(5, 2));
    expect(partsOf(first)).toEqual({ a: '2 do 5' });
    const fuller = decide(first, {}, gang, job(5, 5), { a: 1 });
    expect([partsOf(fuller), fuller.status.unplaced, fuller.status.reason]).toEqual([{ a: '2 do 5' }, 3, 'AllOrNothing']);
    const two = decide(undefined, { c: away }, gang, job(12, 4));
    expect(partsOf(two)).toEqual({ a: '2 do 6', b: '2 do 6' });
    // Those that stay hold 2, and there are 6 completions for the other: 8 of 9 is no gang.
    const torn = decide(two, { b: away }, gang, job(12, 9));
    expect([partsOf(torn), torn.status.reason]).toEqual([{ a: '2 do 6' }, 'AllOrNothing']);
  });

  it('that every cluster runs whole stays whole, whatever the strategy becomes', () => {
    const whole = decide(undefined, {}, { replicaScheduling: { strategy: 'Duplicated' } });
    expect(whole.spec.clusters.every(({ completions }) => completions === undefined)).toBe(true);
    expect(decide(whole, {}, equal).spec.clusters.every(({ completions }) => completions === undefined)).toBe(true);
  });

  it('never has more completions than it asks for, and none in a cluster changes while it stays', () => {
    const step = fc.record({ away: fc.subarray(['a', 'b', 'c']), parallelism: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { minLength: 1, maxLength: 6 }), (completions, steps) => {
        let before: PlacementOutput | undefined;
        for (const { away: gone, parallelism } of steps) {
          const next = decide(before, Object.fromEntries(gone.map((name) => [name, away])), equal, job(completions, parallelism));
          const given = (clusters: readonly PlacedCluster[]) => clusters.reduce((sum, entry) => sum + (entry.completions ?? 0), 0);
          expect(given(next.spec.clusters)).toBeLessThanOrEqual(completions);
          for (const entry of before?.spec.clusters ?? []) {
            const after = next.spec.clusters.find(({ name }) => name === entry.name);
            if (after !== undefined) expect(after.completions).toBe(entry.completions);
          }
          before = next;
        }
      }),
    );
  });
});

describe('an Indexed Job', () => {
  const indexed = (completions: number, parallelism = 6) => {
    const { spec, ...rest } = job(completions, parallelism);
    return { ...rest, spec: { ...spec, completionMode: 'Indexed' } };
  };
  const specs: readonly (readonly [string, object])[] = [
    ['the capacity of clusters', {}],
    ['weights', equal],
    ['clusters that are spread over', { spread: [{ topologyKey: 'hanse.dev/cluster', minDomains: 3 }] }],
    ['minima', { replicaScheduling: { bounds: [{ clusterSelector: {}, min: 1 }] } }],
  ];

  it.each(specs)('is not divided by %s: each part would begin with index 0', (_, spec) => {
    const first = decide(undefined, {}, spec, indexed(12));
    expect([partsOf(first), first.status.unplaced]).toEqual([{ a: '6 do 12' }, 0]);
    const events = first.events.filter(({ reason }) => reason === 'NotDivided');
    expect(events).toMatchObject([
      { type: 'Normal', message: expect.stringContaining('all 12 completions are for a: an Indexed Job is not divided') },
    ]);
    const rows = explanationRows(explainedIn(first.status) ?? keptExplanation([]));
    expect(rows.map(({ cluster, reason, got }) => [cluster, reason, got])).toEqual([
      ['a', '', 6],
      ['b', 'indexed', 0],
      ['c', 'indexed', 0],
    ]);
    expect(decide(first, {}, spec, indexed(12)).events).toEqual([]);
  });

  it('goes where the most of it runs at once, and as many as there is room for', () => {
    const first = decide(undefined, {}, {}, indexed(12), { a: 2, b: 4, c: 3 });
    expect([partsOf(first), first.status.unplaced]).toEqual([{ b: '4 do 12' }, 2]);
  });

  it('goes whole to another cluster when its own is lost, and stays there', () => {
    const first = decide(undefined, {}, equal, indexed(12));
    const other = decide(first, { a: away }, equal, indexed(12));
    expect([partsOf(other), other.status.unplaced]).toEqual([{ b: '6 do 12' }, 0]);
    expect(partsOf(decide(other, {}, equal, indexed(12)))).toEqual({ b: '6 do 12' });
  });

  it.each(specs)('under %s stays where it runs with less at once, though another cluster has room for all of it', (_, spec) => {
    const first = decide(undefined, {}, spec, indexed(12, 4), { a: 2, b: 1, c: 1 });
    expect([partsOf(first), first.status.unplaced]).toEqual([{ a: '2 do 12' }, 2]);
    const roomy = { a: 0, b: 9, c: 1 };
    expect(partsOf(decide(first, {}, spec, indexed(12, 4), roomy))).toEqual({ a: '2 do 12' });
    const raised = decide(first, {}, spec, indexed(12, 8), roomy);
    expect([partsOf(raised), raised.status.unplaced]).toEqual([{ a: '2 do 12' }, 6]);
    const paused = decide(first, {}, spec, indexed(12, 0), roomy);
    expect(partsOf(decide(paused, {}, spec, indexed(12, 4), { a: 2, b: 9, c: 1 }))).toEqual({ a: '2 do 12' });
    expect(partsOf(decide(first, { a: away }, spec, indexed(12, 4), roomy))).toEqual({ b: '4 do 12' });
  });

  it('keeps the parts that a hub gave it which divided it: their completions cannot be changed', () => {
    const divided = decide(undefined, { c: away }, equal);
    expect(partsOf(divided)).toEqual({ a: '3 do 6', b: '3 do 6' });
    expect(partsOf(decide(divided, {}, equal, indexed(12, 8)))).toEqual({ a: '4 do 6', b: '4 do 6' });
    const loss = decide(divided, { b: away, c: away }, equal, indexed(12));
    expect([partsOf(loss), loss.status.unplaced]).toEqual([{ a: '3 do 6' }, 3]);
    expect(partsOf(decide(loss, { b: away }, equal, indexed(12)))).toEqual({ a: '3 do 6', c: '3 do 6' });
  });

  it('runs whole in every cluster where its policy says Duplicated', () => {
    const first = decide(undefined, {}, { replicaScheduling: { strategy: 'Duplicated' } }, indexed(12));
    expect(first.spec.clusters).toEqual(['a', 'b', 'c'].map((name) => ({ name, replicas: 6 })));
    expect(first.events.map(({ reason }) => reason)).toEqual(['Placed']);
  });

  it('that is scaled does all its completions where it is', () => {
    const first = decide(undefined, {}, {}, indexed(4, 4));
    expect(partsOf(decide(first, {}, {}, indexed(6, 6)))).toEqual({ a: '6 do 6' });
  });
});

describe('completionShares', () => {
  it('divides so that the parts add up', () => {
    expect(completionShares(10, [2, 1, 0])).toEqual([7, 3, 0]);
    expect(completionShares(1, [1, 1])).toEqual([1, 0]);
    expect(completionShares(5, [0, 0])).toEqual([0, 0]);
  });
});
