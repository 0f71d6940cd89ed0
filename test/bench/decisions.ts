/**
 * @module Decisions from end to end, durable, by the core of a hub process (journal on disk, store, all control loops) over a fleet at the bus
 * port: a burst of workloads, one workload on a tenth of a large fleet, the loss of a cluster full of workloads, and memory with half a million
 * nodes. Each in a process of its own, with the flags of a hub.
 */
import { join } from 'node:path';
import runtime from '../../deploy/local/runtime.json' with { type: 'json' };
import type { BenchOptions, BenchResult, Cell, Goal } from './lib/bench.ts';
import { settledMemory, startChild } from './lib/child.ts';
import type { DecisionsResult } from './lib/decisions-child.ts';

const child = join(import.meta.dirname, 'lib', 'decisions-child.ts');
const PER_SECOND_GOAL = 1_000;
const PLACED_GOAL_MS = 5_000;
const HANDED_GOAL_MS = 1_000;
const REPLACED_GOAL_MS = 5_000;
const RSS_GOAL_MB = 1_073;

/** One run: its scenario, clusters, nodes of each, workloads. */
type Run = {
  readonly scenario: 'burst' | 'single' | 'loss' | 'memory';
  readonly clusters: number;
  readonly nodes: number;
  readonly count: number;
};
type Outcome = DecisionsResult & { readonly rssMB: number };

const perform = async ({ scenario, clusters, nodes, count }: Run, settleMs: number): Promise<Outcome> => {
  const running = startChild([...runtime.hub.flags, child, scenario, String(clusters), String(nodes), String(count)], runtime.hub.env);
  try {
    const line = await running.line(/^result /);
    const result = JSON.parse(line.slice('result '.length)) as DecisionsResult;
    const rssMB = scenario === 'memory' ? (await settledMemory(running.pid, settleMs)).rssMB : 0;
    return { ...result, rssMB };
  } finally {
    await running.stop();
  }
};

const figure = (outcome: Outcome, name: string): number => outcome[name] ?? Number.NaN;
const goal = (name: string, value: number, unit: string, bound: Goal['bound'], limit: number): Goal => ({
  name,
  value,
  unit,
  bound,
  goal: limit,
});

/** Times are wall times; `cpu` is what the whole process took of the processors, its writer thread and the fleet included. */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const scale = quick ? 10 : 1;
  const settleMs = quick ? 1_000 : 15_000;
  const burst: Run = { scenario: 'burst', clusters: 100 / scale, nodes: 50, count: 5_000 / scale };
  const single: Run = { scenario: 'single', clusters: quick ? 120 : 1_000, nodes: 10, count: quick ? 3 : 30 };
  const loss: Run = { scenario: 'loss', clusters: 100 / scale, nodes: 50, count: 1_000 / scale };
  const memory: Run = { scenario: 'memory', clusters: 100 / scale, nodes: 5_000, count: 1_000 / scale };
  const rows: Cell[][] = [];
  const outcomes: Outcome[] = [];
  for (const one of [burst, single, loss, memory]) {
    const outcome = await perform(one, settleMs);
    outcomes.push(outcome);
    const where = `${one.count} workloads, ${one.clusters} clusters of ${one.nodes} nodes`;
    for (const [name, value] of Object.entries(outcome)) if (value !== 0) rows.push([one.scenario, where, name, value]);
  }
  const [first, second, third, fourth] = outcomes;
  if (first === undefined || second === undefined || third === undefined || fourth === undefined) throw new Error('a scenario did not run');
  return {
    title: 'Decisions of the hub from end to end; ms unless the name says otherwise',
    columns: ['scenario', 'size', 'figure', 'value'],
    rows,
    goals: [
      goal(`durable decisions, ${burst.clusters} clusters`, figure(first, 'perSecond'), '/s', 'min', PER_SECOND_GOAL),
      goal(`${burst.count} workloads placed`, figure(first, 'placedMs'), 'ms', 'max', PLACED_GOAL_MS),
      goal(
        `one workload on 100 of ${single.clusters} clusters, handed to the bus, p90`,
        figure(second, 'handedP90'),
        'ms',
        'max',
        HANDED_GOAL_MS,
      ),
      goal(`${loss.count} workloads of a lost cluster placed elsewhere`, figure(third, 'replacedMs'), 'ms', 'max', REPLACED_GOAL_MS),
      goal(`hub core, ${memory.clusters} clusters of ${memory.nodes} nodes, RSS`, fourth.rssMB, 'MB', 'max', RSS_GOAL_MB),
    ],
  };
};
