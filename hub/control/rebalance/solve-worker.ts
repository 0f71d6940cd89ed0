/** @module The thread that solves linear programs: HiGHS blocks while it works. */
import { parentPort } from 'node:worker_threads';
import highsModule from 'highs';
import type { SolveAnswer, SolveRequest } from './solver.ts';

// The types speak of the CommonJS build; what an import loads is the ES module, whose default is the loader itself.
const loadHighs = highsModule as unknown as typeof highsModule.default;
const highs = await loadHighs();

parentPort?.on('message', ({ id, lp, timeLimitSeconds }: SolveRequest) => {
  const answer = (result: SolveAnswer['solution']): void => parentPort?.postMessage({ id, solution: result } satisfies SolveAnswer);
  try {
    const found = highs.solve(lp, { time_limit: timeLimitSeconds, output_flag: false });
    if (found.Status !== 'Optimal') {
      answer(undefined);
      return;
    }
    const values = Object.entries(found.Columns).map(([name, column]) => [name, 'Primal' in column ? (column.Primal ?? 0) : 0] as const);
    answer({ values: Object.fromEntries(values), objective: found.ObjectiveValue });
  } catch {
    // A program that HiGHS cannot read or that exhausts its memory is one without a solution: the plan goes on without its bound.
    answer(undefined);
  }
});
