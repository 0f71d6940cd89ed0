/** @module How many pods must go before others fit; counted by hand beside each case. */
import { describe, expect, it } from 'vitest';
import { givingWay } from './giving-way.ts';
import { type PodShape, plainShape, podShapeOf } from './pod-shape.ts';
import { createRoom } from './room.ts';
import { reportOf, type TestNode } from './testing.ts';

/** A full node of so many cores, with 32 GiB free. */
const full = (name: string, cores: number, more: Partial<TestNode> = {}): TestNode => ({
  name,
  allocatable: { cpu: cores * 1_000, memory: 32_768 },
  free: { cpu: 0, memory: 32_768 },
  ...more,
});
const cores = (count: number, memoryMiB = 0): PodShape => plainShape({ cpu: count * 1_000, memory: memoryMiB }, []);
const goneFor = (nodes: readonly TestNode[], asked: PodShape, lots: readonly (readonly [PodShape, number])[], replicas = 1) => {
  const way = givingWay(
    createRoom(reportOf(nodes), []),
    asked,
    lots.map(([shape, count]) => ({ shape, count })),
    10,
  );
  return way.most < replicas ? 'not sure' : way.goneFor(replicas);
};
const tainted = { taints: [{ key: 'own', value: '', effect: 'NoSchedule' as const }] };
const none = 'not sure';

describe('to make room', () => {
  it.each<[string, Parameters<typeof goneFor>, ReturnType<typeof goneFor>]>([
    ['as many go as one node must lose', [[full('a', 8)], cores(2), [[cores(1), 8]]], [2]],
    ['one goes for what is short, and what is free besides is used', [[full('a', 8)], cores(1, 1_024), [[cores(1), 8]]], [1]],
    ['none goes where memory stays short', [[full('a', 8)], cores(1, 65_536), [[cores(1), 8]]], none],
    ['one large goes for several small', [[full('a', 8)], cores(1), [[cores(4), 2]], 4], [1]],
    // Each of three nodes may lose one core without a place of two.
    ['more go on several nodes than each may lose for nothing', [['a', 'b', 'c'].map((n) => full(n, 4)), cores(2), [[cores(1), 12]]], [4]],
    ['none goes where not even all of them are sure to help', [['a', 'b', 'c'].map((n) => full(n, 4)), cores(4), [[cores(1), 9]]], none],
    ['one for one goes on however many nodes', [['a', 'b', 'c'].map((n) => full(n, 4)), cores(1), [[cores(1), 12]], 3], [3]],
    [
      'the first lots go first',
      [
        [full('a', 8)],
        cores(3),
        [
          [cores(1), 4],
          [cores(2), 2],
        ],
      ],
      [3, 0],
    ],
    [
      'lots go together',
      [
        [full('a', 8)],
        cores(6),
        [
          [cores(1), 4],
          [cores(2), 2],
        ],
      ],
      [4, 1],
    ],
    [
      'one of the first lots stays that helps nothing',
      [
        [full('a', 8)],
        cores(4),
        [
          [cores(1), 2],
          [cores(3), 2],
        ],
      ],
      [1, 1],
    ],
    [
      'those of a lot that frees nothing asked for stay',
      [
        [full('a', 8)],
        cores(1),
        [
          [plainShape({ memory: 64 }), 4],
          [cores(1), 4],
        ],
      ],
      [0, 1],
    ],
    ['nodes that those who go cannot be on do not matter', [[full('a', 8), full('b', 99, tainted)], cores(2), [[cores(1), 8]]], [2]],
    [
      'a cordoned node may lose all of them for nothing',
      [[full('a', 8), full('b', 8, { unschedulable: true })], cores(2), [[cores(1), 8]]],
      none,
    ],
    [
      'places of pods are freed one for one',
      [[full('a', 8, { free: { cpu: 8_000, memory: 9 }, podsFree: 0 })], cores(1), [[cores(1), 4]], 2],
      [2],
    ],
  ])('%s', (_, given, expected) => {
    expect(goneFor(...given)).toEqual(expected);
  });

  it('what is free is not counted on where it is promised to pods on their way', () => {
    const room = createRoom(reportOf([full('a', 8, { free: { cpu: 1_000, memory: 32_768 } })]), [{ shape: cores(2), count: 1 }]);
    expect(givingWay(room, cores(2), [{ shape: cores(1), count: 7 }], 1).goneFor(1)).toEqual([2]);
  });

  it('one for one goes where zones decide as well, which the report does not tell of those who go', () => {
    const report = reportOf([{ name: 'a', allocatable: { cpu: 8_000, 'nvidia.com/gpu': 4 }, free: { cpu: 4_000, 'nvidia.com/gpu': 0 } }]);
    const numa = {
      policy: 'single-numa-node' as const,
      scope: 'pod' as const,
      cpuManager: 'none' as const,
      memoryManager: 'None' as const,
      options: [],
      zones: [0, 1].map((id) => ({ id, total: [4_000, 2] })),
    };
    const zoned = {
      ...report,
      groups: report.groups.map((group) => ({ ...group, numa })),
      nodes: { ...report.nodes, zoneFree: [0, 1].map(() => [[2_000], [0]]) },
    };
    const gpus = (count: number) => podShapeOf({ containers: [{ name: 'a', resources: { limits: { 'nvidia.com/gpu': String(count) } } }] });
    const mostOf = (count: number) => givingWay(createRoom(zoned, []), gpus(count), [{ shape: gpus(1), count: 4 }], 4).most;
    expect([mostOf(1), mostOf(2)]).toEqual([4, 0]);
  });

  it('one for one goes where ports, claims or other pods decide as well, as far as each leaves a whole place', () => {
    const port = { ports: [{ containerPort: 80, hostPort: 80 }] };
    const asking = (cpu: string) => podShapeOf({ containers: [{ name: 'a', ...port, resources: { requests: { cpu } } }] });
    expect(goneFor([full('a', 8)], asking('1'), [[cores(1), 8]])).toEqual([1]);
    expect(goneFor([full('a', 8)], asking('2'), [[cores(1), 8]])).toBe(none);
  });
});
