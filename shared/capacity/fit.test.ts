/** @module How many replicas fit, node by node, and what the ledger subtracts. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindPods } from './bind.ts';
import { fitCluster, fitNodes } from './fit.ts';
import { podShapeOf } from './pod-shape.ts';
import { createRoom } from './room.ts';
import { reportOf, type TestNode } from './testing.ts';

const pod = (requests: Record<string, string>, more: Record<string, unknown> = {}) =>
  podShapeOf({ containers: [{ resources: { requests } }], ...more });
const node = (name: string, cpu: number, memory: number, more: Partial<TestNode> = {}): TestNode => ({
  name,
  allocatable: { cpu, memory, 'ephemeral-storage': 10_000 },
  ...more,
});
const gpuTaint = { key: 'nvidia.com/gpu', value: 'present', effect: 'NoSchedule' } as const;

describe('fitCluster', () => {
  it('counts node by node: ten nodes with 8 free cores hold no pod of 12 cores', () => {
    const report = reportOf(Array.from({ length: 10 }, (_, at) => node(`n${at}`, 8000, 64_000)));
    expect(fitCluster(report, pod({ cpu: '12' }))).toEqual({ count: 0, exact: true, refusals: { cpu: 10 } });
    expect(fitCluster(report, pod({ cpu: '3' })).count).toBe(20);
  });

  it.each<[string, Partial<TestNode>, Record<string, unknown>, Record<string, number>]>([
    ['a taint', { taints: [gpuTaint] }, {}, { taint: 1 }],
    ['a taint that is tolerated', { taints: [gpuTaint] }, { tolerations: [{ key: 'nvidia.com/gpu', operator: 'Exists' }] }, {}],
    ['PreferNoSchedule', { taints: [{ ...gpuTaint, effect: 'PreferNoSchedule' }] }, {}, {}],
    ['a cordoned node', { unschedulable: true }, {}, { unschedulable: 1 }],
    ['a node selector', {}, { nodeSelector: { disk: 'ssd' } }, { selector: 1 }],
    ['a node selector that matches', { labels: { disk: 'ssd' } }, { nodeSelector: { disk: 'ssd' } }, {}],
    ['a host name that is another', {}, { nodeSelector: { 'kubernetes.io/hostname': 'other' } }, { selector: 1 }],
    ['a host name', {}, { nodeSelector: { 'kubernetes.io/hostname': 'n' } }, {}],
    ['no free pod slot', { podsFree: 0 }, {}, { pods: 1 }],
    ['a missing extended resource', {}, { containers: [{ resources: { limits: { 'nvidia.com/gpu': '1' } } }] }, { gpu: 1 }],
    ['overcommitted memory', { free: { memory: -5 } }, {}, { memory: 1 }],
  ])('refuses or takes a node by %s', (_, change, spec, refusals) => {
    const report = reportOf([node('n', 1000, 1000, change)]);
    const shape = podShapeOf({ containers: [{ resources: { requests: { cpu: '100m', memory: '1Mi' } } }], ...spec });
    expect(fitCluster(report, shape).refusals).toEqual(refusals);
  });

  it('reads required node affinity: terms are alternatives, requirements all hold, Gt and Lt compare numbers', () => {
    const affinity = (operator: string, values: string[]) => ({
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'gen', operator, values }] }] },
        },
      },
    });
    const report = reportOf([node('n', 1000, 1000, { labels: { gen: '4' } })]);
    const counts = [affinity('Gt', ['3']), affinity('Gt', ['4']), affinity('In', ['3', '4']), affinity('NotIn', ['4'])].map(
      (spec) => fitCluster(report, pod({ cpu: '1' }, spec)).count,
    );
    expect(counts).toEqual([1, 0, 1, 0]);
  });

  it('adds the overhead and selector of the RuntimeClass, and refuses a class the cluster lacks', () => {
    const report = reportOf([node('n', 1000, 1000, { labels: { kata: 'true' } }), node('m', 1000, 1000)], {
      runtimeClasses: [{ name: 'kata', handler: 'kata', overhead: { cpu: 250 }, nodeSelector: { kata: 'true' } }],
    });
    expect(fitCluster(report, pod({ cpu: '250m' }, { runtimeClassName: 'kata' }))).toMatchObject({ count: 2, refusals: { selector: 1 } });
    expect(fitCluster(report, pod({ cpu: '250m' }, { runtimeClassName: 'gvisor' })).refusals).toEqual({ runtimeClass: 2 });
  });

  it('holds one replica with a host port, or kept apart from itself, on a node', () => {
    const report = reportOf([node('n', 9000, 9000), node('m', 9000, 9000)]);
    expect(fitCluster(report, podShapeOf({ containers: [{ ports: [{ containerPort: 80, hostPort: 80 }] }] })).count).toBe(2);
  });

  it('agrees with placing pods one by one', () => {
    const amounts = fc.record({
      cpu: fc.integer({ min: -500, max: 4000 }),
      memory: fc.integer({ min: -100, max: 4000 }),
      podsFree: fc.integer({ min: 0, max: 12 }),
    });
    fc.assert(
      fc.property(
        fc.array(amounts, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 0, max: 1500 }),
        fc.integer({ min: 0, max: 900 }),
        (sizes, cpu, memory) => {
          const report = reportOf(
            sizes.map((size, at) => node(`n${at}`, 4000, 4000, { free: { cpu: size.cpu, memory: size.memory }, podsFree: size.podsFree })),
          );
          const shape = pod({ cpu: `${cpu}m`, memory: `${memory}Mi` });
          const { podsFree, free } = report.nodes;
          const columns = { podsFree: Float64Array.from(podsFree), free: free.map((row) => Float64Array.from(row)) };
          const bound = bindPods(report, columns, { shape, count: 1_000 });
          expect(fitCluster(report, shape).count).toBe(bound);
          expect(fitNodes(report, shape).reduce((sum, { count }) => sum + count, 0)).toBe(bound);
        },
      ),
      { numRuns: 2_000 },
    );
  });
});

describe('createRoom', () => {
  const report = reportOf([node('n', 4000, 4000), node('m', 4000, 4000)]);
  const small = pod({ cpu: '1' });

  it('subtracts assumed replicas of the same shape one for one', () => {
    expect(createRoom(report, [{ shape: small, count: 3 }]).fit(small).count).toBe(5);
  });

  it('binds assumed replicas to the least allocated nodes, as the default scheduler would', () => {
    const room = createRoom(report, []);
    expect(room.assume({ shape: pod({ cpu: '2' }), count: 2 })).toBe(2);
    expect(room.fit(pod({ cpu: '3' })).count).toBe(0);
    expect(room.fit(small).count).toBe(4);
  });

  it('never gives the same room to two decisions', () => {
    const room = createRoom(report, []);
    expect(room.assume({ shape: small, count: room.fit(small).count })).toBe(8);
    expect(room.fit(small).count).toBe(0);
    expect(room.assume({ shape: small, count: 1 })).toBe(0);
  });

  it('counts pods that wait in the member as demand', () => {
    const waiting = { ...report, pending: [{ shapeHash: 'x', count: 2, oldestSeconds: 1, requests: { cpu: 1000 } }] };
    expect(createRoom(waiting, []).fit(small).count).toBe(6);
  });
});
