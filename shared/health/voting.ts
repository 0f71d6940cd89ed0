/** @module An observer's own view: silence, questions to others, opinions, and the ballot that tells them. */
import { hash32 } from '../lib/prng.ts';
import { type Abstention, brokerName, type Finding, hubName, type MeshVote, type Opinion, votesMax } from '../wire/mesh.ts';
import { heldBy } from './limits.ts';
import { movesTraffic, opinionOf } from './opinion.ts';
import { findingOf, isFlaky, isLooking } from './probing.ts';
import { ballotMsMax, beatEveryMs, tickEveryMs } from './profile.ts';
import type { Channel, Peer } from './state.ts';
import { headOf, hearsBroker, isSilent, profileOf, send, setAbstains, silentMsOf, suspectMsMin, suspectMsOf, type Turn } from './turn.ts';

/** Others that are asked about a silent target. */
const helpersMax = 3;
const roundEveryMs = 1_000;
const ballotEveryMs = 500;
const emptyBallotEveryMs = 2_000;
/** A tick this much later than the last says that this process was away: a pause of more than a beat. */
const stallMs = beatEveryMs + 100;
/** Turns come at least so often where the processor is to be had. */
const turnMsMax = tickEveryMs + 10;
/** Losses above which a path that works is called gray, per mille; a burst of the mean length stays below. */
const grayPermille = 100;
/** A vote that came to nothing gives its place under the limit back after this. */
const idleVoteMs = 5_000;

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
    // What all have agreed on is no reason to doubt oneself.
    if (!peer.isWatched || name === hubName || state.subjects.get(name)?.standing !== undefined) continue;
    open += 1;
    if (isQuiet) silent += 1;
  }
  const isAlone = known > 0 && quiet === known && !hearsBroker(state, nowMs);
  if (nowMs < state.stalledUntilMs) setAbstains(turn, 'Stalled');
  else if (isAlone) setAbstains(turn, 'Isolated');
  else setAbstains(turn, silent >= 2 && silent * 3 > open ? 'LostMany' : undefined);
};

/** Those to ask about a target: they watch it, they are heard, their failure domains differ as far as possible. */
const helpersFor = ({ state, nowMs }: Turn, target: string): string[] => {
  const domains = new Set<string>();
  const able = (state.observers.get(target) ?? [])
    .filter(({ name }) => {
      const peer = state.peers.get(name);
      // Of those that this observer does not watch nothing is known; they are asked all the same.
      return peer !== undefined && (!peer.isWatched || (peer.heardMs !== undefined && nowMs - peer.heardMs < 3 * beatEveryMs));
    })
    .map(({ name, domain }) => ({ name, domain, rank: hash32(`${state.name}/${target}/${name}`) }))
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  const first = able.filter(({ domain }) => !domains.has(domain) && domains.add(domain) !== undefined);
  return [...first, ...able.filter((entry) => !first.includes(entry))].slice(0, helpersMax).map(({ name }) => name);
};

const startRound = (turn: Turn, peer: Peer): void => {
  const { state, nowMs } = turn;
  const { name } = peer.member;
  const nonce = ++state.nonce;
  const helpers = helpersFor(turn, name);
  peer.round = {
    nonce,
    startedMs: nowMs,
    deadlineMs: nowMs + profileOf(state).askMs,
    waiting: new Set(helpers),
    answered: 0,
    isHeard: false,
  };
  for (const to of [...helpers, name]) send(turn, [to], { ...headOf(turn, ++state.otherSeq), kind: 'ask', to, about: name, nonce });
};

