/** @module hanse.dev/v1alpha1 PlanReview: what would be decided, with nothing written. */
import { hanseGroup, hanseVersion, type PlanReviewSpec, planReviewFaults } from '../../../shared/api/index.ts';
import { invalid } from '../../../shared/kube/server/errors.ts';
import type { VirtualCreate } from '../../../shared/kube/server/options.ts';
import { StatusError } from '../../../shared/kube/status-error.ts';

/** Makes a plan, or says why there is none. */
export type MakePlan = (
  spec: PlanReviewSpec,
) => Promise<{ readonly ok: true; readonly value: object } | { readonly ok: false; readonly message: string; readonly isBusy?: true }>;

/** Seconds after which to ask again. */
const retrySeconds = 1;

const notYet = (message: string, code: 429 | 503): StatusError =>
  new StatusError(code, code === 429 ? 'TooManyRequests' : 'ServiceUnavailable', message, { retryAfterSeconds: retrySeconds });

/** Handlers by `<group>/<version>/<resource>`. `planner` answers undefined while the hub's loops are not up. */
export const planReviews = (planner: () => MakePlan | undefined): Readonly<Record<string, VirtualCreate>> => ({
  [`${hanseGroup}/${hanseVersion}/planreviews`]: async (review) => {
    const kind = { group: hanseGroup, kind: 'PlanReview' };
    const faults = planReviewFaults(review);
    if (faults.length > 0) throw invalid(kind, '', faults);
    const plan = planner();
    if (plan === undefined) throw notYet('the hub is starting; ask again in a moment', 503);
    const spec = ((review as { readonly spec?: PlanReviewSpec }).spec ?? {}) satisfies PlanReviewSpec;
    const made = await plan(spec);
    if (made.ok) return { ...review, status: made.value };
    if (made.isBusy === true) throw notYet(made.message, 429);
    throw invalid(kind, '', [{ reason: 'FieldValueInvalid', message: made.message, field: 'spec' }]);
  },
});
