/**
 * @module Agents that run twice: a start of one that was over, because a later one spoke, speaks again. Where the earlier one ends each time, as it
 * should, and something starts it again, the two take turns, and the agent is seen to start again and again.
 */
import type { RuntimeEnv } from '../../../shared/lib/index.ts';

/** What is wrong with how a cluster's agent is started. */
export type AgentTrouble = 'StartedTwice' | 'StartedOften';

/** A trouble is told of until nothing of it has been seen for so long, ms. */
export const troubleQuietMs: Readonly<Record<AgentTrouble, number>> = { StartedTwice: 10_000, StartedOften: 120_000 };
/** So many starts, one after the other, within so long are too many; a person who tries something out makes fewer. */
export const oftenMin = 4;
const oftenMs = 120_000;
/** Starts of a cluster's agent that are remembered. */
const startsMax = 8;

/** Watches how agents are started. */
export type TwinWatch = {
  /** Of a cluster's agent this start runs now, and no longer the one before. */
  readonly began: (cluster: string, before: string, now: string) => void;
  readonly forget: (cluster: string) => void;
  readonly stop: () => void;
};

type Known = {
  /** Starts of which others took the place. */
  over: readonly string[];
  /** When the last ones began. */
  times: readonly number[];
  told: AgentTrouble | undefined;
  cancel: () => void;
};

/** A watch that tells when there is trouble with a cluster's agent, or another than before, and when that is over. */
export const createTwinWatch = (
  env: Pick<RuntimeEnv, 'setTimer' | 'monotonicMs'>,
  onChange: (cluster: string, trouble: AgentTrouble | undefined) => void,
): TwinWatch => {
  const clusters = new Map<string, Known>();
  const tell = (cluster: string, known: Known, trouble: AgentTrouble | undefined): void => {
    if (known.told === trouble) return;
    known.told = trouble;
    onChange(cluster, trouble);
  };
  const forget = (cluster: string): void => {
    clusters.get(cluster)?.cancel();
    clusters.delete(cluster);
  };
  return {
    began: (cluster, before, now) => {
      const known = clusters.get(cluster) ?? { over: [], times: [], told: undefined, cancel: () => undefined };
      clusters.set(cluster, known);
      const isBack = known.over.includes(now);
      const nowMs = env.monotonicMs();
      known.over = [...known.over.filter((start) => start !== now), before].slice(-startsMax);
      known.times = [...known.times.filter((ms) => nowMs - ms < oftenMs), nowMs].slice(-oftenMin);
      const trouble = isBack ? 'StartedTwice' : known.times.length >= oftenMin ? 'StartedOften' : undefined;
      if (trouble === undefined) return;
      known.cancel();
      known.cancel = env.setTimer(troubleQuietMs[trouble], () => tell(cluster, known, undefined));
      tell(cluster, known, trouble);
    },
    forget,
    stop: () => {
      for (const cluster of [...clusters.keys()]) forget(cluster);
    },
  };
};
