/** @module Plans over the hub's state. */
export { withFollowing } from './following.ts';
export { createPlanner, type Planner, type PlanRefusal, type PlanReviewStatus } from './planner.ts';
