/** @module PlacementPolicy: which objects of its namespace go to which clusters, and how. */
import type { KubeObject, ObjectMeta } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import type { StatusCause } from '../kube/status-error.ts';
import { ageColumn, ageText, column, hanseGroup, hanseVersion, nameColumn, objectSchema, schemaNameOf, storedVerbs } from './kind.ts';
import type { PolicySpec } from './policy.ts';
import { policySpecShape } from './policy-shape.ts';

/** A policy for objects of its own namespace. */
export type PlacementPolicy = {
  readonly apiVersion: string;
  readonly kind: 'PlacementPolicy';
  readonly metadata: ObjectMeta;
  readonly spec: PolicySpec;
};

const shape = policySpecShape(false);

/** The schema of PlacementPolicy. */
export const placementPolicySchema = objectSchema(
  'PlacementPolicy',
  'PlacementPolicy says which objects of its namespace go to which clusters, how their replicas are divided, and what differs per cluster.',
  { spec: shape.schema },
  ['spec'],
);

/** Faults of a policy's spec, whole: types, words, ranges and fields against each other. */
export const validatePolicySpec = (spec: unknown, clusterScoped: boolean): StatusCause[] =>
  (clusterScoped ? clusterShape : shape).check(spec, 'spec');

const clusterShape = policySpecShape(true);

/** Columns that both kinds of policy show. */
export const policyColumns = [
  nameColumn,
  column('Strategy', 'string', 'How replicas are divided.'),
  column('Tiers', 'string', 'Sets of clusters in order.'),
  column('Priority', 'integer', 'The highest of those that match holds.'),
  ageColumn,
  column('Selects', 'string', 'What the policy governs.', 1),
];

const specOf = (object: KubeObject): Partial<PolicySpec> => (object.spec ?? {}) as Partial<PolicySpec>;

/** Cells of {@link policyColumns}. */
export const policyCells = (object: KubeObject, nowMs: number): (string | number | boolean | null)[] => {
  const spec = specOf(object);
  const selects = (spec.resourceSelectors ?? []).map(
    (selector) => `${selector.kind}${selector.name === undefined ? '' : `/${selector.name}`}`,
  );
  return [
    object.metadata.name,
    spec.replicaScheduling?.strategy ?? 'Capacity',
    (spec.tiers ?? []).map((tier) => tier.name).join(',') || '<all>',
    spec.priority ?? 0,
    ageText(object.metadata.creationTimestamp, nowMs),
    selects.join(','),
  ];
};

/** What a policy says that its strategy does not look at: taken, so that the strategy can be tried and set back without losing it, and told. */
export const unusedOfPolicy = (object: KubeObject): string[] => {
  const { strategy = 'Capacity', weights = [] } = specOf(object).replicaScheduling ?? {};
  return strategy === 'Weighted' || weights.length === 0 ? [] : [`spec.replicaScheduling.weights: not used by strategy ${strategy}`];
};

/** How the API server serves PlacementPolicy. */
export const placementPolicyType: ResourceType = {
  group: hanseGroup,
  version: hanseVersion,
  kind: 'PlacementPolicy',
  listKind: 'PlacementPolicyList',
  resource: 'placementpolicies',
  singular: 'placementpolicy',
  shortNames: ['pp'],
  categories: ['hanse'],
  namespaced: true,
  verbs: storedVerbs,
  schemaName: schemaNameOf('PlacementPolicy'),
  hasStatus: false,
  strategicMerge: false,
  strategy: { validate: (object) => validatePolicySpec(object.spec, false), warnings: unusedOfPolicy },
  columns: policyColumns,
  cells: policyCells,
};
