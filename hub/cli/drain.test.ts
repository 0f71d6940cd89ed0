/** @module What `hanse drain` tells, and that it ends when the cluster is empty. */
import { describe, expect, it } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { keyOf } from '../../shared/kube/storage/index.ts';
import { workIdOf } from '../control/kinds.ts';
import { startTestHub, type TestHub } from '../control/testing/test-hub.ts';
import type { CliContext } from './context.ts';
import { drain, readBudget } from './drain.ts';

describe('hanse drain', () => {
  it.each<readonly [string, number | string]>([
    ['2', 2],
    ['0', 0],
    ['25%', '25%'],
    ['100%', '100%'],
  ])('takes a budget of %s', (given, budget) => {
    expect(readBudget(given)).toBe(budget);
  });

  it.each(['-1', '1.5', '101%', 'all', ''])('refuses a budget of %j and says what to write', (given) => {
    expect(() => readBudget(given)).toThrow('write a whole number such as 1');
  });
});

type Told = { readonly lines: string[]; readonly codes: number[]; interrupt: () => void };
const told = (): Told => ({ lines: [], codes: [], interrupt: () => undefined });
const contextOf = (it: TestHub, to: Told): CliContext => ({
  connect: async () => ({ client: it.client, raw: async () => ({}), server: '', caPem: '', close: async () => undefined }),
  print: (line) => void to.lines.push(line),
  nowMs: Date.now,
  onInterrupt: (run) => {
    to.interrupt = run;
    return () => undefined;
  },
  endWith: (code) => void to.codes.push(code),
});

const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const container = { name: 'c', image: 'nginx:1', resources: { requests: { cpu: '1' } } };
const soon = { timeout: 10_000 };

/** A Deployment of so many replicas, with a ConfigMap that it names, and a policy that selects it. */
const apply = async ({ client }: TestHub, replicas: number, spec: Record<string, unknown> = {}): Promise<void> => {
  await client.create(policies, {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      resourceSelectors: [
        { apiVersion: 'apps/v1', kind: 'Deployment' },
        { apiVersion: 'batch/v1', kind: 'CronJob' },
      ],
      ...spec,
    },
  });
  await client.create(
    { group: '', version: 'v1', resource: 'configmaps' },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings', namespace: 'shop' }, data: { a: 'b' } },
  );
  const containers = [{ ...container, envFrom: [{ configMapRef: { name: 'settings' } }] }];
  const labels = { app: 'web' };
  await client.create(deployments, {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
  });
  await expect.poll(() => readyOf(client), soon).toBe(replicas);
};
const readyOf = async (client: KubeClient): Promise<number> => {
  const object = await client.get({ ...deployments, namespace: 'shop', name: 'web' });
  return Number((object?.status as { readyReplicas?: number } | undefined)?.readyReplicas ?? 0);
};
const atHome = { tiers: [{ name: 'own', clusterSelector: { matchLabels: { 'hanse.dev/provider': 'onprem' } } }] };
const atHomeFirst = { tiers: [...atHome.tiers, { name: 'cloud' }] };
const calmMs = 300;

