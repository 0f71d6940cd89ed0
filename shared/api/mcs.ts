/** @module What the kinds of the Multi-Cluster Services API (KEP-1645) have in common: group, versions, and how both versions are one. */

import { customSchemaName } from '../kube/custom/index.ts';
import type { KubeObject } from '../kube/object.ts';
import type { OpenApiSchema, ResourceType } from '../kube/resource.ts';

/** Group of ServiceExport and ServiceImport. */
export const mcsGroup = 'multicluster.x-k8s.io';
/** Version that objects are kept in (mcs-api v0.5.0). */
export const mcsVersion = 'v1beta1';
/** `multicluster.x-k8s.io/v1beta1`. */
export const mcsApiVersion = `${mcsGroup}/${mcsVersion}`;
/** All served versions; they differ by name only. */
export const mcsVersions = [mcsVersion, 'v1alpha1'] as const;

/** Label: the service that a slice or an import belongs to. */
export const serviceNameLabel = 'multicluster.kubernetes.io/service-name';
/** Label: the cluster that a slice's endpoints are in. */
export const sourceClusterLabel = 'multicluster.kubernetes.io/source-cluster';
/** Annotation on a ServiceImport: the Service that carries its address. */
export const derivedServiceAnnotation = 'multicluster.kubernetes.io/derived-service';

/** Schema of a whole object in one version. */
export const mcsSchema = (
  kind: string,
  version: string,
  description: string,
  parts: Readonly<Record<string, OpenApiSchema>>,
): OpenApiSchema => ({
  type: 'object',
  description,
  properties: {
    apiVersion: { type: 'string', description: `The versioned schema of this object: ${mcsGroup}/${version}.` },
    kind: { type: 'string', description: `The kind of this object: ${kind}.` },
    metadata: {
      allOf: [{ $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' }],
      description: "Standard object's metadata.",
      default: {},
    },
    ...parts,
  },
  'x-kubernetes-group-version-kind': [{ group: mcsGroup, version, kind }],
});

/** One type a version, and their schemas by name. */
export type McsKind = { readonly types: readonly ResourceType[]; readonly schemas: Readonly<Record<string, OpenApiSchema>> };

/** A kind in all its versions. */
export const mcsKind = (
  made: Omit<ResourceType, 'group' | 'version' | 'schemaName' | 'conversion'>,
  schemaOf: (version: string) => OpenApiSchema,
): McsKind => {
  const as =
    (version: string) =>
    (object: KubeObject): KubeObject =>
      object.apiVersion === `${mcsGroup}/${version}` ? object : { ...object, apiVersion: `${mcsGroup}/${version}` };
  const nameOf = (version: string): string => customSchemaName(mcsGroup, version, made.kind);
  return {
    types: mcsVersions.map((version) => ({
      ...made,
      group: mcsGroup,
      version,
      schemaName: nameOf(version),
      ...(version === mcsVersion
        ? {}
        : { conversion: { storageVersion: mcsVersion, fromStorage: as(version), toStorage: as(mcsVersion) } }),
    })),
    schemas: Object.fromEntries(mcsVersions.map((version) => [nameOf(version), schemaOf(version)])),
  };
};
