/** @module Small tools without a domain word. */
export { AssertionError, assert, present, unreachable } from './assert.ts';
export { type BackoffOptions, backoffMs } from './backoff.ts';
export { type Env, type Log, type LogFields, type RuntimeEnv, type SetTimer, silentLog } from './env.ts';
export { makePacedLog, type PacedLog, type PacedLogEnv } from './paced-log.ts';
export { hash32, type Prng, prng } from './prng.ts';
