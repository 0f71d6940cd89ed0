/**
 * @module How many datagrams are looked at in a second. Looking costs a signature, and anybody can send: one place, those of no peer together,
 * and all together have a limit each, so that strangers take nothing from peers and nobody much of the processor. Above these limits there is
 * room for what says to be of the present life of a peer, as its packets do: garbage from a peer's place keeps nothing of it out.
 */

/** Looked at in a second, by whom they are from; what is above is dropped unread. The broker carries all beats too: nobody is silent by it. */
export const datagramLimits = {
  /** From one place; a peer sends ten packets a second and some. */
  perPlace: 400,
  /** From all places that are no peer's: forged ones, and peers behind an address that they did not tell. */
  fromStrangers: 1_000,
  /** From everywhere: an eighth of a core at 30 µs each. */
  inAll: 4_000,
  /** Above those limits, said to be of one peer: ten times what it sends; and of all peers together. */
  perClaimant: 100,
  ofClaimants: 2_000,
} as const;

/** Strangers' places that are told apart in one second; those beyond share one limit. */
const placesMax = 1_024;

/** Why a datagram is dropped. */
export type Dropped = 'PlaceFlood' | 'StrangersFlood' | 'Flood';

/**
 * Counts one datagram from an address; undefined = it is looked at. `nowMs` is a monotonic clock. `claimant` answers the peer of whose present
 * life it says to be; asked only when it would be dropped.
 */
export type DatagramMeter = (address: string, nowMs: number, claimant: () => string | undefined) => Dropped | undefined;

/** `peers` answers the addresses of peers; asked once a second. */
export const createDatagramMeter = (peers: () => Iterable<string>): DatagramMeter => {
  const places = createPlaceMeter(peers);
  let sinceMs = Number.NEGATIVE_INFINITY;
  let claims = new Map<string, number>();
  let ofClaimants = 0;
  return (address, nowMs, claimant) => {
    const dropped = places(address, nowMs);
    const name = dropped === undefined ? undefined : claimant();
    if (name === undefined) return dropped;
    if (nowMs - sinceMs >= 1_000) {
      sinceMs = nowMs;
      claims = new Map();
      ofClaimants = 0;
    }
    const count = (claims.get(name) ?? 0) + 1;
    claims.set(name, count);
    if (count > datagramLimits.perClaimant || ofClaimants >= datagramLimits.ofClaimants) return dropped;
    ofClaimants += 1;
    return undefined;
  };
};

const createPlaceMeter = (peers: () => Iterable<string>): ((address: string, nowMs: number) => Dropped | undefined) => {
  let sinceMs = Number.NEGATIVE_INFINITY;
  let known: ReadonlySet<string> = new Set();
  let counts = new Map<string, number>();
  let ofStrangers = 0;
  let all = 0;
  return (address, nowMs) => {
    if (nowMs - sinceMs >= 1_000) {
      sinceMs = nowMs;
      known = new Set(peers());
      counts = new Map();
      ofStrangers = 0;
      all = 0;
    }
    const isPeer = known.has(address);
    const place = isPeer || counts.has(address) || counts.size < placesMax ? address : 'others';
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    if (count > datagramLimits.perPlace) return 'PlaceFlood';
    if (!isPeer && ofStrangers >= datagramLimits.fromStrangers) return 'StrangersFlood';
    if (all >= datagramLimits.inAll) return 'Flood';
    if (!isPeer) ofStrangers += 1;
    all += 1;
    return undefined;
  };
};
