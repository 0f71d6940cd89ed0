/** @module What one cluster's word on a kind that is not Kubernetes' own amounts to: names, verbs, columns, schema; small, closed, and comparable. */
import type { OpenApiSchema, ScalePaths, TableColumn } from '../resource.ts';

/** A column whose cells are read by a JSON path (CustomResourceDefinition additionalPrinterColumns). */
export type PathColumn = TableColumn & { readonly jsonPath: string };

/** What discovery says of a kind. */
export type DiscoveredKind = {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly resource: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly status: boolean;
};

/**
 * One kind in one version as a cluster serves it. Two clusters serve the same kind when the sorted JSON of their documents is the same; its
 * SHA-256 names the document on the wire and in the store.
 */
export type KindDocument = DiscoveredKind & {
  readonly listKind: string;
  readonly scale?: ScalePaths;
  readonly columns: readonly PathColumn[];
  /** JSON paths that field selectors may name. */
  readonly selectableFields: readonly string[];
  /** False when a webhook converts between versions: an object of one version is then not an object of another. */
  readonly versionsAlike: boolean;
  /** Without `$ref`. Absent = not known, or too large to be told; objects are then taken as they come. */
  readonly schema?: OpenApiSchema;
};

/** Bytes of a document's JSON. A larger one is told without descriptions, and if that is not enough, without its schema. */
export const kindDocumentBytesMax = 1_048_576;

/** Name of the kind's schema in a schema set, as the API server names those of CRDs: `acme.dev`, `v1`, `Widget` → `dev.acme.v1.Widget`. */
export const customSchemaName = (group: string, version: string, kind: string): string =>
  `${group.split('.').reverse().join('.')}.${version}.${kind}`;
