/** @module Reviews: kinds that are asked and not kept. */
export { type AccessReviewOptions, accessReviews } from './access-reviews.ts';
export { type IdentityReviewOptions, identityReviews } from './identity-reviews.ts';
export { placementHistories, type TellHistory } from './placement-histories.ts';
export { type MakePlan, planReviews } from './plan-reviews.ts';
