/**
 * @module What each source of a service gets at a moment: the loss table of those that are gone, the ramps of those that return. Never all
 * zero, never fewer than the survivors that must stay.
 */
import { compareText } from '../lib/compare-text.ts';
import type { TrafficSource, TrafficSpec } from '../wire/traffic.ts';
import { afterLossOf, type ServedService } from './loss-table.ts';

/** What is known of the clusters at a moment. */
export type Situation = {
  /** Given up, in the order in which that was found; those that come too late for the floor of survivors stay. */
  readonly gone: readonly string[];
  /** Percent of its share that a returning cluster gets; absent = all. */
  readonly percent: ReadonlyMap<string, number>;
};

/** One source's part. */
export type Share = {
  readonly cluster: string;
  /** 0 to 1,000,000; only the ratio counts. */
  readonly weight: number;
  /** Percent of its endpoints that are used, 0 = none. */
  readonly percent: number;
  /** It is dead, not reached or held down, and others serve in its place. */
  readonly isGone: boolean;
};

const serviceOf = ({ sources }: TrafficSpec): ServedService => ({
  name: '',
  shedPriority: 0,
  clusters: sources.map(({ name, load, capacity, tier, inUse }) => ({
    cluster: name,
    load,
    capacity,
    tier,
    ...(inUse === undefined ? {} : { inUse }),
  })),
});

/** The sources that are given up: none whose loss would leave fewer than the floor of those that can serve. */
export const givenUp = ({ sources, survivorsMin }: TrafficSpec, gone: readonly string[]): string[] => {
  const able = new Set(sources.filter(({ capacity }) => capacity > 0).map(({ name }) => name));
  const floor = Math.max(1, survivorsMin);
  return gone.filter((cluster) => {
    if (!sources.some(({ name }) => name === cluster)) return false;
    if (!able.has(cluster)) return true;
    if (able.size <= floor) return false;
    return able.delete(cluster);
  });
};

/** Weights after a loss: those of the table, or worked out where none was sent. */
const weightsAfter = (spec: TrafficSpec, lost: readonly string[]): readonly number[] => {
  const { sources } = spec;
  if (lost.length === 0) return sources.map(({ weight }) => weight);
  const wanted = [...lost].sort(compareText).join(' ');
  const table = spec.losses.find((loss) => loss.lost.join(' ') === wanted);
  if (table !== undefined) return table.weights;
  const made = new Map(afterLossOf(serviceOf(spec), lost).weights.map(({ cluster, weight }) => [cluster, weight]));
  return sources.map(({ name }) => made.get(name) ?? 0);
};

const isNothing = (weights: readonly number[]): boolean => weights.every((weight) => weight === 0);

/** A part of a weight: something stays something. */
const partOf = (weight: number, percent: number): number =>
  weight === 0 || percent === 0 ? 0 : Math.max(1, Math.floor((weight * percent) / 100));

/**
 * The shares at a moment, in the order of the sources. A source of weight 0 because its tier is not needed has its endpoints in use nowhere;
 * where no source can serve, all stay as they were: an answer that may fail is better than none.
 */
export const sharesNow = (spec: TrafficSpec, { gone, percent }: Situation): readonly Share[] => {
  const { sources } = spec;
  const percentOf = ({ name }: TrafficSource): number => percent.get(name) ?? 100;
  // Held down is given up as well, behind those that are dead: the floor counts for both.
  const held = sources.filter((source) => percentOf(source) === 0 && !gone.includes(source.name)).map(({ name }) => name);
  const out = givenUp(spec, [...gone, ...held]);
  const after = weightsAfter(spec, out);
  const weights = sources.map((source, at) => {
    if (out.includes(source.name)) return 0;
    const part = percentOf(source);
    return partOf(after[at] ?? 0, part === 0 ? 100 : part);
  });
  const safe = isNothing(weights) ? sources.map((source, at) => (out.includes(source.name) ? 0 : (after[at] ?? 0))) : weights;
  const last = isNothing(safe) ? sources.map(({ weight }) => weight) : safe;
  return sources.map((source, at) => {
    const weight = last[at] ?? 0;
    const part = percentOf(source);
    return {
      cluster: source.name,
      weight,
      percent: weight === 0 ? 0 : part === 0 ? 100 : part,
      isGone: weight === 0 && out.includes(source.name),
    };
  });
};
