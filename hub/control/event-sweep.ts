/** @module Deletes old events again and again. */
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import type { EventRecorder } from './events.ts';

const sweepEveryMs = 300_000;

/** Starts; the answer ends it. */
export const startEventSweep = (events: Pick<EventRecorder, 'sweep'>, env: Pick<RuntimeEnv, 'setTimer' | 'log'>): (() => void) => {
  let cancel: () => void = () => undefined;
  const schedule = (): void => {
    cancel = env.setTimer(sweepEveryMs, () => {
      events.sweep().catch((error: unknown) => env.log.warn('old events could not be deleted', { error }));
      schedule();
    });
  };
  schedule();
  return () => cancel();
};
