/** @module The agent's work: what the hub wants here is applied, kept as it is, and reported; with or without the hub. */
export { decide } from './decide.ts';
export { type Live, liveOf } from './live.ts';
export { FIELD_MANAGER, MANAGED_BY, MANAGED_BY_LABEL, SYSTEM_NAMESPACE, TRAFFIC_STATE, WORK_ID, WORK_SEQ } from './marks.ts';
export type { WorkEffect, WorkInput } from './messages.ts';
export { otherAgentIn, otherAgentText } from './other-agent.ts';
export { nextWakeMs } from './queue.ts';
export { createRecords, ensureNamespace, type Records } from './records.ts';
export { startWork, type WorkEngine, type WorkOptions } from './run.ts';
export { acksOf, createWorkState, type Entry, targetOf, type WorkState } from './state.ts';
