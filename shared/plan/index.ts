/** @module What would happen: plans of policies, workloads and clusters, with nothing written. */
export { type AnsweredPlacement, costOfPlan, type PlanAnswer, planAnswer, planExitCode } from './answer.ts';
export { type PlanCase, planCase } from './case.ts';
export { type PlanObjects, readPlanObjects, refKey } from './input.ts';
export { type DumpedCluster, offlineCluster, type PlanCluster, type PresentPod } from './offline.ts';
export { makePlan, type Plan, type PlannedPlacement } from './plan.ts';
