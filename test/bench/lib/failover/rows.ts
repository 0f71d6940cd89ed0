/** @module The table: runs of one fault as one row, and the figures that are held to goals. */
import { loadavg } from 'node:os';
import { type Cell, type Goal, percentile } from '../bench.ts';
import type { Fault } from './faults.ts';
import type { Measured } from './measure.ts';

/** All runs of one fault. */
export type FaultRuns = {
  readonly fault: Fault;
  readonly runs: readonly Measured[];
  /** Whom each run allows to stop using the victim by its own sight, in the same order. */
  readonly mayLeave: readonly (string | undefined)[];
  /** Load of the machine over the last minute, at the end. */
  readonly load: number;
};

/** The machine's load now. */
export const loadNow = (): number => loadavg()[0] ?? Number.NaN;

/** Columns of {@link rowOf}. */
export const columns = [
  'fault',
  'runs',
  'verdict',
  'p50 ms',
  'p99 ms',
  'last write p50',
  'p99',
  'last bad answer p50',
  'p99',
  'requests',
  'lost',
  'wrong',
  'replicas back ms',
  'false moves',
  'stalls',
  'load',
] as const;

const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
/** A run in which it did not happen counts as longer than any. */
const times = (runs: readonly Measured[], of: (run: Measured) => number | undefined): number[] =>
  runs.map((run) => of(run) ?? Number.POSITIVE_INFINITY);
const cell = (ms: number): Cell => (Number.isFinite(ms) ? ms : 'never');

/**
 * What was moved although nothing of the cluster was lost: requests, by verdict anywhere or at a site that could still reach it; and replicas,
 * of which the others have more than before.
 */
export const falseMoves = ({ fault, runs, mayLeave }: FaultRuns): number =>
  sum(
    runs.map(({ falseDeaths, dead, left, replicasBackMs }, at) =>
      fault.moves
        ? falseDeaths
        : falseDeaths + dead.length + left.filter((name) => name !== mayLeave[at]).length + (replicasBackMs === undefined ? 0 : 1),
    ),
  );

/** p99 of the verdict, and of the last write; infinite when one run had none. */
const verdictP99 = ({ runs }: FaultRuns): number =>
  percentile(
    times(runs, ({ verdictMs }) => verdictMs),
    99,
  );
const writeP99 = ({ runs }: FaultRuns): number =>
  percentile(
    times(runs, ({ lastWriteMs }) => lastWriteMs),
    99,
  );

/** The row of a fault. */
export const rowOf = (all: FaultRuns): readonly Cell[] => {
  const { fault, runs, load } = all;
  const both = (of: (run: Measured) => number | undefined): Cell[] => [50, 99].map((percent) => cell(percentile(times(runs, of), percent)));
  const causes = [...new Set(runs.flatMap((run) => run.causes))].join(', ') || 'none';
  return [
    fault.name,
    runs.length,
    causes,
    ...(causes === 'none' ? ['-', '-'] : both(({ verdictMs }) => verdictMs)),
    ...(fault.moves ? both(({ lastWriteMs }) => lastWriteMs) : ['-', '-']),
    ...(fault.moves ? both(({ lastBadMs }) => lastBadMs ?? 0) : ['-', '-']),
    sum(runs.map(({ requests }) => requests)),
    sum(runs.map(({ lost }) => lost)),
    sum(runs.map(({ wrong }) => wrong)),
    fault.moves && fault.isAlone !== true
      ? cell(
          percentile(
            times(runs, ({ replicasBackMs }) => replicasBackMs),
            50,
          ),
        )
      : '-',
    falseMoves(all),
    sum(runs.map(({ stalls }) => stalls)),
    load.toFixed(1),
  ];
};

/** A figure in milliseconds held to a limit. */
const msGoal = (name: string, value: number, goal: number): Goal => ({ name, value, unit: 'ms', bound: 'max', goal });

/** What the times of a fault are held to. */
export const goalsOf = (runs: FaultRuns): readonly Goal[] => {
  const { name, goalsMs } = runs.fault;
  if (goalsMs === undefined) return [];
  return [
    ...(goalsMs.verdict === undefined ? [] : [msGoal(`${name}: verdict p99`, verdictP99(runs), goalsMs.verdict)]),
    msGoal(`${name}: last write p99`, writeP99(runs), goalsMs.lastWrite),
  ];
};

/** Something that must not happen. */
export const noneGoal = (name: string, value: number): Goal => ({ name, value, unit: '', bound: 'max', goal: 0 });
