/** @module Where replicas go: filter, spread, divide, explain. Pure. */
export { type AlteredShapes, alteredShapesOf } from './altered-shapes.ts';
export { askKey, isSameEverywhere, shapeIn } from './asking.ts';
export { type CompiledPolicy, type CompiledResource, compilePolicy, type ForClusters } from './compiled-policy.ts';
export { completionShares, completionsOf, isSettledJob, jobTask, lostPartsText, partsBefore, withParts } from './job-parts.ts';
export { type LabelledNode, learntLabels } from './learnt-labels.ts';
export { waitingIn } from './leaving.ts';
export { type Misfits, misfitsOf } from './misfits.ts';
export {
  type ClusterFacts,
  type ClusterView,
  type Decision,
  factsOf,
  type NodelessCluster,
  type OtherWorkload,
  type TimedTaint,
  type Workload,
} from './model.ts';
export { costOfPresent } from './node-prices.ts';
export { triesOf } from './node-terms.ts';
export { operatorTaints } from './operator-taints.ts';
export { type OverriddenObject, overrideImage, overrideObject } from './override.ts';
export { type PlaceEnv, place, type Snapshot } from './place.ts';
export { type FleetDecision, placeAll, placeEach, type TaskDecision } from './place-all.ts';
export { nodelessText, whyNodelessStay } from './place-runnable.ts';
export { type Preempted, preemptedText, summed } from './preempted.ts';
export { mayPreempt } from './preemption.ts';
export { evictionAt, leavesOut, standingOf } from './prepare.ts';
export { type Amount, amountText, currencyOf, isSpot, priceIn, pricesFor } from './pricing.ts';
export { type PriorityClass, type PriorityClasses, priorityClassesOf, priorityOf, unknownClassOf } from './priority.ts';
export { type Move, type ProgramSolution, type RebalancePlan, rebalance } from './rebalance.ts';
export { type IsCalm, type RebalanceModel, rebalanceModel } from './rebalance-model.ts';
export type { FleetSnapshot } from './round-ledger.ts';
export {
  type Before,
  completionsTerm,
  findsNoPlace,
  hasParts,
  outlivesDrain,
  stayingAfter,
  stayReason,
} from './runs-on.ts';
export { nearestPolicy, policyFor, type Rival, rivalsOf, type Selected } from './select-policy.ts';
export { shutOut } from './shut-out.ts';
export type { Task } from './turn.ts';
export { indexedText, notDivided } from './undivided.ts';
export { choosableKinds } from './victims.ts';
export { weightlessText } from './weightless.ts';
export {
  bag,
  bags,
  decidedFields,
  groupKind,
  podLabelsOf,
  podSpecOf,
  podTemplateOf,
  refOf,
  refText,
  replicasField,
  replicasLeft,
  replicasOf,
  valueAt,
} from './workload-fields.ts';
