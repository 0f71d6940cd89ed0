/** @module Preemption for real: a hub, a nats-server and playground members; one larger replica takes a node of the smaller ones, and keeps it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { isCondition } from '../../shared/kube/conditions.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { present, silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import { bag } from '../../shared/placement/index.ts';
import { type Federation, startFederation } from './federation.ts';

/** Three nodes of eight cores. */
const member = 'gcp-belgium';
const nodes = 3;
const withinMs = 30_000;
const rounds = 8;

let dir: string;
let federation: Federation;

const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const pods = { group: '', version: 'v1', resource: 'pods' };
const classes = { group: 'scheduling.k8s.io', version: 'v1', resource: 'priorityclasses' };
const priorityClass = (name: string, value: number): KubeObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
});

const deployment = (name: string, replicas: number, cpu: string, priorityClassName?: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: 'shop', labels: { app: name } },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: {
        ...(priorityClassName === undefined ? {} : { priorityClassName }),
        containers: [{ name: 'c', image: 'c:1', resources: { requests: { cpu } } }],
      },
    },
  },
});

const memberClient = () => present(federation.running(member), member).member.client;
/** Pods of a workload in the member that are not on their way out. */
const podsOf = async (app: string): Promise<readonly KubeObject[]> =>
  (await memberClient().list({ ...pods, namespace: 'shop', labelSelector: `app=${app}` })).items.filter(
    ({ metadata }) => metadata.deletionTimestamp === undefined,
  );
const readyOf = async (app: string): Promise<number> => (await podsOf(app)).filter((pod) => isCondition(pod, 'Ready')).length;
const uidsOf = async (app: string): Promise<ReadonlySet<string>> => new Set((await podsOf(app)).map(({ metadata }) => metadata.uid ?? ''));
const nodesOf = async (app: string): Promise<readonly unknown[]> => (await podsOf(app)).map(({ spec }) => bag(spec).nodeName);
/** Pods of these workloads that were made since, whatever became of them. */
const watchMade = (
  apps: readonly string[],
  known: ReadonlySet<string>,
): { readonly made: ReadonlySet<string>; readonly stop: () => void } => {
  const abort = new AbortController();
  const made = new Set<string>();
  const follow = async (): Promise<void> => {
    const options = { signal: abort.signal, sendInitialEvents: true };
    for await (const { object } of memberClient().watch({ ...pods, namespace: 'shop' }, options)) {
      const { labels, uid = '', name } = object.metadata;
      if (apps.includes(labels?.app ?? '') && !known.has(uid)) made.add(name);
    }
  };
  void follow().catch(() => undefined);
  return { made, stop: () => abort.abort() };
};

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-room-'));
  federation = await startFederation({ dataDir: dir, members: 3, port: 0, env: nodeEnv(silentLog) });
  expect(await federation.joined()).toEqual([]);
  const { client } = federation.hub;
  await client.create(
    { group: '', version: 'v1', resource: 'namespaces' },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  );
  for (const one of [priorityClass('high', 1_000), priorityClass('middle', 500)]) {
    await client.create(classes, one);
    await memberClient().create(classes, one);
  }
  await client.create(
    { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' },
    {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'PlacementPolicy',
      metadata: { name: 'all', namespace: 'shop' },
      spec: {
        resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }],
        tiers: [{ name: 'one', clusterSelector: { matchLabels: { 'hanse.dev/cluster': member } } }],
        preemption: 'LowerPriority',
      },
    },
  );
}, 120_000);
afterAll(async () => {
  await federation?.stop();
  await rm(dir, { recursive: true, force: true });
});

const until = (check: () => Promise<void>): Promise<void> => vi.waitFor(check, { timeout: withinMs, interval: 50 });

test('the pods of one node make room for a larger one, which is bound there; no other dies, comes back or comes in between', async () => {
  const { client } = federation.hub;
  await client.create(deployments, deployment('small', 4 * nodes, '1700m'));
  await until(async () => expect(await readyOf('small')).toBe(4 * nodes));
  // Would fit into what four of the small ones leave, but not beside the larger one.
  await client.create(deployments, deployment('third', 2, '1600m'));
  for (let round = 0; round < rounds; round++) {
    const gold = `gold-${round}`;
    const before = await uidsOf('small');
    const watch = watchMade(['small', 'third'], before);
    await client.create(deployments, deployment(gold, 1, '6500m', 'high'));
    await until(async () => expect([gold, await readyOf(gold), await readyOf('small')]).toEqual([gold, 1, 4 * (nodes - 1)]));
    const after = await uidsOf('small');
    expect([...after].every((uid) => before.has(uid))).toBe(true);
    const [place] = await nodesOf(gold);
    expect(new Set(await nodesOf('small')).has(place)).toBe(false);
    expect([...watch.made]).toEqual([]);
    watch.stop();
    await client.delete({ ...deployments, namespace: 'shop', name: gold });
    // Their node is free again, for the small ones and the third, which both want it.
    await until(async () => expect([await readyOf(gold), (await readyOf('small')) + (await readyOf('third'))]).toEqual([0, 4 * nodes]));
    await client.patch({ ...deployments, namespace: 'shop', name: 'third' }, 'application/merge-patch+json', { spec: { replicas: 0 } });
    await until(async () => expect([await readyOf('third'), await readyOf('small')]).toEqual([0, 4 * nodes]));
    await client.patch({ ...deployments, namespace: 'shop', name: 'third' }, 'application/merge-patch+json', { spec: { replicas: 2 } });
  }
}, 240_000);

test('of two that come at once each is bound where others made room for it, and for one place the one of higher priority', async () => {
  const { client } = federation.hub;
  const remove = async (name: string): Promise<void> => {
    await client.delete({ ...deployments, namespace: 'shop', name });
  };
  await client.patch({ ...deployments, namespace: 'shop', name: 'third' }, 'application/merge-patch+json', { spec: { replicas: 0 } });
  for (let round = 0; round < rounds; round++) {
    const [gold, silver] = [`first-${round}`, `second-${round}`];
    await until(async () => expect([await readyOf('third'), await readyOf('small')]).toEqual([0, 4 * nodes]));
    // Two of the small ones leave for silver, which would fit where two of four have left for gold.
    await Promise.all([
      client.create(deployments, deployment(silver, 1, '3000m', 'middle')),
      client.create(deployments, deployment(gold, 1, '6500m', 'high')),
    ]);
    await until(async () => expect([round, await readyOf(gold), await readyOf(silver), await readyOf('small')]).toEqual([round, 1, 1, 6]));
    expect(await nodesOf(silver)).not.toEqual(await nodesOf(gold));
    await Promise.all([remove(gold), remove(silver)]);
  }
  await until(async () => expect(await readyOf('small')).toBe(4 * nodes));
  await client.create(deployments, deployment('solid', nodes - 1, '6500m', 'high'));
  await until(async () => expect([await readyOf('solid'), await readyOf('small')]).toEqual([nodes - 1, 4]));
  await client.create(deployments, deployment('lower', 1, '6500m', 'middle'));
  await client.create(deployments, deployment('higher', 1, '6500m', 'high'));
  await until(async () => expect([await readyOf('higher'), await readyOf('lower'), await readyOf('small')]).toEqual([1, 0, 0]));
}, 240_000);
