/** @module The loops together when a cluster is lost that has a part of a Job, comes back, and the hub starts anew in between. */
import { describe, expect, it } from 'vitest';
import type { StoredPlacement } from '../../shared/api/index.ts';
import { startTestHub, type TestHub } from './testing/test-hub.ts';
import { policiesType, policy, tiers, until } from './testing/web-story.ts';

const id = 'batch=jobs=shop=web';
const jobs = { group: 'batch', version: 'v1', resource: 'jobs' };
const inClouds = [...tiers.slice(1), ...tiers.slice(0, 1)];
const complete = [{ type: 'Complete', status: 'True', reason: 'CompletionsReached' }];

const started = async (spec: object): Promise<TestHub> => {
  const it = await startTestHub({ aws: 4, gcp: 4, home: 4 });
  const selector = { apiVersion: 'batch/v1', kind: 'Job' };
  const spread = [{ topologyKey: 'hanse.dev/cluster', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' }];
  await it.client.create(policiesType, policy({ resourceSelectors: [selector], tiers: inClouds, spread }));
  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'x' }] } };
  await it.client.create(jobs, { ...selector, metadata: { name: 'web', namespace: 'shop' }, spec: { ...spec, template } });
  return it;
};
const placementOf = ({ store }: TestHub) => store.get('hanse.dev/placements/shop/web-job')?.object as StoredPlacement | undefined;
const partsOf = (it: TestHub) =>
  Object.fromEntries((placementOf(it)?.spec.clusters ?? []).map(({ name, replicas, completions }) => [name, [replicas, completions]]));
const statusOf = async ({ client }: TestHub): Promise<Record<string, unknown> | undefined> =>
  (await client.get({ ...jobs, namespace: 'shop', name: 'web' }))?.status as Record<string, unknown> | undefined;
const isSettled = (it: TestHub): Promise<void> => until(() => expect(it.control().pending()).toBe(0));
const runsIn = (it: TestHub, ...clusters: readonly string[]): Promise<void> =>
  until(() => expect(clusters.every((cluster) => it.fleet.agent(cluster).objects.has(id))).toBe(true));

describe('a Job whose part was in a cluster that is lost', () => {
  it('has only the rest done by another, which keeps it when the cluster returns, and completes', async () => {
    const it = await started({ parallelism: 4, completions: 20 });
    await until(() => expect(partsOf(it)).toEqual({ aws: [2, 10], gcp: [2, 10] }));
    await runsIn(it, 'aws', 'gcp');
    for (const [cluster, succeeded] of [
      ['aws', 3],
      ['gcp', 4],
    ] as const)
      it.fleet.tell(cluster, id, { succeeded, active: 2, failed: 1 });
    await until(async () => expect(await statusOf(it)).toMatchObject({ succeeded: 7, failed: 2 }));
    it.fleet.agent('gcp').cutOff = true;
    await until(() => expect(partsOf(it)).toEqual({ aws: [2, 10], home: [2, 6] }));
    await runsIn(it, 'home');
    expect(placementOf(it)?.status).toMatchObject({ done: [{ name: 'gcp', succeeded: 4, failed: 1 }], unplaced: 0 });
    await until(async () => expect(await statusOf(it)).toMatchObject({ succeeded: 7, failed: 2, active: 2 }));
    await it.restart();
    it.fleet.tell('aws', id, { succeeded: 5, active: 2 });
    it.fleet.tell('home', id, { succeeded: 1, active: 2 });
    await until(async () => expect(await statusOf(it)).toMatchObject({ succeeded: 10, active: 4 }));
    // What it did after it was lost counts as soon as it is heard of, and its pods end when it is back.
    it.fleet.tell('gcp', id, { succeeded: 6, active: 2, failed: 1 });
    await until(async () => expect(await statusOf(it)).toMatchObject({ succeeded: 12, active: 4 }));
    it.fleet.agent('gcp').cutOff = false;
    await until(() => expect(it.fleet.agent('gcp').objects.has(id)).toBe(false));
    await isSettled(it);
    expect(partsOf(it)).toEqual({ aws: [2, 10], home: [2, 6] });
    expect(await statusOf(it)).toMatchObject({ succeeded: 12, active: 4 });
    expect(it.fleet.agent('home').taken.filter(({ op }) => op === 'withdraw')).toEqual([]);
    it.fleet.tell('aws', id, { succeeded: 10, conditions: complete, completionTime: '2030-01-01T00:00:00Z' });
    it.fleet.tell('home', id, { succeeded: 6, conditions: complete, completionTime: '2030-01-01T00:00:09Z' });
    await until(async () => expect((await statusOf(it))?.conditions).toMatchObject([{}, { type: 'Complete', status: 'True' }]));
    expect(await statusOf(it)).toMatchObject({ succeeded: 20, completionTime: '2030-01-01T00:00:09Z' });
  });

  it('that it had finished has nothing done anew, though the cluster returns', async () => {
    const it = await started({ parallelism: 6, completions: 6 });
    await until(() => expect(partsOf(it)).toEqual({ aws: [3, 3], gcp: [3, 3] }));
    await runsIn(it, 'aws', 'gcp');
    it.fleet.tell('gcp', id, { succeeded: 3, conditions: complete });
    it.fleet.tell('aws', id, { active: 3 });
    await until(async () => expect(await statusOf(it)).toMatchObject({ succeeded: 3, active: 3 }));
    it.fleet.agent('gcp').cutOff = true;
    await until(() => expect(partsOf(it)).toEqual({ aws: [3, 3] }));
    await isSettled(it);
    await it.restart();
    it.fleet.agent('gcp').cutOff = false;
    it.fleet.tell('aws', id, { active: 2, succeeded: 1 });
    await until(async () => expect(await statusOf(it)).toMatchObject({ succeeded: 4, active: 2 }));
    await isSettled(it);
    expect([partsOf(it), it.fleet.agent('home').taken]).toEqual([{ aws: [3, 3] }, []]);
    it.fleet.tell('aws', id, { succeeded: 3, conditions: complete });
    await until(async () => expect((await statusOf(it))?.conditions).toMatchObject([{}, { type: 'Complete', status: 'True' }]));
    expect(await statusOf(it)).toMatchObject({ succeeded: 6 });
  });

  it('without completions runs on where it was taken', async () => {
    const it = await started({ parallelism: 4 });
    await until(() => expect(Object.keys(partsOf(it))).toEqual(['aws', 'gcp']));
    await runsIn(it, 'aws', 'gcp');
    it.fleet.tell('gcp', id, { active: 2, succeeded: 2 });
    await until(async () => expect(await statusOf(it)).toMatchObject({ succeeded: 2 }));
    it.fleet.agent('gcp').cutOff = true;
    await until(() => expect(partsOf(it)).not.toHaveProperty('gcp'));
    await until(() => expect(placementOf(it)?.status?.unplaced).toBe(0));
    await isSettled(it);
    const taken = partsOf(it);
    it.fleet.agent('gcp').cutOff = false;
    await until(() => expect(it.fleet.agent('gcp').objects.has(id)).toBe(false));
    await isSettled(it);
    expect([partsOf(it), placementOf(it)?.status?.owed]).toEqual([taken, undefined]);
    expect(await statusOf(it)).toMatchObject({ succeeded: 2 });
  });
});
