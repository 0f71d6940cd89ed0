/** @module Where replicas go: filter, spread, divide, explain. Pure. */
export { type CompiledPolicy, type CompiledResource, compilePolicy, type ForClusters } from './compiled-policy.ts';
export type { ClusterView, Decision, TimedTaint, Workload } from './model.ts';
export { type OverriddenObject, overrideImage, overrideObject } from './override.ts';
export { type PlaceEnv, place, type Snapshot } from './place.ts';
export { policyFor, type Selected } from './select-policy.ts';
