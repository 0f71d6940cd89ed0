/** @module Joining a real hub: approval, each way it can fail and what it says then, and what becomes of the key. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openAuthority } from '../../hub/api/certificates.ts';
import { testEnv } from '../../hub/fleet/testing/broker.ts';
import type { TestHub } from '../../hub/fleet/testing/hub.ts';
import type { JoinToken } from '../../shared/api/join-token.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { caHash } from '../../shared/node/index.ts';
import { type LinkBench, reaches, startLinkBench } from '../testing/link-bench.ts';
import { fileKeyStore, type LinkOptions, type LinkTrouble } from './index.ts';
import { makeJoinClient } from './join-client.ts';
import { makeAgentKeys } from './keys.ts';

let bench: LinkBench;
let hub: TestHub;
let dir: string;

beforeAll(async () => {
  bench = await startLinkBench();
  ({ hub, dir } = bench);
});
afterEach(() => bench.stopLinks());
afterAll(() => bench?.stop());

const start: LinkBench['start'] = (...about) => bench.start(...about);

const condition = (cluster: KubeObject | undefined, type: string): { status: string; reason: string } | undefined =>
  (cluster?.status as { conditions?: { type: string; status: string; reason: string }[] } | undefined)?.conditions?.find(
    (entry) => entry.type === type,
  );

const hello = { agentVersion: '1', kubernetesVersion: 'v1.36.3', apis: [], runtimeClasses: [], labels: {} };

/** A token whose time ended then: it is made in time, and its end is moved. */
const tokenUntil = async (name: string, expiresAt: string): Promise<string> => {
  const token = await hub.token(name);
  const address = { group: 'hanse.dev', version: 'v1alpha1', resource: 'jointokens', name };
  await hub.client.patch(address, 'application/merge-patch+json', { spec: { expiresAt } });
  return token;
};

describe('joining', () => {
  test('waits for approval, then connects; the key never leaves its file of mode 0600', async () => {
    const link = await start('eu-west', { token: await hub.token('plain') });
    await reaches(link, 'Pending', 'NotApproved');
    expect(link.state().message).toContain('hanse approve eu-west');
    expect(condition(await hub.cluster('eu-west'), 'Approved')).toMatchObject({ status: 'False', reason: 'PendingApproval' });
    await hub.admit('eu-west', 'Approved');
    await reaches(link, 'Connected');
    await vi.waitFor(async () => expect(condition(await hub.cluster('eu-west'), 'Approved')?.status).toBe('True'), 5_000);
    expect((await hub.cluster('eu-west'))?.metadata.labels).toEqual({ 'hanse.dev/provider': 'aws' });
    expect((await stat(join(dir, 'eu-west.json'))).mode & 0o777).toBe(0o600);
  });

  test('whoever is to approve a Cluster sees that its agent cannot use the member, until it can', async () => {
    let memberAPI: ReturnType<NonNullable<LinkOptions['memberTrouble']>> = { reason: 'Unauthorized', message: 'Unauthorized: mend x' };
    const link = await start('no-member', { token: await hub.token('no-member'), memberTrouble: () => memberAPI });
    await reaches(link, 'Pending', 'NotApproved');
    const said = async () => condition(await hub.cluster('no-member'), 'MemberAPIReachable');
    await vi.waitFor(
      async () =>
        expect(await said()).toMatchObject({
          status: 'False',
          reason: 'Unauthorized',
          message: 'the agent cannot use its cluster: Unauthorized: mend x',
        }),
      10_000,
    );
    memberAPI = undefined;
    await vi.waitFor(async () => expect(await said()).toBeUndefined(), 10_000);
  });

  test('a token may approve by name and set labels that win over the agent’s', async () => {
    const token = await hub.token('auto', {
      maxUses: 5,
      autoApprove: { namePatterns: ['ap-*'] },
      clusterLabels: { 'hanse.dev/provider': 'gcp' },
    });
    const [yes, no] = await Promise.all([start('ap-south', { token }), start('us-east', { token })]);
    await reaches(yes, 'Connected');
    await reaches(no, 'Pending', 'NotApproved');
    expect((await hub.cluster('ap-south'))?.metadata.labels).toEqual({ 'hanse.dev/provider': 'gcp' });
  });

  test('a Cluster that the operator made beforehand keeps the operator’s labels', async () => {
    const metadata = { name: 'prepared', labels: { 'hanse.dev/provider': 'onprem' } };
    await hub.client.create(
      { group: 'hanse.dev', version: 'v1alpha1', resource: 'clusters' },
      { apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata, spec: { admission: 'Approved' } },
    );
    await reaches(await start('prepared', { token: await hub.token('for-prepared') }), 'Connected');
    expect((await hub.cluster('prepared'))?.metadata.labels).toEqual(metadata.labels);
  });

  test('a token made by kubectl gets its secret from the hub, in a Secret that its status names, with the command that joins', async () => {
    const tokens = { group: 'hanse.dev', version: 'v1alpha1', resource: 'jointokens' };
    await hub.client.create(tokens, {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'JoinToken',
      metadata: { name: 'byhand' },
      spec: { autoApprove: {} },
    });
    const status = await vi.waitFor(async () => {
      const made = ((await hub.client.get({ ...tokens, name: 'byhand' })) as JoinToken | undefined)?.status;
      expect(made?.secretRef).toBeDefined();
      return made;
    }, 5_000);
    const ref = { namespace: '', name: '', ...status?.secretRef };
    const kept = await hub.client.get({ group: '', version: 'v1', resource: 'secrets', ...ref });
    const { data } = kept as unknown as { data: { token: string; command: string } };
    const token = Buffer.from(data.token, 'base64').toString();
    const words = { hub: hub.url, caHash: caHash(hub.authority.certificatePem) };
    expect(status).toMatchObject(words);
    expect(Buffer.from(data.command, 'base64').toString()).toBe(
      `hanse join --hub ${words.hub} --ca-hash ${words.caHash} \\\n  --token ${token} --name CLUSTER --kubeconfig FILE\n`,
    );
    await reaches(await start('byhand', { token }), 'Connected');
  });

  test('of twenty agents at once a token for three lets three in', async () => {
    const token = await hub.token('three', { maxUses: 3, autoApprove: {} });
    const agents = await Promise.all(Array.from({ length: 20 }, (_, i) => start(`many-${i}`, { token })));
    await vi.waitFor(
      () => expect(agents.every((link) => link.state().phase === 'Connected' || link.state().phase === 'Refused')).toBe(true),
      30_000,
    );
    expect(agents.filter((link) => link.state().phase === 'Connected')).toHaveLength(3);
    expect(agents.filter((link) => link.state().trouble === 'TokenUsedUp')).toHaveLength(17);
  });
});

