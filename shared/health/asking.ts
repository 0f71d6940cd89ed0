/** @module Questions to others about a silent target, and to itself. */
import { hash32 } from '../lib/prng.ts';
import { beatEveryMs } from './profile.ts';
import type { Peer } from './state.ts';
import { headOf, profileOf, send, type Turn } from './turn.ts';

/** Others that are asked about a silent target. */
const helpersMax = 3;
const roundEveryMs = 1_000;

/** Who is asked, and in which of its lives. */
type Asked = { readonly name: string; readonly boot: string };

/** Those to ask about a target: they watch it, they are heard, their failure domains differ as far as possible. */
const helpersFor = ({ state, nowMs }: Turn, target: string): Asked[] => {
  const domains = new Set<string>();
  const able = (state.observers.get(target) ?? [])
    .flatMap(({ name, domain }) => {
      const peer = state.peers.get(name);
      if (peer?.boot === undefined) return [];
      // Of those that this observer does not watch no more is known than their ballots; they are asked all the same.
      const isHeard = !peer.isWatched || (peer.heardMs !== undefined && nowMs - peer.heardMs < 3 * beatEveryMs);
      return isHeard ? [{ name, domain, boot: peer.boot, rank: hash32(`${state.name}/${target}/${name}`) }] : [];
    })
    .sort((a, b) => a.rank - b.rank || (a.name < b.name ? -1 : 1));
  const first = able.filter(({ domain }) => !domains.has(domain) && domains.add(domain) !== undefined);
  return [...first, ...able.filter((entry) => !first.includes(entry))].slice(0, helpersMax);
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
    waiting: new Set(helpers.map((helper) => helper.name)),
    answered: 0,
    isHeard: false,
  };
  const asked = peer.boot === undefined ? helpers : [...helpers, { name, boot: peer.boot }];
  for (const { name: to, boot: toBoot } of asked)
    send(turn, [to], { ...headOf(turn, ++state.otherSeq), kind: 'ask', to, toBoot, about: name, nonce });
};

/** Keeps asking while the target is silent. */
export const ask = (turn: Turn, peer: Peer): void => {
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

/** True until somebody has answered, or could have. */
export const isAsking = ({ nowMs }: Turn, { round, helpers }: Peer): boolean =>
  helpers === 'none' && round?.isHeard === false && round.waiting.size > 0 && nowMs < round.deadlineMs;
