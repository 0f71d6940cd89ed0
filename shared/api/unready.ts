/** @module Replicas that are placed in a cluster and are not ready there, as far as it is known why. */
import { counted } from '../lib/counted.ts';
import { fields, integer, list, must, text } from './shape.ts';

/** A cluster in which not all replicas that are placed there are ready. */
export type UnreadyCluster = {
  readonly name: string;
  /** Replicas that are placed there, and how many of them are ready. */
  readonly replicas: number;
  readonly ready: number;
  /** For a person; absent when it is not known. */
  readonly why?: string;
};

/** Clusters that are kept of them. */
export const unreadyMax = 100;
const int32Max = 2_147_483_647;

/** {@link UnreadyCluster} as Placements have them. */
export const unreadyShape = list(
  `Clusters in which not all replicas that are placed there have become ready; the first ${unreadyMax}.`,
  fields('One cluster.', {
    name: must(text('Name of the cluster.')),
    replicas: must(integer('Replicas that are placed there.', { min: 0, max: int32Max })),
    ready: must(integer('How many of them are ready.', { min: 0, max: int32Max })),
    why: text('Why the others are not, as far as it is known.'),
  }),
  { type: 'map', keys: ['name'] },
  unreadyMax,
);

/** `2 replicas on home are not Ready: 2 pods are bound to no node`. */
export const unreadyText = ({ name, replicas, ready, why }: UnreadyCluster): string => {
  const count = replicas - ready;
  return `${counted(count, 'replica')} on ${name} ${count === 1 ? 'is' : 'are'} not Ready${why === undefined ? '' : `: ${why}`}`;
};

/** Clusters of replacements that are named. */
const namedMax = 3;

/** `2 replicas wait for replacements that are not Ready: home 2 of 5, aws 0 of 1 (1 pod is bound to no node)`. */
export const waitingText = (count: number, unready: readonly UnreadyCluster[]): string => {
  const named = unready
    .slice(0, namedMax)
    .map(({ name, replicas, ready, why }) => `${name} ${ready} of ${replicas}${why === undefined ? '' : ` (${why})`}`);
  const more = unready.length > namedMax ? [`and ${unready.length - namedMax} more`] : [];
  return `${counted(count, 'replica')} ${count === 1 ? 'waits' : 'wait'} for replacements that are not Ready: ${[...named, ...more].join(', ')}`;
};
