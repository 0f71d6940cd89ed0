/** @module Replicas that wait, as others took the node kept for them: who makes room once more, and how often. */
import { describe, expect, it } from 'vitest';
import { explanationRows, type NominatedNode, type PolicySpec } from '../api/index.ts';
import { createRoom, plainShape } from '../capacity/index.ts';
import { reportOf } from '../capacity/testing.ts';
import type { ClusterView, Workload } from './model.ts';
import { placeAll } from './place-all.ts';
import { policyOf } from './testing.ts';
import type { Task } from './turn.ts';

/** Nodes of four cores; with what is free of each, what is kept for gold taken off. */
const cluster = (free: readonly number[], leaving: readonly string[] = []): ClusterView => ({
  name: 'a',
  labels: { 'hanse.dev/cluster': 'a' },
  taints: [],
  served: undefined,
  room: {
    ...createRoom(reportOf(free.map((cores, at) => ({ name: `n${at}`, allocatable: { cpu: 4_000 }, free: { cpu: cores * 1_000 } }))), []),
    leaving: () => leaving,
  },
});

const spec: Partial<PolicySpec> = { preemption: 'LowerPriority' };
const task = (name: string, replicas: number, cores: number, priority: number, more: Partial<Workload> = {}): Task => ({
  workload: {
    ref: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'shop', name },
    replicas,
    shape: plainShape({ cpu: cores * 1_000 }),
    current: new Map([['a', replicas]]),
    owed: new Map(),
    labels: {},
    priority,
    preempts: true,
    ...more,
  },
  policy: policyOf(spec),
});
const on = (nodes: Record<string, number>): Pick<Workload, 'podsOn'> => {
  const pods = new Map(Object.entries(nodes).map(([node, bound]) => [node, { bound, ready: bound, leaving: 0 }]));
  return { podsOn: () => pods };
};

/** Gold of one replica of four cores, for which these nodes are kept, and which waits: others are on `outrun`. */
const waiting = (nominated: readonly NominatedNode[], outrun: Record<string, number>, more: Partial<Workload> = {}): Task => {
  const count = Object.values(outrun).reduce((sum, one) => sum + one, 0);
  return task('gold', nominated.length, 4, 10, {
    nodeless: new Map([['a', Math.max(1, count)]]),
    ...(count === 0 ? {} : { outrun: new Map([['a', new Map(Object.entries(outrun))]]) }),
    terms: new Map([['a', { nominated }]]),
    ...more,
  });
};
const small = task('small', 8, 1, 0, on({ n1: 4, n2: 4 }));

const outcome = (view: ClusterView, tasks: readonly Task[]) => {
  const { decisions, preempted } = placeAll({ clusters: [view] }, tasks, { nowMs: 0 });
  const gold = decisions.find(({ workload }) => workload.ref.name === 'gold')?.decision;
  return {
    nominated: gold?.clusters[0]?.nominated,
    nodeless: gold?.nodeless?.map((one) => one.waiting),
    message: gold?.message,
    row: gold === undefined ? undefined : explanationRows(gold.explained)[0],
    preempted: preempted.map((one) => `${one.replicas} of ${one.victim.name} for ${one.by.name} on ${one.nodes.join()}`),
    replicas: Object.fromEntries(decisions.map(({ workload, decision }) => [workload.ref.name, decision.clusters[0]?.replicas])),
  };
};
const first = [{ node: 'n0', replicas: 1 }];

describe('replicas whose kept node others took', () => {
  it('have others give way once more, on another node, and nothing is said of other clusters that take no more', () => {
    expect(outcome(cluster([-4, 0, 0]), [waiting(first, { n0: 1 }), small])).toMatchObject({
      nominated: [{ node: 'n1', replicas: 1, tries: 2 }],
      nodeless: undefined,
      message: 'placed in 1 cluster; others took the node kept for 1 in a: 4 of small in a on n1 gave way',
      row: { reason: '', message: 'another node is kept for 1 replica, as others took the one before', got: 1 },
      preempted: ['4 of small for gold on n1'],
      replicas: { gold: 1, small: 4 },
    });
  });

  it('have whoever of lower priority took it give way there', () => {
    const taker = task('taker', 1, 2, 5, on({ n0: 1 }));
    expect(outcome(cluster([-2]), [waiting(first, { n0: 1 }), taker])).toMatchObject({
      nominated: [{ node: 'n0', replicas: 1, tries: 2 }],
      preempted: ['1 of taker for gold on n0'],
    });
  });

  it.each<[string, Task, readonly string[]]>([
    ['once only', waiting([{ node: 'n0', replicas: 1, tries: 2 }], { n0: 1 }), []],
    ['not while others are on their way out', waiting(first, { n0: 1 }), ['old']],
    ['not when they may not preempt', waiting(first, { n0: 1 }, { preempts: false }), []],
    ['not for replicas that wait for another reason', waiting(first, {}), []],
  ])('do so %s', (_, gold, leaving) => {
    expect(outcome(cluster([-4, 0, 0], leaving), [gold, small])).toMatchObject({ nodeless: [1], preempted: [], replicas: { small: 8 } });
  });

  it('have it for as many as lost theirs, and of two places the one that is left stays kept', () => {
    const two = [...first, { node: 'n3', replicas: 1 }];
    expect(outcome(cluster([-4, 0, 0, 0]), [waiting(two, { n0: 1 }), small])).toMatchObject({
      nominated: [
        { node: 'n1', replicas: 1, tries: 2 },
        { node: 'n3', replicas: 1 },
      ],
      preempted: ['4 of small for gold on n1'],
      replicas: { gold: 2 },
    });
  });

  it('that find no others wait on, and it is said', () => {
    const few = task('small', 2, 1, 0, on({ n1: 2 }));
    const equal = task('equal', 4, 1, 10, on({ n1: 2, n2: 2 }));
    expect(outcome(cluster([-4, 0, 0]), [waiting(first, { n0: 1 }), few, equal])).toMatchObject({
      nominated: first,
      nodeless: [1],
      row: { reason: 'capacity', message: expect.stringContaining('1 replica waits for a node') },
      preempted: [],
    });
  });

  it('leave nothing of the second place to those who come in the same round', () => {
    const late = task('late', 1, 2, 0, { current: new Map() });
    expect(outcome(cluster([-4, 1, 0]), [waiting(first, { n0: 1 }), task('small', 3, 1, 5, on({ n1: 3 })), late])).toMatchObject({
      preempted: ['3 of small for gold on n1'],
      replicas: { gold: 1, late: undefined },
    });
  });
});
