/** @module Whether the clusters took an object: the condition `Applied` of its Placement. Pure. */
import type { ClusterCondition } from '../../../shared/api/index.ts';
import type { StatusItem } from '../../../shared/wire/index.ts';

/** What one cluster answered; undefined = nothing yet for what was sent last. */
export type Answer = {
  readonly cluster: string;
  readonly item: Pick<StatusItem, 'phase' | 'reason' | 'message'> | undefined;
  readonly problem?: string;
};

/** The condition without its time. */
export const appliedCondition = (answers: readonly Answer[]): Omit<ClusterCondition, 'lastTransitionTime'> => {
  const failed = answers.filter(({ item, problem }) => problem !== undefined || item?.phase === 'Failed' || item?.phase === 'Conflict');
  const [first] = failed;
  if (first !== undefined) {
    const words = failed.map(({ cluster, item, problem }) => `${cluster}: ${problem ?? item?.message ?? item?.reason ?? 'failed'}`);
    return {
      type: 'Applied',
      status: 'False',
      reason: first.problem === undefined ? (first.item?.reason ?? 'Failed') : 'NotSent',
      message: words.join('; '),
    };
  }
  const waiting = answers.filter(({ item }) => item === undefined);
  if (waiting.length > 0) {
    return {
      type: 'Applied',
      status: 'Unknown',
      reason: 'Waiting',
      message: `no answer yet from ${waiting.map(({ cluster }) => cluster).join(', ')}`,
    };
  }
  return {
    type: 'Applied',
    status: 'True',
    reason: 'Applied',
    message: answers.length === 0 ? 'placed in no cluster' : 'every cluster applied it',
  };
};