describe('a join that fails says what is wrong and how to mend it', () => {
  test('hub unreachable', async () => {
    const link = await start('lost', { hubUrl: 'https://127.0.0.1:1', token: 'a.b' });
    await reaches(link, 'Joining', 'HubUnreachable');
    expect(link.state().message).toMatch(/cannot reach the hub at https:\/\/127.0.0.1:1 \(ECONNREFUSED\): check/);
  });

  test('wrong CA', async () => {
    const other = await openAuthority({ directory: join(dir, 'other-ca'), commonName: 'other', nowMs: Date.now });
    const link = await start('mistrust', { hubCa: other.certificatePem, token: 'a.b' });
    await reaches(link, 'Joining', 'WrongCA');
    expect(link.state().message).toContain('--hub-ca');
  });

  test('an address that is no hub', async () => {
    const link = await start('elsewhere', { hubUrl: `https://127.0.0.1:${new URL(hub.fleet.natsUrls[0] ?? '').port}`, token: 'a.b' });
    await reaches(link, 'Joining', 'HubUnreachable');
  });

  test('token unknown, with a right name and a wrong secret', async () => {
    await hub.token('real');
    const link = await start('guesser', { token: `real.${'x'.repeat(43)}` });
    await reaches(link, 'Refused', 'TokenUnknown');
    expect(link.state().message).toContain('hanse token create');
    expect(await hub.cluster('guesser')).toBeUndefined();
  });

  test('token expired', async () => {
    const link = await start('late', { token: await tokenUntil('old', new Date(Date.now() - 60_000).toISOString()) });
    await reaches(link, 'Refused', 'TokenExpired');
    expect(await link.gaveUp).toMatchObject({ phase: 'Refused', message: expect.stringContaining('hanse token create') });
  });

  test('a token that expired more than a day ago is removed', async () => {
    await tokenUntil('ancient', '2020-01-01T00:00:00Z');
    const tokens = { group: 'hanse.dev', version: 'v1alpha1', resource: 'jointokens' };
    await vi.waitFor(async () => expect(await hub.client.get({ ...tokens, name: 'ancient' })).toBeUndefined(), 5_000);
  });

  test('name taken by another key: an Event on the Cluster says from where; nothing is wrong with the Cluster itself', async () => {
    const token = await hub.token('two', { maxUses: 2, autoApprove: {} });
    await reaches(await start('popular', { token }), 'Connected');
    const second = await start('popular', { token, keyStore: fileKeyStore(join(dir, 'popular-2.json')) });
    await reaches(second, 'Refused', 'NameTaken');
    expect(second.state().message).toContain('choose another --name');
    expect(hub.events).toContainEqual(
      expect.stringMatching(/^popular JoinRefused: from test: NameTaken: cluster popular belongs to another/),
    );
    expect(condition(await hub.cluster('popular'), 'JoinRefused')).toBeUndefined();
  });

  test('one key for two clusters: refused, whatever the token allows; a token of one use admits one', async () => {
    const client = makeJoinClient({ hubUrl: hub.url, hubCa: hub.authority.certificatePem });
    const keys = makeAgentKeys();
    const ask = async (token: string, name: string): Promise<string> => {
      for (;;) {
        const answer = await client.ask({ token, name, labels: {}, kubernetesVersion: '', nowMs: Date.now() }, keys);
        if ('trouble' in answer) return answer.message;
        if (answer.state !== 'Pending') return 'reason' in answer ? `${answer.reason}: ${answer.message}` : answer.state;
      }
    };
    const token = await hub.token('once', { autoApprove: {} });
    expect([await ask(token, 'first'), await ask(token, 'first')]).toEqual(['Admitted', 'Admitted']);
    expect(await ask(token, 'second')).toContain('TokenUsedUp');
    expect(await ask(await hub.token('many', { maxUses: 9, autoApprove: {} }), 'second')).toContain(
      "KeyTaken: this agent's key is that of cluster first",
    );
    expect(await hub.cluster('second')).toBeUndefined();
    await client.close();
  });

  test('a Cluster that waits for approval shows a stranger’s attempt until its own agent is in', async () => {
    const token = await hub.token('queue', { maxUses: 2 });
    const link = await start('queued', { token });
    await reaches(link, 'Pending', 'NotApproved');
    await reaches(await start('queued', { token, keyStore: fileKeyStore(join(dir, 'queued-2.json')) }), 'Refused', 'NameTaken');
    expect(condition(await hub.cluster('queued'), 'JoinRefused')).toMatchObject({ status: 'True', reason: 'NameTaken' });
    link.setHello(() => hello);
    await hub.admit('queued', 'Approved');
    await vi.waitFor(async () => expect(condition(await hub.cluster('queued'), 'JoinRefused')).toBeUndefined(), 10_000);
  });

  test('a clock that is off', async () => {
    const link = await start('ahead', { env: { ...testEnv, nowMs: () => Date.now() + 900_000 }, token: await hub.token('any') });
    await reaches(link, 'Refused', 'ClockSkew');
    expect(link.state().message).toContain("about 15 minutes ahead of the hub's");
  });

  test('denied by the operator', async () => {
    const link = await start('unwanted', { token: await hub.token('deny') });
    await reaches(link, 'Pending', 'NotApproved');
    await hub.admit('unwanted', 'Denied');
    await reaches(link, 'Refused', 'Denied');
  });

  test('a key file of another cluster', async () => {
    const keyStore = fileKeyStore(join(dir, 'mixed.json'));
    const link = await start('mixed-a', { keyStore, token: await hub.token('mixed') });
    await reaches(link, 'Pending', 'NotApproved');
    await link.stop();
    await expect(start('mixed-b', { keyStore, token: 'a.b' })).rejects.toThrow('is the key of cluster mixed-a, not mixed-b');
  });
});

