/** @module What clusters did of a divided Job that have no part of it any more: others do only the rest. */
import { fields, integer, list, must, text } from './shape.ts';

/** Pods of a Job that have succeeded, and that have failed. */
export type PartProgress = { readonly succeeded: number; readonly failed: number };

/** What one cluster did of a Job that it has no part of any more. */
export type DoneCluster = PartProgress & { readonly name: string };

const int32Max = 2_147_483_647;
const clustersMax = 5000;

/** Counts of {@link PartProgress} as an object has them that need not have any. */
export const progressFields = {
  succeeded: integer('Pods of it that had succeeded there when the cluster was last heard.', { min: 0, max: int32Max }),
  failed: integer('Pods of it that had failed there when the cluster was last heard.', { min: 0, max: int32Max }),
};

/** {@link DoneCluster} as Placements have them. */
export const doneShape = list(
  'What clusters did of a divided Job that have no part of it any more: it counts, and others do only the rest.',
  fields('One cluster.', {
    name: must(text('Name of the cluster.')),
    succeeded: must(progressFields.succeeded),
    failed: must(progressFields.failed),
  }),
  { type: 'map', keys: ['name'] },
  clustersMax,
);
