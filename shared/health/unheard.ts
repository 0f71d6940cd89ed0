/** @module What an observer makes of one that it has not heard since it began: it may have died while nobody watched. */
import { type Evidence, hubName, type Opinion } from '../wire/mesh.ts';
import { ask, isAsking } from './asking.ts';
import { bearsLoad } from './limits.ts';
import { movesTraffic, opinionOf } from './opinion.ts';
import { findingOf, isDecided, reachOf } from './probing.ts';
import type { DetectorState, Peer } from './state.ts';
import { hearsBroker, isSilent, profileOf, type Turn } from './turn.ts';

/** Who has just begun gives the others so long to be heard. */
const unheardMs = 5_000;

const noBeats = { direct: 'none', broker: 'none' } as const;

type Findings = Pick<Evidence, 'gateway' | 'apiServer'>;

/** True when somebody is heard, and of the others all but one or two thirds: who hears few knows little of those that it does not hear. */
const hearsMost = (state: DetectorState, nowMs: number): boolean => {
  let [heard, open, missing] = [0, 0, 0];
  for (const peer of state.peers.values()) {
    const { member, heardMs } = peer;
    const isMissing = heardMs === undefined || isSilent(state, peer, nowMs);
    if (!isMissing) heard += 1;
    const subject = state.subjects.get(member.name);
    const isKnown = subject?.standing !== undefined || subject?.hindered !== undefined || member.isLost === true;
    // Who has never worked is not missed.
    if (!peer.isWatched || member.name === hubName || isKnown || (heardMs === undefined && !bearsLoad(member))) continue;
    open += 1;
    if (isMissing) missing += 1;
  }
  return heard > 0 && (missing < 2 || missing * 3 <= open);
};

/**
 * What its addresses say of it, where they answered once, this process or the one before it: that it is dead, and nothing less. Else a cluster that
 * dies while most observers are started anew would be found dead by nobody.
 */
const foundSince = (turn: Turn, peer: Peer, findings: Findings): Opinion | undefined => {
  const { state, nowMs } = turn;
  const waitMs = Math.max(unheardMs, profileOf(state).suspectMsMax);
  if (nowMs - Math.max(peer.knownMs, state.resumedMs) < waitMs || !isDecided(peer) || !hearsMost(state, nowMs)) return undefined;
  ask(turn, peer);
  if (isAsking(turn, peer)) return undefined;
  const opinion = opinionOf({
    evidence: { ...noBeats, helpers: peer.helpers, ...findings },
    isHeard: false,
    self: undefined,
    isGray: false,
  });
  return movesTraffic(opinion) ? opinion : undefined;
};

/**
 * Of one that was not heard since this process began nothing new is known: what stands against it is held on to, unless an address of it
 * answers. Else a restart of one observer after the other would let a death be forgotten.
 */
export const judgeUnheard = (turn: Turn, peer: Peer): void => {
  const { state, nowMs } = turn;
  const { name } = peer.member;
  const standing = state.subjects.get(name)?.standing;
  const isKept = standing?.phase === 'Standing' && (name !== hubName || hearsBroker(state, nowMs));
  const gateway = findingOf(peer, 'Gateway', false);
  const apiServer = findingOf(peer, 'APIServer', false);
  const findings = { gateway, apiServer };
  if (!isKept && name !== hubName) peer.opinion = foundSince(turn, peer, findings);
  else peer.opinion = !isKept || standing.cause === 'Isolated' ? undefined : sinceAnswered(peer, standing.cause, findings);
  peer.evidence = { ...noBeats, helpers: peer.helpers, ...findings };
};

/** What is left of an opinion when addresses answer, or cease to: an API server says nothing of a gateway that was lost, or has not been looked at often enough. */
const sinceAnswered = (peer: Peer, before: Opinion, { gateway, apiServer }: Pick<Evidence, 'gateway' | 'apiServer'>): Opinion => {
  if (gateway === 'ok') return 'Agent';
  if (reachOf(peer, false) === 'Undecided') return before;
  if (apiServer === 'ok') return gateway === 'lost' || before === 'DataPlane' ? 'DataPlane' : 'Agent';
  // What had answered, so that the cluster was said to run, does so no more.
  const isSilent = apiServer === 'lost' || (before === 'Agent' && gateway === 'lost');
  return isSilent && (before === 'Agent' || before === 'DataPlane') ? 'Cluster' : before;
};
