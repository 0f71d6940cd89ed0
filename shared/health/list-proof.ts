/** @module Shows a hub that was started on an older copy of its data the list of members that it has signed itself since. */

/** Shown again to a hub that goes on with older lists. */
const showEveryMs = 5_000;

/** What an agent shows: the hub's own signature is proof, where an agent's word for a number would be none. */
export type ListProof = {
  /** A list came into force. */
  readonly take: (packet: Uint8Array) => void;
  /** The hub has given an older one. */
  readonly isBehind: () => void;
};

/** `show` sends a packet to the hub; `nowMs` is a monotonic clock. */
export const makeListProof = (show: (packet: Uint8Array) => void, nowMs: () => number): ListProof => {
  let inForce: Uint8Array | undefined;
  let shownMs = Number.NEGATIVE_INFINITY;
  return {
    take: (packet) => {
      inForce = packet;
    },
    isBehind: () => {
      // Older lists may also be recorded ones that somebody sends again and again.
      if (inForce === undefined || nowMs() - shownMs < showEveryMs) return;
      shownMs = nowMs();
      show(inForce);
    },
  };
};
