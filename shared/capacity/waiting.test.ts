/** @module Whose the pods are that wait in a member. */
import { describe, expect, it } from 'vitest';
import { podShapeOf } from './pod-shape.ts';
import type { PendingDemand } from './report.ts';
import { reportOf } from './testing.ts';
import { waitingIn } from './waiting.ts';

const shape = (requests: Record<string, string>, spec: object = {}) =>
  podShapeOf({ containers: [{ name: 'a', image: 'b', resources: { requests } }], ...spec });
const web = shape({ cpu: '500m', memory: '64Mi' });
const job = shape({ cpu: '500m', memory: '64Mi' }, { tolerations: [{ operator: 'Exists' }] });
const boxed = shape({ cpu: '500m' }, { runtimeClassName: 'kata' });
const asked = { memory: 64, cpu: 500 };
const demand = (count: number, requests: Record<string, number>, oldestSeconds = 1): PendingDemand => ({
  shapeHash: JSON.stringify([requests, oldestSeconds]),
  count,
  oldestSeconds,
  requests,
});
const kata = { name: 'kata', handler: 'kata', overhead: { cpu: 250 }, nodeSelector: {} };
const reportWith = (pending: readonly PendingDemand[]) =>
  reportOf([{ name: 'a', allocatable: { cpu: 4_000, memory: 4_096 } }], { pending, runtimeClasses: [kata] });

describe('pods that wait in a member', () => {
  it.each([
    ['are ours when they ask for the same', [demand(3, asked)], [[web, 3]], [[web, 3, 1]], []],
    ['are ours only as far as the workload is shown to wait', [demand(3, asked)], [[web, 2]], [[web, 2, 1]], [[1, asked]]],
    ['are of as many workloads as ask for the same', [demand(3, asked)], [[web, 1], [job, 5]], [[web, 1, 1], [job, 2, 1]], []], // biome-ignore format: one case a line
    ['are others when a member made them larger', [demand(2, { cpu: 600, memory: 64 })], [[web, 2]], [], [[2, { cpu: 600, memory: 64 }]]],
    ['ask for the overhead of their RuntimeClass too', [demand(1, { cpu: 750 })], [[boxed, 1]], [[boxed, 1, 1]], []],
    ['ask for the same whether nothing is said or told as 0', [demand(1, { ...asked, gpu: 0 })], [[web, 1]], [[web, 1, 1]], []],
    [
      'are found in more than one lot, each as old as it is',
      [demand(1, asked, 60), demand(4, asked, 2)],
      [[web, 3]],
      [[web, 1, 60], [web, 2, 2]], // biome-ignore format: one case a line
      [[2, asked]],
    ],
    ['are nobody’s that the hub knows when nothing is assigned', [demand(2, asked)], [], [], [[2, asked]]],
  ] as const)('%s', (_, pending, held, ours, others) => {
    const found = waitingIn(
      reportWith(pending),
      held.map(([one, count]) => ({ shape: one, count })),
    );
    expect(found.ours.map((one) => [one.shape, one.count, one.oldestSeconds])).toEqual(ours);
    expect(found.others.map(({ count, requests }) => [count, requests])).toEqual(others);
  });
});
