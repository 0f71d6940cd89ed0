/** @module Replicas that wait in a cluster of which no node can take them, and for which no other cluster has room. */
import { fields, integer, list, must, text } from './shape.ts';

/** A cluster in which replicas wait for a node. */
export type NodelessReplicas = {
  readonly name: string;
  readonly replicas: number;
};

const clustersMax = 5000;
const int32Max = 2_147_483_647;

/** {@link NodelessReplicas} as Placements have them. */
export const nodelessShape = list(
  'Clusters in which replicas have waited for long, none of their nodes can take them, and they cannot go elsewhere.',
  fields('One cluster.', {
    name: must(text('Name of the cluster.')),
    replicas: must(integer('Replicas that wait there.', { min: 0, max: int32Max })),
  }),
  { type: 'map', keys: ['name'] },
  clustersMax,
);
