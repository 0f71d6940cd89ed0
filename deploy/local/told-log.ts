/** @module A log whose lines are also progress that somebody waits for. */
import type { Log } from '../../shared/lib/index.ts';

/** Tells what `log` is told from `info` on to `tell`, too. */
export const toldLog = (log: Log, tell: (line: string) => void): Log => {
  const both =
    (level: 'info' | 'warn' | 'error'): Log['info'] =>
    (message, fields) => {
      log[level](message, fields);
      tell(message);
    };
  return {
    debug: log.debug,
    info: both('info'),
    warn: both('warn'),
    error: both('error'),
    child: (fields) => toldLog(log.child(fields), tell),
  };
};
