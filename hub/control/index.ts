/** @module The hub's control loops, and the pure decisions they are made of (for the simulator). */
export {
  type Health,
  type HealthOptions,
  type HealthPhase,
  healthDefaults,
  healthTaints,
  onBeat,
  onTick,
  readyCondition,
  taintsOf,
  unseen,
} from './cluster/health.ts';
export { createLedger, type Ledger } from './cluster/ledger.ts';
export { type ClusterFacts, isMaterial, nextStatus } from './cluster/status.ts';
export { type Control, type ControlOptions, startControl } from './control.ts';
export { type Controller, type ControllerOptions, done, type Outcome, startController } from './controller.ts';
export { createDependencyIndex, type DependencyIndex, referencesOf, serviceSelects } from './dependencies/index.ts';
export { createEventRecorder } from './events.ts';
export { type MemberKinds, openMemberKinds } from './kinds/index.ts';
export { type KindCatalog, keyOfWorkId, refOf, replicasOf, workIdOf, workRefOf } from './kinds.ts';
export { type PastWrites, pastDecisions } from './past-decisions.ts';
export { outputOf, type PlacementInput, type PlacementOutput } from './placement/decide.ts';
export { onDeleteAnnotation, placementFinalizer, placementKeyOf, placementOf, systemNamespace } from './placement/names.ts';
export { selectedOf } from './placement/policies.ts';
export { unselectedText } from './placement/unselected.ts';
export { type Planner, type PlanRefusal, type PlanReviewStatus, withFollowing } from './plan/index.ts';
export { aggregateStatus, type StatusObject } from './status/aggregate.ts';
export { type Answer, type AppliedChange, nextApplied } from './status/applied.ts';
export type { Part, Whole } from './status/parts.ts';
export { decideWork, type SentRecord, type WorkAction, type WorkInput, type WorkOutput } from './work/decide.ts';
export { renderFor, type Share } from './work/render.ts';