describe('the key of a join that came to nothing', () => {
  const other = (): Promise<string> =>
    openAuthority({ directory: join(dir, 'foreign-ca'), commonName: 'other', nowMs: Date.now }).then(
      ({ certificatePem }) => certificatePem,
    );
  const usedUp = async (): Promise<string> => {
    const token = await hub.token('spent', { autoApprove: {} });
    await reaches(await start('spender', { token }), 'Connected');
    return token;
  };
  const taken = async (): Promise<string> => {
    const token = await hub.token('taken', { maxUses: 2, autoApprove: {} });
    await reaches(await start('taker', { token, clusterUID: () => 'uid-taken' }), 'Connected');
    return token;
  };
  const failures: readonly (readonly [string, LinkTrouble, () => Promise<Partial<LinkOptions>>])[] = [
    ['token unknown', 'TokenUnknown', async () => ({ token: `none.${'x'.repeat(43)}` })],
    ['token expired', 'TokenExpired', async () => ({ token: await tokenUntil('gone', new Date(Date.now() - 1_000).toISOString()) })],
    ['token used up', 'TokenUsedUp', async () => ({ token: await usedUp() })],
    ['cluster taken', 'ClusterTaken', async () => ({ token: await taken(), clusterUID: () => 'uid-taken' })],
    ['wrong CA', 'WrongCA', async () => ({ token: 'a.b', hubCa: await other() })],
    ['hub unreachable', 'HubUnreachable', async () => ({ token: 'a.b', hubUrl: 'https://127.0.0.1:1' })],
  ];
  test.each(failures)('is gone: %s', async (name, trouble, about) => {
    const cluster = name.toLowerCase().replaceAll(' ', '-');
    const link = await start(cluster, await about());
    await vi.waitFor(() => expect(link.state().trouble).toBe(trouble), 15_000);
    await link.stop();
    expect((await readdir(dir)).filter((file) => file.startsWith(cluster))).toEqual([]);
  });

  test('is gone: name taken, while the key of the Cluster stays', async () => {
    const token = await hub.token('pair', { maxUses: 2, autoApprove: {} });
    await reaches(await start('owned', { token }), 'Connected');
    const second = await start('owned', { token, keyStore: fileKeyStore(join(dir, 'owned-2.json')) });
    await reaches(second, 'Refused', 'NameTaken');
    await second.stop();
    expect((await readdir(dir)).filter((file) => file.startsWith('owned'))).toEqual(['owned.json']);
  });

  test('that was revoked with its Cluster gives way to a new one for a new token, and for no other', async () => {
    const token = await hub.token('twice', { maxUses: 9, autoApprove: {} });
    const first = await start('phoenix', { token });
    await reaches(first, 'Connected');
    const address = { group: 'hanse.dev', version: 'v1alpha1', resource: 'clusters', name: 'phoenix' };
    await hub.client.delete(address);
    await vi.waitFor(async () => expect(await hub.cluster('phoenix')).toBeUndefined(), 5_000);
    await first.stop();
    const same = await start('phoenix', { token });
    await reaches(same, 'Refused', 'Revoked');
    expect(same.state().message).toContain('make a token with: hanse token create');
    await same.stop();
    const told: string[] = [];
    const fresh = await start('phoenix', {
      token: await hub.token('thrice', { autoApprove: {} }),
      env: { ...testEnv, log: { ...silentLog, info: (line) => void told.push(line) } },
    });
    await reaches(fresh, 'Connected');
    expect(told).toContain(
      `the key in ${join(dir, 'phoenix.json')} was revoked with the Cluster phoenix of before: joining anew with a new key`,
    );
  });

  test('goes over to another hub with a token of that one, and what was known of the first is nothing to it', async () => {
    const first = await start('moved', { token: await hub.token('here', { autoApprove: {} }) });
    await reaches(first, 'Connected');
    const firstHub = first.mesh.hubKey();
    await first.stop();
    const again = await start('moved', {});
    await reaches(again, 'Connected');
    expect([again.hubBefore, again.mesh.hubKey()]).toEqual([firstHub, firstHub]);
    await again.stop();
    const other = await startLinkBench();
    try {
      const keyStore = fileKeyStore(join(dir, 'moved.json'));
      const second = await other.start('moved', { token: await other.hub.token('there', { autoApprove: {} }), keyStore });
      await reaches(second, 'Connected');
      expect([second.hubBefore, second.mesh.hubKey() === firstHub]).toEqual([undefined, false]);
      await other.stopLinks();
    } finally {
      await other.stop();
    }
  });

  test('that was denied stays denied, whatever token is given', async () => {
    const first = await start('banned', { token: await hub.token('banned-1', { autoApprove: {} }) });
    await reaches(first, 'Connected');
    await hub.admit('banned', 'Denied');
    await reaches(first, 'Refused', 'Denied');
    await first.stop();
    const again = await start('banned', { token: await hub.token('banned-2', { autoApprove: {} }) });
    await reaches(again, 'Refused', 'Denied');
  });

  test('stays when the hub may know it, and the next join says that it uses it and needs no token', async () => {
    const first = await start('patient-one', { token: await hub.token('one-use') });
    await reaches(first, 'Pending', 'NotApproved');
    await first.stop();
    const told: string[] = [];
    const second = await start('patient-one', { env: { ...testEnv, log: { ...silentLog, info: (line) => void told.push(line) } } });
    await reaches(second, 'Pending', 'NotApproved');
    expect(told).toEqual([`the key that an earlier join made is used: ${join(dir, 'patient-one.json')}`]);
  });
});
