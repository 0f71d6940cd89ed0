/** @module Reads Services and slices again when more of them became of interest than was kept. */
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { Reading } from './reading.ts';
import type { SourceName } from './sources.ts';

/** The widening. */
export type Widening = {
  /** More is of interest. */
  readonly start: () => void;
  /** Nothing is waited for that may be read. */
  readonly isOver: () => boolean;
  readonly stop: () => void;
};

/** Restarts are gathered for so long. */
const widenMs = 200;
/** What is kept of services that are of interest alone. */
const widened = ['services', 'endpointslices'] as const;

/** `onOver`: all that was of interest has been read. */
export const createWidening = (options: {
  readonly env: Pick<RuntimeEnv, 'setTimer'>;
  readonly reading: Pick<Reading, 'again' | 'isForbidden'>;
  readonly onOver: () => void;
}): Widening => {
  const { env, reading, onOver } = options;
  /** What was not read again yet. */
  const narrow = new Set<SourceName>();
  let cancel = (): void => undefined;
  let isStopped = false;

  const onRead = (name: SourceName): void => {
    narrow.delete(name);
    if (narrow.size === 0) onOver();
  };
  const readAgain = (): void => {
    for (const name of widened) if (!reading.again(name, () => onRead(name))) narrow.delete(name);
  };
  return {
    start: () => {
      cancel();
      if (isStopped) return;
      for (const name of widened) narrow.add(name);
      cancel = env.setTimer(widenMs, readAgain);
    },
    isOver: () => [...narrow].every(reading.isForbidden),
    stop: () => {
      isStopped = true;
      cancel();
    },
  };
};
