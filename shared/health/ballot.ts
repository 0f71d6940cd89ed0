/** @module The ballot: all that this voter holds against anybody now, and whom of those in doubt it sees well. */
import { brokerName, type MeshVote, namesMaxOf, votesMax } from '../wire/mesh.ts';
import { heldBy } from './limits.ts';
import { openSubjects } from './open-subjects.ts';
import { movesTraffic } from './opinion.ts';
import { placesTaken, releaseIdle } from './places.ts';
import { reachOf } from './probing.ts';
import type { DetectorState } from './state.ts';
import { headOf, hearsBroker, isSilent, send, silentMsOf, type Turn, validBallots } from './turn.ts';

const ballotEveryMs = 500;
const emptyBallotEveryMs = 2_000;

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
    const silentMs = Math.floor(silentMsOf(peer, nowMs) ?? nowMs - state.beginMs);
    const vote = { target: member.name, opinion, silentMs, evidence };
    const held = movesTraffic(opinion) ? heldBy(member.name, { members, removals: placesTaken(state, nowMs), policy, nowMs }) : undefined;
    votes.push(held === undefined ? vote : { ...vote, held });
    if (movesTraffic(opinion) && held === undefined && !state.removals.some(({ name, isOut }) => name === member.name && isOut))
      state.removals = [...state.removals, { name: member.name, atMs: nowMs, isOut: true }];
  }
  votes.unshift(...brokerVote(turn));
  if (votes.length < 2) return votes;
  // What is in force stays so without this voter too: a death that is new must not find the ballot full.
  const rank = ({ target, opinion }: MeshVote): number =>
    movesTraffic(opinion) ? (movesTraffic(state.subjects.get(target)?.standing?.cause) ? 1 : 0) : 2;
  return votes.sort((a, b) => rank(a) - rank(b) || (a.target < b.target ? -1 : 1)).slice(0, votesMax);
};

/** Those whose verdict moves something come first, and no more than there is room for. */
const ranked = ({ state }: Turn, names: Iterable<string>, most: number): readonly string[] => {
  const rank = (name: string): number => (movesTraffic(state.subjects.get(name)?.standing?.cause) ? 0 : 1);
  return [...names].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1)).slice(0, most);
};

/** Those whose verdict stands here, and against whom this voter itself holds nothing. */
const openNow = ({ state }: Turn): readonly string[] =>
  [...state.subjects.values()].flatMap(({ name, standing }) =>
    standing === undefined || standing.cause === 'Isolated' || state.votes.some(({ target }) => target === name) ? [] : [name],
  );

/** Of those that somebody doubts, whom this voter has heard and, having looked as well, holds nothing against. */
const wellNow = ({ state, nowMs }: Turn): readonly string[] => {
  const asked = new Set(openSubjects(state));
  // Another knows a gateway that does not answer any more: who never had an answer of it, as after a start with an empty disk, cannot deny that.
  const missesGateway = new Set<string>();
  for (const [, { open = [], votes }] of validBallots(state, nowMs)) {
    for (const name of open) asked.add(name);
    for (const { target, opinion } of votes) if (opinion === 'DataPlane') missesGateway.add(target);
  }
  return [...asked].filter((name) => {
    if (name === brokerName) return hearsBroker(state, nowMs);
    const peer = state.peers.get(name);
    if (peer?.isWatched !== true || peer.heardMs === undefined || state.abstains !== undefined) return false;
    if (peer.opinion !== undefined || isSilent(state, peer, nowMs)) return false;
    const reach = reachOf(peer, true);
    return reach !== 'Undecided' && (reach !== 'Unknown' || !missesGateway.has(name));
  });
};

/** Names both lists for a ballot. */
const nameOthers = (turn: Turn): void => {
  const { state } = turn;
  const most = namesMaxOf(state.votes.length);
  state.open = ranked(turn, openNow(turn), Math.floor(most / 2));
  state.well = ranked(turn, wellNow(turn), most - state.open.length);
};

/** What a ballot says, as far as a change of it is news. */
const ballotTextOf = ({ abstains, votes, well, open }: DetectorState): string => {
  const said = abstains ?? 'speaks';
  const start = well.length + open.length === 0 ? said : `${said} ${well.join()} ${open.join()}`;
  return votes.reduce((text, { target, opinion, held = '' }) => `${text} ${target},${opinion},${held}`, start);
};

/** Tells the others at once when something changed, else now and then. */
export const vote = (turn: Turn): boolean => {
  const { state, nowMs } = turn;
  const votes = votesNow(turn);
  const wanted = new Set(votes.flatMap(({ target, opinion }) => (movesTraffic(opinion) ? [target] : [])));
  releaseIdle(state, wanted, nowMs);
  state.votes = votes;
  nameOthers(turn);
  const text = ballotTextOf(state);
  const isNews = text !== state.ballotText;
  if (!isNews && nowMs < state.nextBallotMs) return false;
  state.ballotText = text;
  state.nextBallotMs = nowMs + (votes.length === 0 ? emptyBallotEveryMs : ballotEveryMs);
  const { abstains, epoch, well, open } = state;
  const said = {
    ...(abstains === undefined ? {} : { abstains }),
    votes,
    ...(well.length === 0 ? {} : { well }),
    ...(open.length === 0 ? {} : { open }),
  };
  send(turn, 'all', { ...headOf(turn, ++state.ballotSeq), kind: 'ballot', epoch, ...said });
  return isNews;
};
