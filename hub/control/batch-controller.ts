/**
 * @module A level-triggered loop whose keys are decided on together, one batch after the other: whatever comes while a batch is decided and
 * written competes in the next one, so that who goes first never hangs on who came first.
 */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import type { Controller } from './controller.ts';
import { createKeyQueue, type Outcome } from './key-queue.ts';

/** A batch under way. */
export type Batch = {
  readonly keys: readonly string[];
  /** Takes a further key into the batch; if it waits as well, it is worked on once more afterwards. */
  readonly claim: (key: string) => void;
  /** Lets others have a turn when this one has lasted for its share of time: call it between two steps of work. */
  readonly breathe: () => Promise<void>;
};

/** Settings of a {@link BatchController}. */
export type BatchControllerOptions = {
  readonly name: string;
  readonly env: RuntimeEnv;
  /** Keys decided on together; claimed ones come on top. */
  readonly keysMax: number;
  /** Called before keys are taken: what should be decided with them is added now. */
  readonly gather: () => void;
  /** The order in which keys are taken when more than `keysMax` wait. */
  readonly inOrder: (keys: readonly string[]) => readonly string[];
  /** Brings the keys of a batch to where they should be. What it throws is a `retry` of all of them. */
  readonly reconcile: (batch: Batch) => Promise<ReadonlyMap<string, Outcome>>;
};

/** A running loop. */
export type BatchController = Controller & {
  /** Keys of the batch under way. */
  readonly running: () => readonly string[];
};

/** How long work goes on before others have a turn. */
const turnMs = 8;

/** Starts a loop. */
export const startBatchController = ({ name, env, keysMax, gather, inOrder, reconcile }: BatchControllerOptions): BatchController => {
  const running = new Set<string>();
  let working: Promise<void> | undefined;
  let turnSinceMs = 0;

  const breathe = async (): Promise<void> => {
    if (env.monotonicMs() - turnSinceMs < turnMs) return;
    await new Promise<void>((resolve) => {
      env.setTimer(0, resolve);
    });
    turnSinceMs = env.monotonicMs();
  };
  const takeKeys = (): readonly string[] => {
    try {
      gather();
    } catch (error) {
      env.log.error(`${name}: what else should be decided could not be found`, { error });
    }
    const all = [...queue.waiting];
    const keys = all.length <= keysMax ? all : inOrder(all).slice(0, keysMax);
    for (const key of keys) {
      queue.take(key);
      running.add(key);
    }
    return keys;
  };
  const pass = async (keys: readonly string[]): Promise<void> => {
    let outcomeOf: (key: string) => Outcome | undefined;
    try {
      const outcomes = await reconcile({ keys, claim: (key) => running.add(key), breathe });
      outcomeOf = (key) => outcomes.get(key);
    } catch (error) {
      outcomeOf = () => ({ outcome: 'retry', error });
    }
    const settled = [...running];
    running.clear();
    for (const key of settled) {
      const outcome = outcomeOf(key);
      if (outcome !== undefined) queue.settle(key, outcome);
    }
  };
  const run = async (): Promise<void> => {
    // A turn of its own, so that whoever adds a key (a watch's sink) never waits for work.
    await Promise.resolve();
    turnSinceMs = env.monotonicMs();
    for (let keys = takeKeys(); keys.length > 0 && !queue.isStopped(); keys = takeKeys()) {
      await pass(keys);
      await breathe();
    }
    working = undefined;
  };
  const wake = (): void => {
    if (working === undefined && !queue.isStopped()) working = run();
  };
  const queue = createKeyQueue(name, env, wake);
  return {
    add: queue.add,
    addAfter: queue.addAfter,
    isBusy: (key) => queue.waiting.has(key) || running.has(key),
    pending: () => queue.waiting.size + running.size,
    running: () => [...running],
    stop: async () => {
      queue.stop();
      await working;
    },
  };
};
