/**
 * @module Minima of clusters without a weight. Weighted gives nothing where no weight selects a cluster, or a weight of 0 (policy.md), so that a
 * minimum there is not kept: it is said, as it is hard everywhere else.
 */
import { listed } from '../lib/listed.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Standing } from './prepare.ts';

/** Clusters that are named; the rest is counted. */
const namedMax = 3;

/** `; its minimum of 2 in bounds is not kept`; '' without one. */
export const notKeptText = (min: number): string => (min > 0 ? `; its minimum of ${min} in bounds is not kept` : '');

const isWeightless = ({ weight, min, refused, view }: Standing): boolean =>
  min > 0 && weight === 0 && view.closed === undefined && (refused === undefined || refused.reason === 'weight');

/** `bounds: b has a minimum and no weight, and gets none; …`; '' where every minimum counts. Asks for standings only where there may be such. */
export const weightlessText = ({ strategy, weights, bounds }: CompiledPolicy, standings: () => readonly Standing[]): string => {
  if (strategy !== 'Weighted' || weights === undefined || bounds.length === 0) return '';
  const names = standings()
    .filter(isWeightless)
    .map(({ view }) => view.name);
  if (names.length === 0) return '';
  const verbs = names.length === 1 ? ['has', 'gets'] : ['have', 'get'];
  return `bounds: ${listed(names, namedMax)} ${verbs[0]} a minimum and no weight, and ${verbs[1]} none; give a weight, or take the minimum out`;
};
