/** @module Linear programs solved in a thread of their own, within a time. */
import { Worker } from 'node:worker_threads';
import type { ProgramSolution } from '../../../shared/placement/index.ts';

/** To the thread. */
export type SolveRequest = { readonly id: number; readonly lp: string; readonly timeLimitSeconds: number };
/** From the thread. */
export type SolveAnswer = { readonly id: number; readonly solution: ProgramSolution };

/** A solver; `solve` answers undefined when there is no optimum or it was not found in time. */
export type Solver = { readonly solve: (lp: string) => Promise<ProgramSolution>; readonly stop: () => Promise<void> };

/** How long one program may take. */
const solveTimeMs = 5_000;
/** Longer than the program's own limit: a thread that is not back by then is ended and replaced. */
const graceMs = 2_000;

/** Starts a solver; its thread starts with the first program and keeps no process alive. */
export const createSolver = (timeMs: number = solveTimeMs): Solver => {
  let worker: Worker | undefined;
  let nextId = 1;
  let turn: Promise<unknown> = Promise.resolve();

  const end = async (): Promise<void> => {
    const ended = worker;
    worker = undefined;
    await ended?.terminate();
  };

  const solveNow = (lp: string): Promise<ProgramSolution> => {
    const thread = worker ?? new Worker(new URL('./solve-worker.ts', import.meta.url));
    worker = thread;
    thread.unref();
    const id = nextId++;
    return new Promise((resolve) => {
      const finish = (solution: ProgramSolution): void => {
        clearTimeout(timer);
        thread.off('message', onMessage);
        thread.off('error', onEnd);
        resolve(solution);
      };
      const onMessage = (answer: SolveAnswer): void => {
        if (answer.id === id) finish(answer.solution);
      };
      const onEnd = (): void => {
        void end();
        finish(undefined);
      };
      const timer = setTimeout(onEnd, timeMs + graceMs);
      thread.on('message', onMessage);
      thread.once('error', onEnd);
      thread.postMessage({ id, lp, timeLimitSeconds: timeMs / 1000 } satisfies SolveRequest);
    });
  };

  return {
    solve: (lp) => {
      const solved = turn.then(() => (lp === '' ? undefined : solveNow(lp)));
      turn = solved;
      return solved;
    },
    stop: end,
  };
};
