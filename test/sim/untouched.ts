/** @module How long faults have left each agent and its way to the broker alone. */
import type { Broker } from './model/broker.ts';
import type { Process } from './process.ts';
import { startMs, type World } from './world.ts';

/** The memory of faults. */
export type Untouched = {
  /** Something is done to the agent of this name. */
  readonly touch: (name: string) => void;
  /** The same process; what stops or starves it is remembered. */
  readonly process: (process: Process) => Process;
  /** The same broker; whose way is cut or mended is remembered. */
  readonly broker: (broker: Broker) => Broker;
  /** Since the last of it, ms; 0 while the way is cut. Of one to which nothing was done it is longer than the run. */
  readonly forMs: (name: string) => number;
};

/** Nothing has been done yet; what happens at the start is no fault. */
export const createUntouched = (world: World): Untouched => {
  const touchedMs = new Map<string, number>();
  const cuts = new Set<string>();
  const touch = (name: string): void => {
    if (world.nowMs() > startMs) touchedMs.set(name, world.nowMs());
  };
  return {
    touch,
    process: (process) => ({
      ...process,
      pause: (forMs, timersFirst) => {
        touch(process.name);
        process.pause(forMs, timersFirst);
      },
      starve: (forMs, sliceMs) => {
        touch(process.name);
        process.starve(forMs, sliceMs);
      },
    }),
    broker: (broker) => ({
      ...broker,
      cut: (link) => {
        touch(link);
        cuts.add(link);
        broker.cut(link);
      },
      mend: (link) => {
        touch(link);
        cuts.delete(link);
        broker.mend(link);
      },
    }),
    forMs: (name) => (cuts.has(name) ? 0 : world.nowMs() - (touchedMs.get(name) ?? Number.NEGATIVE_INFINITY)),
  };
};
