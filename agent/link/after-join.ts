/** @module What an answer to a join request means for the link: a decision without effects. */
import type { JoinAnswer } from '../../shared/wire/messages.ts';
import type { Admitted } from './key-store.ts';
import type { LinkPhase } from './port.ts';
import { refusalTrouble, type Trouble } from './trouble.ts';

/** The next step: a credential to use, or a state to show; and how long to wait. */
export type JoinStep =
  | { readonly admitted: Admitted; readonly waitMs: 0 }
  | {
      readonly admitted?: undefined;
      readonly phase: LinkPhase;
      readonly waitMs: number;
      readonly message: string;
      readonly trouble: Trouble['trouble'];
    };

/** `backoffMs` is the wait when nobody says another; `hasCredential`: the old one still holds, so the link is merely disconnected. */
export const afterJoin = (answer: JoinAnswer | Trouble, backoffMs: number, hasCredential: boolean): JoinStep => {
  if ('trouble' in answer) return { phase: hasCredential ? 'Disconnected' : 'Joining', ...answer, waitMs: backoffMs };
  if (answer.state === 'Pending') return { phase: 'Pending', trouble: 'NotApproved', message: answer.message, waitMs: answer.retryAfterMs };
  if (answer.state === 'Refused') {
    return { phase: 'Refused', ...refusalTrouble(answer.reason, answer.message), waitMs: Math.max(backoffMs, answer.retryAfterMs ?? 0) };
  }
  const { v: _, state: __, ...admitted } = answer;
  return { admitted, waitMs: 0 };
};
