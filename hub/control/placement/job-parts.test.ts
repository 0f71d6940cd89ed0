/** @module What becomes of a Job's completions as clusters and policies come and go: none is done twice, none is forgotten. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PlacedCluster } from '../../../shared/api/index.ts';
import { plainShape } from '../../../shared/capacity/index.ts';
import { place, type TimedTaint } from '../../../shared/placement/index.ts';
import { clusterWith, policyOf } from '../../../shared/placement/testing.ts';
import { healthTaints } from '../cluster/health.ts';
import { outputOf, type PlacementOutput, workloadOf } from './decide.ts';
import { completionShares, isSettledJob, policyForJob, withParts } from './job-parts.ts';

const job = (completions: number, parallelism = 6) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'sums', namespace: 'shop', generation: 1 },
  spec: { completions, parallelism },
});
const away: readonly TimedTaint[] = [
  { key: healthTaints.unreachable, effect: 'NoSchedule' },
  { key: healthTaints.unreachable, effect: 'NoExecute' },
];

type Taints = { readonly [cluster: string]: readonly TimedTaint[] };
const clustersOf = (taints: Taints) =>
  ['a', 'b', 'c'].map((name) => clusterWith(name, 9, { 'hanse.dev/cluster': name }, taints[name] ?? []));

const decide = (before: PlacementOutput | undefined, taints: Taints, spec: object = {}, object = job(12)): PlacementOutput => {
  const clusters = clustersOf(taints);
  const policy = policyForJob(policyOf(spec), object, before?.spec.clusters ?? []);
  const replicas = object.spec.parallelism;
  const workload = workloadOf({ object, replicas, shape: plainShape({ cpu: 1 }), before, priority: { value: 0, preempts: true } });
  const made = withParts(object, policy, place({ policy, clusters }, workload, { nowMs: 0 }), before?.spec.clusters ?? []);
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
    expect(loss.status.message).toContain('6 of 12 completions wait for a cluster that has no part');
    const other = decide(loss, { b: away }, equal);
    expect([partsOf(other), other.status.unplaced]).toEqual([{ a: '3 do 6', c: '3 do 6' }, 0]);
  });

  it('gives the part back to a cluster that returns before anybody took it', () => {
    const first = decide(undefined, { c: away }, equal);
    const back = decide(decide(first, { b: away, c: away }, equal), { c: away }, equal);
    expect([partsOf(back), back.status.unplaced]).toEqual([partsOf(first), 0]);
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

describe('completionShares', () => {
  it('divides so that the parts add up', () => {
    expect(completionShares(10, [2, 1, 0])).toEqual([7, 3, 0]);
    expect(completionShares(1, [1, 1])).toEqual([1, 0]);
    expect(completionShares(5, [0, 0])).toEqual([0, 0]);
  });
});
