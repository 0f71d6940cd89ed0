/** @module Certificates in use are looked at once a day: what has been issued anew is put to use, while the hub runs. */
import type { RuntimeEnv } from '../shared/lib/index.ts';

const dayMs = 86_400_000;

/**
 * A look that gives `take` what `issue` answers whenever that is not what it answered before; the first answer is what is in use already.
 * `issue` makes something new only when the old is near its end.
 */
export const whenRenewed = <T>(issue: () => Promise<T>, take: (issued: T) => unknown): (() => Promise<void>) => {
  let inUse: string | undefined;
  return async () => {
    const issued = await issue();
    const text = JSON.stringify(issued);
    if (inUse !== undefined && text !== inUse) await take(issued);
    inUse = text;
  };
};

/** Looks now and every day until it is stopped; a look that fails is logged, and the others go on. */
export const startRenewal = (env: RuntimeEnv, looks: readonly (() => Promise<unknown>)[]): (() => void) => {
  let cancel: () => void = () => undefined;
  const pass = (): void => {
    cancel = env.setTimer(dayMs, pass);
    for (const look of looks)
      look().catch((error: unknown) => env.log.error('a certificate could not be renewed; it is tried again in a day', { error }));
  };
  pass();
  return () => cancel();
};
