/** @module The hub's own kinds, `hanse.dev/v1alpha1`, and those of the Multi-Cluster Services API. */
import type { OpenApiSchema, ResourceType } from '../kube/resource.ts';
import { clusterPlacementPolicySchema, clusterPlacementPolicyType } from './cluster-placement-policy.ts';
import { clusterSchema, clusterType } from './cluster-type.ts';
import { failoverPolicySchema, failoverPolicyType } from './failover-policy.ts';
import { gpuPoolSchema, gpuPoolType } from './gpu-pool.ts';
import { joinTokenSchema, joinTokenType } from './join-token.ts';
import { placementSchema, placementType } from './placement.ts';
import { placementHistorySchema, placementHistoryType } from './placement-history.ts';
import { placementPolicySchema, placementPolicyType } from './placement-policy.ts';
import { planReviewSchema, planReviewType } from './plan-review.ts';
import { serviceExportKind } from './service-export.ts';
import { serviceImportKind } from './service-import.ts';
import { trafficPolicySchema, trafficPolicyType } from './traffic-policy.ts';

export {
  type Admission,
  type Cluster,
  type ClusterAgent,
  type ClusterDrain,
  type ClusterDrainStatus,
  type ClusterPricing,
  type ClusterSpec,
  type ClusterStatus,
  type ClusterTaint,
  type ClusterVerdict,
  clusterCondition,
  clusterLabels,
  type DetectorSummary,
  type DrainStaying,
  doubleCondition,
  drainTaint,
  drainTaints,
  isMember,
  labelsOfCluster,
  type NodeGroupPrices,
  type PastOutage,
  type PastVerdict,
  type Prices,
  revokeFinalizer,
} from './cluster.ts';
export { type ClusterPlacementPolicy, clusterPlacementPolicyType } from './cluster-placement-policy.ts';
export { clusterType } from './cluster-type.ts';
export {
  defaultFailoverPolicy,
  effectiveFailover,
  type FailoverPolicy,
  type FailoverPolicySpec,
  type FailoverPolicyStatus,
  failoverPolicyType,
  meshPolicyOf,
} from './failover-policy.ts';
export { type GpuCounts, type GpuPool, type GpuPoolCluster, gpuPoolType } from './gpu-pool.ts';
export { type JoinToken, type JoinTokenSpec, type JoinTokenStatus, joinTokenLimits, joinTokenType, type TokenUse } from './join-token.ts';
export {
  ExplanationKeeper,
  explanationRows,
  isSameOutcome,
  type KeptExplanation,
  type KeptRow,
  keptExplanation,
  type ToldRow,
} from './kept-explanation.ts';
export {
  ageColumn,
  ageText,
  column,
  hanseApiVersion,
  hanseGroup,
  hanseVersion,
  nameColumn,
  objectSchema,
  schemaNameOf,
  storedVerbs,
} from './kind.ts';
export { compileSelector, labelSelectorShape } from './label-selector.ts';
export {
  derivedServiceAnnotation,
  type McsKind,
  mcsApiVersion,
  mcsGroup,
  mcsVersion,
  mcsVersions,
  serviceNameLabel,
  sourceClusterLabel,
} from './mcs.ts';
export {
  type ApplyFailure,
  type CurrencyCost,
  type ExplanationRow,
  type ExplanationScore,
  type NodeReplicas,
  type NominatedNode,
  type OwedCluster,
  type PlacedCluster,
  type Placement,
  type PlacementCost,
  type PlacementSpec,
  type PlacementStatus,
  placementType,
  sharesOnly,
  type WorkloadRef,
} from './placement.ts';
export {
  decisionsDefault,
  decisionsMax,
  type PastDecision,
  type PlacementHistorySpec,
  type PlacementHistoryStatus,
  placementHistoryFaults,
  placementHistoryType,
} from './placement-history.ts';
export { type PlacementPolicy, placementPolicyType, validatePolicySpec } from './placement-policy.ts';
export { type PlanObjectRef, type PlanReviewSpec, planObjectsMax, planReviewFaults, planReviewType } from './plan-review.ts';
export * from './policy.ts';
export { type ServiceExport, serviceExportKind } from './service-export.ts';
export { type ServiceImport, type ServiceImportPort, serviceImportKind } from './service-import.ts';
export { fields, flag, integer, list, must, type Shape, text, textMap, word } from './shape.ts';
export { isServing, type StayingCluster, stayingText, withStaying } from './staying.ts';
export { type StoringPlace, sayingWhatIsStoredOnly } from './stored-only.ts';
export {
  explainedIn,
  keptPlacementStatus,
  type StoredPlacement,
  type StoredPlacementStatus,
  servedPlacement,
  storedPlacement,
} from './stored-placement.ts';
export {
  type ClusterHeadroom,
  type TrafficPolicy,
  type TrafficPolicySpec,
  type TrafficPolicyStatus,
  type TrafficServiceStatus,
  trafficDefaults,
  trafficPolicyType,
} from './traffic-policy.ts';

/** The kinds of the Multi-Cluster Services API in all their versions. */
export const mcsTypes = (): ResourceType[] => [...serviceExportKind.types, ...serviceImportKind.types];

/** Their schemas by name. */
export const mcsSchemas: Readonly<Record<string, OpenApiSchema>> = { ...serviceExportKind.schemas, ...serviceImportKind.schemas };

/** Shapes make both the schema and the check: what the check says is not said again. */
const toldOnce = (type: ResourceType): ResourceType =>
  type.strategy.validate === undefined ? type : { ...type, strategy: { ...type.strategy, tellsSchema: true } };

/** Every kind that the hub serves of its own, besides Kubernetes' own. */
export const hanseTypes = (): ResourceType[] => ownTypes.map(toldOnce);

const ownTypes: readonly ResourceType[] = [
  clusterType,
  joinTokenType,
  placementPolicyType,
  clusterPlacementPolicyType,
  placementType,
  failoverPolicyType,
  gpuPoolType,
  planReviewType,
  placementHistoryType,
  trafficPolicyType,
  ...serviceExportKind.types,
  ...serviceImportKind.types,
];

/** Their schemas by name. */
export const hanseSchemas: Readonly<Record<string, OpenApiSchema>> = {
  [clusterType.schemaName]: clusterSchema,
  [joinTokenType.schemaName]: joinTokenSchema,
  [placementPolicyType.schemaName]: placementPolicySchema,
  [clusterPlacementPolicyType.schemaName]: clusterPlacementPolicySchema,
  [placementType.schemaName]: placementSchema,
  [failoverPolicyType.schemaName]: failoverPolicySchema,
  [gpuPoolType.schemaName]: gpuPoolSchema,
  [planReviewType.schemaName]: planReviewSchema,
  [trafficPolicyType.schemaName]: trafficPolicySchema,
  ...mcsSchemas,
  [placementHistoryType.schemaName]: placementHistorySchema,
};
export { isMadeByEveryCluster, type OwnPlace, whyOwn } from './own-objects.ts';
export { type UnreadyCluster, unreadyMax, unreadyText, waitingText } from './unready.ts';
