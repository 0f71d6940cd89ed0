/** @module From votes to verdicts, and back: what stands, what is held down, what is over. Every agent does this for itself. */
import { type Abstention, brokerName, type MeshVote, type Opinion } from '../wire/mesh.ts';
import { holdDownMsOf, lessenMsOf, punished } from './damping.ts';
import { electorateOf } from './electorate.ts';
import { forbiddenIn, setHindered } from './hindered.ts';
import { beginHoldDown, heldOn } from './hold-down.ts';
import { heldBy } from './limits.ts';
import { movesTraffic } from './opinion.ts';
import { placesTaken } from './places.ts';
import { noteDeath } from './shadow.ts';
import { newSubject, type Subject, type Verdict } from './state.ts';
import { type Ballot, type Outcome, tally } from './tally.ts';
import { channelsOf, type Turn, validBallots } from './turn.ts';

/** A cause that moves nothing is told when it has been the same for this long. */
const settleMs = 1_000;

/** The newest valid ballot of everyone, the own one included, as far as it concerns the target. */
const ballotsOn = ({ state, nowMs }: Turn, target: string): Ballot[] => {
  const ballots: Ballot[] = [];
  const add = (voter: string, abstains: Abstention | undefined, votes: readonly MeshVote[], well: readonly string[]): void => {
    const vote = votes.find((one) => one.target === target);
    const isWell = vote === undefined && well.includes(target);
    ballots.push({ voter, abstains: abstains !== undefined && target !== brokerName, vote, isWell });
  };
  add(state.name, state.abstains, state.votes, state.well);
  for (const [voter, { abstains, votes, well = [] }] of validBallots(state, nowMs)) add(voter, abstains, votes, well);
  return ballots;
};

const tell = (turn: Turn, verdict: Verdict): void => {
  turn.out.push({ type: 'verdict', verdict });
};

/** Puts a verdict in force. */
const stand = (turn: Turn, subject: Subject, cause: Opinion, { voters, domains, needed, observers }: Outcome): void => {
  const { state, nowMs } = turn;
  const { standing } = subject;
  const moves = movesTraffic(cause);
  const isNewDeath = moves && (!movesTraffic(standing?.cause) || standing?.phase === 'Returning');
  const policy = state.membership?.policy;
  const isRelapse = !isNewDeath && subject.isLessened && cause === 'Cluster';
  if (policy !== undefined && (isNewDeath || isRelapse)) subject.penalty = punished(subject.penalty, nowMs, policy);
  subject.isLessened = !isNewDeath && (subject.isLessened || (cause === 'DataPlane' && standing?.cause === 'Cluster'));
  if (isNewDeath) {
    state.epoch += 1;
    state.removals = [
      ...state.removals.filter(({ name, isOut }) => name !== subject.name || !isOut),
      { name: subject.name, atMs: nowMs, isOut: true },
    ];
    const peer = state.peers.get(subject.name);
    if (peer !== undefined && cause === 'Cluster') noteDeath(peer.shadows, channelsOf(peer));
  }
  // A gateway that was silent before the cluster died is another trouble than that, and what waits for the death counts from the death; from this
  // one, where an earlier one was all but over.
  const isSameTrouble = standing !== undefined && (moves ? standing.cause === cause && !isNewDeath : !movesTraffic(standing.cause));
  const sinceMs = isSameTrouble ? standing.sinceMs : nowMs;
  const verdict = {
    target: subject.name,
    cause,
    phase: 'Standing' as const,
    sinceMs,
    epoch: state.epoch,
    voters,
    domains,
    needed,
    observers,
  };
  subject.standing = { ...verdict, hold: undefined };
  subject.waiting = undefined;
  tell(turn, verdict);
};

const clear = (turn: Turn, subject: Subject): void => {
  const { standing } = subject;
  if (standing === undefined) return;
  const { hold: _, ...verdict } = standing;
  subject.standing = undefined;
  subject.waiting = undefined;
  subject.isLessened = false;
  turn.state.removals = turn.state.removals.map((removal) => (removal.name === subject.name ? { ...removal, isOut: false } : removal));
  tell(turn, { ...verdict, phase: 'Cleared' });
};

/** A verdict that moved something ends only when a majority has seen the cluster well for the whole hold-down. */
const holdDown = (turn: Turn, subject: Subject, outcome: Outcome): void => {
  const { state, nowMs } = turn;
  const { standing } = subject;
  const policy = state.membership?.policy;
  if (standing === undefined || policy === undefined) return;
  subject.waiting = undefined;
  const holdDownMs = holdDownMsOf(subject.penalty, nowMs, policy);
  if (standing.hold === undefined) {
    if (!outcome.isCleared) return;
    const { hold: _, ...verdict } = standing;
    subject.standing = { ...verdict, phase: 'Returning', hold: beginHoldDown(nowMs, holdDownMs) };
    tell(turn, { ...verdict, phase: 'Returning', holdDownMs });
    return;
  }
  const { hold, isOver, isNews } = heldOn(standing.hold, outcome, nowMs, holdDownMs);
  subject.standing = { ...standing, hold };
  if (isOver) clear(turn, subject);
  else if (isNews)
    turn.out.push({ type: 'held', target: subject.name, leftMs: hold.toldMs === undefined ? undefined : hold.toldMs - nowMs });
};

