/** @module The number of decisions that are known: each detector counts its own, and takes a higher one from a majority only. */
import type { DetectorState, Peer } from './state.ts';
import { neededOf } from './tally.ts';

/**
 * Notes the number that a peer shows in what it says. Believed is what more than half of all members have reached, this one included and never
 * a peer alone: who lies raises nobody's number. Nothing is refused because of it, so that a detector that begins at 0, having kept nothing,
 * hears whoever has come far.
 */
export const noteEpoch = (state: DetectorState, peer: Peer, epoch: number): void => {
  const isNews = epoch > state.epoch && epoch !== peer.epoch;
  peer.epoch = epoch;
  if (!isNews) return;
  const shown = [state.epoch, ...Array.from(state.peers.values(), (one) => one.epoch)].sort((a, b) => b - a);
  state.epoch = Math.max(state.epoch, shown[neededOf(shown.length) - 1] ?? 0);
};
