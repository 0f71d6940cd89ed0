/** @module Authorization: may they. */
export { type AggregationLoop, startAggregation } from './aggregation-loop.ts';
export { createAuthorizer } from './authorizer.ts';
export { bootstrapRoles, hubRoles } from './bootstrap.ts';
export { checkEscalation, type EscalationOptions } from './escalation.ts';
export { createRbacIndex, type Grant, type RbacIndex, type RoleRef } from './rbac-index.ts';
