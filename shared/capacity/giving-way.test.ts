/** @module Which pods go so that others fit; counted by hand beside each case. */
import { describe, expect, it } from 'vitest';
import { type Lot, type PodsOnNode, placesMade } from './giving-way.ts';
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
type On = Readonly<Record<string, number | Partial<PodsOnNode>>>;
const podsOn = (on: On): ReadonlyMap<string, PodsOnNode> =>
  new Map(
    Object.entries(on).map(([name, pods]) => {
      const { bound = 0, ready = bound, leaving = 0 } = typeof pods === 'number' ? { bound: pods } : pods;
      return [name, { bound, ready, leaving }];
    }),
  );
/** Pods that can be chosen, on these nodes. */
const lot = (shape: PodShape, on: On, more: Partial<Lot> = {}): Lot => {
  const pods = podsOn(on);
  const count = [...pods.values()].reduce((sum, { bound }) => sum + bound, 0);
  return { shape, count, on: pods, isChosen: true, rank: 0, loss: 0, ...more };
};
/** Of no node is it known whether pods of it are there. */
const somewhere = (shape: PodShape, count: number): Lot => ({ shape, count, isChosen: true, rank: 0, loss: 0 });
/** `n1: 2 of 0` for two of the first lot that leave n1, with `of 5` behind it where five go so that two leave. */
const texts = (nodes: readonly TestNode[], asked: PodShape, lots: readonly Lot[], limit = 1): string[] =>
  placesMade(createRoom(reportOf(nodes), []), asked, lots, limit).map(
    ({ node = 'anywhere', gone }) =>
      `${node}: ${gone.map((one) => `${one.leave} of ${one.lot}${one.count === one.leave ? '' : ` (${one.count} go)`}`).join(', ')}`,
  );
const tainted = { taints: [{ key: 'own', value: '', effect: 'NoSchedule' as const }] };
const unchosen = { isChosen: false };

