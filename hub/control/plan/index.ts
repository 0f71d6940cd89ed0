/** @module Plans over the hub's state. */
export { createPlanner, type Planner, type PlanRefusal, type PlanReviewStatus } from './planner.ts';
