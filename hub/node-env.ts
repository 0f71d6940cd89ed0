/** @module The real clock, chance, timers and log of a Node process. */
import { randomUUID } from 'node:crypto';
import pino from 'pino';
import type { Log, LogFields, RuntimeEnv } from '../shared/lib/index.ts';

/** How much a log says. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent';

const wrap = (logger: pino.Logger): Log => {
  const write =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields?: LogFields): void =>
      logger[level](fields ?? {}, message);
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(logger.child(fields)),
  };
};

/** A logger of JSON lines; `file` absent = standard error. */
export const nodeLog = (level: LogLevel, file?: string): Log =>
  wrap(
    pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination({ dest: file ?? 2, mkdir: true, sync: true })),
  );

/** The world as `main.ts` files hand it to everything else. */
export const nodeEnv = (log: Log): RuntimeEnv => ({
  nowMs: Date.now,
  random: Math.random,
  uuid: randomUUID,
  setTimer: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
  log,
});
