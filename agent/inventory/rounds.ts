/**
 * @module Asks many servers, a few at a time, again and again: the kubelets of a cluster, the exporters of its GPUs. Those that failed last
 * time come last in a round, and wait for the next when somebody new is there: servers that do not answer do not hold up those that do.
 */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { type ApiFailure, failureOf } from '../cluster/index.ts';

/** What is asked, and how. */
export type RoundsOptions<T> = {
  readonly env: Pick<RuntimeEnv, 'monotonicMs' | 'setTimer'>;
  /** All there are. Rejects when that cannot be known. */
  readonly list: () => readonly T[] | Promise<readonly T[]>;
  readonly keyOf: (item: T) => string;
  /** Whether it is its turn; default: in each round. */
  readonly isDue?: (item: T) => boolean;
  /** Rejects when the server fails; must end by itself. */
  readonly ask: (item: T) => Promise<void>;
  /** A round has ended; failures by key, of those that are there and did not answer when last asked. `unlisted` = why `list` failed. */
  readonly onEnd: (failures: ReadonlyMap<string, ApiFailure>, unlisted: ApiFailure | undefined) => void;
  /** From the end of a round to the next. */
  readonly periodMs: () => number;
};

/** Running rounds. */
export type Rounds = {
  /** There may be somebody new to ask: the next round comes soon. */
  readonly soon: () => void;
  readonly stop: () => void;
};

/** Asked at one time. Less than the client's connections for calls, so that other calls find one. */
const LANES = 4;
/** Many that are new make one round. */
const SOON_MS = 500;

/** Starts; the first round comes soon. */
export const startRounds = <T>({ env, list, keyOf, isDue, ask, onEnd, periodMs }: RoundsOptions<T>): Rounds => {
  const failures = new Map<string, ApiFailure>();
  let running = false;
  let wanted = false;
  let stopped = false;
  let dueMs = Number.POSITIVE_INFINITY;
  let cancelTimer = (): void => undefined;

  const schedule = (delayMs: number): void => {
    const atMs = env.monotonicMs() + delayMs;
    if (stopped || running || atMs >= dueMs) return;
    cancelTimer();
    dueMs = atMs;
    cancelTimer = env.setTimer(delayMs, () => void round());
  };

  const askOne = async (item: T): Promise<void> => {
    try {
      await ask(item);
      failures.delete(keyOf(item));
    } catch (error) {
      failures.set(keyOf(item), failureOf(error));
    }
  };

  const inLanes = async (items: readonly T[], goesOn: () => boolean): Promise<void> => {
    const queue = items.values();
    const lane = async (): Promise<void> => {
      for (const item of queue) {
        if (stopped || !goesOn()) return;
        await askOne(item);
      }
    };
    await Promise.all(Array.from({ length: LANES }, lane));
  };

  const askAll = async (items: readonly T[]): Promise<void> => {
    const keys = new Set(items.map(keyOf));
    for (const key of failures.keys()) if (!keys.has(key)) failures.delete(key);
    const due = isDue === undefined ? items : items.filter(isDue);
    const hasFailed = (item: T): boolean => failures.has(keyOf(item));
    const again = due.filter(hasFailed);
    await inLanes(
      due.filter((item) => !hasFailed(item)),
      () => true,
    );
    await inLanes(again, () => !wanted);
  };

  const round = async (): Promise<void> => {
    dueMs = Number.POSITIVE_INFINITY;
    running = true;
    wanted = false;
    let unlisted: ApiFailure | undefined;
    try {
      await askAll(await list());
    } catch (error) {
      unlisted = failureOf(error);
    }
    running = false;
    if (stopped) return;
    onEnd(failures, unlisted);
    schedule(wanted ? SOON_MS : periodMs());
  };
  schedule(SOON_MS);

  return {
    soon: () => {
      wanted = true;
      schedule(SOON_MS);
    },
    stop: () => {
      stopped = true;
      cancelTimer();
    },
  };
};
