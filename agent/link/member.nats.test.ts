/** @module Which member an agent answers for, against a real hub: one member is one Cluster, and says so at the join and ever after. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import type { TestHub } from '../../hub/fleet/testing/hub.ts';
import type { Cluster } from '../../shared/api/cluster.ts';
import type { Condition } from '../../shared/kube/condition.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type LinkBench, reaches, startLinkBench } from '../testing/link-bench.ts';
import { makeJoinClient } from './join-client.ts';
import { makeAgentKeys } from './keys.ts';

let bench: LinkBench;
let hub: TestHub;

beforeAll(async () => {
  bench = await startLinkBench();
  ({ hub } = bench);
});
afterEach(() => bench.stopLinks());
afterAll(() => bench?.stop());

const start: LinkBench['start'] = (...about) => bench.start(...about);
const clusterStatus = (cluster: KubeObject | undefined) => (cluster as unknown as Cluster).status ?? {};
const condition = (cluster: KubeObject | undefined, type: string): Condition | undefined =>
  clusterStatus(cluster).conditions?.find((entry) => entry.type === type);
const hello = { agentVersion: '1', kubernetesVersion: 'v1.36.3', apis: [], runtimeClasses: [], labels: {} };

describe('the member that an agent answers for', () => {
  /** An agent at work that says what `uid` holds. */
  const telling = async (name: string, uid: { now?: string }) => {
    const { link } = await bench.joined(name);
    link.setHello(() => ({ ...hello, ...(uid.now === undefined ? {} : { clusterUID: uid.now }) }));
    link.helloChanged();
    return link;
  };
  const uidOf = async (name: string) => clusterStatus(await hub.cluster(name)).clusterUID;
  const hasUid = (name: string, uid: string) => vi.waitFor(async () => expect(await uidOf(name)).toBe(uid), 5_000);

  test('a member that is joined already: by which name, and the mend; when that Cluster is deleted it may join', async () => {
    const token = await hub.token('twice', { maxUses: 3, autoApprove: {} });
    const clusterUID = (): string => 'uid-of-one';
    await reaches(await start('one', { token, clusterUID }), 'Connected');
    expect(clusterStatus(await hub.cluster('one')).clusterUID).toBe('uid-of-one');
    const second = await start('other-name', { token, clusterUID });
    await reaches(second, 'Refused', 'ClusterTaken');
    expect((await second.gaveUp).message).toContain('this cluster is joined as one already');
    expect(second.state().message).toContain('delete Cluster one');
    expect(await hub.cluster('other-name')).toBeUndefined();
    expect(hub.events).toContainEqual(
      expect.stringContaining('one ClusterTaken: from test: an agent that would be other-name says that it answers for this cluster too'),
    );
    await hub.deleteCluster('one');
    await reaches(await start('other-name', { token, clusterUID }), 'Connected');
  });

  test('who is not approved takes no member’s place: the owner joins, and the other is refused though it is approved later', async () => {
    const clusterUID = (): string => 'uid-claimed';
    const claimer = await start('claimer', { token: await hub.token('claim'), clusterUID });
    await reaches(claimer, 'Pending', 'NotApproved');
    await reaches(await start('owner', { token: await hub.token('own', { autoApprove: {} }), clusterUID }), 'Connected');
    await hub.admit('claimer', 'Approved');
    await reaches(claimer, 'Refused', 'ClusterTaken');
    expect(condition(await hub.cluster('claimer'), 'JoinRefused')?.message).toContain('this cluster is joined as owner already');
  });

  test('a UID in the request is signed with it', async () => {
    const client = makeJoinClient({ hubUrl: hub.url, hubCa: hub.authority.certificatePem });
    const keys = makeAgentKeys();
    const changed = {
      ...keys,
      sign: (bytes: Uint8Array) => keys.sign(Buffer.from(Buffer.from(bytes).toString().replace('uid-a', 'uid-b'))),
    };
    const facts = { token: await hub.token('signed'), name: 'signed', labels: {}, kubernetesVersion: '', clusterUID: 'uid-a' };
    expect(await client.ask({ ...facts, nowMs: Date.now() }, changed)).toMatchObject({ state: 'Refused', reason: 'ProofInvalid' });
    await client.close();
  });

  test('a Cluster without UID takes the first that its agent tells; an agent that cannot read it changes nothing', async () => {
    const uid: { now?: string } = {};
    const link = await telling('older', uid);
    expect(await uidOf('older')).toBeUndefined();
    uid.now = 'uid-older';
    link.helloChanged();
    await hasUid('older', 'uid-older');
    delete uid.now;
    link.helloChanged();
    await reaches(link, 'Connected');
    expect(await uidOf('older')).toBe('uid-older');
    expect(condition(await hub.cluster('older'), 'IdentityChanged')).toBeUndefined();
  });

  test('one that counts under another name already is cut off, is told why, and is let in when the other Cluster is gone', async () => {
    await telling('double-a', { now: 'uid-double' });
    await hasUid('double-a', 'uid-double');
    const second = await bench.joined('double-b').then(({ link }) => link);
    second.setHello(() => ({ ...hello, clusterUID: 'uid-double' }));
    second.helloChanged();
    await vi.waitFor(async () => {
      expect(condition(await hub.cluster('double-b'), 'JoinRefused')).toMatchObject({ status: 'True', reason: 'ClusterTaken' });
    }, 5_000);
    await vi.waitFor(() =>
      expect(hub.events).toContainEqual(expect.stringContaining('double-b ClusterTaken: this cluster is joined as double-a already')),
    );
    // It did not tell its member when it joined; asking again gets it in no more.
    await reaches(second, 'Refused', 'ClusterTaken');
    await hub.deleteCluster('double-a');
    await reaches(second, 'Connected');
    await hasUid('double-b', 'uid-double');
    await vi.waitFor(async () => expect(condition(await hub.cluster('double-b'), 'JoinRefused')).toBeUndefined(), 5_000);
  });

  test('another one than before under the same name and key is told plainly and stays in', async () => {
    const uid = { now: 'uid-before' };
    const link = await telling('restored', uid);
    await hasUid('restored', 'uid-before');
    uid.now = 'uid-after';
    link.helloChanged();
    await hasUid('restored', 'uid-after');
    expect(condition(await hub.cluster('restored'), 'IdentityChanged')).toMatchObject({ status: 'True', reason: 'OtherCluster' });
    expect(hub.events).toContainEqual(expect.stringMatching(/^restored IdentityChanged: .*uid-before.*uid-after/));
    expect(link.state().phase).toBe('Connected');
  });
});
