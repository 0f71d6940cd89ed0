/** @module An observer's own view: silence, doubt about itself, and opinions. */
import { type Finding, hubName, type Opinion } from '../wire/mesh.ts';
import { forgetLosses } from './arrivals.ts';
import { ask, isAsking } from './asking.ts';
import { opinionOf } from './opinion.ts';
import { findingOf, isFlaky, isLooking } from './probing.ts';
import { ballotMsMax, beatEveryMs, tickEveryMs } from './profile.ts';
import type { Channel, Peer } from './state.ts';
import { channelsOf, hearsBroker, isSilent, profileOf, setAbstains, silentMsOf, suspectMsMin, suspectMsOf, type Turn } from './turn.ts';
import { judgeUnheard } from './unheard.ts';

/** A tick this much later than the last says that this process was away: a pause of more than a beat. */
const stallMs = beatEveryMs + 100;
/** Turns come at least so often where the processor is to be had. */
const turnMsMax = tickEveryMs + 10;
/** Losses above which a path that works is called gray, per mille; a burst of the mean length stays below. */
const grayPermille = 100;

/**
 * Notices that this process was away. Silence is measured in time awake: the pause is taken out of it, and for as long again (a few beats at
 * most) this observer does not speak of silence.
 */
export const noteStall = ({ state, nowMs }: Turn): void => {
  const awayMs = nowMs - state.lastTickMs;
  state.lastTickMs = nowMs;
  state.lateMs += Math.max(0, awayMs - turnMsMax);
  if (awayMs <= stallMs) return;
  const later = (ms: number | undefined): number | undefined => (ms === undefined ? undefined : Math.min(nowMs, ms + awayMs));
  for (const peer of state.peers.values()) {
    peer.heardMs = later(peer.heardMs);
    peer.channels.direct.lastMs = later(peer.channels.direct.lastMs);
    peer.channels.broker.lastMs = later(peer.channels.broker.lastMs);
    // What came while it was away for so long was not kept: that is no loss on the way.
    if (awayMs > ballotMsMax) for (const arrivals of channelsOf(peer)) forgetLosses(arrivals);
  }
  state.echoMs = later(state.echoMs);
  state.resumedMs = nowMs;
  state.stalledUntilMs = nowMs + Math.min(awayMs, profileOf(state).missedBeats * beatEveryMs);
  if (awayMs > ballotMsMax) state.behindUntilMs = state.stalledUntilMs;
};

/** Whether this observer should doubt itself before it doubts others (after Lifeguard, Dadgar et al. 2018). */
export const reconsider = (turn: Turn): void => {
  const { state, nowMs } = turn;
  let [known, quiet, open, silent] = [0, 0, 0, 0];
  // Asked at every turn: counted in one pass, without lists.
  for (const peer of state.peers.values()) {
    if (peer.heardMs === undefined) continue;
    const isQuiet = isSilent(state, peer, nowMs);
    known += 1;
    if (isQuiet) quiet += 1;
    const { name } = peer.member;
    const subject = state.subjects.get(name);
    // What all have agreed on is no reason to doubt oneself, also where something keeps it from coming into force; nor is what the hub does not
    // hear either, and has given up.
    const isKnown = subject?.standing !== undefined || subject?.hindered !== undefined || peer.member.isLost === true;
    if (!peer.isWatched || name === hubName || isKnown) continue;
    open += 1;
    if (isQuiet) silent += 1;
  }
  const isAlone = known > 0 && quiet === known && !hearsBroker(state, nowMs);
  if (nowMs < state.stalledUntilMs) setAbstains(turn, 'Stalled');
  else if (isAlone) setAbstains(turn, 'Isolated');
  else setAbstains(turn, silent >= 2 && silent * 3 > open ? 'LostMany' : undefined);
};

/** What one channel says: lost only when beats come another way, or came this way before. */
const channelFinding = (turn: Turn, peer: Peer, channel: Channel): Finding => {
  const arrivals = peer.channels[channel];
  if (channel === 'broker' && !hearsBroker(turn.state, turn.nowMs)) return 'none';
  if (arrivals.lastMs === undefined) return 'none';
  // A channel is given twice as long as the target: one burst on it is not worth a word.
  const agoMs = turn.nowMs - arrivals.lastMs;
  const isWell = (suspectMs: number): boolean => agoMs < 2 * suspectMs + 2_000;
  return isWell(suspectMsMin(turn.state)) || isWell(suspectMsOf(turn.state, peer)) ? 'ok' : 'lost';
};

/** Looks at one peer and forms the opinion; keeps the old one while questions are open. */
export const judgePeer = (turn: Turn, peer: Peer): void => {
  const { state, nowMs } = turn;
  const silentMs = silentMsOf(peer, nowMs);
  if (silentMs === undefined) {
    judgeUnheard(turn, peer);
    return;
  }
  const isHeard = !isSilent(state, peer, nowMs);
  if (!isHeard) {
    ask(turn, peer);
    if (isAsking(turn, peer) || isLooking(peer, nowMs - silentMs)) return;
  }
  const apiServer = findingOf(peer, 'APIServer', isHeard);
  // Whose API server answers is no black hole: its gateway is looked at as often as that of one that beats, and till then nothing new is said.
  const gateway = findingOf(peer, 'Gateway', isHeard || apiServer === 'ok');
  if (gateway === 'ok' && findingOf(peer, 'Gateway', isHeard) === 'lost') return;
  const evidence = {
    direct: isHeard ? channelFinding(turn, peer, 'direct') : lostIfKnown(peer, 'direct'),
    broker: isHeard ? channelFinding(turn, peer, 'broker') : lostIfKnown(peer, 'broker'),
    helpers: peer.helpers,
    gateway,
    apiServer,
  };
  const isGray = (peer.channels.direct.lostPermille ?? 0) > grayPermille || isFlaky(peer);
  const isHub = peer.member.name === hubName;
  peer.opinion = isHub ? hubOpinion(turn, isHeard) : opinionOf({ evidence, isHeard, self: peer.self, isGray });
  peer.evidence = evidence;
};

const lostIfKnown = (peer: Peer, channel: Channel): Finding => (peer.channels[channel].lastMs === undefined ? 'none' : 'lost');

/** The hub is heard over the broker alone: while that is away nothing can be said of it. */
const hubOpinion = ({ state, nowMs }: Turn, isHeard: boolean): Opinion | undefined =>
  !isHeard && hearsBroker(state, nowMs) ? 'Hub' : undefined;
