/** @module The end of a Job: noted when it is seen, and kept in the member, so that a restart does not run once more what is over and gone. */
import { isFinishedJob } from '../../shared/kube/job-end.ts';
import { statusOf } from './publish.ts';
import { moveTo, type Step } from './queue.ts';
import { type Entry, isOver } from './state.ts';

/** True when what is known of the entry is not kept in the member yet, and can be. */
export const needsRecord = ({ state }: Step, entry: Entry): boolean => {
  const { item, recordedSeq, recordedEnd } = entry;
  return state.unrecorded === undefined && (recordedSeq < item.seq || (isOver(entry) && recordedEnd < item.seq));
};

/** Takes note when the live object is a Job that is over, as it was applied last. Its end is kept at the entry's next turn. */
export const noteEnd = (step: Step, entry: Entry): void => {
  const { item, appliedSeq, live } = entry;
  if (isOver(entry) || appliedSeq !== item.seq || live === undefined) return;
  if (!isFinishedJob({ ...item.ref, status: live.status })) return;
  entry.end = statusOf(step, entry);
  if (entry.stage === 'Settled' && needsRecord(step, entry)) moveTo(step, entry, 'Queued');
};
