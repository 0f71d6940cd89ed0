/** @module While a seed runs, hidden inputs throw: the real clock, chance and timers would make two runs of a seed differ. */

const forbid = (name: string) => () => {
  throw new Error(`${name} was called during a simulation: what is simulated gets its clock, chance and timers handed in`);
};

/** A Date that can be made from a value but does not know the time. */
const dateWithoutClock = (real: DateConstructor): DateConstructor =>
  class extends real {
    constructor(...args: readonly number[]) {
      if (args.length === 0) forbid('new Date()')();
      super(...(args as [number]));
    }
    static override now = forbid('Date.now');
  } as unknown as DateConstructor;

/** Made once: code that was optimized for them in one run serves all others. */
const guarded = {
  Date: dateWithoutClock(globalThis.Date),
  setTimeout: forbid('setTimeout'),
  setInterval: forbid('setInterval'),
  setImmediate: forbid('setImmediate'),
  fetch: forbid('fetch'),
};
const guardedRandom = forbid('Math.random');
const guardedNow = forbid('performance.now');
const guardedUuid = forbid('crypto.randomUUID') as typeof globalThis.crypto.randomUUID;
const guardedValues = forbid('crypto.getRandomValues') as typeof globalThis.crypto.getRandomValues;

/** Replaces the globals; the answer puts them back. */
export const forbidHiddenInputs = (): (() => void) => {
  const saved = {
    Date: globalThis.Date,
    setTimeout: globalThis.setTimeout,
    setInterval: globalThis.setInterval,
    setImmediate: globalThis.setImmediate,
    fetch: globalThis.fetch,
  };
  const { random } = Math;
  const { randomUUID, getRandomValues } = globalThis.crypto;
  const { now } = performance;
  Object.assign(globalThis, guarded);
  Math.random = guardedRandom;
  performance.now = guardedNow;
  globalThis.crypto.randomUUID = guardedUuid;
  globalThis.crypto.getRandomValues = guardedValues;
  return () => {
    Object.assign(globalThis, saved);
    Math.random = random;
    performance.now = now;
    globalThis.crypto.randomUUID = randomUUID;
    globalThis.crypto.getRandomValues = getRandomValues;
  };
};
