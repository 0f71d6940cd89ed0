/** @module Where the link stands, said once for each change. */
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { makeListeners } from '../../shared/wire/listeners.ts';
import type { LinkPhase, LinkState } from './port.ts';
import type { Trouble } from './trouble.ts';

/** The board. */
export interface StateBoard {
  state(): LinkState;
  set(phase: LinkPhase, message: string, trouble?: Trouble['trouble']): void;
  onState(handler: (state: LinkState) => void): () => void;
}

/** A board that says Joining. */
export const makeStateBoard = (env: RuntimeEnv): StateBoard => {
  const listeners = makeListeners<LinkState>(env.log);
  let state: LinkState = { phase: 'Joining', message: 'starting', sinceMs: env.nowMs() };
  return {
    state: () => state,
    set: (phase, message, trouble) => {
      const isSame = state.phase === phase && state.trouble === trouble;
      if (isSame && state.message === message) return;
      state = { phase, message, sinceMs: isSame ? state.sinceMs : env.nowMs(), ...(trouble === undefined ? {} : { trouble }) };
      env.log[trouble === undefined ? 'info' : 'warn'](message, { phase, trouble });
      listeners.tell(state);
    },
    onState: listeners.add,
  };
};
