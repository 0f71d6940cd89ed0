/** @module How an object in a member shows that it is ours: whose work it is, and how new. */

/** Name under which the agent applies (server-side apply's field manager). */
export const FIELD_MANAGER = 'hanse';
/** Label on everything we manage; watches select by it. */
export const MANAGED_BY_LABEL = 'hanse.dev/managed-by';
export const MANAGED_BY = 'hanse';
/** Annotation: the work item's id. */
export const WORK_ID = 'hanse.dev/work-id';
/** Annotation: the work item's seq, so that older work is recognized even by an agent that lost its memory. */
export const WORK_SEQ = 'hanse.dev/work-seq';
/** Annotation on what did not exist before us. */
export const CREATED = 'hanse.dev/created';
/** Namespace of the agent itself; work never goes there. */
export const SYSTEM_NAMESPACE = 'hanse-system';
/** ConfigMap there with what traffic keeps over a restart. */
export const TRAFFIC_STATE = 'hanse-agent-traffic';
