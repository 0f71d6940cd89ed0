/** @module Job: pods until enough have succeeded or too many have failed. */
import { jobEndOf } from '../../../../shared/kube/job-end.ts';
import { timeText } from '../../../../shared/lib/time-text.ts';
import { type Action, type Controller, keyOf, ownerKeys, resources, settled, statusUpdate } from '../controller.ts';
import { type Condition, isActive, isReady, type Job, type Pod } from '../objects.ts';
import { deletion, podFromTemplate } from './replica-set.ts';

/** Whether the job has completed or failed. */
export const ended = (job: Job): boolean => jobEndOf(job.status) !== undefined;

type Counts = { active: number; ready: number; succeeded: number; failed: number };

/** How the job ends with these counts, if it does. */
const outcome = (job: Job, counts: Counts): Condition | undefined => {
  const needed = job.spec.completions ?? 1;
  if (counts.succeeded >= needed) {
    return { type: 'Complete', status: 'True', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' };
  }
  if (counts.failed > (job.spec.backoffLimit ?? 6)) {
    return { type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded', message: 'Job has reached the specified backoff limit' };
  }
  return undefined;
};

const podsToStart = (job: Job, counts: Counts): number =>
  job.spec.suspend === true
    ? 0
    : Math.max(0, Math.min(job.spec.parallelism ?? 1, (job.spec.completions ?? 1) - counts.succeeded) - counts.active);

const statusOf = (job: Job, counts: Counts, end: Condition | undefined, nowMs: number): object => ({
  ...(job.spec.suspend === true ? {} : { startTime: job.status?.startTime ?? timeText(nowMs) }),
  ...(end === undefined ? { active: counts.active, ready: counts.ready, terminating: 0 } : { ready: 0, terminating: 0 }),
  ...(counts.succeeded > 0 ? { succeeded: counts.succeeded } : {}),
  ...(counts.failed > 0 ? { failed: counts.failed } : {}),
  ...(end?.type === 'Complete' ? { completionTime: timeText(nowMs) } : {}),
  uncountedTerminatedPods: {},
  ...(end === undefined ? {} : { conditions: [{ ...end, lastProbeTime: timeText(nowMs), lastTransitionTime: timeText(nowMs) }] }),
});

export const jobController: Controller = {
  name: 'job',
  watches: [
    { type: resources.jobs, keysOf: (object) => [keyOf(object)] },
    { type: resources.pods, keysOf: ownerKeys('Job') },
  ],
  reconcile: (view, namespace, name, nowMs) => {
    const job = view.get<Job>(resources.jobs, namespace, name);
    if (job === undefined || job.metadata.deletionTimestamp !== undefined || ended(job)) return settled;
    const pods = view.owned<Pod>(resources.pods, job);
    const active = pods.filter(isActive);
    const counts = {
      active: active.length,
      ready: active.filter(isReady).length,
      succeeded: pods.filter((pod) => pod.status?.phase === 'Succeeded').length,
      failed: pods.filter((pod) => pod.status?.phase === 'Failed').length,
    };
    const end = outcome(job, counts);
    const actions: Action[] = [];
    if (end !== undefined) actions.push(...active.map((pod) => deletion(resources.pods, pod)));
    else {
      const starts = podsToStart(job, counts);
      for (let i = 0; i < starts; i++) {
        actions.push({ do: 'create', type: resources.pods, object: podFromTemplate(job, job.spec.template, { generateName: `${name}-` }) });
      }
    }
    return { actions: [...actions, ...statusUpdate(resources.jobs, job, statusOf(job, counts, end, nowMs))] };
  },
};
