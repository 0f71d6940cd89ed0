/** @module What `hanse drain` tells, and that it ends when the cluster is empty. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Cluster } from '../../shared/api/cluster.ts';
import { startTestHub, type TestHub } from '../control/testing/test-hub.ts';
import type { CliContext } from './context.ts';
import { drain, progressLine, readBudget } from './drain.ts';

const drained = (objects: number, replicas: number, stuck: number, observedGeneration = 2): Cluster => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name: 'eu' },
  spec: { drain: {} },
  status: { drain: { objects, replicas, stuck, since: '2026-01-01T00:00:00Z', observedGeneration } },
});

describe('hanse drain', () => {
  it.each<readonly [string, Cluster, string | undefined]>([
    ['tells what is left', drained(2, 5, 0), 'cluster eu: 5 replicas and 2 objects are left'],
    [
      'tells what has nowhere to go',
      drained(2, 5, 3),
      'cluster eu: 5 replicas and 2 objects are left; 3 find no place elsewhere and stay until there is room',
    ],
    ['tells that nothing is left', drained(0, 0, 0), 'cluster eu is empty'],
    ['says nothing by what an earlier drain left behind', drained(0, 0, 0, 1), undefined],
  ])('%s', (_, cluster, line) => {
    expect(progressLine(cluster, 2)).toBe(line);
  });

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

let hub: TestHub | undefined;
afterEach(async () => {
  await hub?.stop();
  hub = undefined;
});

const contextOf = (it: TestHub, lines: string[]): CliContext => ({
  connect: async () => ({ client: it.client, raw: async () => ({}), server: '', caPem: '', close: async () => undefined }),
  print: (line) => void lines.push(line),
  nowMs: Date.now,
  endWith: () => undefined,
});

describe('hanse drain against a hub', () => {
  it('empties the cluster, never with fewer replicas ready than are wanted, and ends', async () => {
    hub = await startTestHub({ home: 8, aws: 8 });
    const address = { group: 'apps', version: 'v1', resource: 'deployments', namespace: 'shop', name: 'web' };
    const template = {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'nginx:1', resources: { requests: { cpu: '1' } } }] },
    };
    await hub.client.create(
      { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' },
      {
        apiVersion: 'hanse.dev/v1alpha1',
        kind: 'PlacementPolicy',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }] },
      },
    );
    const { name: _, ...deployments } = address;
    await hub.client.create(deployments, {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { replicas: 4, selector: { matchLabels: { app: 'web' } }, template },
    });
    const ready = async (): Promise<number> =>
      Number(((await hub?.client.get(address))?.status as { readyReplicas?: number } | undefined)?.readyReplicas ?? 0);
    await expect.poll(ready, { timeout: 10_000 }).toBe(4);
    const lines: string[] = [];
    await drain(contextOf(hub, lines), 'home', { maxUnavailable: '0' });
    expect(lines.at(-1)).toBe('cluster home is empty');
    await expect.poll(ready, { timeout: 10_000 }).toBe(4);
    await drain(contextOf(hub, lines), 'home', { undo: true });
    expect(lines.at(-1)).toContain('takes replicas again');
  });
});
