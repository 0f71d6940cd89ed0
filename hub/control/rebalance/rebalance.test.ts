/** @module The rebalancer with the real solver: what moves, within which budget, and how near the bound it ends. */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { PolicySpec } from '../../../shared/api/index.ts';
import { createRoom, plainShape } from '../../../shared/capacity/index.ts';
import { reportOf } from '../../../shared/capacity/testing.ts';
import { type ClusterView, rebalance, rebalanceModel, type Task } from '../../../shared/placement/index.ts';
import { policyOf } from '../../../shared/placement/testing.ts';
import { createSolver } from './solver.ts';

const solver = createSolver();
afterAll(() => solver.stop());

const cluster = (name: string, freeCores: number, price: string, provider: string): ClusterView => ({
  name,
  labels: { 'hanse.dev/cluster': name, provider },
  taints: [],
  served: undefined,
  room: createRoom(reportOf([{ name: 'n', allocatable: { cpu: 100_000 }, free: { cpu: freeCores * 1_000 } }]), []),
  pricing: { currency: 'USD', cpuCoreHour: price },
});
const task = (name: string, current: Record<string, number>, spec: Partial<PolicySpec>): Task => ({
  workload: {
    ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
    replicas: Object.values(current).reduce((sum, count) => sum + count, 0),
    shape: plainShape({ cpu: 1_000 }),
    current: new Map(Object.entries(current)),
    owed: new Map(),
  },
  policy: policyOf(spec),
});
const cheapest = (maxMovesPercent: number): Partial<PolicySpec> => ({
  replicaScheduling: { strategy: 'Cheapest' },
  rebalance: { maxMovesPercent },
});
const tiers: Partial<PolicySpec> = {
  tiers: [
    { name: 'idc', clusterSelector: { matchLabels: { provider: 'idc' } } },
    { name: 'cloud', clusterSelector: { matchLabels: { provider: 'aws' } } },
  ],
  rebalance: { maxMovesPercent: 50 },
};
const fleet = (room: readonly [number, number]): ClusterView[] => [
  cluster('a', room[0], '0.05', 'aws'),
  cluster('b', room[1], '0.03', 'idc'),
];

const planOf = async (tasks: readonly Task[], clusters: readonly ClusterView[], isCalm = (): boolean => true) => {
  const model = rebalanceModel(tasks, clusters, isCalm, 0);
  return rebalance(model, await solver.solve(model.lp));
};

describe('the rebalancer', () => {
  it('returns replicas to an earlier tier within its move budget', async () => {
    const { moves, gapBasisPoints } = await planOf([task('web', { a: 8 }, tiers)], fleet([9, 9]));
    expect(moves.map(({ from, to, replicas, why }) => [from, to, replicas, why])).toEqual([['a', 'b', 4, 'returns to tier idc']]);
    expect(gapBasisPoints).toBe(0);
  });

  it('keeps workloads apart that must be, from those that stay and from those that move in the same round', async () => {
    const apart = (app: string): Partial<PolicySpec> => ({
      ...cheapest(100),
      workloadAntiAffinity: { required: [{ selector: { matchLabels: { app } }, topologyKey: 'hanse.dev/cluster' }] },
    });
    const labelled = (one: Task, app: string): Task => ({ ...one, workload: { ...one.workload, labels: { app } } });
    const clusters = (): ClusterView[] => [cluster('a', 9, '0.05', 'aws'), cluster('b', 9, '0.03', 'idc')];
    const web = labelled(task('web', { a: 2 }, cheapest(100)), 'web');
    // One that stays in the cheap cluster and keeps the other out, whose own policy says nothing.
    const shy = labelled(task('shy', { b: 1 }, apart('web')), 'shy');
    expect((await planOf([web, shy], clusters())).moves).toEqual([]);
    // Two that would both move to the cheap cluster: one does.
    const [one, two] = [labelled(task('one', { a: 1 }, apart('two')), 'one'), labelled(task('two', { a: 1 }, cheapest(100)), 'two')];
    expect((await planOf([one, two], clusters())).moves).toHaveLength(1);
  });

  it('moves nothing before the calm time is over, nothing when nothing is better, and nothing that is switched off', async () => {
    expect((await planOf([task('web', { a: 8 }, tiers)], fleet([9, 9]), () => false)).moves).toEqual([]);
    expect((await planOf([task('web', { b: 8 }, tiers)], fleet([9, 9]))).moves).toEqual([]);
    expect((await planOf([task('web', { a: 8 }, { ...tiers, rebalance: { mode: 'Off' } })], fleet([9, 9]))).moves).toEqual([]);
  });

  it('goes to the cheaper cluster as far as room goes, all workloads together', async () => {
    const tasks = [task('x', { a: 4 }, cheapest(100)), task('y', { a: 4 }, cheapest(100))];
    const { moves, before, after, bound } = await planOf(tasks, fleet([9, 5]));
    expect(moves.reduce((sum, { replicas }) => sum + replicas, 0)).toBe(5);
    expect(after).toBeLessThan(before);
    expect(after).toBe(bound);
  });

  it('keeps hard constraints', async () => {
    const spec: Partial<PolicySpec> = { ...cheapest(100), spread: [{ topologyKey: 'provider', maxShare: 50 }] };
    const { moves } = await planOf([task('web', { a: 4, b: 2 }, spec)], fleet([9, 9]));
    expect(moves.map(({ replicas }) => replicas)).toEqual([1]);
  });

  it('goes on without a bound when the program is not solved', async () => {
    expect(await solver.solve('this is no program')).toBeUndefined();
    const model = rebalanceModel([task('web', { a: 2 }, cheapest(100))], fleet([9, 9]), () => true, 0);
    const { moves, bound } = rebalance(model, undefined);
    expect([moves.length, bound]).toEqual([1, undefined]);
  });

  it('is never below the bound, never above the budget, never above the room', async () => {
    const given = fc.record({
      current: fc.array(fc.tuple(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 })), { minLength: 1, maxLength: 4 }),
      room: fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })),
      percent: fc.integer({ min: 1, max: 100 }),
    });
    await fc.assert(
      fc.asyncProperty(given, async ({ current, room, percent }) => {
        const tasks = current.map(([a, b], at) => task(`w${at}`, { a, b }, cheapest(percent)));
        const { moves, before, after, bound } = await planOf(tasks, fleet(room));
        expect(after).toBeLessThanOrEqual(before);
        if (bound !== undefined) expect(after).toBeGreaterThanOrEqual(Math.floor(bound));
        expect(moves.reduce((sum, { replicas }) => sum + replicas, 0)).toBeLessThanOrEqual(room[1]);
        current.forEach(([a, b], at) => {
          const moved = moves.filter(({ workload }) => workload.name === `w${at}`).reduce((sum, { replicas }) => sum + replicas, 0);
          expect(moved).toBeLessThanOrEqual(Math.ceil(((a + b) * percent) / 100));
        });
      }),
      { numRuns: 60 },
    );
  });
});
