/** @module ClusterPlacementPolicy: as PlacementPolicy, for objects of any namespace and of none. */
import type { ObjectMeta } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import { objectSchema, schemaNameOf } from './kind.ts';
import { placementPolicyType, unusedOfPolicy, validatePolicySpec } from './placement-policy.ts';
import type { PolicySpec } from './policy.ts';
import { policySpecShape } from './policy-shape.ts';

/** A policy for objects of any namespace; a namespaced policy that matches goes before it. */
export type ClusterPlacementPolicy = {
  readonly apiVersion: string;
  readonly kind: 'ClusterPlacementPolicy';
  readonly metadata: ObjectMeta;
  readonly spec: PolicySpec;
};

/** The schema of ClusterPlacementPolicy. */
export const clusterPlacementPolicySchema = objectSchema(
  'ClusterPlacementPolicy',
  'ClusterPlacementPolicy says which objects of any namespace, or of none, go to which clusters. A PlacementPolicy of the namespace that matches goes before it.',
  { spec: policySpecShape(true).schema },
  ['spec'],
);

/** How the API server serves ClusterPlacementPolicy. */
export const clusterPlacementPolicyType: ResourceType = {
  ...placementPolicyType,
  kind: 'ClusterPlacementPolicy',
  listKind: 'ClusterPlacementPolicyList',
  resource: 'clusterplacementpolicies',
  singular: 'clusterplacementpolicy',
  shortNames: ['cpp'],
  namespaced: false,
  schemaName: schemaNameOf('ClusterPlacementPolicy'),
  strategy: { validate: (object) => validatePolicySpec(object.spec, true), warnings: unusedOfPolicy },
};
