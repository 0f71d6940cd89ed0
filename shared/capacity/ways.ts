/**
 * @module Every way in which a default scheduler may bind pods, counted by kinds of nodes: of nodes that it cannot tell apart only how many get
 * how many pods.
 */
import type { BindingRule, ScoredNode } from './scheduler-score.ts';

/** Nodes that are alike for all that is looked at. */
export type NodeKind = {
  readonly nodes: number;
  /** Pods that each of them takes, above 0. */
  readonly most: number;
  /** One of them once it has so many of the pods. */
  readonly scored: (pods: number) => ScoredNode;
};

/** By kind, how many nodes get how many pods: `way[kind][pods]`. */
export type Way = readonly (readonly number[])[];

/** A way, and the rules under which the scheduler may come to it. */
export type RuledWay = { readonly way: Way; readonly rules: readonly BindingRule[] };

/** What the scheduler had to choose from. */
export type Binding = {
  /** `none` = the pods can only be in one way; `alike` = nodes of one kind; `unlike` = others, or too many ways to look at. */
  readonly choice: 'none' | 'alike' | 'unlike';
  /** Undefined = too many to look at. */
  readonly ways: readonly RuledWay[] | undefined;
};

/** Ways looked at side by side, and steps over all of them. */
const waysMax = 64;
const workMax = 200_000;
/** Kinds looked at; of more, nodes are too unlike to count by kinds. */
const kindsMax = 64;

type Place = { readonly kind: number; readonly pods: number };

const placesIn = (way: Way, kinds: readonly NodeKind[]): Place[] =>
  way.flatMap((levels, kind) =>
    levels.flatMap((nodes, pods) => (nodes > 0 && pods < (kinds[kind]?.most ?? 0) ? [{ kind, pods } satisfies Place] : [])),
  );

const withOne = (way: Way, { kind, pods }: Place): Way =>
  way.map((levels, at) => {
    if (at !== kind) return levels;
    const next = [...levels];
    next[pods] = (next[pods] ?? 0) - 1;
    next[pods + 1] = (next[pods + 1] ?? 0) + 1;
    return next;
  });

const textOf = (way: Way): string => way.map((levels) => levels.join()).join(';');

/** The ways under one score, of equal ones any; undefined = too many. */
const waysBy = (kinds: readonly NodeKind[], count: number, score: BindingRule['score']): readonly Way[] | undefined => {
  const known = kinds.map((): number[] => []);
  const scoreAt = ({ kind, pods }: Place): number => {
    const scores = known[kind] ?? [];
    scores[pods] ??= score(kinds[kind]?.scored(pods + 1) ?? { whole: none, free: none, shown: none });
    return scores[pods];
  };
  let ways: readonly Way[] = [kinds.map(({ nodes }) => [nodes])];
  let work = 0;
  for (let left = count; left > 0; left--) {
    const next = new Map<string, Way>();
    for (const way of ways) {
      const places = placesIn(way, kinds);
      const best = places.reduce((most, place) => Math.max(most, scoreAt(place)), Number.NEGATIVE_INFINITY);
      const chosen = places.filter((place) => scoreAt(place) === best).map((place) => withOne(way, place));
      for (const one of chosen.length === 0 ? [way] : chosen) next.set(textOf(one), one);
      work += places.length;
      if (next.size > waysMax || work > workMax) return undefined;
    }
    ways = [...next.values()];
  }
  return ways;
};

const none = { cpu: 0, memory: 0 };

const allIn = (kinds: readonly NodeKind[]): Way =>
  kinds.map(({ nodes, most }) => {
    const levels = new Array<number>(most + 1).fill(0);
    levels[most] = nodes;
    return levels;
  });

/** How so many pods may be bound to these nodes, those of the first rule first. `kinds` are nodes that take some. */
export const bindingOf = (kinds: readonly NodeKind[], count: number, rules: readonly BindingRule[]): Binding => {
  const nodes = kinds.reduce((sum, kind) => sum + kind.nodes, 0);
  const room = kinds.reduce((sum, kind) => sum + kind.nodes * kind.most, 0);
  if (room <= count) return { choice: 'none', ways: count < workMax ? [{ way: allIn(kinds), rules }] : undefined };
  const choice = nodes === 1 ? 'none' : kinds.length === 1 ? 'alike' : 'unlike';
  if (kinds.length > kindsMax) return { choice, ways: undefined };
  const byText = new Map<string, { way: Way; rules: BindingRule[] }>();
  for (const score of new Set(rules.map((rule) => rule.score))) {
    const ways = waysBy(kinds, count, score);
    if (ways === undefined) return { choice: choice === 'none' ? 'none' : 'unlike', ways: undefined };
    for (const way of ways) {
      const text = textOf(way);
      const told = byText.get(text) ?? { way, rules: [] };
      byText.set(text, told);
      told.rules.push(...rules.filter((rule) => rule.score === score));
    }
  }
  return byText.size > waysMax ? { choice: 'unlike', ways: undefined } : { choice, ways: [...byText.values()] };
};
