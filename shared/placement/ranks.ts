/** @module In which order candidates are filled: by tier and score, and for Cheapest and Tightest by price or room within these. */
import { sortedPlaces } from '../lib/sorted-places.ts';
import { type Answers, shapeAmong, uncounted } from './answers.ts';
import type { Candidates } from './candidates.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { priceNumberAt } from './cost.ts';
import { unpriced } from './price-column.ts';
import { type Column, nothingIn } from './problem.ts';
import { tierStep } from './roster.ts';

/** Lower goes first: earlier tiers, then higher scores. */
const baseRanks = ({ strategy }: CompiledPolicy, { roster, score }: Candidates): Column => {
  if (strategy !== 'Weighted' && score === roster.score) return roster.rank;
  if (roster.tier === nothingIn(roster.tier.length) && strategy === 'Weighted') return roster.tier;
  const ranks = new Float64Array(score.length);
  for (let at = 0; at < ranks.length; at++) {
    ranks[at] = (roster.tier[at] as number) * tierStep - (strategy === 'Weighted' ? 0 : (score[at] as number));
  }
  return ranks;
};

/** By price within rank; equal ones share, those without a price come last. */
const byPrice = (base: Column, at: Int32Array, answers: Answers, candidates: Candidates, replicas: number): Column => {
  answers.prices.tidy();
  const numbers = new Int32Array(at.length);
  for (let candidate = 0; candidate < at.length; candidate++) {
    const place = at[candidate] as number;
    const shape = shapeAmong(answers, place);
    numbers[candidate] = shape === undefined ? unpriced : priceNumberAt(candidates, candidate, shape, replicas);
  }
  const order = answers.prices.order();
  const ranks = new Float64Array(at.length);
  for (let candidate = 0; candidate < at.length; candidate++) {
    const number = numbers[candidate] as number;
    const place = number === unpriced ? order.length : (order[number] as number);
    // Prices are fewer than 2^17 and ranks below 2^33: their product is exact.
    ranks[candidate] = (base[candidate] as number) * (order.length + 1) + place;
  }
  return ranks;
};

/** One after the other by room within rank: the fullest first, those of which nothing is counted last. */
const byRoom = (base: Column, at: Int32Array, answers: Answers | undefined): Column => {
  const room = new Float64Array(at.length).fill(Number.MAX_SAFE_INTEGER);
  for (let candidate = 0; candidate < at.length; candidate++) {
    const counted = answers?.room[at[candidate] as number] ?? uncounted;
    if (counted >= 0) room[candidate] = counted;
  }
  const order = sortedPlaces(base, room);
  const ranks = new Float64Array(at.length);
  for (let place = 0; place < order.length; place++) ranks[order[place] as number] = place;
  return ranks;
};

/** The rank of each candidate for so many replicas; lower goes first. */
export const ranksOf = (policy: CompiledPolicy, candidates: Candidates, replicas: number): Column => {
  const base = baseRanks(policy, candidates);
  const { at } = candidates.roster;
  if (policy.strategy === 'Tightest') return byRoom(base, at, candidates.answers);
  return policy.strategy === 'Cheapest' && candidates.answers !== undefined
    ? byPrice(base, at, candidates.answers, candidates, replicas)
    : base;
};
