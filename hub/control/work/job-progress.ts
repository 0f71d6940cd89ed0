/** @module What a cluster says that it has done of a Job: pods that have succeeded, and that have failed. */
import type { PartProgress } from '../../../shared/api/index.ts';
import { bag } from '../kinds.ts';
import type { Board } from './board.ts';

/** What the cluster said last of the Job of a work id; undefined = nothing, or that it has it no more. */
export type Progress = (workId: string, cluster: string) => PartProgress | undefined;

const count = (value: unknown): number => (typeof value === 'number' ? value : 0);

/** What the board knows of it. */
export const progressBy =
  (board: Pick<Board, 'answer'>): Progress =>
  (workId, cluster) => {
    const answer = board.answer(workId, cluster);
    if (answer?.status === undefined || answer.phase === 'Withdrawn') return undefined;
    const { succeeded, failed } = bag(answer.status);
    return { succeeded: count(succeeded), failed: count(failed) };
  };
