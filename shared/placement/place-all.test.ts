/** @module Many workloads together: order, one ledger, preemption, circles. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { explanationRows, type PolicySpec } from '../api/index.ts';
import { createRoom, plainShape } from '../capacity/index.ts';
import { reportOf } from '../capacity/testing.ts';
import type { ClusterView, Workload } from './model.ts';
import { placeAll } from './place-all.ts';
import { asMap, policyOf } from './testing.ts';
import type { Task } from './turn.ts';

const env = { nowMs: 0 };
/** A cluster with so many nodes of four cores. */
const cluster = (name: string, nodes: number, taken = 0): ClusterView => ({
  name,
  labels: { 'hanse.dev/cluster': name },
  taints: [],
  served: undefined,
  room: createRoom(
    reportOf(
      Array.from({ length: nodes }, (_, at) => ({
        name: `n${at}`,
        allocatable: { cpu: 4_000 },
        free: { cpu: 4_000 - Math.min(4, Math.max(0, taken - at * 4)) * 1_000 },
      })),
    ),
    [],
  ),
});
const task = (
  name: string,
  replicas: number,
  given: {
    cpu?: number;
    priority?: number;
    labels?: Record<string, string>;
    current?: Record<string, number>;
    spec?: Partial<PolicySpec>;
    createdAt?: string;
    preempts?: boolean;
  } = {},
): Task => {
  const workload: Workload = {
    ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
    replicas,
    shape: plainShape({ cpu: given.cpu ?? 1_000 }),
    current: new Map(Object.entries(given.current ?? {})),
    owed: new Map(),
    labels: given.labels ?? {},
    priority: given.priority ?? 0,
    preempts: given.preempts ?? true,
    ...(given.createdAt === undefined ? {} : { createdAt: given.createdAt }),
  };
  return { workload, policy: policyOf(given.spec) };
};
/** With its pods on these nodes of a cluster, all of them ready. */
const seenOn = ({ workload, policy }: Task, on: Record<string, number>): Task => {
  const pods = new Map(Object.entries(on).map(([node, bound]) => [node, { bound, ready: bound, leaving: 0 }]));
  return { workload: { ...workload, podsOn: () => pods }, policy };
};
const outcome = (clusters: readonly ClusterView[], tasks: readonly Task[], placed: readonly Task[] = []) => {
  const { decisions, preempted } = placeAll({ clusters, placed: () => placed }, tasks, env);
  return {
    turn: decisions.map(({ workload }) => workload.ref.name),
    placed: Object.fromEntries(decisions.map(({ workload, decision }) => [workload.ref.name, asMap(decision.clusters)])),
    messages: Object.fromEntries(decisions.map(({ workload, decision }) => [workload.ref.name, decision.message])),
    preempted: preempted.map(({ victim, by, cluster: at, replicas }) => [victim.name, by.name, at, replicas]),
  };
};

