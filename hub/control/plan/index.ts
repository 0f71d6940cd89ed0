/** @module Plans over the hub's state. */
export { withFollowing } from './following.ts';
export type { DecisionNow } from './now.ts';
export { createPlanner, type Planner, type PlanRefusal, type PlanReviewStatus } from './planner.ts';
