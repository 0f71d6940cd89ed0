/** @module Job: pods until enough have succeeded or too many have failed. */
import { withCondition } from '../../../../shared/kube/condition.ts';
import { jobEndOf } from '../../../../shared/kube/job-end.ts';
import { timeText } from '../../../../shared/lib/time-text.ts';
import { type Action, type Controller, keyOf, ownerKeys, resources, settled, statusUpdate } from '../controller.ts';
import { type Condition, conditionIsTrue, isActive, isReady, type Job, type Pod } from '../objects.ts';
import { indexesDone, isIndexed, nextIndexedPods } from './job-indexes.ts';
import { deletion, podFromTemplate } from './replica-set.ts';

/** Whether the job has completed or failed. */
export const ended = (job: Job): boolean => jobEndOf(job.status) !== undefined;

type Counts = { readonly active: number; readonly ready: number; readonly succeeded: number; readonly failed: number };

const countsOf = (job: Job, pods: readonly Pod[]): Counts => {
  const active = pods.filter(isActive);
  const inPhase = (phase: string): number => pods.filter(({ status }) => status?.phase === phase).length;
  return {
    active: active.length,
    ready: active.filter(isReady).length,
    succeeded: isIndexed(job) ? indexesDone(job, pods).count : inPhase('Succeeded'),
    failed: inPhase('Failed'),
  };
};

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

/** Whether it is suspended, once it has been: a Job that never was says nothing of it. */
const suspension = ({ spec, status }: Job): Condition | undefined => {
  if (spec.suspend === true) return { type: 'Suspended', status: 'True', reason: 'JobSuspended', message: 'Job suspended' };
  if (!conditionIsTrue(status?.conditions, 'Suspended')) return undefined;
  return { type: 'Suspended', status: 'False', reason: 'JobResumed', message: 'Job resumed' };
};

/** Pods that may run at once from now on. */
const wantedPods = ({ spec }: Job, { succeeded }: Counts): number =>
  spec.suspend === true ? 0 : Math.max(0, Math.min(spec.parallelism ?? 1, (spec.completions ?? 1) - succeeded));

/** The status without what no longer holds: a Job that is suspended has not started. */
const statusOf = (job: Job, pods: readonly Pod[], counts: Counts, end: Condition | undefined, nowMs: number): object => {
  const probed = (condition: Condition): Condition => ({ ...condition, lastProbeTime: timeText(nowMs) });
  const news = [suspension(job), end].flatMap((condition) => (condition === undefined ? [] : [condition]));
  const conditions = news
    .filter((one) => !(job.status?.conditions ?? []).some(({ type, status }) => type === one.type && status === one.status))
    .reduce<readonly Condition[]>((all, condition) => withCondition(all, probed(condition), nowMs), job.status?.conditions ?? []);
  const indexes = isIndexed(job) ? indexesDone(job, pods).text : '';
  return {
    ...(job.spec.suspend === true ? {} : { startTime: job.status?.startTime ?? timeText(nowMs) }),
    ...(end === undefined ? { active: counts.active, ready: counts.ready, terminating: 0 } : { ready: 0, terminating: 0 }),
    ...(counts.succeeded > 0 ? { succeeded: counts.succeeded } : {}),
    ...(counts.failed > 0 ? { failed: counts.failed } : {}),
    ...(indexes === '' ? {} : { completedIndexes: indexes }),
    ...(end?.type === 'Complete' ? { completionTime: timeText(nowMs) } : {}),
    uncountedTerminatedPods: {},
    ...(conditions.length === 0 ? {} : { conditions }),
  };
};

/** Pods to make, or those to take away: the ones that are not ready first. */
const nextActions = (job: Job, pods: readonly Pod[], counts: Counts): Action[] => {
  const missing = wantedPods(job, counts) - counts.active;
  if (missing <= 0) {
    const active = pods.filter(isActive).sort((a, b) => Number(isReady(a)) - Number(isReady(b)));
    return active.slice(0, -missing).map((pod) => deletion(resources.pods, pod));
  }
  const made = isIndexed(job)
    ? nextIndexedPods(job, pods, missing)
    : Array.from({ length: missing }, () => podFromTemplate(job, job.spec.template, { generateName: `${job.metadata.name}-` }));
  return made.map((object) => ({ do: 'create', type: resources.pods, object }));
};

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
    const counts = countsOf(job, pods);
    const end = outcome(job, counts);
    const actions = end === undefined ? nextActions(job, pods, counts) : pods.filter(isActive).map((pod) => deletion(resources.pods, pod));
    return { actions: [...actions, ...statusUpdate(resources.jobs, job, statusOf(job, pods, counts, end, nowMs))] };
  },
};
