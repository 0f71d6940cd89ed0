/** @module The world as it is for tests of loops, which wait for nothing long and say nothing. */
import { type RuntimeEnv, silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';

/** Real clocks and chance; no timer takes longer than this. */
export const hastyEnv = (timerMsMax: number): RuntimeEnv => {
  const env = nodeEnv(silentLog);
  return { ...env, setTimer: (delayMs, run) => env.setTimer(Math.min(delayMs, timerMsMax), run) };
};
