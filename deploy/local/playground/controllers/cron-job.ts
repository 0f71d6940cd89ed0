/** @module CronJob: a Job at each time of its schedule, as its concurrency policy lets it; ended ones are kept up to its history limits. */
import type { KubeObject } from '../../../../shared/kube/object.ts';
import { timeText } from '../../../../shared/lib/time-text.ts';
import { type Action, type Controller, keyOf, ownerKeys, type Pass, resources, settled, statusUpdate, type View } from '../controller.ts';
import { type CronSchedule, cronSchedule } from '../cron-schedule.ts';
import { type CronJob, conditionIsTrue, controllerRef, type Job } from '../objects.ts';
import { ended } from './job.ts';
import { deletion } from './replica-set.ts';

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';
const historyDefaults = { Complete: 3, Failed: 1 };
/** Looked at again at least so often: no timer of Node waits for a month. */
const lookAgainMsMax = 3_600_000;
/** Timers may be early by less than this. */
const graceMs = 100;

const msOf = (text: unknown): number => Date.parse(String(text)) || 0;

/** When the job was due, which its annotation says; 0 = it was made by hand. */
const dueMsOf = (job: Job): number => msOf(job.metadata.annotations?.[scheduledAnnotation]);

const told = (about: CronJob, reason: string, message: string): Action => ({
  do: 'event',
  about,
  event: { type: 'Normal', reason, message },
});

const removal = (owner: CronJob, job: Job): Action[] => [
  deletion(resources.jobs, job),
  told(owner, 'SuccessfulDelete', `Deleted job ${job.metadata.name}`),
];

/** Ended jobs beyond what the history keeps, the oldest first. */
const beyondHistory = (owner: CronJob, jobs: readonly Job[]): Action[] => {
  const { successfulJobsHistoryLimit: complete = historyDefaults.Complete, failedJobsHistoryLimit: failed = historyDefaults.Failed } =
    owner.spec;
  return [
    { type: 'Complete', kept: complete },
    { type: 'Failed', kept: failed },
  ].flatMap(({ type, kept }) => {
    const those = jobs
      .filter((job) => conditionIsTrue(job.status?.conditions, type) && job.metadata.deletionTimestamp === undefined)
      .sort((a, b) => msOf(a.status?.startTime) - msOf(b.status?.startTime) || a.metadata.name.localeCompare(b.metadata.name));
    return those.slice(0, Math.max(0, those.length - kept)).flatMap((job) => removal(owner, job));
  });
};

/** What the jobs that are there, and those that were, say of the CronJob. */
const statusOf = (owner: CronJob, jobs: readonly Job[], running: readonly Job[]): object => {
  const before = owner.status ?? {};
  const lastMs = Math.max(msOf(before.lastScheduleTime), ...jobs.map(dueMsOf));
  const done = jobs.filter((job) => conditionIsTrue(job.status?.conditions, 'Complete'));
  const lastDoneMs = Math.max(msOf(before.lastSuccessfulTime), ...done.map((job) => msOf(job.status?.completionTime)));
  const active = running.map(({ apiVersion, kind, metadata: { namespace, name, uid } }) => ({ kind, namespace, name, uid, apiVersion }));
  return {
    ...(active.length === 0 ? {} : { active }),
    ...(lastMs === 0 ? {} : { lastScheduleTime: timeText(lastMs) }),
    ...(lastDoneMs === 0 ? {} : { lastSuccessfulTime: timeText(lastDoneMs) }),
  };
};

/** A name of its own for each minute of the schedule, so that no time has two jobs. */
const jobFor = (owner: CronJob, dueMs: number): KubeObject => {
  const { metadata: { labels, annotations } = {}, spec } = owner.spec.jobTemplate;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: `${owner.metadata.name}-${Math.floor(dueMs / 60_000)}`,
      namespace: owner.metadata.namespace ?? 'default',
      ...(labels === undefined ? {} : { labels }),
      annotations: { ...annotations, [scheduledAnnotation]: timeText(dueMs) },
      ownerReferences: [controllerRef(owner)],
    },
    spec,
  };
};

/** What is due now by the schedule and the policy. */
const dueActions = (
  view: View,
  owner: CronJob,
  schedule: CronSchedule,
  running: readonly Job[],
  sinceMs: number,
  nowMs: number,
): Action[] => {
  const { startingDeadlineSeconds, concurrencyPolicy } = owner.spec;
  const deadlineMs = startingDeadlineSeconds === undefined ? Number.POSITIVE_INFINITY : startingDeadlineSeconds * 1_000;
  const dueMs = schedule.last(Math.max(sinceMs, nowMs - deadlineMs), nowMs);
  if (dueMs === undefined) return [];
  const job = jobFor(owner, dueMs);
  if (view.get(resources.jobs, job.metadata.namespace ?? '', job.metadata.name) !== undefined) return [];
  if (concurrencyPolicy === 'Forbid' && running.length > 0)
    return [told(owner, 'JobAlreadyActive', 'Not starting job because prior execution is running and concurrency policy is Forbid')];
  const replaced = concurrencyPolicy === 'Replace' ? running.flatMap((one) => removal(owner, one)) : [];
  const create: Action = { do: 'create', type: resources.jobs, object: job };
  return [...replaced, create, told(owner, 'SuccessfulCreate', `Created job ${job.metadata.name}`)];
};

const startsOf = (view: View, owner: CronJob, running: readonly Job[], lastMs: number, nowMs: number): Pass => {
  if (owner.spec.suspend === true) return settled;
  const schedule = cronSchedule(owner.spec.schedule, owner.spec.timeZone ?? 'UTC');
  const sinceMs = lastMs === 0 ? msOf(owner.metadata.creationTimestamp) : lastMs;
  const actions = dueActions(view, owner, schedule, running, sinceMs, nowMs);
  const nextMs = schedule.next(nowMs);
  return nextMs === undefined ? { actions } : { actions, requeueAfterMs: Math.min(nextMs - nowMs + graceMs, lookAgainMsMax) };
};

export const cronJobController: Controller = {
  name: 'cronjob',
  watches: [
    { type: resources.cronJobs, keysOf: (object) => [keyOf(object)] },
    { type: resources.jobs, keysOf: ownerKeys('CronJob') },
  ],
  reconcile: (view, namespace, name, nowMs) => {
    const owner = view.get<CronJob>(resources.cronJobs, namespace, name);
    if (owner === undefined || owner.metadata.deletionTimestamp !== undefined) return settled;
    const jobs = view.owned<Job>(resources.jobs, owner);
    const running = jobs.filter((job) => !ended(job) && job.metadata.deletionTimestamp === undefined);
    const status = statusOf(owner, jobs, running);
    const lastMs = msOf((status as CronJob['status'])?.lastScheduleTime);
    const { actions, requeueAfterMs } = startsOf(view, owner, running, lastMs, nowMs);
    // The status first: it is of what is seen, and a start that is refused must not keep it back.
    const all = [...statusUpdate(resources.cronJobs, owner, status), ...beyondHistory(owner, jobs), ...actions];
    return requeueAfterMs === undefined ? { actions: all } : { actions: all, requeueAfterMs };
  },
};
