/** @module The agent's log: JSON lines on standard output, by pino. */
import { type Logger, pino } from 'pino';
import type { Log } from '../shared/lib/index.ts';

/** A log of this level and above (`debug`, `info`, `warn`, `error`). */
export const createLog = (level: string): Log => wrap(pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }));

const wrap = (logger: Logger): Log => ({
  debug: (message, fields) => logger.debug(fields ?? {}, message),
  info: (message, fields) => logger.info(fields ?? {}, message),
  warn: (message, fields) => logger.warn(fields ?? {}, message),
  error: (message, fields) => logger.error(fields ?? {}, message),
  child: (fields) => wrap(logger.child(fields)),
});
