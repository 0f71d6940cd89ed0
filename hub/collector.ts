/** @module V8's collector follows what the hub is doing: small while it is calm, fast while a burst of decisions lasts. */
import { setFlagsFromString } from 'node:v8';
import type { RuntimeEnv } from '../shared/lib/index.ts';

/** How far the young generation may grow; a process that was started without it is left as it is. */
const roomFlag = '--max-semi-space-size=';
/** Each collection gives back as much memory as it can, and the heap hardly grows between two of them; the young generation grows no more. */
const calmFlags = ['--optimize-for-size', '--semi-space-growth-factor=1'];
const burstFlags = ['--no-optimize-for-size', '--semi-space-growth-factor=2'];
const lookEveryMs = 100;

/** The process whose collector it is. */
export type CollectorProcess = {
  /** V8 flags it was started with. */
  readonly flags: readonly string[];
  /** Takes a flag into force. */
  readonly set: (flag: string) => void;
};

const thisProcess: CollectorProcess = { flags: process.execArgv, set: setFlagsFromString };

const isFollowing = ({ flags }: CollectorProcess): boolean => flags.some((flag) => flag.startsWith(roomFlag));

/**
 * Keeps the heap of a process small from now on. `--optimize-for-size` is not among the flags that a process is started with, since at the start
 * it means a young generation of one megabyte for good (flag-definitions.h), whatever else is asked for: later it means collections alone.
 */
export const keepSmall = (owner: CollectorProcess = thisProcess): void => {
  if (isFollowing(owner)) for (const flag of calmFlags) owner.set(flag);
};

/**
 * {@link keepSmall} but for bursts. What thousands of decisions make stays for a while: a collector that tries again and again to free it, and a
 * young generation so small that all of it survives and is copied, take as long as the decisions. V8 reads the flags at each collection
 * (`Heap::ShouldOptimizeForMemoryUsage`, `SemiSpaceNewSpace::Grow`), so that they may change while the process runs; collections after the burst
 * give back what it took.
 *
 * @returns Ends it, with the heap kept small.
 */
export const followBursts = (env: RuntimeEnv, isBurst: () => boolean, owner: CollectorProcess = thisProcess): (() => void) => {
  if (!isFollowing(owner)) return () => undefined;
  keepSmall(owner);
  let isFast = false;
  let cancel: () => void = () => undefined;
  const look = (): void => {
    if (isBurst() !== isFast) {
      isFast = !isFast;
      if (!isFast) keepSmall(owner);
      else for (const flag of burstFlags) owner.set(flag);
    }
    cancel = env.setTimer(lookEveryMs, look);
  };
  look();
  return () => {
    cancel();
    keepSmall(owner);
  };
};
