/** @module Authorization: may they. */
export { createAuthorizer } from './authorizer.ts';
export { bootstrapRoles } from './bootstrap.ts';
export { checkEscalation, type EscalationOptions } from './escalation.ts';
export { allows, type PolicyRule, ruleText, uncoveredRules } from './policy-rules.ts';
export { createRbacIndex, type Grant, type RbacIndex, type RoleRef } from './rbac-index.ts';
