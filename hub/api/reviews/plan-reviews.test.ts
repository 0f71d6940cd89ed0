/** @module PlanReview: who asks wrongly or too early is told what to do. */
import { describe, expect, it } from 'vitest';
import { planObjectsMax } from '../../../shared/api/index.ts';
import type { VirtualCreate } from '../../../shared/kube/server/options.ts';
import { type MakePlan, planReviews } from './plan-reviews.ts';

const context = { user: { name: 'u', groups: [] }, namespace: '', name: '' };
const ask = async (spec: unknown, plan: MakePlan | undefined, metadata: object = { name: '' }): Promise<unknown> => {
  const handler: VirtualCreate | undefined = planReviews(() => plan)['hanse.dev/v1alpha1/planreviews'];
  return handler?.({ apiVersion: 'hanse.dev/v1alpha1', kind: 'PlanReview', metadata, spec } as never, context);
};
const answering: MakePlan = async () => ({ ok: true, value: { placements: [] } });

describe('PlanReview', () => {
  it('is answered in its status', async () => {
    expect(await ask({ lose: ['a'] }, answering)).toMatchObject({ spec: { lose: ['a'] }, status: { placements: [] } });
  });

  it.each([
    ['its name', { name: 'what-if' }, 'PlanReview.hanse.dev "what-if" is invalid: spec: no'],
    ['what its name would begin with', { generateName: 'what-' }, 'PlanReview.hanse.dev "what-" is invalid: spec: no'],
  ])('is refused by %s', async (_, metadata, message) => {
    await expect(ask({}, async () => ({ ok: false, message: 'no' }), metadata)).rejects.toMatchObject({ status: { message } });
  });

  it.each<[string, unknown, MakePlan | undefined, object]>([
    ['while the hub starts', {}, undefined, { code: 503, reason: 'ServiceUnavailable', message: /the hub is starting/ }],
    ['when too many ask', {}, async () => ({ ok: false, message: 'busy', isBusy: true }), { code: 429, reason: 'TooManyRequests' }],
    [
      'when a plan cannot be made',
      {},
      async () => ({ ok: false, message: 'no objects' }),
      { code: 422, message: /^PlanReview is invalid: spec: no objects$/ },
    ],
    [
      'of a cluster that is not there',
      { lose: ['x'] },
      async () => ({ ok: false, message: 'no cluster "x"', field: 'lose[0]' }),
      { code: 422, message: /^PlanReview is invalid: spec\.lose\[0\]: no cluster "x"$/ },
    ],
    ['of a field of the wrong type', { lose: 'a' }, answering, { code: 422, message: /spec\.lose/ }],
    [
      'of more objects than are planned at once',
      { objects: new Array(planObjectsMax + 1).fill({}) },
      answering,
      { code: 422, message: /spec\.objects: Too many: 2001: must have at most 2000 items/ },
    ],
  ])('is refused %s', async (_, spec, plan, { message = /./, ...status }: { message?: RegExp; code?: number }) => {
    await expect(ask(spec, plan)).rejects.toMatchObject({ status: { ...status, message: expect.stringMatching(message) } });
  });
});