/** Keeps asking while the target is silent. */
const ask = (turn: Turn, peer: Peer): void => {
  const { round } = peer;
  const { nowMs } = turn;
  if (round === undefined) {
    startRound(turn, peer);
    return;
  }
  const isOver = round.waiting.size === 0 || nowMs >= round.deadlineMs || round.isHeard;
  if (isOver) peer.helpers = round.isHeard ? 'ok' : round.answered > 0 ? 'lost' : peer.helpers === 'ok' ? 'none' : peer.helpers;
  if (isOver && nowMs - round.startedMs >= roundEveryMs) startRound(turn, peer);
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
  if (silentMs === undefined) return;
  const isHeard = !isSilent(state, peer, nowMs);
  if (!isHeard) {
    ask(turn, peer);
    const isOpen = peer.round?.isHeard === false && peer.round.waiting.size > 0 && nowMs < peer.round.deadlineMs;
    if ((isOpen && peer.helpers === 'none') || isLooking(peer, nowMs - silentMs)) return;
  }
  const evidence = {
    direct: isHeard ? channelFinding(turn, peer, 'direct') : lostIfKnown(peer, 'direct'),
    broker: isHeard ? channelFinding(turn, peer, 'broker') : lostIfKnown(peer, 'broker'),
    helpers: peer.helpers,
    gateway: findingOf(peer, 'Gateway', isHeard),
    apiServer: findingOf(peer, 'APIServer', isHeard),
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

const brokerVote = (turn: Turn): MeshVote[] => {
  const { state, nowMs } = turn;
  if (state.echoMs === undefined || hearsBroker(state, nowMs)) return [];
  const isDirectWell = state.peers.values().some((peer) => peer.heardMs !== undefined && !isSilent(state, peer, nowMs));
  if (!isDirectWell) return [];
  const evidence = { direct: 'ok', broker: 'lost', helpers: 'none', gateway: 'none', apiServer: 'none' } as const;
  return [{ target: brokerName, opinion: 'Broker', silentMs: Math.floor(nowMs - state.echoMs), evidence }];
};

/** All votes now. One that would move traffic is held back where a limit says so; one that is given counts against the limit. */
const votesNow = (turn: Turn): MeshVote[] => {
  const { state, nowMs } = turn;
  const policy = state.membership?.policy;
  const members = state.membership?.members ?? [];
  if (policy === undefined) return [];
  if (state.abstains !== undefined) return brokerVote(turn);
  const votes: MeshVote[] = [];
  for (const peer of state.peers.values()) {
    const { opinion, evidence, member } = peer;
    if (!peer.isWatched || opinion === undefined || evidence === undefined) continue;
    const silentMs = Math.floor(silentMsOf(peer, nowMs) ?? 0);
    const vote = { target: member.name, opinion, silentMs, evidence };
    const held = movesTraffic(opinion) ? heldBy(member.name, { members, removals: state.removals, policy, nowMs }) : undefined;
    votes.push(held === undefined ? vote : { ...vote, held });
    if (movesTraffic(opinion) && held === undefined && !state.removals.some(({ name, isOut }) => name === member.name && isOut))
      state.removals.push({ name: member.name, atMs: nowMs, isOut: true });
  }
  votes.unshift(...brokerVote(turn));
  if (votes.length < 2) return votes;
  const rank = ({ opinion }: MeshVote): number => (movesTraffic(opinion) ? 0 : 1);
  return votes.sort((a, b) => rank(a) - rank(b) || (a.target < b.target ? -1 : 1)).slice(0, votesMax);
};

/** Places under the limit that were taken by votes which came to nothing are given back. */
const releaseIdle = ({ state, nowMs }: Turn, votes: readonly MeshVote[]): void => {
  if (state.removals.length === 0) return;
  state.removals = state.removals.filter(({ name, atMs, isOut }) => {
    const isVoted = votes.some(({ target, opinion, held }) => target === name && movesTraffic(opinion) && held === undefined);
    const wasAgreed = movesTraffic(state.subjects.get(name)?.standing?.cause);
    return !isOut || isVoted || wasAgreed || nowMs - atMs < idleVoteMs;
  });
};

/** What a ballot says, as far as a change of it is news. */
const ballotTextOf = (abstains: Abstention | undefined, votes: readonly MeshVote[]): string =>
  votes.reduce((text, { target, opinion, held = '' }) => `${text} ${target},${opinion},${held}`, abstains ?? 'speaks');

/** Tells the others at once when something changed, else now and then. */
export const vote = (turn: Turn): boolean => {
  const { state, nowMs } = turn;
  const votes = votesNow(turn);
  releaseIdle(turn, votes);
  const text = ballotTextOf(state.abstains, votes);
  const isNews = text !== state.ballotText;
  state.votes = votes;
  if (!isNews && nowMs < state.nextBallotMs) return false;
  state.ballotText = text;
  state.nextBallotMs = nowMs + (votes.length === 0 ? emptyBallotEveryMs : ballotEveryMs);
  const { abstains, epoch } = state;
  send(turn, 'all', { ...headOf(turn, ++state.ballotSeq), kind: 'ballot', epoch, ...(abstains === undefined ? {} : { abstains }), votes });
  return isNews;
};
