/** @module V8's collector follows what the hub is doing: small while it is calm, fast while a burst of decisions lasts. */
import { setFlagsFromString } from 'node:v8';
import type { RuntimeEnv } from '../shared/lib/index.ts';

/** Each collection gives back as much memory as it can, and the heap hardly grows between two of them. */
const sizeFlag = '--optimize-for-size';
const speedFlag = '--no-optimize-for-size';
const lookEveryMs = 100;

/** The process whose collector it is. */
export type CollectorProcess = {
  /** V8 flags it was started with. */
  readonly flags: readonly string[];
  /** Takes a flag into force. */
  readonly set: (flag: string) => void;
};

const thisProcess: CollectorProcess = { flags: process.execArgv, set: setFlagsFromString };

/**
 * Takes `--optimize-for-size` back while a burst lasts: what thousands of decisions make stays, and a collector that tries again and again to
 * free it takes longer than the decisions. V8 reads the flag at each collection (`Heap::ShouldOptimizeForMemoryUsage`), so that it may change
 * while the process runs; collections after the burst give back what it took. A process that was started without the flag is left as it is.
 *
 * @returns Ends it, with the collector as it was at the start.
 */
export const followBursts = (env: RuntimeEnv, isBurst: () => boolean, { flags, set }: CollectorProcess = thisProcess): (() => void) => {
  if (!flags.includes(sizeFlag)) return () => undefined;
  let isFast = false;
  let cancel: () => void = () => undefined;
  const be = (fast: boolean): void => {
    if (fast !== isFast) set(fast ? speedFlag : sizeFlag);
    isFast = fast;
  };
  const look = (): void => {
    be(isBurst());
    cancel = env.setTimer(lookEveryMs, look);
  };
  look();
  return () => {
    cancel();
    be(false);
  };
};
