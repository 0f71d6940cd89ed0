/** @module Agents that run twice: a start of one that was over, because a later one spoke, speaks again. */
import type { RuntimeEnv } from '../../../shared/lib/index.ts';

/** Two are told of until the earlier one has said nothing for so long. */
export const twinQuietMs = 10_000;
/** Starts of a cluster's agent that are remembered. */
const startsMax = 8;

/** Who runs twice. */
export type TwinWatch = {
  /** Of a cluster's agent this start runs now, and no longer the one before. */
  readonly began: (cluster: string, before: string, now: string) => void;
  readonly forget: (cluster: string) => void;
  readonly stop: () => void;
};

/** A watch that tells when two agents of a cluster begin to speak by turns, and when that has ended. */
export const createTwinWatch = (env: Pick<RuntimeEnv, 'setTimer'>, onChange: (cluster: string, isDouble: boolean) => void): TwinWatch => {
  const over = new Map<string, readonly string[]>();
  const cancels = new Map<string, () => void>();
  const forget = (cluster: string): void => {
    cancels.get(cluster)?.();
    cancels.delete(cluster);
    over.delete(cluster);
  };
  return {
    began: (cluster, before, now) => {
      const ended = over.get(cluster) ?? [];
      over.set(cluster, [...ended.filter((start) => start !== now), before].slice(-startsMax));
      if (!ended.includes(now)) return;
      if (!cancels.has(cluster)) onChange(cluster, true);
      cancels.get(cluster)?.();
      const end = (): void => {
        cancels.delete(cluster);
        onChange(cluster, false);
      };
      cancels.set(cluster, env.setTimer(twinQuietMs, end));
    },
    forget,
    stop: () => {
      for (const cluster of [...cancels.keys()]) forget(cluster);
    },
  };
};
