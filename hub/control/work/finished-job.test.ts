/** @module A Job that is over is sent no more, so that no cluster runs it again. */
import { expect, it } from 'vitest';
import { isFinishedJob } from '../../../shared/kube/job-end.ts';
import { startTestHub } from '../testing/test-hub.ts';
import { policiesType, policy, until } from '../testing/web-story.ts';

const jobs = { group: 'batch', version: 'v1', resource: 'jobs' };
const id = 'batch=jobs=shop=sum';

it('is not sent anew by a hub that has started again', async () => {
  const hub = await startTestHub({ home: 4 });
  const { client, fleet, store } = hub;
  await client.create(policiesType, policy({ resourceSelectors: [{ apiVersion: 'batch/v1', kind: 'Job' }] }));
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } };
  await client.create(jobs, { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'sum', namespace: 'shop' }, spec: { template } });
  await until(() => expect(fleet.agent('home').objects.has(id)).toBe(true));
  const conditions = [{ type: 'Complete', status: 'True' }];
  fleet.tell('home', id, { succeeded: 1, completionTime: '2030-01-01T00:01:00Z', conditions });
  await until(() => expect(store.get('batch/jobs/shop/sum')).toSatisfy((stored) => stored !== undefined && isFinishedJob(stored.object)));
  const { length } = fleet.agent('home').taken;
  await hub.restart();
  const control = hub.control();
  await until(() => expect(control.directory.view('home')?.room).toBeDefined());
  await until(() => expect(control.pending()).toBe(0));
  expect(fleet.agent('home').taken).toHaveLength(length);
});
