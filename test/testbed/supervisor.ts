/** @module The processes of one member: start, wait while none has died, signal, stop in reverse order. */
import { join } from 'node:path';
import { type Child, startChild } from './child.ts';
import { commandLines, type PartContext, type PartName, partNames } from './parts.ts';
import { waitFor } from './wait.ts';

/** Runs the parts of one member. */
export type Supervisor = {
  /** Starts one part; its output goes to `logs/PART.log` in the data directory. */
  start(part: PartName): Promise<void>;
  /** Those of `parts` (default all) that run, by name. */
  running(parts?: readonly PartName[]): ReadonlyMap<PartName, Child>;
  /** Waits for `probe`; throws at once, with the end of its log, when a part has died. */
  until(what: string, probe: () => Promise<boolean>): Promise<void>;
  /** Ends `parts` (default all), last started first. */
  stop(parts?: readonly PartName[], graceMs?: number): Promise<void>;
};

const readyTimeoutMs = 90_000;

/** A supervisor with nothing running yet. */
export const supervise = (name: string, context: PartContext): Supervisor => {
  const children = new Map<PartName, Child>();
  const findDead = (): Child | undefined => [...children.values()].find((child) => !child.isRunning());
  return {
    start: async (part) => {
      const [command = '', ...args] = commandLines[part](context);
      const logFile = join(context.dataDir, 'logs', `${part}.log`);
      children.set(part, await startChild(`${name}/${part}`, command, args, { cwd: context.dataDir, logFile }));
    },
    running: (parts = partNames) => new Map([...children].filter(([part, child]) => parts.includes(part) && child.isRunning())),
    until: async (what, probe) => {
      await waitFor(`${name}: ${what}`, async () => findDead() !== undefined || (await probe()), { timeoutMs: readyTimeoutMs });
      const dead = findDead();
      if (dead) throw new Error(`${dead.name} ended early; the end of ${dead.logFile}:\n${dead.logTail()}`);
    },
    stop: async (parts = partNames, graceMs) => {
      for (const part of [...partNames].reverse()) {
        if (!parts.includes(part)) continue;
        await children.get(part)?.stop(graceMs);
        children.delete(part);
      }
    },
  };
};
