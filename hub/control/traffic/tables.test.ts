/** @module Services that share the limits of clusters: who gets the room that is left, and who is told that its tables moved. */
import { describe, expect, it } from 'vitest';
import type { ServedService } from '../../../shared/traffic/index.ts';
import { createLossTables, limitOf } from './tables.ts';

const service = (name: string, shedPriority: number, load = 40): ServedService => ({
  name,
  shedPriority,
  clusters: [
    { cluster: 'a', load, capacity: 100 },
    { cluster: 'b', load: 10, capacity: 100 },
  ],
});
/** Timers run when they are told to. */
const bench = (limits: Readonly<Record<string, number>>) => {
  const due: (() => void)[] = [];
  const moved: string[] = [];
  const tables = createLossTables({
    env: {
      monotonicMs: () => 0,
      setTimer: (_, run) => {
        due.push(run);
        return () => undefined;
      },
    },
    limits: () => new Map(Object.entries(limits)),
    onMoved: (name) => moved.push(name),
  });
  const shedOf = (name: string, priority: number, load?: number): number | undefined =>
    tables.rowsOf(name, service(name, priority, load), [], true).find(({ lost }) => lost.join() === 'a')?.shed;
  const run = (): void => {
    for (const make of due.splice(0)) make();
  };
  return { tables, moved, shedOf, run };
};

describe('services that share a limit', () => {
  it('lose requests by their priority, the lowest first', () => {
    const { shedOf, run, moved } = bench({ b: 70 });
    shedOf('s/low', 1);
    shedOf('s/high', 2);
    run();
    expect(moved).toEqual(['s/low']);
    expect([shedOf('s/high', 2), shedOf('s/low', 1)]).toEqual([0, 30]);
  });
  it('keep their last tables until new ones are made for all', () => {
    const { shedOf, run } = bench({ b: 70 });
    shedOf('s/low', 1);
    shedOf('s/high', 2);
    run();
    expect(shedOf('s/high', 2, 60)).toBe(0);
    run();
    expect([shedOf('s/high', 2, 60), shedOf('s/low', 1)]).toEqual([10, 40]);
  });
  it('that are measured lose by that, and are told the worse of it and of what they declare', () => {
    const { tables, run } = bench({ b: 70 });
    const quiet = service('s/x', 1, 10);
    const rowOf = () => tables.rowsOf('s/x', quiet, [], true, service('s/x', 1, 90)).find(({ lost }) => lost.join() === 'a');
    expect(rowOf()?.shed).toBe(0);
    run();
    expect([rowOf()?.shed, rowOf()?.weights.get('b')]).toEqual([30, 1_000_000]);
  });
  it('do not, where no cluster has a limit', () => {
    const { shedOf } = bench({});
    expect([shedOf('s/low', 1), shedOf('s/high', 2)]).toEqual([0, 0]);
  });
});

it('a limit is a whole number of requests a second, and anything else is none', () => {
  const of = (text: string) => limitOf({ metadata: { name: 'a', annotations: { 'hanse.dev/requests-per-second': text } } });
  expect(['500', '-1', '1e3', 'many', ''].map(of)).toEqual([500, undefined, undefined, undefined, undefined]);
});
