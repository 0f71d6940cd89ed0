/** @module A hub whose data were set back to an older copy: over a real store and API server, with agents in the small. */
import { describe, expect, it, vi } from 'vitest';
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

const until = (check: () => void | Promise<void>): Promise<void> => vi.waitFor(check, { timeout: 20_000, interval: 20 });
const replicasAt = ({ fleet }: TestHub, id: string): unknown =>
  (fleet.agent('home').objects.get(id)?.spec as { replicas?: number })?.replicas;
const reasonsOn = ({ store }: TestHub): unknown[] =>
  store.list('/events/').flatMap(({ object }) => ((object.involvedObject as { kind: string }).kind === 'Cluster' ? [object.reason] : []));

const messagesOn = ({ store }: TestHub): string[] =>
  store.list('/events/').flatMap(({ object }) => (object.reason === 'OlderCopy' ? [object.message as string] : []));

/** The hub has placed `web`; the answer is the newest work about it. */
const started = async (): Promise<{ it: TestHub; newest: WorkItem }> => {
  const it = await startTestHub({ home: 20 });
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
    const [told = ''] = messagesOn(it);
    expect(told).toContain('get deployments.apps -A -l hanse.dev/managed-by=hanse lists');
    expect(told).toContain('needs a fresh token: hanse token create');
    expect(told).toMatch(/Here that is deployments shop\/lost$/);
  });

  it('names what clusters have and neither its journal nor the broker knows, however little was lost, with a command that lists it', async () => {
    const { it, newest } = await started();
    // Not above the journal, which grew since it was opened.
    const seq = it.store.revision();
    const claim = { ...newest.ref, apiVersion: 'v1', kind: 'PersistentVolumeClaim', resource: 'persistentvolumeclaims', name: 'lost' };
    it.fleet.strand({ ...newest, id: lostId, seq, ref: { ...newest.ref, name: 'lost' } });
    it.fleet.strand({ ...newest, id: '=persistentvolumeclaims=shop=lost', seq: seq + 1, ref: claim });
    it.fleet.strand({ ...newest, seq });
    await until(() => expect(reasonsOn(it)).toContain('OlderCopy'));
    expect(messagesOn(it)).toEqual([
      expect.stringMatching(
        /get deployments\.apps,persistentvolumeclaims -A -l .* Here that is deployments shop\/lost, persistentvolumeclaims shop\/lost$/,
      ),
    ]);
    expect(it.store.isForeign(seq + 1)).toBe(true);
    expect(it.fleet.agent('home').objects.has(lostId)).toBe(true);
  });

  it('takes back what a cluster got in the lost time of an object that it knows and has elsewhere', async () => {
    const it = await startTestHub({ home: 20, aws: 20 });
    const clusterSelector = { matchLabels: { 'hanse.dev/provider': 'onprem' } };
    await it.client.create(policies, { ...policy, spec: { ...(policy.spec as object), tiers: [{ name: 'own', clusterSelector }] } });
    await it.client.create(deployments, web);
    await until(() => expect(replicasAt(it, webId)).toBe(2));
    const newest = it.fleet.agent('home').taken.findLast(({ id }) => id === webId);
    if (newest === undefined) throw new Error('web was not taken');
    it.fleet.strand({ ...newest, cluster: 'aws', seq: it.store.revision() + 1_000 });
    await until(() => expect(it.fleet.agent('aws').objects.has(webId)).toBe(false));
    expect(replicasAt(it, webId)).toBe(2);
    await until(() => expect(messagesOn(it)).toHaveLength(2));
    expect(messagesOn(it).join()).not.toContain('Here that is');
  });

  it('names what a cluster that was away has of the lost time when it comes back, also to a hub that was started once more', async () => {
    const { it, newest } = await started();
    const seq = it.store.revision() + 1_000;
    it.fleet.strand({ ...newest, id: 'apps=deployments=shop=first', seq, ref: { ...newest.ref, name: 'first' } });
    await until(() => expect(reasonsOn(it)).toContain('OlderCopy'));
    await it.restart();
    it.fleet.strand({ ...newest, id: lostId, seq, ref: { ...newest.ref, name: 'lost' } });
    await until(() => expect(messagesOn(it)).toHaveLength(2));
    expect(messagesOn(it).some((message) => message.endsWith('Here that is deployments shop/lost'))).toBe(true);
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

/** The notice over a journal that was opened at revision 10 and is at `head`. */
const noticeAt = (
  start: number,
): { copy: ReturnType<typeof createOlderCopy>; heads: () => number; mended: () => Promise<void>; pass: (ms: number) => void } => {
  let nowMs = 0;
  let head = start;
  const copy = createOlderCopy({
    store: {
      revision: () => head,
      get: () => undefined,
      isForeign: (revision) => revision > head,
      advance: async (revision) => {
        head = revision;
      },
    },
    env: { monotonicMs: () => nowMs, log: silentLog, setTimer: () => () => undefined },
    bus: { want: () => undefined, publishedWork: async () => [] },
    directory: { get: () => undefined, all: () => [] },
    events: { record: () => undefined },
    openedAt: 10,
  });
  return {
    copy,
    heads: () => head,
    mended: () => until(() => expect(copy.isMending()).toBe(false)),
    pass: (ms) => {
      nowMs += ms;
    },
  };
};

it('a cluster that tells of ever higher numbers is believed once an hour, and never of one that is absurd', async () => {
  const { copy, heads, mended, pass } = noticeAt(10);
  const seen: number[] = [];
  const say = async (cluster: string, seq: number): Promise<void> => {
    copy.heard(cluster, seq);
    await mended();
    seen.push(heads());
  };
  await say('liar', 20);
  await say('liar', 5_000_000);
  await say('other', 2_000_000);
  await say('third', 9_000_000_000);
  pass(3_600_000);
  await say('liar', 5_000_000);
  expect(seen).toEqual([1_000_020, 1_000_020, 3_000_000, 3_000_000, 6_000_000]);
});

describe('unknown work', () => {
  const ref = { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespace: 'shop', name: 'a' };
  const item = { v: 1, cluster: 'home', id: '=configmaps=shop=a', ref, phase: 'Applied', observedAtMs: 0 } as const;

  it.each([
    ['of a number that the journal had before it was opened', 10, false, false],
    ['of a number that the hub has given out since, and forgot', 15, true, false],
    ['of a number that the hub has given out since, for something else', 15, false, true],
    ['of a number above the journal', 25, true, true],
  ])('%s: %d', async (_what, seq, wasSent, isOlder) => {
    const { copy, heads, mended } = noticeAt(20);
    copy.unknown({ item: { ...item, seq }, wasSent });
    await mended();
    expect(heads() > 20).toBe(isOlder);
  });
});
