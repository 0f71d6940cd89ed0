/** @module Answers the questions of others: each once, and of each peer no more than it may ask. */
import type { MeshAnswer, MeshAsk } from '../wire/mesh.ts';
import { noNumbers, noteNumber } from './seen-numbers.ts';
import type { Channel, Peer } from './state.ts';
import { headOf, refuse, send, type Turn } from './turn.ts';

/** Questions of one peer answered in a second. */
const answersPerSecondMax = 40;
/** A beat this young is proof of life to somebody who asks. */
const freshMs = 600;
/** Lives of a peer whose questions are told apart. */
const livesMax = 8;

const seenOf = (peer: Peer, boot: string) => {
  const seen = peer.asked.get(boot) ?? noNumbers();
  peer.asked.set(boot, seen);
  if (peer.asked.size <= livesMax) return seen;
  const oldest = [...peer.asked.keys()].find((one) => one !== peer.boot);
  if (oldest !== undefined) peer.asked.delete(oldest);
  return seen;
};

/**
 * Whether a question is asked now. It may come before anything else of a life of its sender, and then names nothing that could prove it; but it
 * names the life of ours that it is for, so that none that was recorded before our start counts, and of those since each counts once.
 */
const isAskedNow = (turn: Turn, peer: Peer, ask: MeshAsk, channel: Channel): boolean => {
  const { state } = turn;
  const { name } = peer.member;
  if (ask.to !== state.name) {
    refuse(turn, name, 'NotForUs', `a question to ${ask.to}`);
    return false;
  }
  if (ask.toBoot !== state.bootId || peer.oldBoots.includes(ask.bootId)) {
    refuse(turn, name, 'OldBoot', 'a question to, or of, a life that has ended');
    return false;
  }
  const noted = noteNumber(seenOf(peer, ask.bootId), ask.seq, channel);
  if (noted === 'Again') refuse(turn, name, 'Replayed', `question ${ask.seq} came before`);
  return noted === 'New';
};

/** Answers a question, with the newest beat of whom it is about where that is fresh. */
export const hearAsk = (turn: Turn, peer: Peer, ask: MeshAsk, channel: Channel): void => {
  if (!isAskedNow(turn, peer, ask, channel)) return;
  const { state, nowMs } = turn;
  if (nowMs - peer.answersFromMs >= 1_000) {
    peer.answers = 0;
    peer.answersFromMs = nowMs;
  }
  peer.answers += 1;
  if (peer.answers > answersPerSecondMax) {
    if (peer.answers === answersPerSecondMax + 1) refuse(turn, peer.member.name, 'Flood', 'more questions than are answered in a second');
    return;
  }
  const { about, nonce } = ask;
  const message: MeshAnswer = { ...headOf(turn, ++state.otherSeq), kind: 'answer', to: ask.from, about, nonce };
  const of = state.peers.get(about);
  const isFresh = of?.heardMs !== undefined && nowMs - Math.max(of.heardMs, state.resumedMs) < freshMs;
  send(turn, [ask.from], message, isFresh ? of.packet : undefined);
};
