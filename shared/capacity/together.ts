/**
 * @module Replicas of one shape on all nodes at once, where they bear on each other: anti-affinity to themselves, several spreading rules.
 * The scheduler's order is its own: the count is the lowest at which it can come to rest, exact when every order comes to the same.
 */
import { bigintMin } from './bigint-min.ts';
import type { Pair } from './neighbours.ts';
import { fewest, type SpreadState } from './spread.ts';

/** Nodes that are alike to all rules: the domains they are in, and what they hold together. */
export type NodeClass = {
  readonly room: bigint;
  /** Domain under each spreading rule. */
  readonly spread: readonly Pair[];
  /** Domains that one replica closes. */
  readonly apart: readonly Pair[];
};

/** Replicas by class, and whether every order comes to the same number. */
export type TogetherCount = { readonly counts: readonly bigint[]; readonly exact: boolean };

/** States looked at side by side; beyond it a few orders are tried and the count is an estimate. */
const statesMax = 3_000;
/** Classes looked at over all states, and over one order of {@link someOrders}. */
const workMax = 2_000_000;

type Placed = readonly bigint[];

type Rules = { readonly classes: readonly NodeClass[]; readonly spread: readonly SpreadState[] };

const domainCounts = (rules: Rules, placed: Placed): Map<Pair, bigint>[] =>
  rules.spread.map(({ present, countsItself }, rule) => {
    const counts = new Map(present);
    if (!countsItself) return counts;
    placed.forEach((count, at) => {
      const pair = rules.classes[at]?.spread[rule];
      if (count > 0n && pair !== undefined) counts.set(pair, (counts.get(pair) ?? 0n) + count);
    });
    return counts;
  });

/** Classes that can take one more. */
const open = (rules: Rules, placed: Placed): number[] => {
  const counts = domainCounts(rules, placed);
  const least = rules.spread.map(({ rule }, at) => fewest(rule, counts[at]?.values() ?? []));
  const closed = new Set(rules.classes.flatMap(({ apart }, at) => ((placed[at] ?? 0n) > 0n ? apart : [])));
  return rules.classes.flatMap((one, at) => {
    if ((placed[at] ?? 0n) >= one.room || one.apart.some((pair) => closed.has(pair))) return [];
    const even = rules.spread.every(({ rule, countsItself }, r) => {
      const now = counts[r]?.get(one.spread[r] ?? '') ?? 0n;
      return now + (countsItself ? 1n : 0n) - (least[r] ?? 0n) <= BigInt(rule.maxSkew);
    });
    return even ? [at] : [];
  });
};

const withOne = (placed: Placed, at: number): Placed => placed.map((count, index) => (index === at ? count + 1n : count));

/** Classes that no rule tells apart may be exchanged: their counts are kept sorted, so that fewer states differ. */
const twins = (classes: readonly NodeClass[], spread: readonly SpreadState[]): readonly (readonly number[])[] => {
  const alone = (pair: Pair, of: (one: NodeClass) => readonly Pair[]): boolean =>
    classes.filter((one) => of(one).includes(pair)).length === 1;
  const groups = new Map<string, number[]>();
  classes.forEach((one, at) => {
    const domains = one.spread.map((pair, rule) =>
      alone(pair, ({ spread: pairs }) => pairs) ? `own ${spread[rule]?.present.get(pair) ?? 0n}` : pair,
    );
    const apart = one.apart.map((pair) => (alone(pair, ({ apart: pairs }) => pairs) ? 'own' : pair));
    const key = JSON.stringify([String(one.room), domains, apart]);
    groups.set(key, [...(groups.get(key) ?? []), at]);
  });
  return [...groups.values()].filter((group) => group.length > 1);
};

const settled = (placed: Placed, groups: readonly (readonly number[])[]): Placed => {
  const sorted = [...placed];
  for (const group of groups) {
    const counts = group.map((at) => sorted[at] ?? 0n).sort((a, b) => (a > b ? -1 : a < b ? 1 : 0));
    group.forEach((at, index) => {
      sorted[at] = counts[index] ?? 0n;
    });
  }
  return sorted;
};

/** Counts by class at the lowest number where no class takes one more. */
export const countTogether = (classes: readonly NodeClass[], spread: readonly SpreadState[]): TogetherCount => {
  const rules: Rules = { classes, spread };
  const groups = twins(classes, spread);
  let states = new Map<string, Placed>([['', classes.map(() => 0n)]]);
  for (let work = 0; ; work += states.size * classes.length) {
    const next = new Map<string, Placed>();
    let atRest: Placed | undefined;
    for (const placed of states.values()) {
      const choices = open(rules, placed);
      if (choices.length === 0) atRest ??= placed;
      for (const at of choices) {
        const after = settled(withOne(placed, at), groups);
        next.set(after.join(), after);
      }
      if (next.size > statesMax || work > workMax) return someOrders(rules);
    }
    if (atRest !== undefined) return { counts: atRest, exact: next.size === 0 };
    states = next;
  }
};

/** Orders tried when there are too many: by place, against it, fullest and emptiest class first. */
const orders: readonly ((choices: readonly number[], placed: Placed) => number | undefined)[] = [
  (choices) => choices[0],
  (choices) => choices.at(-1),
  (choices, placed) => bigintMin(choices, (at) => -(placed[at] ?? 0n)),
  (choices, placed) => bigintMin(choices, (at) => placed[at] ?? 0n),
];

const someOrders = (rules: Rules): TogetherCount => {
  const ends = orders.map((choose) => {
    let placed: Placed = rules.classes.map(() => 0n);
    for (let work = 0; work < workMax; work += rules.classes.length) {
      const at = choose(open(rules, placed), placed);
      if (at === undefined) break;
      placed = withOne(placed, at);
    }
    return placed;
  });
  const total = (placed: Placed): bigint => placed.reduce((sum, count) => sum + count, 0n);
  const counts = ends.reduce((least, placed) => (total(placed) < total(least) ? placed : least));
  return { counts, exact: false };
};
