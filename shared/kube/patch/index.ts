/** @module The patches of the Kubernetes API: JSON patch, merge patch, strategic merge patch. */
export { applyJsonPatch, jsonPatchCopyBytesMax, jsonPatchOperationsMax, jsonPatchShiftsMax, unknownPatchFields } from './json-patch.ts';
export { applyMergePatch, createMergePatch } from './merge-patch.ts';
export { type PatchResult, unfitPatch } from './result.ts';
export { applyStrategicMergePatch } from './strategic-merge-patch.ts';
