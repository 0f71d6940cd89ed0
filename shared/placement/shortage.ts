/** @module What clusters are short of: nodes by what refuses a replica there, before a decision and once it has filled a cluster. */
import type { FitResult } from '../capacity/index.ts';
import { counted } from '../lib/counted.ts';
import { type Candidates, fitAt, roomAt, shapeAt, standingAt } from './candidates.ts';

/** The most frequent first, then by name. */
export const byCount = ([a, n]: readonly [string, number], [b, m]: readonly [string, number]): number =>
  m - n || (a < b ? -1 : a > b ? 1 : 0);

/** `cpu on 3 nodes, taint on 1 node`, the most frequent first. */
export const refusalText = (refusals: Readonly<Record<string, number>>): string =>
  Object.entries(refusals)
    .sort(byCount)
    .map(([reason, nodes]) => `${reason} on ${counted(nodes, 'node')}`)
    .join(', ');

const bounds = new WeakMap<FitResult['refusals'], string | undefined>();

/** What most nodes that take no replica are short of; the same fit is told for many decisions. */
export const boundOf = (refusals: FitResult['refusals']): string | undefined => {
  if (bounds.has(refusals)) return bounds.get(refusals);
  const bound = Object.entries(refusals).sort(byCount)[0]?.[0];
  bounds.set(refusals, bound);
  return bound;
};

/** Nodes of a full cluster by what refuses one more replica there, and what that is on most of those that took some, or could. */
export type Filled = { readonly refusals: FitResult['refusals']; readonly bound: string | undefined };

const filled = new WeakMap<FitResult, Filled>();

/** What is in `after` and not in `before`. */
const grown = (after: FitResult['refusals'], before: FitResult['refusals']): FitResult['refusals'] =>
  Object.fromEntries(
    Object.entries(after)
      .map(([reason, nodes]) => [reason, nodes - (before[reason] ?? 0)] as const)
      .filter(([, nodes]) => nodes > 0),
  );

/** Nodes that are out for these take no replica however much is free. */
const terms: ReadonlySet<string> = new Set(['taint', 'selector', 'affinity', 'unschedulable', 'runtimeClass', 'network']);

const withoutTerms = (refusals: FitResult['refusals']): FitResult['refusals'] =>
  Object.fromEntries(Object.entries(refusals).filter(([reason]) => !terms.has(reason)));

/** Nodes that took some are looked at only here: most clusters never fill up. */
export const filledAt = (candidates: Candidates, at: number): Filled | undefined => {
  const fit = fitAt(candidates, at);
  if (fit === undefined) return undefined;
  const known = filled.get(fit);
  if (known !== undefined) return known;
  const shape = shapeAt(candidates, at);
  const told = fit.count === 0 || shape === undefined ? undefined : standingAt(candidates, at)?.view.room?.refusalsOnceFull?.(shape);
  const refusals = told ?? fit.refusals;
  const made = { refusals, bound: boundOf(grown(refusals, fit.refusals)) ?? boundOf(withoutTerms(refusals)) ?? boundOf(refusals) };
  filled.set(fit, made);
  return made;
};

/** True when a candidate holds all that it can. */
export const isFull = (candidates: Candidates, at: number, got: number): boolean => {
  const room = roomAt(candidates, at);
  return room !== undefined && got >= (candidates.current[at] ?? 0) + room;
};

/** ` (cpu)`, ` (cpu in 2, gpu in 1)`: what clusters are short of, the most frequent first. */
export const shortText = (short: ReadonlyMap<string, number>): string => {
  if (short.size === 0) return '';
  const parts = [...short].sort(byCount).map(([resource, clusters]) => (short.size === 1 ? resource : `${resource} in ${clusters}`));
  return ` (${parts.join(', ')})`;
};
