/** @module Gives an object the resourceVersion of the write that stored it. */
import type { KubeObject } from '../object.ts';
import type { Revision } from './port.ts';

/** A shallow copy whose metadata.resourceVersion is `revision`; every journal driver uses it on each entry. */
export const stamped = (object: KubeObject, revision: Revision): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, resourceVersion: String(revision) },
});
