/** @module One incarnation of a hub or an agent: its clock, chance and timers end with it. What it awaits when it dies never comes. */
import type { Log, LogFields, RuntimeEnv } from '../../shared/lib/env.ts';
import type { Prng } from '../../shared/lib/prng.ts';
import type { World } from './world.ts';

/** A running process. */
export type Process = {
  readonly name: string;
  readonly alive: () => boolean;
  readonly env: RuntimeEnv;
  /** Ends it at once: no timer fires and no call returns any more. */
  readonly kill: () => void;
  /** Plans an event that is dropped when the process is dead by then. */
  readonly after: (delayMs: number, what: string, run: () => void) => () => void;
};

const hex = (random: Prng, digits: number): string => Array.from({ length: digits }, () => random.below(16).toString(16)).join('');

/** Warnings and errors of the loops are part of the story of a run. */
const worldLog = (world: World, name: string, fields: LogFields): Log => {
  const line = (level: string) => (message: string, more?: LogFields) =>
    world.say(
      `${name} ${level}: ${message} ${JSON.stringify({ ...fields, ...more }, (_, value) => (value instanceof Error ? String(value) : value))}`,
    );
  return {
    debug: () => undefined,
    info: () => undefined,
    warn: line('warn'),
    error: line('error'),
    child: (more) => worldLog(world, name, { ...fields, ...more }),
  };
};

/** Starts a process. `skewMs` is added to its clock, now and as it changes. */
export const startProcess = (world: World, name: string, random: Prng, skewMs: () => number): Process => {
  let alive = true;
  const after: Process['after'] = (delayMs, what, run) =>
    world.after(delayMs, `${name}: ${what}`, () => {
      if (alive) run();
    });
  return {
    name,
    alive: () => alive,
    kill: () => {
      alive = false;
    },
    after,
    env: {
      nowMs: () => world.nowMs() + skewMs(),
      random: random.next,
      uuid: () => `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`,
      setTimer: (delayMs, run) => after(delayMs, 'timer', run),
      log: worldLog(world, name, {}),
    },
  };
};
