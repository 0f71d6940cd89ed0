/** @module One turn of a detector: the state, the time of the turn, and what it wants done; and small questions asked of them everywhere. */
import type { Abstention, MeshBallot, MeshMessage } from '../wire/mesh.ts';
import { ballotMsMax, beatEveryMs, type Profile, profiles } from './profile.ts';
import { waitMsOf } from './shadow.ts';
import type { DetectorEffect, DetectorState, HearingRefusal, Peer } from './state.ts';

/** A turn. */
export type Turn = {
  readonly state: DetectorState;
  readonly nowMs: number;
  readonly random: () => number;
  readonly out: DetectorEffect[];
};

/** The profile in force. */
export const profileOf = (state: DetectorState): Profile => profiles[state.membership?.policy.profile ?? 'safe'];

/** The channels of a peer as a list. */
export const channelsOf = ({ channels }: Peer) => [channels.direct, channels.broker];

/** How long a peer has been silent; undefined = it was never heard. */
export const silentMsOf = (peer: Peer, nowMs: number): number | undefined =>
  peer.heardMs === undefined ? undefined : Math.max(0, nowMs - peer.heardMs);

/** How long this peer's silence is borne. */
export const suspectMsOf = (state: DetectorState, peer: Peer): number =>
  waitMsOf(channelsOf(peer), state.membership?.policy.profile ?? 'safe');

/** What every peer's silence is borne at least: no channel is so steady that fewer beats may be missed. Asked first, because it is cheap. */
export const suspectMsMin = (state: DetectorState): number => profileOf(state).missedBeats * beatEveryMs;

/** True when the peer was heard and has been silent for too long. */
export const isSilent = (state: DetectorState, peer: Peer, nowMs: number): boolean => {
  if (peer.heardMs === undefined) return false;
  const silentMs = nowMs - peer.heardMs;
  return silentMs >= suspectMsMin(state) && silentMs >= suspectMsOf(state, peer);
};

/** True when the way to the broker works: the own beats come back. */
export const hearsBroker = (state: DetectorState, nowMs: number): boolean =>
  state.echoMs !== undefined && nowMs - state.echoMs < profileOf(state).suspectMsMax;

/** The others' last ballots, as long as they say something: who has ended says nothing any more. While this process was away none grew old. */
export const validBallots = ({ ballots, resumedMs }: DetectorState, nowMs: number): Iterable<readonly [string, MeshBallot]> =>
  ballots.entries().flatMap(([voter, { ballot, atMs }]) => (nowMs - Math.max(atMs, resumedMs) <= ballotMsMax ? [[voter, ballot]] : []));

/** Sends a message. */
export const send = (turn: Turn, to: 'all' | readonly string[], message: MeshMessage, proof?: unknown): void => {
  turn.out.push({ type: 'send', to, message, ...(proof === undefined ? {} : { proof }) });
};

/** Tells of something that was not believed. */
export const refuse = (turn: Turn, from: string, reason: HearingRefusal, message: string): void => {
  turn.out.push({ type: 'refused', from, reason, message });
};

/** Changes whether this voter abstains. */
export const setAbstains = (turn: Turn, why: Abstention | undefined): void => {
  if (turn.state.abstains === why) return;
  turn.state.abstains = why;
  turn.out.push({ type: 'abstains', why });
};

/** The head of a message. Beats and ballots are numbered apart, so that a gap in the beats is a loss. */
export const headOf = ({ state, nowMs }: Turn, seq: number) => ({
  v: 1 as const,
  from: state.name,
  bootId: state.bootId,
  seq,
  sentMs: Math.floor(nowMs - state.beginMs),
});
