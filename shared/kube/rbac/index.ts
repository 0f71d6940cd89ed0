/** @module Role-based access control: what rules allow and cover, and roles that are put together from others. */
export { aggregated } from './aggregation.ts';
export { allows, type PolicyRule, ruleText, uncoveredRules } from './policy-rules.ts';
