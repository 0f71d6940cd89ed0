/** @module What a hello says of the member, as a table; and who holds a UID when two say the same. */
import { describe, expect, test } from 'vitest';
import { type Cluster, clusters } from '../../../shared/api/cluster.ts';
import type { Condition } from '../../../shared/kube/condition.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createStore, keyOf, memoryJournal } from '../../../shared/kube/storage/index.ts';
import { testEnv } from '../testing/broker.ts';
import { clusterTakenText } from './decide.ts';
import { changeShownMs, decideIdentity } from './identity.ts';
import { followMemberHolders } from './member-holders.ts';

const nowMs = Date.parse('2030-01-01T00:00:00Z');
const cluster = (name: string, clusterUID?: string, more: { deleted?: boolean; conditions?: Condition[] } = {}): Cluster => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name, ...(more.deleted === true ? { deletionTimestamp: '2030-01-01T00:00:00Z' } : {}) },
  spec: { admission: 'Approved' },
  status: {
    agent: { publicKey: 'UA', sealingKey: '', joinedAt: '' },
    ...(clusterUID === undefined ? {} : { clusterUID }),
    ...(more.conditions === undefined ? {} : { conditions: more.conditions }),
  },
});
const said = (type: string, lastTransitionTime: string): Condition => ({
  type,
  status: 'True',
  reason: 'R',
  message: '',
  lastTransitionTime,
});

describe('a hello', () => {
  const decide = (of: Cluster, clusterUID?: string, holder?: string) => decideIdentity({ cluster: of, clusterUID, holder, nowMs });

  test.each<[string, Cluster, string | undefined, object]>([
    ['the UID that is known', cluster('eu', 'a'), 'a', { do: 'nothing' }],
    ['no UID: what is not known is not another', cluster('eu', 'a'), undefined, { do: 'nothing' }],
    ['the first UID', cluster('eu'), 'a', { do: 'write', status: { clusterUID: 'a' } }],
    ['another UID', cluster('eu', 'a'), 'b', { do: 'write', status: { clusterUID: 'b' }, changedFrom: 'a' }],
    ['a UID of a Cluster that is being deleted', cluster('eu', undefined, { deleted: true }), 'a', { do: 'nothing' }],
  ])('with %s', (_, of, clusterUID, decision) => {
    expect(decide(of, clusterUID)).toMatchObject(decision);
  });

  test('with the UID of another Cluster ends in a cut, whatever was known before', () => {
    for (const known of [undefined, 'a', 'b'])
      expect(decide(cluster('eu', known), 'a', 'us')).toEqual({ do: 'cutOff', holder: 'us', clusterUID: 'a' });
  });

  test('of an agent that is in ends what was said of refused joins, and in time what was said of a change', () => {
    const conditions = [said('JoinRefused', '2030-01-01T00:00:00Z'), said('IdentityChanged', '2029-12-31T23:59:00Z'), said('Ready', '')];
    const types = (at: number): unknown => {
      const decision = decideIdentity({ cluster: cluster('eu', 'a', { conditions }), clusterUID: 'a', holder: undefined, nowMs: at });
      return decision.do === 'write' && decision.status.conditions?.map(({ type }) => type);
    };
    expect(types(nowMs)).toEqual(['IdentityChanged', 'Ready']);
    expect(types(nowMs + changeShownMs)).toEqual(['Ready']);
  });
});

describe('of Clusters that tell the same UID', () => {
  test('the one that was approved first stands for the member, until it is being deleted; one that waits for approval never does', async () => {
    const store = await createStore(memoryJournal(), { env: testEnv });
    const put = async (of: Cluster): Promise<void> => {
      const key = keyOf(clusters.group, clusters.resource, '', of.metadata.name);
      await store.commit([{ op: 'put', key, object: of as unknown as KubeObject }]);
    };
    const late = { conditions: [said('Approved', '2030-01-02T00:00:00Z')] };
    const early = { conditions: [said('Approved', '2030-01-01T00:00:00Z')] };
    await put({ ...cluster('new', 'a'), spec: { admission: 'Pending' } });
    await put(cluster('late', 'a', late));
    const holders = followMemberHolders(store);
    const seen = () => ['late', 'early', 'new'].map((name) => holders.holder('a', name));
    expect(seen()).toEqual([undefined, 'late', 'late']);
    await put(cluster('early', 'a', early));
    expect(seen()).toEqual(['early', undefined, 'early']);
    await put(cluster('early', 'a', { ...early, deleted: true }));
    expect(seen()).toEqual([undefined, 'late', 'late']);
    await put(cluster('late', 'b'));
    expect(seen()).toEqual([undefined, undefined, undefined]);
    holders.stop();
    await store.close();
  });

  test('the hub itself is none: an agent that was given its kubeconfig stands for nothing, under no name', async () => {
    const store = await createStore(memoryJournal(), { env: testEnv });
    const own: KubeObject = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system', uid: 'hub' } };
    await store.commit([{ op: 'put', key: keyOf('', 'namespaces', '', 'kube-system'), object: own }]);
    const holders = followMemberHolders(store);
    const holder = holders.holder('hub', 'self');
    expect([holder, holders.holder('a', 'self')]).toEqual(['@hub', undefined]);
    expect(clusterTakenText(holder ?? '', 'self')).toMatch(/^the API that the agent of self was given is this hub's own/);
    holders.stop();
    await store.close();
  });
});
