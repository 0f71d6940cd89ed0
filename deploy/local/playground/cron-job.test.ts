/** @module Rules of the playground's CronJobs. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { cloudClusters, nodesOf } from './clouds.ts';
import { resources, type View } from './controller.ts';
import { modelCluster } from './model-cluster.ts';

const minuteMs = 60_000;
/** The minute of 2026-01-01T00:00Z, when the model's clock starts. */
const firstMinute = Date.parse('2026-01-01T00:00:00Z') / minuteMs;

const cronJob = (spec: object, runSeconds = 5, outcome = 'Succeeded'): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'tick', namespace: 'shop' },
  spec: {
    schedule: '* * * * *',
    ...spec,
    jobTemplate: {
      metadata: { labels: { app: 'tick' } },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { annotations: { 'playground.hanse.dev/run-seconds': String(runSeconds), 'playground.hanse.dev/outcome': outcome } },
          spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'busybox:1' }] },
        },
      },
    },
  },
});

const clusterWith = (object: KubeObject) => {
  const nodes = cloudClusters(1).flatMap((cluster) => nodesOf(cluster).map(({ node }) => [resources.nodes, node] as const));
  return modelCluster([...nodes.map(([type, node]): [typeof type, KubeObject] => [type, node]), [resources.cronJobs, object]]);
};

/** Minutes after the start, by the names of the jobs. */
const minutesOf = (view: View): number[] =>
  view.list(resources.jobs, 'shop').map(({ metadata: { name } }) => Number(name.slice('tick-'.length)) - firstMinute);
const statusOf = (view: View): unknown => view.get(resources.cronJobs, 'shop', 'tick')?.status;

test('a Job is made at each time of the schedule, named after its minute, told by an Event, and counted in the status', () => {
  const cluster = clusterWith(cronJob({ schedule: '*/2 * * * *' }));
  cluster.run(4.2 * minuteMs);
  expect(minutesOf(cluster.view)).toEqual([2, 4]);
  expect(cluster.events).toContain(`tick SuccessfulCreate: Created job tick-${firstMinute + 2}`);
  expect(cluster.view.list(resources.jobs, 'shop')[0]?.metadata).toMatchObject({
    labels: { app: 'tick' },
    annotations: { 'batch.kubernetes.io/cronjob-scheduled-timestamp': '2026-01-01T00:02:00Z' },
    ownerReferences: [{ kind: 'CronJob', name: 'tick', controller: true }],
  });
  expect(statusOf(cluster.view)).toMatchObject({ lastScheduleTime: '2026-01-01T00:04:00Z' });
});

test('a running Job is active; once it has completed it is the last success', () => {
  const cluster = clusterWith(cronJob({ schedule: '@hourly' }, 30));
  cluster.run(60 * minuteMs + 10_000);
  expect(statusOf(cluster.view)).toMatchObject({ active: [{ kind: 'Job', name: `tick-${firstMinute + 60}` }] });
  cluster.run(minuteMs);
  expect(statusOf(cluster.view)).toEqual({
    lastScheduleTime: '2026-01-01T01:00:00Z',
    lastSuccessfulTime: expect.stringMatching(/^2026-01-01T01:00:3/),
  });
});

test.each([
  ['Allow', [1, 2, 3]],
  ['Forbid', [1]],
  ['Replace', [3]],
])('while Jobs run, concurrencyPolicy %s leaves those of the minutes %j', (concurrencyPolicy, minutes) => {
  const cluster = clusterWith(cronJob({ concurrencyPolicy }, 600));
  cluster.run(3.5 * minuteMs);
  expect(minutesOf(cluster.view)).toEqual(minutes);
});

test('with Forbid the last time that was missed is made up for when the Job before has ended', () => {
  const cluster = clusterWith(cronJob({ concurrencyPolicy: 'Forbid' }, 150));
  cluster.run(4.2 * minuteMs);
  expect(minutesOf(cluster.view)).toEqual([1, 3]);
  expect(cluster.events).toContain(
    'tick JobAlreadyActive: Not starting job because prior execution is running and concurrency policy is Forbid',
  );
});

test('a suspended CronJob makes none; resumed it makes up for the last, unless that is older than its deadline', () => {
  for (const [deadline, minutes] of [
    [{}, [3]],
    [{ startingDeadlineSeconds: 20 }, []],
  ] as const) {
    const cluster = clusterWith(cronJob({ suspend: true, ...deadline }));
    cluster.run(3.5 * minuteMs);
    expect(minutesOf(cluster.view)).toEqual([]);
    cluster.change(resources.cronJobs, 'shop', 'tick', (object) => ({ ...object, spec: { ...(object.spec as object), suspend: false } }));
    cluster.run(1_000);
    expect(minutesOf(cluster.view)).toEqual(minutes);
  }
});

test.each([
  ['Succeeded', { successfulJobsHistoryLimit: 2 }, [4, 5]],
  ['Succeeded', {}, [3, 4, 5]],
  ['Failed', {}, [5]],
  ['Failed', { failedJobsHistoryLimit: 0 }, []],
])('of Jobs that %s, %j keeps those of the minutes %j', (outcome, limits, minutes) => {
  const cluster = clusterWith(cronJob(limits, 5, outcome));
  cluster.run(5.5 * minuteMs);
  expect(minutesOf(cluster.view)).toEqual(minutes);
});