describe('to make room for one', () => {
  it.each<[string, Parameters<typeof texts>, string[]]>([
    [
      'as many go as its node must lose, all of that node',
      [[full('a', 8), full('b', 8)], cores(2), [lot(cores(1), { a: 8, b: 8 })]],
      ['a: 2 of 0'],
    ],
    [
      'what is free on the node is used',
      [[full('a', 8, { free: { cpu: 1_000, memory: 9 } })], cores(2), [lot(cores(1), { a: 7 })]],
      ['a: 1 of 0'],
    ],
    [
      'eight of one node go for one that takes all of it',
      [[full('a', 8), full('b', 8)], cores(8), [lot(cores(1), { a: 8, b: 8 })]],
      ['a: 8 of 0'],
    ],
    ['none goes where memory stays short', [[full('a', 8)], cores(1, 65_536), [lot(cores(1), { a: 8 })]], []],
    ['none goes where no node has enough of them', [[full('a', 4), full('b', 4)], cores(8), [lot(cores(1), { a: 4, b: 4 })]], []],
    ['one large goes for several small', [[full('a', 8)], cores(1), [lot(cores(4), { a: 2 })], 4], ['a: 1 of 0', 'a: ', 'a: ', 'a: ']],
    [
      'each further one has the node where the fewest go',
      [[full('a', 4), full('b', 8)], cores(4), [lot(cores(1), { a: 4 }), lot(cores(2), { b: 4 })], 3],
      ['b: 2 of 1', 'b: 2 of 1', 'a: 4 of 0'],
    ],
    [
      'the lowest go',
      [[full('a', 4), full('b', 4)], cores(4), [lot(cores(1), { a: 4 }), lot(cores(4), { b: 1 }, { rank: 5 })]],
      ['a: 4 of 0'],
    ],
    [
      'of a node the lowest go first',
      [[full('a', 8)], cores(3), [lot(cores(1), { a: 4 }), lot(cores(2), { a: 2 }, { rank: 5 })]],
      ['a: 3 of 0'],
    ],
    [
      'a low one that helps nothing stays',
      [[full('a', 8)], cores(4), [lot(cores(1), { a: 2 }), lot(cores(4), { a: 1 }, { rank: 5 })]],
      ['a: 1 of 1'],
    ],
    [
      'what is lost with one counts before how many go',
      [[full('a', 4), full('b', 4)], cores(4), [lot(cores(4), { a: 1 }, { loss: 9 }), lot(cores(1), { b: 4 })]],
      ['b: 4 of 1'],
    ],
    [
      'those that free nothing asked for stay',
      [[full('a', 8)], cores(1), [lot(plainShape({ memory: 64 }), { a: 4 }), lot(cores(1), { a: 4 })]],
      ['a: 1 of 1'],
    ],
    [
      'nodes that it may not run on are left alone',
      [[full('a', 8, tainted), full('b', 8, { unschedulable: true })], cores(2), [lot(cores(1), { a: 8, b: 8 })]],
      [],
    ],
    [
      'those that wait or are not ready go before those that are chosen',
      [[full('a', 8), full('b', 8)], cores(2), [lot(cores(1), { a: 6, b: { bound: 4, ready: 1 } }, { count: 12 })]],
      ['a: 2 of 0 (7 go)'],
    ],
    [
      'those that leave already make their room',
      [[full('a', 8), full('b', 8)], cores(8), [lot(cores(1), { a: { bound: 8, leaving: 5 }, b: 8 }, { count: 11 })]],
      ['a: 3 of 0'],
    ],
    [
      'of those that nobody chooses all others may go first',
      [[full('a', 8), full('b', 8)], cores(2), [lot(cores(1), { a: 8, b: 3 }, unchosen)]],
      ['a: 2 of 0 (5 go)'],
    ],
    [
      'of those that nobody chooses none go where nearly all would go for one',
      [[full('a', 8), full('b', 99)], cores(2), [lot(cores(1), { a: 2, b: 99 }, { ...unchosen, count: 200 })]],
      [],
    ],
    [
      'of those that nobody chooses just as many go where all are on one node',
      [[full('a', 8), full('b', 8)], cores(2), [lot(cores(1), { a: 8 }, unchosen)]],
      ['a: 2 of 0'],
    ],
    ['in a cluster of one node nobody has to know where they are', [[full('a', 8)], cores(2), [somewhere(cores(1), 8)]], ['a: 2 of 0']],
    [
      'elsewhere one goes for one as long as nobody knows where they are',
      [[full('a', 8), full('b', 8)], cores(1), [somewhere(cores(1), 2)], 3],
      ['anywhere: 0 of 0 (1 go)', 'anywhere: 0 of 0 (1 go)'],
    ],
    ['and none for a larger one', [[full('a', 8), full('b', 8)], cores(2), [somewhere(cores(1), 16)]], []],
  ])('%s', (_, given, expected) => {
    expect(texts(...given)).toEqual(expected);
  });

  it('what is free is not counted on where it is promised to pods on their way', () => {
    const room = createRoom(reportOf([full('a', 8, { free: { cpu: 1_000, memory: 32_768 } })]), [{ shape: cores(2), count: 1 }]);
    expect(placesMade(room, cores(2), [lot(cores(1), { a: 7 })], 1)[0]?.gone).toEqual([{ lot: 0, count: 2, leave: 2 }]);
  });

  it('a node that is kept for another gives no more than what is left beyond it', () => {
    const room = createRoom(reportOf([full('a', 8), full('b', 8)]), []);
    room.assume({ shape: cores(6), count: 1, on: new Map([['a', 1]]) });
    const left = [lot(cores(1), { a: { bound: 8, leaving: 6 }, b: 2 })];
    expect([2, 3].map((count) => placesMade(room, cores(count), left, 1).map(({ node, gone }) => [node, gone[0]?.leave]))).toEqual([
      [['a', 2]],
      [],
    ]);
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
    const mostOf = (count: number) => placesMade(createRoom(zoned, []), gpus(count), [lot(gpus(1), { a: 4 })], 4).length;
    expect([mostOf(1), mostOf(2)]).toEqual([4, 0]);
  });

  it('one for one goes where ports, claims or other pods decide as well, as far as each leaves a whole place', () => {
    const port = { ports: [{ containerPort: 80, hostPort: 80 }] };
    const asking = (cpu: string) => podShapeOf({ containers: [{ name: 'a', ...port, resources: { requests: { cpu } } }] });
    expect(texts([full('a', 8)], asking('1'), [lot(cores(1), { a: 8 })])).toEqual(['anywhere: 0 of 0 (1 go)']);
    expect(texts([full('a', 8)], asking('2'), [lot(cores(1), { a: 8 })])).toEqual([]);
  });
});
