/** @module How a Job says that it is over. */
import type { KubeObject } from './object.ts';

type End = { readonly type: string; readonly status: string; readonly lastTransitionTime?: string };

/** The condition of a batch/v1 Job's status by which it has completed or failed for good; undefined while it has not. */
export const jobEndOf = (status: unknown): End | undefined => {
  const { conditions = [] } = (status ?? {}) as { readonly conditions?: readonly End[] };
  return conditions.find((one) => (one.type === 'Complete' || one.type === 'Failed') && one.status === 'True');
};

/** True for a Job that has completed or failed for good: made anew, or moved, it would run once more. */
export const isFinishedJob = ({
  apiVersion,
  kind,
  status,
}: Pick<KubeObject, 'apiVersion' | 'kind'> & { readonly status?: unknown }): boolean =>
  kind === 'Job' && apiVersion === 'batch/v1' && jobEndOf(status) !== undefined;
