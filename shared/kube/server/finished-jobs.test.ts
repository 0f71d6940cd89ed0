/** @module Rules of finished Jobs, told under a clock that the test moves. */
import { afterEach, expect, it } from 'vitest';
import { timeText } from '../../lib/time-text.ts';
import type { KubeObject } from '../object.ts';
import { keyOf } from '../storage/index.ts';
import type { ApiServerOptions } from './index.ts';
import { type TestServer, testEnv, testServer, until } from './testing/test-server.ts';

const startMs = Date.parse('2030-01-01T00:00:00Z');
const jobs = '/apis/batch/v1/namespaces/shop/jobs';
const MERGE = { 'Content-Type': 'application/merge-patch+json' };

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A clock that stands until it is moved; what is to be done at once is done at once. */
const clock = () => {
  let now = startMs;
  const waits = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const setTimer: typeof testEnv.setTimer = (delayMs, run) => {
    if (delayMs === 0) return testEnv.setTimer(0, run);
    const wait = { atMs: now + delayMs, run };
    waits.add(wait);
    return () => waits.delete(wait);
  };
  return {
    env: { ...testEnv, nowMs: () => now, setTimer },
    waits,
    pass: (ms: number): void => {
      now += ms;
      for (const wait of [...waits]) {
        if (wait.atMs > now) continue;
        waits.delete(wait);
        wait.run();
      }
    },
  };
};

const bench = async (options: Partial<ApiServerOptions> & { loops?: boolean } = {}) => {
  const time = clock();
  const server = await testServer({ env: time.env, loops: true, ...options });
  closers.push(server.close);
  return { ...time, server };
};

const make = async (server: TestServer, name: string, ttl?: number): Promise<void> => {
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };
  const spec = { template, ...(ttl === undefined ? {} : { ttlSecondsAfterFinished: ttl }) };
  expect((await server.json('POST', jobs, { metadata: { name }, spec })).code).toBe(201);
};
const finish = async (server: TestServer, name: string, type = 'Complete', status = 'True', atMs = startMs): Promise<void> => {
  const times = { startTime: timeText(atMs), ...(type === 'Complete' && status === 'True' ? { completionTime: timeText(atMs) } : {}) };
  const before = { status, reason: 'R', message: '', lastProbeTime: timeText(atMs), lastTransitionTime: timeText(atMs) };
  const criterion = { ...before, type: type === 'Failed' ? 'FailureTarget' : 'SuccessCriteriaMet' };
  const body = { status: { ...times, conditions: [criterion, { ...before, type }] } };
  const answer = await server.json('PATCH', `${jobs}/${name}/status`, body, MERGE);
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ code: 200 });
};
const job = (server: TestServer, name: string): KubeObject | undefined => server.store.get(keyOf('batch', 'jobs', 'shop', name))?.object;
const gone = (server: TestServer, name: string): Promise<void> => until(() => job(server, name) === undefined, `${name} gone`);

it.each(['Complete', 'Failed'])('a Job that is %s goes when its time is over, and no earlier', async (type) => {
  const { server, waits, pass } = await bench();
  await make(server, 'a', 60);
  await finish(server, 'a', type);
  await until(() => waits.size === 1, 'it is waited for');
  pass(59_000);
  // One without a wait goes at once: by then the other would have gone as well.
  await make(server, 'now', 0);
  await finish(server, 'now', type);
  await gone(server, 'now');
  expect(job(server, 'a')?.metadata.deletionTimestamp).toBeUndefined();
  pass(1_000);
  await gone(server, 'a');
});

it('a Job that runs, and one without such a time, stay', async () => {
  const { server, waits, pass } = await bench();
  await make(server, 'running', 0);
  await finish(server, 'running', 'Complete', 'False');
  await make(server, 'kept');
  await finish(server, 'kept');
  await make(server, 'now', 0);
  await finish(server, 'now');
  await gone(server, 'now');
  pass(1e12);
  expect([...waits]).toEqual([]);
  for (const name of ['running', 'kept']) expect(job(server, name)?.metadata.deletionTimestamp).toBeUndefined();
});

it('a time that is changed meanwhile counts', async () => {
  const { server, waits, pass } = await bench();
  await make(server, 'a', 3_600);
  await finish(server, 'a');
  await until(() => waits.size === 1, 'it is waited for');
  const sooner = await server.json('PATCH', `${jobs}/a`, { spec: { ttlSecondsAfterFinished: 10 } }, MERGE);
  expect(sooner.code).toBe(200);
  await until(() => [...waits].every(({ atMs }) => atMs === startMs + 10_000), 'it is waited for anew');
  pass(10_000);
  await gone(server, 'a');
});

it('what finished before a restart goes as if there had been none, and its pods go first', async () => {
  const { server, env, pass, waits } = await bench({ loops: false });
  await make(server, 'a', 60);
  await finish(server, 'a');
  const owner = { apiVersion: 'batch/v1', kind: 'Job', name: 'a', uid: job(server, 'a')?.metadata.uid, blockOwnerDeletion: true };
  const pod = { metadata: { name: 'p', finalizers: ['example.com/x'], ownerReferences: [owner] } };
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  expect((await server.json('POST', '/api/v1/namespaces/shop/pods', { ...pod, spec })).code).toBe(201);
  pass(30_000);
  await server.api.start();
  await until(() => [...waits].some(({ atMs }) => atMs === startMs + 60_000), 'it is waited for');
  expect(env.nowMs()).toBe(startMs + 30_000);
  pass(30_000);
  await until(() => job(server, 'a')?.metadata.finalizers?.includes('foregroundDeletion') === true, 'it waits for its pod');
  await server.json('PATCH', '/api/v1/namespaces/shop/pods/p', { metadata: { finalizers: null } }, MERGE);
  await gone(server, 'a');
});
