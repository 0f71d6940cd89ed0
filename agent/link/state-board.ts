/** @module Where the link stands, said once for each change. */
import type { RuntimeEnv } from '../../shared/lib/env.ts';
import { makeListeners } from '../../shared/wire/listeners.ts';
import type { LinkPhase, LinkState } from './port.ts';
import type { Trouble } from './trouble.ts';

/** A state in one line, as it is logged and printed. */
export const stateLine = ({ phase, trouble, message }: Pick<LinkState, 'phase' | 'trouble' | 'message'>): string =>
  `${phase}${trouble === undefined ? '' : ` (${trouble})`}: ${message}`;

/** The board. */
export interface StateBoard {
  state(): LinkState;
  /** `isToldElsewhere`: the log says nothing of it, since somebody else tells it, or what is behind it. */
  set(phase: LinkPhase, message: string, trouble?: Trouble['trouble'], isToldElsewhere?: boolean): void;
  onState(handler: (state: LinkState) => void): () => void;
}

/** A board that says Joining. */
export const makeStateBoard = (env: RuntimeEnv): StateBoard => {
  const listeners = makeListeners<LinkState>(env.log);
  let state: LinkState = { phase: 'Joining', message: 'starting', sinceMs: env.nowMs() };
  return {
    state: () => state,
    set: (phase, message, trouble, isToldElsewhere = false) => {
      const isSame = state.phase === phase && state.trouble === trouble;
      if (isSame && state.message === message) return;
      state = { phase, message, sinceMs: isSame ? state.sinceMs : env.nowMs(), ...(trouble === undefined ? {} : { trouble }) };
      if (!isToldElsewhere) env.log[trouble === undefined ? 'info' : 'warn'](stateLine(state));
      listeners.tell(state);
    },
    onState: listeners.add,
  };
};
