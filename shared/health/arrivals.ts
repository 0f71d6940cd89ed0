/** @module When beats of one sender came over one channel: how steady the delay is, and how many were lost. */
import { beatEveryMs, type Profile } from './profile.ts';

/** Delays remembered, and beats over which losses are counted. */
const window = 200;
const lossWindow = 300;
/** 5.6 standard deviations: suspicion 8 of the phi-accrual detector (Hayashibara et al. 2004) for a normal delay, in tenths. */
const deviationsTenths = 56;
/** Fewer samples say nothing about variation. */
const samplesMin = 10;
/** A single sample counts for no more than this, so that a stall in one channel does not blind it for a minute. */
const sampleMsMax = 2_000;

/** What is kept of one channel. */
export type Arrivals = {
  /** Receiver's clock at the newest beat; undefined = nothing came since the sender's start. */
  lastMs: number | undefined;
  readonly squares: number[];
  sumOfSquares: number;
  at: number;
  sentMs: number;
  /** Newest number, and the number at which the counting of losses began. */
  seq: number;
  countFrom: number;
  received: number;
  /** Losses of the last full window, per mille; undefined = no full window yet. */
  lostPermille: number | undefined;
};

/** Nothing has come. */
export const noArrivals = (): Arrivals => ({
  lastMs: undefined,
  squares: [],
  sumOfSquares: 0,
  at: 0,
  sentMs: 0,
  seq: -1,
  countFrom: -1,
  received: 0,
  lostPermille: undefined,
});

/**
 * A beat came. What is sampled is how much the delay differs from the one before: the difference of the arrivals less that of the sender's
 * own clock. A run of losses or a pause of the sender therefore adds nothing to the variation.
 */
export const noteArrival = (arrivals: Arrivals, seq: number, sentMs: number, nowMs: number): void => {
  if (seq <= arrivals.seq) return;
  if (arrivals.lastMs !== undefined) {
    const sample = Math.min(sampleMsMax, Math.abs(nowMs - arrivals.lastMs - (sentMs - arrivals.sentMs)));
    arrivals.sumOfSquares += sample * sample - (arrivals.squares[arrivals.at] ?? 0);
    arrivals.squares[arrivals.at] = sample * sample;
    arrivals.at = (arrivals.at + 1) % window;
  }
  if (arrivals.countFrom < 0) arrivals.countFrom = seq - 1;
  arrivals.received += 1;
  const expected = seq - arrivals.countFrom;
  if (expected >= lossWindow) {
    arrivals.lostPermille = Math.max(0, Math.floor(((expected - arrivals.received) * 1_000) / expected));
    arrivals.countFrom = seq;
    arrivals.received = 0;
  }
  arrivals.lastMs = nowMs;
  arrivals.sentMs = sentMs;
  arrivals.seq = seq;
};

/** Counts losses anew from the next beat on. */
export const forgetLosses = (arrivals: Arrivals): void => {
  arrivals.countFrom = -1;
  arrivals.received = 0;
  arrivals.lostPermille = undefined;
};

/** Standard deviation of the delay's changes, ms, rounded up; undefined before there are samples. */
export const deviationMs = ({ squares, sumOfSquares }: Arrivals): number | undefined =>
  squares.length < samplesMin ? undefined : Math.ceil(Math.sqrt(sumOfSquares / squares.length));

/** Silence after which this channel alone would be suspect: so many beats, or where delays vary the larger of the two, up to a limit. */
export const suspectAfterMs = (arrivals: Arrivals, { missedBeats, suspectMsMax }: Profile): number => {
  const beatsMs = missedBeats * beatEveryMs;
  const deviation = deviationMs(arrivals);
  if (deviation === undefined) return beatsMs;
  return Math.max(beatsMs, Math.min(suspectMsMax, beatEveryMs + Math.ceil((deviation * deviationsTenths) / 10)));
};
