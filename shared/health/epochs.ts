/** @module The number of decisions that are known: each detector counts its own, and takes a higher one from a majority only. */
import type { DetectorState, Peer } from './state.ts';
import { neededOf } from './tally.ts';
import { refuse, type Turn } from './turn.ts';

/** Each death adds one: a number so far above what is known is a lie, or of somebody who was lied to. */
const aheadMax = 10_000;

/** Takes the number that more than half of all members have reached: looked for when one shows another, and when the members are others. */
export const believeMajority = (state: DetectorState): void => {
  const shown = [state.epoch, ...Array.from(state.peers.values(), (one) => one.epoch)].sort((a, b) => b - a);
  state.epoch = Math.max(state.epoch, shown[neededOf(shown.length) - 1] ?? 0);
};

/**
 * Notes the number that a peer shows in what it says. Believed is what more than half of all members have reached, this one included and never
 * a peer alone: who lies raises nobody's number. An absurd one is counted as refused, the message that shows it is taken all the same: a
 * detector that begins at 0, having kept nothing, must hear whoever has come far.
 */
export const noteEpoch = (turn: Turn, peer: Peer, epoch: number): void => {
  const { state } = turn;
  const isNews = epoch > state.epoch && epoch !== peer.epoch;
  peer.epoch = epoch;
  if (!isNews) return;
  believeMajority(state);
  if (epoch > state.epoch + aheadMax) refuse(turn, peer.member.name, 'Future', `epoch ${epoch} is not believed, ours is ${state.epoch}`);
};
