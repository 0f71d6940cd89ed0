/** @module Tells many agents one large packet each without piling all of them up in the memory of hub and broker. */
import type { RuntimeEnv } from '../../../shared/lib/index.ts';

/** What is told to whom. */
export type PacerOptions = {
  readonly env: Pick<RuntimeEnv, 'setTimer'>;
  /** Bytes of one packet. */
  readonly sizeOf: () => number;
  readonly give: (name: string) => void;
};

/** Tells names in turn; a name that waits already waits once. */
export type Pacer = { readonly add: (name: string) => void; readonly stop: () => void };

/** Bytes told at once, and the pause before the next: at most 20 MB a second. One packet always goes. */
export const bytesAtOnceMax = 2_000_000;
/** See {@link bytesAtOnceMax}. */
export const pauseMs = 100;

/** Starts a pacer; the first names are told at once. */
export const startPacer = ({ env, sizeOf, give }: PacerOptions): Pacer => {
  const waiting = new Set<string>();
  let cancel: (() => void) | undefined;
  const turn = (): void => {
    cancel = undefined;
    let told = 0;
    for (const name of waiting) {
      if (told > 0 && told + sizeOf() > bytesAtOnceMax) break;
      waiting.delete(name);
      told += sizeOf();
      give(name);
    }
    if (told > 0) cancel = env.setTimer(pauseMs, turn);
  };
  return {
    add: (name) => {
      waiting.add(name);
      if (cancel === undefined) turn();
    },
    stop: () => {
      cancel?.();
      waiting.clear();
    },
  };
};
