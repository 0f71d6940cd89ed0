/** @module One incarnation of a hub or an agent: its clock, chance and timers end with it. What it awaits when it dies never comes. */
import type { Log, LogFields, RuntimeEnv } from '../../shared/lib/env.ts';
import type { Prng } from '../../shared/lib/prng.ts';
import type { World } from './world.ts';

/** A running process. */
export type Process = {
  readonly name: string;
  readonly alive: () => boolean;
  /** Its monotonic clock starts with the process and never jumps. */
  readonly env: RuntimeEnv;
  /** Ends it at once: no timer fires and no call returns any more. */
  readonly kill: () => void;
  /** Plans an event that is dropped when the process is dead by then. */
  readonly after: (delayMs: number, what: string, run: () => void) => () => void;
  /** Something reaches the process: it runs now, or when the process is awake again. */
  readonly hand: (what: string, run: () => void) => void;
  /** Stops it for a while, as SIGSTOP does; what was due meanwhile comes then, timers first or last. */
  readonly pause: (forMs: number, timersFirst: boolean) => void;
  /** Lets it run once every `sliceMs` only, for a while, as a starved machine does. */
  readonly starve: (forMs: number, sliceMs: number) => void;
  /** True while it gets the processor in slices only. */
  readonly isStarved: () => boolean;
  /** How long it waits for the processor when it is starved; 0 = it is not. */
  readonly lateMs: () => number;
  /** False while it is paused or starved. */
  readonly isAwake: () => boolean;
};

type Waiting = { readonly what: string; readonly run: () => void };

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

const timer = 'timer';

/** Starts a process. `skewMs` is added to its clock, now and as it changes. */
export const startProcess = (world: World, name: string, random: Prng, skewMs: () => number): Process => {
  const beganMs = world.nowMs() - random.below(3_600_000);
  const timerText = `${name}: ${timer}`;
  let alive = true;
  let isPaused = false;
  let slice: { readonly ms: number; readonly untilMs: number } | undefined;
  let waiting: Waiting[] = [];

  const lateMs = (): number => {
    const nowMs = world.nowMs();
    if (slice !== undefined && nowMs >= slice.untilMs) slice = undefined;
    return slice === undefined ? 0 : (slice.untilMs - nowMs) % slice.ms;
  };
  const hand: Process['hand'] = (what, run) => {
    if (!alive) return;
    if (isPaused) {
      waiting.push({ what, run });
      return;
    }
    // What waits for the processor keeps its order.
    const late = lateMs();
    if (late === 0) run();
    else world.after(late, what, () => (isPaused ? hand(what, run) : alive ? run() : undefined));
  };
  const after: Process['after'] = (delayMs, what, run) => {
    const text = what === timer ? timerText : `${name}: ${what}`;
    let isCancelled = false;
    const cancel = world.after(delayMs, text, () => hand(text, () => (isCancelled ? undefined : run())));
    return () => {
      isCancelled = true;
      cancel();
    };
  };
  return {
    name,
    alive: () => alive,
    lateMs,
    isStarved: () => slice !== undefined && world.nowMs() < slice.untilMs,
    isAwake: () => !isPaused && (slice === undefined || world.nowMs() >= slice.untilMs),
    kill: () => {
      alive = false;
      waiting = [];
    },
    after,
    hand,
    pause: (forMs, timersFirst) => {
      if (isPaused) return;
      isPaused = true;
      world.after(forMs, `${name} goes on`, () => {
        isPaused = false;
        const due = waiting;
        waiting = [];
        const isTimer = ({ what }: Waiting): boolean => what === timerText;
        const ordered = timersFirst
          ? [...due.filter(isTimer), ...due.filter((one) => !isTimer(one))]
          : [...due.filter((one) => !isTimer(one)), ...due.filter(isTimer)];
        for (const { what, run } of ordered) world.after(0, what, () => hand(what, run));
      });
    },
    starve: (forMs, sliceMs) => {
      slice = { ms: sliceMs, untilMs: world.nowMs() + Math.ceil(forMs / sliceMs) * sliceMs };
    },
    env: {
      nowMs: () => world.nowMs() + skewMs(),
      monotonicMs: () => world.nowMs() - beganMs,
      random: random.next,
      uuid: () => `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-8${hex(random, 3)}-${hex(random, 12)}`,
      setTimer: (delayMs, run) => after(delayMs, timer, run),
      log: worldLog(world, name, {}),
    },
  };
};
