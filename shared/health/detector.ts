/**
 * @module The detector: one step takes an event and gives back what is to be done, as etcd's raft does. No input or output, no clock and
 * no chance but what is passed in; the effects come in the order in which they must be carried out.
 */
import { brokerName, hubName, type MeshBeat, type ShadowRow } from '../wire/mesh.ts';
import { vote } from './ballot.ts';
import { hear } from './hearing.ts';
import { openSubjects } from './open-subjects.ts';
import { probe, probed } from './probing.ts';
import { beatEveryMs } from './profile.ts';
import { shadowRows } from './shadow.ts';
import type { DetectorEffect, DetectorEnv, DetectorEvent, DetectorState } from './state.ts';
import { headOf, hearsBroker, send, type Turn } from './turn.ts';
import { judgeSelf, judgeSubject } from './verdicts.ts';
import { judgePeer, noteStall, reconsider } from './voting.ts';

/** Takes one event; changes `state` in place and answers what is to be done. */
export const step = (state: DetectorState, event: DetectorEvent, env: DetectorEnv): readonly DetectorEffect[] => {
  const turn: Turn = { state, nowMs: env.monotonicMs(), random: env.random, out: [] };
  noteStall(turn);
  switch (event.type) {
    case 'tick':
      tick(turn);
      break;
    case 'message': {
      const touched = hear(turn, event);
      if (touched.length > 0 && state.membership !== undefined) again(turn, touched);
      break;
    }
    case 'self': {
      const { type: _, ...self } = event;
      state.self = self;
      break;
    }
    case 'probed':
      probed(turn, event);
      if (state.membership !== undefined) again(turn, [event.target]);
      break;
  }
  return turn.out;
};

const membersOf = ({ membership }: DetectorState): Pick<MeshBeat, 'members'> =>
  membership === undefined ? {} : { members: membership.epoch };

/** Beats go to those who watch us. */
const beat = (turn: Turn): void => {
  const { state, nowMs } = turn;
  if (nowMs < state.nextBeatMs) return;
  // After a pause beats are not made up for.
  state.nextBeatMs = nowMs - state.nextBeatMs > beatEveryMs ? nowMs + beatEveryMs : state.nextBeatMs + beatEveryMs;
  const self = { ...state.self, broker: hearsBroker(state, nowMs) };
  const message: MeshBeat = { ...headOf(turn, ++state.beatSeq), kind: 'beat', epoch: state.epoch, self, ...membersOf(state) };
  send(
    turn,
    (state.observers.get(state.name) ?? []).map(({ name }) => name),
    message,
  );
};

const tick = (turn: Turn): void => {
  const { state } = turn;
  if (state.membership === undefined) return;
  beat(turn);
  for (const peer of state.peers.values()) {
    if (!peer.isWatched) continue;
    probe(turn, peer);
    judgePeer(turn, peer);
  }
  reconsider(turn);
  vote(turn);
  for (const name of openSubjects(state)) if (name !== state.name) judgeSubject(turn, name);
  if (state.name !== hubName) judgeSelf(turn);
};

/** What an answer, a ballot or a look may have decided is decided at once: a tick would cost time. */
const again = (turn: Turn, targets: readonly string[]): void => {
  const { state } = turn;
  for (const name of targets) {
    const peer = state.peers.get(name);
    if (peer?.isWatched === true) judgePeer(turn, peer);
  }
  reconsider(turn);
  const isNews = vote(turn);
  const open = isNews ? new Set([...targets, ...state.votes.map(({ target }) => target)]) : targets;
  for (const name of open) if (name !== state.name && (state.peers.has(name) || name === brokerName)) judgeSubject(turn, name);
};

/** What the shadow detectors have seen, target by target. */
export const shadowsOf = (state: DetectorState): ShadowRow[] =>
  [...state.peers.values()]
    .filter(({ isWatched, heardMs }) => isWatched && heardMs !== undefined)
    .flatMap(({ member, shadows }) => shadowRows(member.name, shadows));