describe('placeAll', () => {
  it('higher priority goes first, then the name', () => {
    const { turn, placed } = outcome([cluster('a', 1)], [task('b', 2), task('z', 3, { priority: 5 }), task('a', 2)]);
    expect(turn).toEqual(['z', 'a', 'b']);
    expect(placed).toEqual({ z: { a: 3 }, a: { a: 1 }, b: {} });
  });

  it('of equal priority who has waited longest goes first', () => {
    const list = [task('a', 1, { createdAt: '2030-01-01T00:00:02Z' }), task('b', 1, { createdAt: '2030-01-01T00:00:01Z' }), task('c', 1)];
    expect(outcome([cluster('a', 1)], list).turn).toEqual(['b', 'a', 'c']);
  });

  it('a gang that does not fit leaves its room to the next', () => {
    const { placed } = outcome([cluster('a', 1)], [task('a', 5, { spec: { replicaScheduling: { gang: true } } }), task('b', 4)]);
    expect(placed).toEqual({ a: {}, b: { a: 4 } });
  });

  it('what must be near another is decided after it, whatever the priority', () => {
    const near = { workloadAffinity: { required: [{ selector: { matchLabels: { app: 'db' } }, topologyKey: 'hanse.dev/cluster' }] } };
    const { turn, placed } = outcome(
      [cluster('a', 1), cluster('b', 2)],
      [task('web', 2, { priority: 9, spec: near }), task('db', 1, { labels: { app: 'db' } })],
    );
    expect(turn).toEqual(['db', 'web']);
    expect(placed).toEqual({ db: { b: 1 }, web: { b: 2 } });
  });

  it('a circle of affinities is broken at one place and holds for the rest', () => {
    const near = (app: string): Partial<PolicySpec> => ({
      workloadAffinity: { required: [{ selector: { matchLabels: { app } }, topologyKey: 'hanse.dev/cluster' }] },
    });
    const { placed } = outcome(
      [cluster('a', 2), cluster('b', 3)],
      [
        task('x', 1, { labels: { app: 'x' }, spec: near('y') }),
        task('y', 1, { labels: { app: 'y' }, spec: near('z') }),
        task('z', 1, { labels: { app: 'z' }, spec: near('x') }),
      ],
    );
    expect(new Set(Object.values(placed).flatMap((map) => Object.keys(map))).size).toBe(1);
    expect(Object.values(placed).every((map) => Object.keys(map).length === 1)).toBe(true);
  });

  it('preemption is opt-in, takes the lowest priority first, and tells both', () => {
    const tasks = (spec: Partial<PolicySpec>): Task[] => [
      task('gold', 3, { priority: 10, spec }),
      task('silver', 2, { priority: 5, current: { a: 2 } }),
      task('bronze', 2, { current: { a: 2 } }),
    ];
    expect(outcome([cluster('a', 1, 4)], tasks({})).placed).toEqual({ gold: {}, silver: { a: 2 }, bronze: { a: 2 } });
    const { placed, preempted, messages } = outcome([cluster('a', 1, 4)], tasks({ preemption: 'LowerPriority' }));
    expect(placed).toEqual({ gold: { a: 3 }, silver: { a: 1 }, bronze: {} });
    expect(preempted).toEqual([
      ['bronze', 'gold', 'a', 2],
      ['silver', 'gold', 'a', 1],
    ]);
    expect(messages.gold).toContain('2 of bronze in a on n0, 1 of silver in a on n0 gave way');
    expect(messages.bronze).toContain('2 in a on n0 gave way to shop/gold');
  });

  it('a gang that gives way and finds no other place gives way whole; one that finds it moves only that part', () => {
    const gold = task('gold', 1, {
      priority: 10,
      spec: { preemption: 'LowerPriority', tiers: [{ name: 'a', clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'a' } } }] },
    });
    const gang = task('gang', 4, { current: { a: 4 }, spec: { replicaScheduling: { gang: true } } });
    expect(outcome([cluster('a', 1, 4)], [gold], [gang])).toMatchObject({
      placed: { gold: { a: 1 }, gang: {} },
      preempted: [['gang', 'gold', 'a', 4]],
      messages: { gang: expect.stringMatching(/; 4 in a gave way to shop\/gold$/) },
    });
    expect(outcome([cluster('a', 1, 4), cluster('b', 1, 3)], [gold], [gang]).placed).toEqual({ gold: { a: 1 }, gang: { a: 3, b: 1 } });
  });

  it('what finds no room behind a preemption says whom it waits for, and what has none for another reason does not', () => {
    const gold = task('gold', 2, { priority: 10, spec: { preemption: 'LowerPriority' } });
    const bronze = task('bronze', 4, { current: { a: 4 } });
    const small = task('small', 1, { priority: 5 });
    const outside = task('outside', 1, { spec: { tiers: [{ name: 'none', clusterSelector: { matchLabels: { x: 'y' } } }] } });
    const { messages } = outcome([cluster('a', 1, 4)], [gold, small, outside], [bronze]);
    expect(messages.small).toMatch(/^1 of 1 replicas unplaced: .*; waits for replicas of bronze in a to leave$/);
    expect(messages.outside).not.toContain('waits for');
  });

  it('of equal priority those give way that lose least: what is all or nothing comes last, the smaller first', () => {
    const gang = (name: string, replicas: number) =>
      task(name, replicas, { current: { a: replicas }, spec: { replicaScheduling: { gang: true } } });
    const gold = (replicas: number) => task('gold', replicas, { priority: 10, spec: { preemption: 'LowerPriority' } });
    const running = [gang('small', 2), gang('large', 3), task('plain', 3, { current: { a: 3 } })];
    expect(outcome([cluster('a', 2, 8)], [gold(3)], running).preempted).toEqual([['plain', 'gold', 'a', 3]]);
    expect(outcome([cluster('a', 2, 8)], [gold(4)], running).preempted).toEqual([
      ['plain', 'gold', 'a', 3],
      ['small', 'gold', 'a', 2],
    ]);
  });

  it('a PriorityClass that says Never goes first and makes nobody give way', () => {
    const gold = task('gold', 3, { priority: 10, preempts: false, spec: { preemption: 'LowerPriority' } });
    const { turn, placed } = outcome([cluster('a', 1, 4)], [task('bronze', 4, { current: { a: 4 } }), gold]);
    expect([turn, placed]).toEqual([['gold', 'bronze'], { gold: {}, bronze: { a: 4 } }]);
  });

  it('what runs and is not decided on joins when it gives way, and only then', () => {
    const gold = task('gold', 2, { priority: 10, spec: { preemption: 'LowerPriority' } });
    const running = [task('bronze', 2, { current: { a: 2 } }), task('silver', 2, { priority: 5, current: { a: 2 } })];
    const clusters = () => [cluster('a', 1, 4), cluster('b', 1, 3)];
    expect(outcome(clusters(), [gold], running)).toMatchObject({
      turn: ['gold', 'bronze'],
      placed: { gold: { a: 1, b: 1 }, bronze: { a: 1 } },
      preempted: [['bronze', 'gold', 'a', 1]],
    });
    expect(outcome([cluster('a', 1, 4), cluster('b', 1)], [gold], running).turn).toEqual(['gold']);
  });

  it('who gives way takes other room after those of higher priority, and may make others give way in turn', () => {
    const spec: Partial<PolicySpec> = { preemption: 'LowerPriority' };
    const { placed, preempted } = outcome(
      [cluster('a', 1, 4), cluster('b', 1, 4)],
      [
        task('gold', 4, {
          priority: 10,
          spec: { ...spec, tiers: [{ name: 'only', clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'a' } } }] },
        }),
      ],
      [task('silver', 4, { priority: 5, current: { a: 4 }, spec }), task('bronze', 4, { current: { b: 4 } })],
    );
    expect(placed).toEqual({ gold: { a: 4 }, silver: { b: 4 }, bronze: {} });
    expect(preempted).toEqual([
      ['silver', 'gold', 'a', 4],
      ['bronze', 'silver', 'b', 4],
    ]);
  });

  it('who keeps away from others keeps them away, placed before or decided in the same round', () => {
    const apart = { workloadAntiAffinity: { required: [{ selector: { matchLabels: { app: 'web' } }, topologyKey: 'hanse.dev/cluster' }] } };
    const shy = task('shy', 1, { priority: 5, current: { a: 1 }, spec: apart });
    const web = task('web', 2, { labels: { app: 'web' } });
    expect(outcome([cluster('a', 2, 1), cluster('b', 1)], [shy, web]).placed).toEqual({ shy: { a: 1 }, web: { b: 2 } });
    const clusters = [cluster('a', 2, 1), cluster('b', 1)];
    const others = [{ ref: shy.workload.ref, labels: {}, clusters: ['a'], apart: shy.policy.apart.required }];
    const { decisions } = placeAll({ clusters, others }, [web], env);
    expect(asMap(decisions[0]?.decision.clusters ?? [])).toEqual({ b: 2 });
    const [first] = decisions;
    const row = first === undefined ? undefined : explanationRows(first.decision.explained).find((entry) => entry.cluster === 'a');
    expect(row).toMatchObject({ eligible: false, reason: 'workloadAntiAffinity' });
  });

  describe('for a larger one', () => {
    const gold = (replicas = 1) => task('gold', replicas, { cpu: 4_000, priority: 10, spec: { preemption: 'LowerPriority' } });
    const small = seenOn(task('small', 8, { current: { a: 8 } }), { n0: 4, n1: 4 });
    const clustersOf = (clusters: readonly ClusterView[], tasks: readonly Task[]) =>
      Object.fromEntries(
        placeAll({ clusters }, tasks, env).decisions.map(({ workload, decision }) => [workload.ref.name, decision.clusters]),
      );

    it('those of one node give way, which is kept for it and which they are told to leave', () => {
      expect(clustersOf([cluster('a', 2, 8)], [gold(), small])).toEqual({
        gold: [{ name: 'a', replicas: 1, nominated: [{ node: 'n0', replicas: 1 }] }],
        small: [{ name: 'a', replicas: 4, leaving: [{ node: 'n0', replicas: 0 }] }],
      });
      expect(outcome([cluster('a', 2, 8)], [gold(2), small])).toMatchObject({
        placed: { gold: { a: 2 }, small: {} },
        messages: { gold: expect.stringContaining('8 of small in a on n0, n1 gave way') },
      });
    });

    it('who gave way comes back neither there nor, before all have left, elsewhere in the cluster; and nobody else comes there', () => {
      const third = task('third', 6, { createdAt: '2030-01-01T00:00:00Z' });
      // Of the third node two cores are free, which is too little for gold.
      const { placed } = outcome([cluster('a', 3, 10)], [gold(), small, third]);
      expect(placed).toEqual({ gold: { a: 1 }, small: { a: 4 }, third: { a: 2 } });
      const { workload, policy } = small;
      const leaving = { current: new Map([['a', 4]]), terms: new Map([['a', { leaving: [{ node: 'n0', replicas: 0 }] }]]) };
      expect(outcome([cluster('a', 3, 10)], [{ workload: { ...workload, ...leaving }, policy }]).placed).toEqual({ small: { a: 4 } });
    });

    it('those go only once when two come one after the other', () => {
      const large = (name: string, cpu: number) => task(name, 1, { cpu, priority: 10, spec: { preemption: 'LowerPriority' } });
      const one = seenOn(task('one', 4, { current: { a: 4 } }), { n0: 4 });
      expect(outcome([cluster('a', 1, 4)], [large('a', 2_000), large('b', 2_000), one])).toMatchObject({
        placed: { a: { a: 1 }, b: { a: 1 }, one: {} },
      });
      expect(outcome([cluster('a', 2, 8)], [large('a', 2_000), large('b', 2_000), small])).toMatchObject({
        placed: { a: { a: 1 }, b: { a: 1 }, small: { a: 4 } },
      });
    });

    it('of those that nobody can choose, or whose nodes nobody knows, none go that might leave other nodes', () => {
      const { workload } = small;
      const asked = (ref: Partial<Workload['ref']>): Task => ({ ...small, workload: { ...workload, ref: { ...workload.ref, ...ref } } });
      const preemptedOf = (views: ClusterView, lower: Task) => outcome([views], [gold(), lower]).preempted;
      expect(preemptedOf(cluster('a', 2, 8), asked({ kind: 'StatefulSet' }))).toEqual([['small', 'gold', 'a', 8]]);
      // The node that gold comes to is not where all of them were.
      expect(outcome([cluster('a', 2, 8)], [gold(), asked({ kind: 'StatefulSet' })]).messages.gold).toMatch(/; 8 of small in a gave way$/);
      expect(preemptedOf({ ...cluster('a', 2, 8), choosesNone: true }, small)).toEqual([['small', 'gold', 'a', 8]]);
      expect(preemptedOf(cluster('a', 2, 8), task('small', 8, { current: { a: 8 } }))).toEqual([]);
    });

    it('in a cluster of one node nobody has to know where they are', () => {
      const two = task('gold', 1, { cpu: 2_000, priority: 10, spec: { preemption: 'LowerPriority' } });
      expect(outcome([cluster('a', 1, 4)], [two, task('small', 4, { current: { a: 4 } })]).placed).toEqual({
        gold: { a: 1 },
        small: { a: 2 },
      });
    });
  });

  it('nobody gives way for nothing, and who would have been helped is told why not', () => {
    const gold = task('gold', 1, { cpu: 4_000, priority: 10, spec: { preemption: 'LowerPriority' } });
    const { placed, preempted, messages } = outcome([cluster('a', 2, 8)], [gold, task('small', 6, { current: { a: 6 } })]);
    expect([placed, preempted]).toEqual([{ gold: {}, small: { a: 6 } }, []]);
    expect(messages.gold).toContain('lower priority: 6 of small in a do not give way: no node is sure to have room once they go');
    const gang = task('gang', 5, { priority: 10, spec: { preemption: 'LowerPriority', replicaScheduling: { gang: true } } });
    expect(outcome([cluster('a', 1, 4)], [gang, task('small', 4, { current: { a: 4 } })])).toMatchObject({
      preempted: [],
      messages: { gang: expect.stringContaining('4 of small in a do not give way: the 4 sure to fit in their place would not help') },
    });
  });

  it('what has no replicas gives nothing back, and does not give way', () => {
    const gold = task('gold', 1, { priority: 10, spec: { preemption: 'LowerPriority' } });
    const daemons = task('daemons', 1, { current: { a: 1 } });
    const { preempted, placed } = outcome(
      [cluster('a', 1, 4)],
      [gold, { ...daemons, workload: { ...daemons.workload, replicas: undefined } }],
    );
    expect([preempted, placed.gold]).toEqual([[], {}]);
  });

  describe('a divided Job that gives way', () => {
    const halves = (name: string, current: Record<string, number>, spec: Partial<PolicySpec> = {}): Task => {
      const job = task(name, 4, { current, spec });
      return {
        ...job,
        workload: {
          ...job.workload,
          parts: {
            completions: 8,
            given: new Map([
              ['a', 4],
              ['b', 4],
            ]),
          },
        },
      };
    };
    const gold = task('gold', 4, {
      priority: 9,
      spec: { preemption: 'LowerPriority', residency: { topologyKey: 'hanse.dev/cluster', values: ['a'] } },
    });
    const both = () => [cluster('a', 1, 2), cluster('b', 1, 2)];

    it('keeps its part where nothing of it runs any more, and runs on in the others', () => {
      const { placed, messages, preempted } = outcome(both(), [gold], [halves('sums', { a: 2, b: 2 })]);
      expect(placed).toEqual({ gold: { a: 4 }, sums: { a: 0, b: 4 } });
      expect(preempted).toEqual([['sums', 'gold', 'a', 2]]);
      expect(messages.sums).toContain('1 of 5 replicas unplaced');
    });

    it('keeps all parts where it is all or nothing', () => {
      const gang = halves('sums', { a: 2, b: 2 }, { replicaScheduling: { gang: true } });
      const { placed, preempted } = outcome([cluster('a', 1, 2), cluster('b', 1, 4)], [gold], [gang]);
      expect(placed).toEqual({ gold: { a: 4 }, sums: { a: 0, b: 0 } });
      expect(preempted).toEqual([
        ['sums', 'gold', 'a', 2],
        ['sums', 'gold', 'b', 2],
      ]);
    });

    it('runs its part again where there is room again', () => {
      expect(outcome([cluster('a', 1), cluster('b', 1, 4)], [halves('sums', { a: 0, b: 4 })]).placed).toEqual({ sums: { a: 1, b: 3 } });
    });

    it('leaves no part for another cluster that has room', () => {
      const { placed } = outcome([cluster('a', 1, 4), cluster('b', 1, 2), cluster('c', 1)], [halves('sums', { a: 0, b: 2 })]);
      expect(placed).toEqual({ sums: { a: 0, b: 4 } });
    });
  });

  it('what gives way in one round is given to one only', () => {
    const lot = fc.record({ replicas: fc.integer({ min: 1, max: 3 }), cores: fc.integer({ min: 1, max: 3 }) });
    const lots = fc.array(lot, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(lots, lots, (running, coming) => {
        const taken = running.reduce((sum, one) => sum + one.replicas * one.cores, 0);
        const node = { name: 'n', allocatable: { cpu: (taken + 1) * 1_000 }, free: { cpu: 1_000 } };
        const view = { ...cluster('a', 1), room: createRoom(reportOf([node]), []) };
        const placed = running.map(({ replicas, cores }, at) => task(`r${at}`, replicas, { cpu: cores * 1_000, current: { a: replicas } }));
        const tasks = coming.map(({ replicas, cores }, at) =>
          task(`c${at}`, replicas, { cpu: cores * 1_000, priority: 1 + (at % 2), spec: { preemption: 'LowerPriority' } }),
        );
        const after = outcome([view], tasks, placed).placed;
        const coresOf = (prefix: string, list: typeof running) =>
          list.reduce((sum, { replicas, cores }, at) => {
            const decided = after[`${prefix}${at}`];
            return sum + cores * (decided === undefined && prefix === 'r' ? replicas : (decided?.a ?? 0));
          }, 0);
        expect(coresOf('r', running) + coresOf('c', coming)).toBeLessThanOrEqual(taken + 1);
      }),
      { numRuns: 300 },
    );
  });

  it('never promises a core twice, and is the same whatever the order of the list', () => {
    const given = fc.record({
      nodes: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 3 }),
      tasks: fc.array(
        fc.record({
          replicas: fc.integer({ min: 0, max: 9 }),
          cores: fc.integer({ min: 1, max: 4 }),
          priority: fc.integer({ min: 0, max: 2 }),
        }),
        {
          minLength: 1,
          maxLength: 6,
        },
      ),
    });
    fc.assert(
      fc.property(given, ({ nodes, tasks }) => {
        const clusters = () => nodes.map((count, at) => cluster(`c${at}`, count));
        const list = tasks.map(({ replicas, cores, priority }, at) => task(`w${at}`, replicas, { cpu: cores * 1_000, priority }));
        const { placed } = outcome(clusters(), list);
        nodes.forEach((count, at) => {
          const cores = tasks.reduce((sum, entry, index) => sum + entry.cores * (placed[`w${index}`]?.[`c${at}`] ?? 0), 0);
          expect(cores).toBeLessThanOrEqual(count * 4);
        });
        expect(outcome(clusters(), [...list].reverse()).placed).toEqual(placed);
      }),
      { numRuns: 300 },
    );
  });
});