/**
 * A verdict that moves nothing ends when all who were for it and are still heard see the target well, or a majority does: that no majority is
 * left for it is no news of the target.
 */
const isOver = ({ voters }: Pick<Verdict, 'voters'>, ballots: readonly Ballot[], { isWell }: Outcome): boolean => {
  const left = ballots.filter(({ voter }) => voters.includes(voter));
  return isWell || (left.length > 0 && left.every((ballot) => ballot.isWell));
};

/** A cause that moves nothing, or none, once it has settled. */
const settle = (turn: Turn, subject: Subject, cause: Opinion | undefined, outcome: Outcome, ballots: readonly Ballot[]): void => {
  const { nowMs } = turn;
  const { standing } = subject;
  if (cause === standing?.cause || (cause === undefined && standing !== undefined && !isOver(standing, ballots, outcome))) {
    subject.waiting = undefined;
    return;
  }
  if (subject.waiting === undefined || subject.waiting.cause !== cause) subject.waiting = { cause, sinceMs: nowMs };
  else if (nowMs - subject.waiting.sinceMs < settleMs) return;
  else if (cause === undefined) clear(turn, subject);
  else stand(turn, subject, cause, outcome);
};

/** A cluster's death becomes that of its gateway alone once it has been no more than that for long enough; the reverse is so at once. */
const isTooSoon = ({ state, nowMs }: Turn, subject: Subject, cause: Opinion): boolean => {
  const { standing, waiting, penalty } = subject;
  const policy = state.membership?.policy;
  const isLess = cause === 'DataPlane' && standing?.cause === 'Cluster' && standing.phase === 'Standing';
  const sinceMs = waiting?.cause === cause ? waiting.sinceMs : nowMs;
  subject.waiting = isLess ? { cause, sinceMs } : undefined;
  return isLess && policy !== undefined && nowMs - sinceMs < lessenMsOf(penalty, nowMs, policy);
};

/** True when nobody holds anything against the subject and nothing of it stands, waits or is held back: so it is nearly always. */
const isCalm = ({ state }: Turn, { name, standing, waiting, hindered }: Subject): boolean => {
  if (standing !== undefined || waiting !== undefined || hindered !== undefined) return false;
  for (const { target } of state.votes) if (target === name) return false;
  for (const { ballot } of state.ballots.values()) for (const { target } of ballot.votes) if (target === name) return false;
  return true;
};

/** Counts the votes on one subject and carries out what they come to. */
export const judgeSubject = (turn: Turn, name: string): void => {
  const { state, nowMs } = turn;
  const membership = state.membership;
  if (membership === undefined) return;
  const subject = state.subjects.get(name) ?? newSubject(name);
  state.subjects.set(name, subject);
  if (isCalm(turn, subject)) return;
  const ballots = ballotsOn(turn, name);
  const outcome = tally(electorateOf(state, name), ballots, membership.policy.domainsMin);
  const isMoved = movesTraffic(subject.standing?.cause);
  const held =
    movesTraffic(outcome.cause) && !isMoved
      ? heldBy(name, { members: membership.members, removals: placesTaken(state, nowMs), policy: membership.policy, nowMs })
      : undefined;
  const forbidden = forbiddenIn(outcome);
  // What is in force is not held, though fewer are for it now, or the policy has changed since. The death of a cluster is more than its gateway's.
  const isInForce = isMoved && (subject.standing?.cause === 'Cluster' || forbidden?.cause !== 'Cluster');
  const obstacle = isInForce ? undefined : (held ?? outcome.obstacle);
  setHindered(turn, subject, obstacle, obstacle === undefined ? undefined : forbidden);
  const cause = held === undefined ? outcome.cause : undefined;
  if (cause !== undefined && movesTraffic(cause)) {
    const { standing } = subject;
    // What waited while this process was away may be votes on what is long over: newer ones come behind them.
    const isBehind = nowMs < state.behindUntilMs;
    const isSoon = isTooSoon(turn, subject, cause);
    if ((standing?.cause !== cause || standing.phase === 'Returning') && !isBehind && !isSoon) stand(turn, subject, cause, outcome);
  } else if (isMoved) holdDown(turn, subject, outcome);
  else settle(turn, subject, cause, outcome, ballots);
};

/**
 * What the agent says of itself: cut off when it hears nobody, and then it must not take over anything; else what the others have agreed on
 * about it, so that it can stop serving what it must not serve any more.
 */
export const judgeSelf = (turn: Turn): void => {
  const { state, nowMs } = turn;
  const subject = state.subjects.get(state.name) ?? newSubject(state.name);
  state.subjects.set(state.name, subject);
  const wasIsolated = subject.standing?.cause === 'Isolated';
  if (state.abstains !== 'Isolated') {
    if (wasIsolated) clear(turn, subject);
    judgeSubject(turn, state.name);
  } else if (!wasIsolated) {
    const alone = { voters: [state.name], domains: 1, needed: 1, observers: 1 };
    const verdict = {
      target: state.name,
      cause: 'Isolated' as const,
      phase: 'Standing' as const,
      sinceMs: nowMs,
      epoch: state.epoch,
      ...alone,
    };
    subject.standing = { ...verdict, hold: undefined };
    tell(turn, verdict);
  }
};
