/** @module The network between clusters: delay with a long tail, losses in bursts, one-way cuts; datagrams are lost where a stream only waits. */
import { type Prng, prng } from '../../../shared/lib/prng.ts';

/** What the network is like. */
export type NetworkOptions = {
  readonly seed: number;
  readonly rttMs: number;
  /** Median of what comes on top of half a round trip, ms; log-normal. */
  readonly jitterMs: number;
  /** Share of the time that a path is in a burst of losses, and how long one lasts on average. */
  readonly lossShare: number;
  readonly burstMs: number;
};

/** One direction between two places. `isCut` holds for the cuts as they were at number `cutsAt`. */
type Path = { readonly random: Prng; isBad: boolean; untilMs: number; streamMs: number; isCut: boolean; cutsAt: number };

/** The network of one run. */
export type Network = {
  /** When a datagram arrives; undefined = lost. */
  readonly datagram: (from: string, to: string, nowMs: number) => number | undefined;
  /** When bytes of a stream arrive; undefined = never, the way is cut. Streams keep their order. */
  readonly stream: (from: string, to: string, nowMs: number) => number | undefined;
  /** How long a request and its answer over a new connection take; undefined = no answer. */
  readonly request: (from: string, to: string, nowMs: number) => number | undefined;
  /** Cuts one direction, or mends it. `*` stands for every place. */
  readonly setCut: (from: string, to: string, isCut: boolean) => void;
  /** True while bytes get through from one place to the other: the way is not cut and in no burst of losses. */
  readonly isOpen: (from: string, to: string, nowMs: number) => boolean;
  /** Nothing is cut or lost any more, now and later. */
  readonly mend: () => void;
  /** Single losses on top of bursts, in percent, on every path of a place. */
  readonly setLoss: (place: string, percent: number) => void;
};

/** First retransmission of a stream, and of a connection's first segment (RFC 6298). */
const retransmitMs = 200;
const synAgainMs = 1_000;

/** A network in which nothing is cut. */
export const createNetwork = ({ seed, rttMs, jitterMs, lossShare, burstMs }: NetworkOptions): Network => {
  const paths = new Map<string, Map<string, Path>>();
  const cuts = new Set<string>();
  const losses = new Map<string, number>();
  /** Counts changes of the cuts. */
  let cutsAt = 0;
  let isMended = false;
  const goodMs = lossShare === 0 ? Number.POSITIVE_INFINITY : burstMs / lossShare - burstMs;
  const exponential = (random: Prng, mean: number): number => -Math.log(1 - random.next()) * mean;
  const pathOf = (from: string, to: string): Path => {
    const known = paths.get(from)?.get(to);
    if (known !== undefined) return known;
    const random = prng(seed, `${from}>${to}`);
    const made: Path = { random, isBad: false, untilMs: exponential(random, goodMs), streamMs: 0, isCut: false, cutsAt: -1 };
    paths.set(from, (paths.get(from) ?? new Map<string, Path>()).set(to, made));
    return made;
  };
  const isBad = (path: Path): boolean => path.isBad && !isMended;
  const advance = (path: Path, nowMs: number): void => {
    while (path.untilMs <= nowMs) {
      path.isBad = !path.isBad;
      path.untilMs += exponential(path.random, path.isBad ? burstMs : goodMs);
    }
  };
  const isCut = (path: Path, from: string, to: string): boolean => {
    if (path.cutsAt === cutsAt) return path.isCut;
    path.cutsAt = cutsAt;
    path.isCut = cuts.has(`${from}>${to}`) || cuts.has(`${from}>*`) || cuts.has(`*>${to}`);
    return path.isCut;
  };
  const delayMs = ({ random }: Path): number => {
    // Box-Muller; the sum of two places' jitter is not told apart.
    const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
    return rttMs / 2 + jitterMs * Math.exp(0.5 * normal);
  };
  const lossOf = (from: string, to: string): number => (losses.size === 0 ? 0 : Math.max(losses.get(from) ?? 0, losses.get(to) ?? 0));
  const datagram: Network['datagram'] = (from, to, nowMs) => {
    const path = pathOf(from, to);
    advance(path, nowMs);
    const delay = delayMs(path);
    const isLost = path.random.chance(lossOf(from, to));
    return isBad(path) || isLost || isCut(path, from, to) ? undefined : nowMs + delay;
  };
  return {
    datagram,
    stream: (from, to, nowMs) => {
      const path = pathOf(from, to);
      advance(path, nowMs);
      if (isCut(path, from, to)) return undefined;
      const lost = path.random.chance(lossOf(from, to)) ? retransmitMs + rttMs : 0;
      const sentMs = isBad(path) ? path.untilMs + retransmitMs : nowMs + lost;
      path.streamMs = Math.max(path.streamMs, sentMs + delayMs(path));
      return path.streamMs;
    },
    request: (from, to, nowMs) => {
      let atMs = nowMs;
      for (const attempt of [0, synAgainMs]) {
        const there = datagram(from, to, nowMs + attempt);
        const back = there === undefined ? undefined : datagram(to, from, there);
        if (back === undefined) continue;
        atMs = back + rttMs + 1;
        return atMs - nowMs;
      }
      return undefined;
    },
    setCut: (from, to, isOn) => {
      cutsAt += 1;
      if (isOn) cuts.add(`${from}>${to}`);
      else cuts.delete(`${from}>${to}`);
    },
    isOpen: (from, to, nowMs) => {
      const path = pathOf(from, to);
      advance(path, nowMs);
      return !isBad(path) && !isCut(path, from, to);
    },
    mend: () => {
      cutsAt += 1;
      cuts.clear();
      losses.clear();
      isMended = true;
    },
    setLoss: (place, percent) => void losses.set(place, percent),
  };
};