describe('hanse drain against a hub', () => {
  it('empties the cluster, never with fewer replicas ready than are wanted, and ends', async () => {
    const hub = await startTestHub({ home: 8, aws: 8 });
    await apply(hub, 4);
    const to = told();
    await drain(contextOf(hub, to), 'home', { maxUnavailable: '0' });
    expect([to.lines.at(-1), to.codes]).toEqual(['cluster home is empty', [0]]);
    const { client } = hub;
    await expect.poll(() => readyOf(client), soon).toBe(4);
    await drain(contextOf(hub, to), 'home', { undo: true });
    expect(to.lines.at(-1)).toContain('takes replicas again');
  });

  it.each<[strategy: string, atHome: number | undefined]>([
    ['Weighted', 2],
    ['Capacity', undefined],
  ])('says, when it is taken back, what comes back at once, and strategy %s does so', async (strategy, atHome) => {
    const hub = await startTestHub({ home: 8, aws: 8 });
    await apply(hub, 4, { replicaScheduling: { strategy } });
    const to = told();
    await drain(contextOf(hub, to), 'home', {});
    await drain(contextOf(hub, to), 'home', { undo: true });
    expect(to.lines.at(-1)).toMatch(/at once what strategies Weighted and Duplicated give it.*all else that has left stays where it went/);
    const atHomeNow = (): unknown =>
      (hub.fleet.agent('home').objects.get('apps=deployments=shop=web')?.spec as { replicas?: number })?.replicas;
    await expect.poll(() => [hub.control().pending(), atHomeNow()], soon).toEqual([0, atHome]);
  });

  it('ends with 1 and a list when nothing but what finds no other place is left: workloads, CronJobs and what follows them', async () => {
    const hub = await startTestHub({ home: 8, aws: 8 });
    await hub.client.create(
      { group: 'batch', version: 'v1', resource: 'cronjobs' },
      {
        apiVersion: 'batch/v1',
        kind: 'CronJob',
        metadata: { name: 'tick', namespace: 'shop' },
        spec: { schedule: '* * * * *', jobTemplate: { spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } } } },
      },
    );
    await apply(hub, 4, atHome);
    await expect.poll(() => hub.fleet.agent('home').objects.size, soon).toBe(3);
    const to = told();
    await drain(contextOf(hub, to), 'home', { calmMs });
    const nowhere = 'no other cluster is eligible (aws: no tier of the policy selects the cluster)';
    expect(to.lines.slice(-5)).toEqual([
      'nothing more leaves by itself: 4 replicas and 3 objects left in home',
      `  cronjob/tick (shop): ${nowhere}`,
      `  deployment/web (shop), 4 replicas: ${nowhere}`,
      '  configmap/settings (shop): Deployment web needs it',
      'the drain goes on in the hub; hanse drain home watches it again, hanse drain home --undo ends it',
    ]);
    expect([to.codes, await readyOf(hub.client)]).toEqual([[1], 4]);
  });

  it('says that the others have no room, waits as long as it is told to, and then tells what is left', async () => {
    const hub = await startTestHub({ home: 8, aws: 0 });
    await apply(hub, 4);
    const to = told();
    await drain(contextOf(hub, to), 'home', { timeoutSeconds: 2, calmMs });
    expect(to.lines).toContain('the time is over: 4 replicas and 2 objects left in home');
    expect(to.lines).toContain('  deployment/web (shop), 4 replicas: no other cluster has room');
    expect(to.codes).toEqual([1]);
  });

  it.each<readonly [string, { timeoutSeconds?: number }, string]>([
    ['ends with 1 and the reason when nothing has left for long', {}, 'nothing has left for 1 second'],
    ['waits as long as it is told to', { timeoutSeconds: 2 }, 'the time is over'],
  ])('where replacements do not get ready it %s', async (_, options, ending) => {
    const hub = await startTestHub({ home: 8, aws: 8 });
    hub.fleet.agent('aws').foreign.add(workIdOf(keyOf('apps', 'deployments', 'shop', 'web')));
    await apply(hub, 4, atHomeFirst);
    const to = told();
    await drain(contextOf(hub, to), 'home', { calmMs, idleMs: 1_000, ...options });
    expect(to.lines.slice(-3)).toEqual([
      `${ending}: 4 replicas and 2 objects left in home`,
      expect.stringMatching(/^ {2}deployment\/web \(shop\), 4 replicas: 4 replicas wait for .*aws 0 of 4 \(Deployment web is not ours\)/),
      expect.stringContaining('the drain goes on in the hub'),
    ]);
    expect(to.codes).toEqual([1]);
  });

  it('says at Ctrl-C that the drain goes on, and ends with 130', async () => {
    const hub = await startTestHub({ home: 8, aws: 0 });
    await apply(hub, 4);
    const to = told();
    const watching = drain(contextOf(hub, to), 'home', {});
    await expect.poll(() => to.lines.length, soon).toBeGreaterThan(1);
    to.interrupt();
    await watching;
    expect([to.lines.at(-1), to.codes]).toEqual([expect.stringContaining('the drain goes on in the hub'), [130]]);
  });

  it('leaves what tolerates the drain and says so', async () => {
    const hub = await startTestHub({ home: 8, aws: 8 });
    await apply(hub, 4, { ...atHome, tolerations: [{ operator: 'Exists' }] });
    const to = told();
    await drain(contextOf(hub, to), 'home', { calmMs });
    expect(to.lines).toContain('  deployment/web (shop), 4 replicas: its policy tolerates the taint hanse.dev/drain');
    expect(to.codes).toEqual([1]);
  });
});
