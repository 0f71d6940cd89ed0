/** @module What would happen: plans of policies, workloads and clusters, with nothing written. */

export { type AddedNodes, addedNodeObjects, addedNodesFault, parseAddedNodes, withAddedNodes } from './added-nodes.ts';
export { type AnsweredLoad, type AnsweredPlacement, type AnswerOptions, type PlanAnswer, planAnswer, planExitCode } from './answer.ts';
export { fleetOfCase, type PlanCase, planCase } from './case.ts';
export type { FollowingObject, PlanCluster, PlanFleet, PlanTask, RemovedWorkload } from './fleet.ts';
export { type PlanObjects, readPlanObjects, refKey } from './input.ts';
export { type ClusterLoad, type Measure, measures, reportLoad, withPods } from './load.ts';
export { type Loss, lossOf } from './losses.ts';
export type { DumpedCluster } from './offline.ts';
export { makePlan, type Plan } from './plan.ts';
export { readScenario, runScenario, type Scenario, type ScenarioFiles, type ScenarioResult } from './scenario.ts';
export { settled } from './settle.ts';
export { warningsOf } from './tasks.ts';
export { type AfterLosses, type Losses, type NoCluster, withLosses } from './what-if.ts';
