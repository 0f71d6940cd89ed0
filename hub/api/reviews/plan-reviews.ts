/** @module hanse.dev/v1alpha1 PlanReview: what would be decided, with nothing written. */
import { hanseGroup, hanseVersion, type PlanReviewSpec, planReviewFaults } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { invalid } from '../../../shared/kube/server/errors.ts';
import type { VirtualCreate } from '../../../shared/kube/server/options.ts';
import { type StatusCause, StatusError } from '../../../shared/kube/status-error.ts';

/** Makes a plan, or says why there is none. */
export type MakePlan = (
  spec: PlanReviewSpec,
) => Promise<
  | { readonly ok: true; readonly value: object }
  | { readonly ok: false; readonly message: string; readonly field?: string; readonly isBusy?: true }
>;

/** Seconds after which to ask again. */
const retrySeconds = 1;

const notYet = (message: string, code: 429 | 503): StatusError =>
  new StatusError(code, code === 429 ? 'TooManyRequests' : 'ServiceUnavailable', message, { retryAfterSeconds: retrySeconds });

/** Named as a stored object of this metadata would be; one without any name is spoken of without it. */
const refused = (
  { metadata = {} }: { readonly metadata?: Partial<KubeObject['metadata']> },
  causes: readonly StatusCause[],
): StatusError => {
  const name = metadata.name || metadata.generateName || '';
  if (name !== '') return invalid({ group: hanseGroup, kind: 'PlanReview' }, name, causes);
  const { message } = invalid({ group: '', kind: '' }, '', causes);
  // A client that is told a kind sets the empty name in quotes beside it.
  return new StatusError(422, 'Invalid', `PlanReview is invalid${message.slice(message.indexOf(': '))}`, { causes: [...causes] });
};

/** Handlers by `<group>/<version>/<resource>`. `planner` answers undefined while the hub's loops are not up. */
export const planReviews = (planner: () => MakePlan | undefined): Readonly<Record<string, VirtualCreate>> => ({
  [`${hanseGroup}/${hanseVersion}/planreviews`]: async (review) => {
    const faults = planReviewFaults(review);
    if (faults.length > 0) throw refused(review, faults);
    const plan = planner();
    if (plan === undefined) throw notYet('the hub is starting; ask again in a moment', 503);
    const spec = ((review as { readonly spec?: PlanReviewSpec }).spec ?? {}) satisfies PlanReviewSpec;
    const made = await plan(spec);
    if (made.ok) return { ...review, status: made.value };
    if (made.isBusy === true) throw notYet(made.message, 429);
    const field = made.field === undefined ? 'spec' : `spec.${made.field}`;
    throw refused(review, [{ reason: 'FieldValueInvalid', message: made.message, field }]);
  },
});
