/** @module What a pure room is given of the world: clock, chance, timers, log. Built in `main.ts` files, virtual in the simulator. */

/** Clocks and chance; the only inputs of a decision besides its state and event. */
export type Env = {
  /** Milliseconds since the Unix epoch, for people and for what others wrote a time on. It may jump by hours: no duration is counted by it. */
  readonly nowMs: () => number;
  /** Milliseconds of a clock that never goes back, from some start of its own: what durations are counted by. It says nothing after a restart. */
  readonly monotonicMs: () => number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
};

/** Starts a one-shot timer; the answer cancels it. */
export type SetTimer = (delayMs: number, run: () => void) => () => void;

/** `Env` with what loops at the rim need too. */
export type RuntimeEnv = Env & {
  /** A random UUID (RFC 9562, version 4). */
  readonly uuid: () => string;
  readonly setTimer: SetTimer;
  readonly log: Log;
};

/** Structured values of a log line; keys are camelCase. */
export type LogFields = Readonly<Record<string, unknown>>;

/** A structured logger; `child` adds fields to each line. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  child(fields: LogFields): Log;
}

/** A logger that drops every line. */
export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => silentLog,
};
