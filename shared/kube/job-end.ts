/** @module How a Job says that it is over. */

type End = { readonly type: string; readonly status: string; readonly lastTransitionTime?: string };

/** The condition of a batch/v1 Job's status by which it has completed or failed for good; undefined while it has not. */
export const jobEndOf = (status: unknown): End | undefined => {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly End[] };
  return conditions.find((one) => (one.type === 'Complete' || one.type === 'Failed') && one.status === 'True');
};
