/** @module A hub whose data were set back to an older copy: over a real store and API server, with agents in the small. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import type { WorkItem } from '../../../shared/wire/index.ts';
import { startTestHub, type TestHub } from '../testing/test-hub.ts';
import { createOlderCopy } from './older-copy.ts';

const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };
const policies = { group: 'hanse.dev', version: 'v1alpha1', resource: 'placementpolicies' };
const web: KubeObject = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'nginx:1' }] } },
  },
};
const policy: KubeObject = {
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'PlacementPolicy',
  metadata: { name: 'all', namespace: 'shop' },
  spec: { resourceSelectors: [{ apiVersion: 'apps/v1', kind: 'Deployment' }] },
};
const webId = 'apps=deployments=shop=web';
const lostId = 'apps=deployments=shop=lost';

let hub: TestHub | undefined;
afterEach(async () => {
  await hub?.stop();
  hub = undefined;
});
const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const replicasAt = ({ fleet }: TestHub, id: string): unknown =>
  (fleet.agent('home').objects.get(id)?.spec as { replicas?: number })?.replicas;
const reasonsOn = ({ store }: TestHub): unknown[] =>
  store.list('/events/').flatMap(({ object }) => ((object.involvedObject as { kind: string }).kind === 'Cluster' ? [object.reason] : []));

/** The hub has placed `web`; the answer is the newest work about it. */
const started = async (): Promise<{ it: TestHub; newest: WorkItem }> => {
  const it = await startTestHub({ home: 20 });
  hub = it;
  await it.client.create(policies, policy);
  await it.client.create(deployments, web);
  await until(() => expect(replicasAt(it, webId)).toBe(2));
  const newest = it.fleet.agent('home').taken.findLast(({ id }) => id === webId);
  if (newest === undefined) throw new Error('web was not taken');
  return { it, newest };
};

describe('a hub on an older copy of its data', () => {
  it('goes on above the work that a cluster refuses to go back from, and tells so on the Cluster', async () => {
    const { it, newest } = await started();
    const seq = it.store.revision() + 1_000;
    it.fleet.agent('home').taken.push({ ...newest, seq });
    await it.client.patch({ ...deployments, namespace: 'shop', name: 'web' }, 'application/merge-patch+json', { spec: { replicas: 3 } });
    await until(() => expect(replicasAt(it, webId)).toBe(3));
    expect(it.fleet.agent('home').taken.at(-1)?.seq).toBeGreaterThan(seq);
    await until(() => expect(reasonsOn(it)).toContain('OlderCopy'));
    expect(it.store.revision()).toBeGreaterThan(seq);
  });

  it('finds what the broker holds from the lost time, sends anew what it knows, and leaves in the clusters what it does not know', async () => {
    const { it, newest } = await started();
    const seq = it.store.revision() + 1_000;
    const lost: WorkItem = { ...newest, id: lostId, seq: seq + 1, ref: { ...newest.ref, name: 'lost' } };
    await it.fleet.bus.publishWork({ ...newest, seq, object: { ...web, spec: { ...(web.spec as object), replicas: 7 } } });
    await it.fleet.bus.publishWork(lost);
    expect([replicasAt(it, webId), it.fleet.agent('home').objects.has(lostId)]).toEqual([7, true]);
    await it.restart();
    await until(() => expect(replicasAt(it, webId)).toBe(2));
    await until(() => expect(it.fleet.forgotten).toContain(`home.${lostId}`));
    expect(it.fleet.agent('home').objects.has(lostId)).toBe(true);
    expect(it.store.revision()).toBeGreaterThan(seq + 1);
    await until(() => expect(reasonsOn(it)).toContain('OlderCopy'));
    const told = it.store.list('/events/').find(({ object }) => object.reason === 'OlderCopy')?.object.message as string;
    expect(told).toContain(' -l hanse.dev/managed-by=hanse lists');
    expect(told).toContain('needs a fresh token: hanse token create');
    expect(told).toMatch(/Here that is deployments shop\/lost$/);
  });

  it('is not what a hub takes itself for that said the same once more', async () => {
    const { it, newest } = await started();
    const newestSeq = (): number => it.fleet.agent('home').taken.findLast(({ id }) => id === webId)?.seq ?? 0;
    for (let seq = newest.seq; seq < newest.seq + 2; seq++) {
      it.fleet.damage('home', webId);
      await until(() => expect(newestSeq()).toBeGreaterThan(seq));
    }
    await until(() => expect(it.control().pending()).toBe(0));
    await it.restart();
    await until(() => expect(it.control().pending()).toBe(0));
    expect(reasonsOn(it)).not.toContain('OlderCopy');
  });
});

it('a cluster that tells of ever higher numbers is believed once an hour, and never of one that is absurd', async () => {
  let nowMs = 0;
  let head = 10;
  const store = {
    revision: () => head,
    get: () => undefined,
    advance: async (revision: number) => {
      head = revision;
    },
  };
  const directory = { get: () => undefined, all: () => [] };
  const env = { nowMs: () => nowMs, log: silentLog };
  const copy = createOlderCopy({
    store,
    env,
    bus: { want: () => undefined, publishedWork: async () => [] },
    directory,
    events: { record: () => undefined },
    openedAt: 10,
  });
  const heads: number[] = [];
  const say = async (cluster: string, seq: number): Promise<void> => {
    copy.heard(cluster, seq);
    await until(() => expect(copy.isMending()).toBe(false));
    heads.push(head);
  };
  await say('liar', 20);
  await say('liar', 5_000_000);
  await say('other', 2_000_000);
  await say('third', 9_000_000_000);
  nowMs = 3_600_000;
  await say('liar', 5_000_000);
  expect(heads).toEqual([1_000_020, 1_000_020, 3_000_000, 3_000_000, 6_000_000]);
});
