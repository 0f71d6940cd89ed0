/** @module What a Placement says after losses and returns, and when it is worth a write. */
import { describe, expect, it } from 'vitest';
import type { PlacementSpec, StoredPlacementStatus } from '../../../shared/api/index.ts';
import { plainShape } from '../../../shared/capacity/index.ts';
import { place, type TimedTaint } from '../../../shared/placement/index.ts';
import { asMap, clusterWith, policyOf } from '../../../shared/placement/testing.ts';
import { healthTaints } from '../cluster/health.ts';
import { outputOf, type PlacementOutput, workloadOf } from './decide.ts';

const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web', namespace: 'shop', generation: 1 }, spec: {} };
const lost: readonly TimedTaint[] = [
  { key: healthTaints.unreachable, effect: 'NoSchedule' },
  { key: healthTaints.unreachable, effect: 'NoExecute' },
];
const returning: readonly TimedTaint[] = [{ key: healthTaints.returning, effect: 'NoSchedule' }];

type Before = { readonly spec: PlacementSpec; readonly status?: StoredPlacementStatus };
const decide = (
  before: Before | undefined,
  taintsOfB: readonly TimedTaint[],
  fits: readonly [number, number] = [9, 9],
): PlacementOutput => {
  const clusters = [clusterWith('a', fits[0]), clusterWith('b', fits[1], {}, taintsOfB)];
  const [replicas, policy] = [6, policyOf()];
  const workload = workloadOf({ object, replicas, shape: plainShape({ cpu: 1 }), before, priority: { value: 0, preempts: true } });
  return outputOf({ object, replicas, policy, before, clusters, nowMs: 0 }, place({ policy, clusters }, workload, { nowMs: 0 }));
};
const then = ({ spec, status }: PlacementOutput): Before => ({ spec, status });

describe('outputOf', () => {
  it('owes a lost cluster what it had until it is well again, and then gives it back', () => {
    const first = decide(undefined, []);
    expect(asMap(first.spec.clusters)).toEqual({ a: 3, b: 3 });
    const loss = decide(then(first), lost);
    expect([asMap(loss.spec.clusters), loss.status.owed]).toEqual([
      { a: 6 },
      [{ name: 'b', replicas: 3, takenBy: [{ name: 'a', replicas: 3 }] }],
    ]);
    const held = decide(then(loss), returning);
    expect([asMap(held.spec.clusters), held.status.owed]).toEqual([
      { a: 6 },
      [{ name: 'b', replicas: 3, takenBy: [{ name: 'a', replicas: 3 }] }],
    ]);
    const back = decide(then(held), []);
    expect([asMap(back.spec.clusters), back.status.owed]).toEqual([{ a: 3, b: 3 }, undefined]);
  });

  it('is not worth a write when only room changed, or a cluster is in doubt for a moment', () => {
    const first = decide(undefined, []);
    expect(decide(then(first), [], [1, 50]).isChanged).toBe(false);
    expect(decide(then(first), [{ key: healthTaints.notReady, effect: 'NoSchedule' }]).isChanged).toBe(false);
    expect(decide(then(first), lost).isChanged).toBe(true);
  });

  it('is worth a write when nothing leaves any more that it was said to wait for', () => {
    const first = then(decide(undefined, [], [0, 0]));
    if (first.status === undefined) throw new Error('no status');
    const message = `${first.status.message}; waits for replicas of low in a to leave`;
    expect(decide(first, [], [0, 0]).isChanged).toBe(false);
    expect(decide({ ...first, status: { ...first.status, message } }, [], [0, 0]).isChanged).toBe(true);
  });

  it('explains what the rebalancer moved as the decision that it is, and the next decision is one of its own', () => {
    const first = decide(undefined, []);
    const clusters = [
      { name: 'a', replicas: 2 },
      { name: 'b', replicas: 4 },
    ];
    const round = { decidedAt: '2030-01-01T00:00:00Z', rebalanced: '1 from a to b (cheaper)' };
    const moved = { spec: { ...first.spec, clusters }, status: { ...first.status, ...round } };
    const explained = decide(moved, []);
    expect(explained).toMatchObject({ spec: { clusters }, status: round, isChanged: true });
    const next = decide(then(explained), lost);
    expect(next.status.rebalanced).toBeUndefined();
    expect(next.status.decidedAt).not.toBe(round.decidedAt);
  });

  it('tells the object once where it went and what is unplaced', () => {
    const first = decide(undefined, []);
    expect(first.events).toEqual([{ type: 'Normal', reason: 'Placed', message: 'a=3, b=3 by policy shop/web' }]);
    expect(decide(then(first), []).events).toEqual([]);
    const short = decide(then(first), lost, [1, 0]);
    expect(short.events).toMatchObject([{ type: 'Warning', reason: 'Unplaced' }]);
    expect(decide(then(short), lost, [0, 0]).events).toEqual([]);
  });
});
