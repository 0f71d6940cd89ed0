/** @module What a majority is for and something forbids: from when to when, and how often it is told. */
import { lessenMsOf } from './damping.ts';
import { movesTraffic } from './opinion.ts';
import type { Agreed, Subject } from './state.ts';
import type { Obstacle, Outcome } from './tally.ts';
import type { Turn } from './turn.ts';

/** What holds a verdict back for no longer, as while the first votes on a death are of one domain, is told to nobody; nor is a gap in it. */
const passingMs = 3_000;

/** Nothing holds a verdict back, any more. What is in force ends that at once, anything else when it has lasted. */
const endHindered = ({ out, nowMs }: Turn, subject: Subject): void => {
  const { hindered, standing, name: target } = subject;
  if (hindered?.isTold === true && !movesTraffic(standing?.cause) && nowMs - hindered.lastMs < passingMs) return;
  subject.hindered = undefined;
  if (hindered?.isTold === true) out.push({ type: 'obstacle', target, obstacle: undefined, agreed: undefined });
};

/** What was agreed to be the death of the cluster is not that of its gateway alone yet. */
const isDeadStill = ({ state, nowMs }: Turn, { penalty }: Subject, deadMs: number | undefined): boolean => {
  const policy = state.membership?.policy;
  return deadMs !== undefined && policy !== undefined && nowMs - deadMs < lessenMsOf(penalty, nowMs, policy);
};

/** Told when it has lasted, and again when it is another or forbids something else; that more are for that, or fewer, is no news. */
export const setHindered = (turn: Turn, subject: Subject, obstacle: Obstacle | undefined, agreed: Agreed | undefined): void => {
  const { out, nowMs } = turn;
  const { hindered: before, name: target } = subject;
  if (obstacle === undefined || agreed === undefined) {
    endHindered(turn, subject);
    return;
  }
  const deadMs = agreed.cause === 'Cluster' ? nowMs : before?.deadMs;
  const cause = before?.cause === 'Cluster' && isDeadStill(turn, subject, deadMs) ? 'Cluster' : agreed.cause;
  const beganMs = before?.beganMs ?? nowMs;
  // As with what comes into force a gateway that was silent before the cluster died is another trouble than that.
  const sinceMs = before?.cause === cause ? before.sinceMs : nowMs;
  const isTold = before?.isTold === true || nowMs - beganMs >= passingMs;
  const isNews = isTold && !(before?.isTold === true && before.obstacle === obstacle && before.cause === cause);
  subject.hindered = { obstacle, cause, beganMs, isTold, sinceMs, lastMs: nowMs, deadMs };
  if (isNews) out.push({ type: 'obstacle', target, obstacle, agreed: { ...agreed, cause, sinceMs } });
};

/** What the votes would have come to without the obstacle. */
export const forbiddenIn = ({ cause, voters, domains, needed, observers, forbidden }: Outcome): Agreed | undefined => {
  if (forbidden !== undefined) return { ...forbidden, needed, observers };
  return cause === undefined ? undefined : { cause, voters, domains, needed, observers };
};
