/** @module What becomes of a Job's completions as clusters and policies come and go: none is done twice, none is forgotten. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { drainTaint, explainedIn, explanationRows, keptExplanation, type PlacedCluster } from '../../../shared/api/index.ts';
import { plainShape } from '../../../shared/capacity/index.ts';
import { place, type TimedTaint } from '../../../shared/placement/index.ts';
import { clusterWith, policyOf } from '../../../shared/placement/testing.ts';
import { healthTaints } from '../cluster/health.ts';
import { outputOf, type PlacementOutput, workloadOf } from './decide.ts';
import type { HeardProgress } from './job-done.ts';
import { completionShares, isSettledJob, podsOf, policyForJob, withParts } from './job-parts.ts';

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
  heard: HeardProgress = () => undefined,
): PlacementOutput => {
  const clusters = clustersOf(taints, fits);
  const look = { view: (name: string) => clusters.find((view) => view.name === name), heard };
  const policy = policyForJob(policyOf(spec), object, before, look);
  const replicas = podsOf(object, object.spec.parallelism, before, look);
  const workload = workloadOf({ object, replicas, shape: plainShape({ cpu: 1 }), before, priority: { value: 0, preempts: true } });
  const made = withParts(object, policy, place({ policy, clusters }, workload, { nowMs: 0 }), before, heard);
  return outputOf({ object, replicas, policy, before, clusters, heard, nowMs: 0 }, made);
};
const settledLook = (taints: Taints) => ({
  view: (name: string) => clustersOf(taints).find((view) => view.name === name),
  heard: () => undefined,
  strategy: 'Weighted' as const,
});
const partsOf = ({ spec }: PlacementOutput): Record<string, string> =>
  Object.fromEntries(spec.clusters.map(({ name, replicas, completions }) => [name, `${replicas} do ${completions}`]));
const equal = { replicaScheduling: { strategy: 'Weighted' } };

describe('a divided Job', () => {
  it('keeps its parts when a cluster is lost; the lost part waits and goes to a cluster that has none', () => {
    const first = decide(undefined, { c: away }, equal);
    expect(partsOf(first)).toEqual({ a: '3 do 6', b: '3 do 6' });
    const loss = decide(first, { b: away, c: away }, equal);
    expect([partsOf(loss), loss.status.unplaced, loss.status.reason]).toEqual([{ a: '3 do 6' }, 3, 'Unplaced']);
    expect(loss.status.message).toContain('6 of 12 completions wait for a cluster that has no part');
    const other = decide(loss, { b: away }, equal);
    expect([partsOf(other), other.status.unplaced]).toEqual([{ a: '3 do 6', c: '3 do 6' }, 0]);
  });

  it('gives the part back to a cluster that returns before anybody took it', () => {
    const first = decide(undefined, { c: away }, equal);
    const back = decide(decide(first, { b: away, c: away }, equal), { c: away }, equal);
    expect([partsOf(back), back.status.unplaced]).toEqual([partsOf(first), 0]);
  });

  const did = (done: Readonly<Record<string, number>>): HeardProgress => {
    return (name) => (done[name] === undefined ? undefined : { succeeded: done[name], failed: 0 });
  };
  it.each<[rule: string, spec: object, done: number, taken: Record<string, string>]>([
    ['gives only the rest of a lost part to another', equal, 2, { a: '3 do 6', c: '3 do 4' }],
    ['gives all of a lost part of which nothing was done to another', equal, 0, { a: '3 do 6', c: '3 do 6' }],
    ['counts a lost part no further than it goes, and gives nothing anew where it was finished', equal, 9, { a: '6 do 6' }],
    ['gives nothing anew of a finished part under other strategies', { replicaScheduling: { strategy: 'Aggregated' } }, 6, { a: '6 do 6' }],
  ])('%s, and who has it keeps it when the cluster returns', (_, spec, done, taken) => {
    const object = job(12);
    const heard = did({ a: 1, b: done });
    const first = decide(undefined, { c: away }, equal, object);
    expect(partsOf(first)).toEqual({ a: '3 do 6', b: '3 do 6' });
    const loss = decide(first, { b: away }, spec, object, {}, heard);
    const counted = done === 0 ? undefined : [{ name: 'b', succeeded: Math.min(6, done), failed: 0 }];
    expect([partsOf(loss), loss.status.unplaced, loss.status.done, loss.status.owed]).toEqual([taken, 0, counted, undefined]);
    const back = decide(loss, {}, spec, object, {}, heard);
    expect([partsOf(back), back.status.unplaced, back.status.done]).toEqual([taken, 0, counted]);
    expect(isSettledJob(object, 6, loss, settledLook({}))).toBe(true);
  });

  it('counts what was done of a part that waits, though its cluster is heard no more, and gives the rest when one comes that has none', () => {
    const first = decide(undefined, { c: away }, equal);
    const waiting = decide(first, { b: away, c: away }, equal, job(12), {}, did({ b: 2 }));
    expect([waiting.status.staying, waiting.status.unplaced]).toEqual([[{ name: 'b', completions: 6, succeeded: 2, reason: 'Lost' }], 3]);
    expect(waiting.status.message).toContain('4 of 12 completions wait');
    const taken = decide(waiting, { b: away }, equal);
    expect([partsOf(taken), taken.status.done]).toEqual([{ a: '3 do 6', c: '3 do 4' }, [{ name: 'b', succeeded: 2, failed: 0 }]]);
    expect(partsOf(decide(waiting, { c: away }, equal))).toEqual(partsOf(first));
  });

  it('adds up what clusters did that are lost one after the other, and gives a part to one that had its part taken', () => {
    const first = decide(undefined, { c: away }, equal);
    const once = decide(first, { b: away }, equal, job(12), {}, did({ b: 2 }));
    const twice = decide(once, { c: away }, equal, job(12), {}, did({ c: 1 }));
    expect([partsOf(twice), twice.status.done]).toEqual([
      { a: '3 do 6', b: '3 do 3' },
      [
        { name: 'b', succeeded: 2, failed: 0 },
        { name: 'c', succeeded: 1, failed: 0 },
      ],
    ]);
  });

  it('that counts no completions runs on where its pods were taken when the lost cluster returns', () => {
    const { completions: _, ...queue } = job(1).spec;
    const object = { ...job(1), spec: queue } as ReturnType<typeof job>;
    const first = decide(undefined, { c: away }, equal, object);
    const loss = decide(first, { b: away }, equal, object, {}, did({ b: 2 }));
    expect(loss.spec.clusters).toEqual([
      { name: 'a', replicas: 3 },
      { name: 'c', replicas: 3 },
    ]);
    expect([loss.status.owed, loss.status.done]).toEqual([undefined, [{ name: 'b', succeeded: 2, failed: 0 }]]);
    expect(isSettledJob(object, 6, loss, settledLook({}))).toBe(true);
    expect(isSettledJob(object, 6, loss, { ...settledLook({}), strategy: 'Duplicated' })).toBe(false);
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
      isSettledJob(object, replicas, placement, settledLook(taints));
    expect([look({}), look({ b: away }), look({}, 8), look({ c: away }, 6, decide(first, { b: away, c: away }, equal))]).toEqual([
      true,
      false,
      false,
      false,
    ]);
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
