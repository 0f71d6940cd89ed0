/** @module Objects in the versions that their owners speak of. */

import type { KubeObject } from '../object.ts';
import type { SchemaNode } from '../schema/index.ts';

/** How a kind is read in its versions. */
export type Versions = {
  /** The schema of an object of this apiVersion; undefined when the version is not served any more. */
  readonly nodeOf: (apiVersion: string) => SchemaNode | undefined;
  /** The object in another version. */
  readonly convert: (object: KubeObject, apiVersion: string) => KubeObject;
};

/** A kind that is served in one version only. */
export const singleVersion = (apiVersion: string, node: SchemaNode): Versions => ({
  nodeOf: (version) => (version === apiVersion ? node : undefined),
  convert: (object) => object,
});

/** An object in one version, with the schema of that version. */
export type Versioned = { readonly apiVersion: string; readonly node: SchemaNode; readonly object: KubeObject };

/** The object in another version; undefined when that is not served. */
export const inVersion = (from: Versioned, apiVersion: string, versions: Versions): Versioned | undefined => {
  if (from.apiVersion === apiVersion) return from;
  const node = versions.nodeOf(apiVersion);
  return node === undefined ? undefined : { apiVersion, node, object: versions.convert(from.object, apiVersion) };
};
