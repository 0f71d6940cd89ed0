/** @module Server-side apply and the tracking of who owns which fields. */
export { type ApplyInput, type ApplyResult, applyConfiguration, beforeFirstApply, configurationName, invalidObjectType } from './apply.ts';
export { type Conflict, conflictError } from './conflicts.ts';
export { extractFields } from './extract.ts';
export { type FieldTree, hasPath, pathsOf } from './field-tree.ts';
export { parseFieldsV1, writeFieldsV1 } from './fields-v1.ts';
export { lastAppliedAnnotation } from './last-applied.ts';
export { decodeManagers, encodeManagers, type Managers, type Ownership, updateManagersMax } from './managers.ts';
export { showPath } from './path-element.ts';
export { parentManagedFields, type ReplicasPaths, replicasPath, scaleManagedFields } from './scale.ts';
export { type ResetRule, resetRuleOf } from './strip.ts';
export { keepTimes } from './times.ts';
export { managerOfUserAgent, type TrackContext, type TrackInput, trackUpdate, withManagedFields } from './track.ts';
export { singleVersion, type Versions } from './versions.ts';
