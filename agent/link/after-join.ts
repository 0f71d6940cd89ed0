/** @module What an answer to a join request means for the link: a decision without effects. */
import type { JoinAnswer, JoinRefusal } from '../../shared/wire/messages.ts';
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
      /** Asking again cannot help: somebody must mend it first. */
      readonly isFinal: boolean;
    };

/** Refusals that stay what they are until a person does something about them, if the agent was never let in before. */
const finalAtFirst: ReadonlySet<string> = new Set([
  'TokenUnknown',
  'TokenExpired',
  'TokenUsedUp',
  'NameTaken',
  'KeyTaken',
  'ClusterTaken',
  'NameInvalid',
  'Malformed',
] satisfies JoinRefusal[]);

/** What is known of the link when an answer comes. */
export type JoinKnown = {
  /** The wait when nobody says another. */
  readonly backoffMs: number;
  /** The old credential still holds, so the link is merely disconnected. */
  readonly hasCredential: boolean;
  /** The hub has let this key in once: what it refuses now may be a fault of the moment, such as a journal restored from a backup. */
  readonly wasAdmitted: boolean;
};

/** The step after an answer. */
export const afterJoin = (answer: JoinAnswer | Trouble, { backoffMs, hasCredential, wasAdmitted }: JoinKnown): JoinStep => {
  if ('trouble' in answer) {
    // Whom a wrong CA kept out from the beginning it keeps out for ever; later it may be a hub that is being restored.
    const isFinal = !wasAdmitted && answer.trouble === 'WrongCA';
    const { trouble, message } = answer;
    return { phase: hasCredential ? 'Disconnected' : 'Joining', trouble, message, waitMs: backoffMs, isFinal };
  }
  if (answer.state === 'Pending')
    return { phase: 'Pending', trouble: 'NotApproved', message: answer.message, waitMs: answer.retryAfterMs, isFinal: false };
  if (answer.state === 'Refused') {
    return {
      phase: 'Refused',
      ...refusalTrouble(answer.reason, answer.message),
      waitMs: Math.max(backoffMs, answer.retryAfterMs ?? 0),
      // A revoked key never comes back; anything else is final only for who was never in.
      isFinal: answer.reason === 'Revoked' || (!wasAdmitted && finalAtFirst.has(answer.reason)),
    };
  }
  const { v: _, state: __, ...admitted } = answer;
  return { admitted, waitMs: 0 };
};

/**
 * Refusals that a new key meets only where the hub has taken it over for a Cluster. ClusterTaken is none: that the hub knows the key was said by
 * an answer before it.
 */
const ofKnownKeys: ReadonlySet<string> = new Set(['Denied', 'Revoked'] satisfies JoinRefusal[]);

/** Whether the hub may know a key after this answer that it did not know before: then the key must be kept. */
export const mayKnowKey = (answer: JoinAnswer | Trouble): boolean => {
  if ('trouble' in answer) return answer.isUnsent !== true;
  return answer.state !== 'Refused' || ofKnownKeys.has(answer.reason);
};
