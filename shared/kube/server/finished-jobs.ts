/** @module Deletes finished Jobs when their `ttlSecondsAfterFinished` is over (kubernetes `controller/ttlafterfinished`). */
import { timeMs } from '../builtin/cells/index.ts';
import { jobEndOf } from '../job-end.ts';
import type { KubeObject } from '../object.ts';
import { isStatus } from '../status-error.ts';
import { partsOf, prefixOf } from '../storage/index.ts';
import { keyQueue } from './key-queue.ts';
import type { Loop } from './loop.ts';

const JOBS = { group: 'batch', version: 'v1', resource: 'jobs' } as const;
const PREFIX = prefixOf(JOBS.group, JOBS.resource);

/** Starts the loop; the answer stops it. Keys are those of the store. */
export const startFinishedJobs = (loop: Loop): (() => void) => {
  const { server } = loop;
  const { store, env } = server;
  if (server.registry.get(JOBS.group, JOBS.version, JOBS.resource) === undefined) return () => undefined;
  const waits = new Map<string, () => void>();
  const queue = keyQueue(env, 'finished jobs', async (key) => {
    // What it waited for until now may hold no more: the Job is another, or was given another time.
    waits.get(key)?.();
    waits.delete(key);
    const job = store.get(key)?.object;
    const endsMs = job === undefined ? undefined : expiryMs(job);
    if (job === undefined || endsMs === undefined) return;
    const leftMs = endsMs - env.nowMs();
    if (leftMs <= 0) return remove(loop, key, job);
    const cancel = env.setTimer(leftMs, () => queue.add(key));
    waits.set(key, cancel);
  });
  const stop = store.watch(PREFIX, store.revision(), ({ key }) => queue.add(key));
  for (const { key } of store.list(PREFIX)) queue.add(key);
  return () => {
    stop();
    queue.stop();
    for (const cancel of waits.values()) cancel();
    waits.clear();
  };
};

/** When the Job is to go, in ms since the epoch; undefined while it is not finished, goes already, or has no such time. */
const expiryMs = ({ metadata, spec, status }: KubeObject): number | undefined => {
  const { ttlSecondsAfterFinished: ttl } = (spec ?? {}) as { ttlSecondsAfterFinished?: unknown };
  if (typeof ttl !== 'number' || metadata.deletionTimestamp !== undefined) return undefined;
  const finishedMs = timeMs(jobEndOf(status)?.lastTransitionTime ?? '');
  return finishedMs === undefined ? undefined : finishedMs + ttl * 1_000;
};

/** Only the Job that was judged, as it was then: a change of it brings it back into the queue. */
const remove = async ({ server, client }: Loop, key: string, job: KubeObject): Promise<void> => {
  const { namespace, name } = partsOf(key);
  const { uid, resourceVersion } = job.metadata;
  const preconditions = { ...(uid === undefined ? {} : { uid }), ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  try {
    await client.delete({ ...JOBS, namespace, name }, { propagationPolicy: 'Foreground', preconditions });
  } catch (error) {
    if (isStatus(error, 'NotFound')) return;
    if (isStatus(error, 'Conflict') && server.store.get(key)?.object !== job) return;
    throw error;
  }
};
