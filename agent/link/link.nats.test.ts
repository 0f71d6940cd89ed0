/** @module The agent's link against a real hub: joining, approval, work, status, renewal, revocation, and each way it can fail. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { openAuthority } from '../../hub/api/certificates.ts';
import { testEnv } from '../../hub/fleet/testing/broker.ts';
import { startTestHub, type TestHub } from '../../hub/fleet/testing/hub.ts';
import { configWork } from '../../hub/fleet/testing/work.ts';
import type { Cluster } from '../../shared/api/cluster.ts';
import type { CapacityReport } from '../../shared/capacity/report.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { silentLog } from '../../shared/lib/index.ts';
import type { StatusItem, WorkItem } from '../../shared/wire/messages.ts';
import { appliedStatus, type LinkBench, reaches, startLinkBench } from '../testing/link-bench.ts';
import { fileKeyStore, type WorkEvent } from './index.ts';
import { makeJoinClient } from './join-client.ts';
import type { Admitted, KeptLink } from './key-store.ts';
import { agentKeysFrom, makeAgentKeys } from './keys.ts';
import { openSession } from './session.ts';

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

const secret = (cluster: string, id: string, seq: number): WorkItem => ({
  ...configWork(cluster, id, seq),
  ref: { ...configWork(cluster, id, seq).ref, kind: 'Secret', resource: 'secrets' },
  object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: id, namespace: 'shop' }, data: { password: 'aHVudGVyMg==' } },
});

const emptyReport: CapacityReport = {
  kind: 'snapshot',
  epoch: 1,
  seq: 1,
  observedAtMs: 1,
  sources: {},
  complete: true,
  unsupported: [],
  resourceNames: ['cpu'],
  groups: [],
  nodes: { names: [], group: [], podsFree: [], free: [[]] },
  pending: [],
  runtimeClasses: [],
  networks: [],
  acks: {},
  present: {},
};

const itemsOf = (events: readonly WorkEvent[]): WorkItem[] => events.flatMap((event) => (event.type === 'Item' ? [event.item] : []));

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

  test('a token made by kubectl gets its secret from the hub, in a Secret that its status names', async () => {
    const tokens = { group: 'hanse.dev', version: 'v1alpha1', resource: 'jointokens' };
    await hub.client.create(tokens, {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'JoinToken',
      metadata: { name: 'byhand' },
      spec: { autoApprove: {} },
    });
    const ref = await vi.waitFor(async () => {
      const status = (await hub.client.get({ ...tokens, name: 'byhand' }))?.status as
        | { secretRef: { namespace: string; name: string } }
        | undefined;
      expect(status?.secretRef).toBeDefined();
      return status?.secretRef;
    }, 5_000);
    const kept = await hub.client.get({ group: '', version: 'v1', resource: 'secrets', ...ref, name: ref?.name ?? '' });
    const token = Buffer.from((kept as unknown as { data: { token: string } }).data.token, 'base64').toString();
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
    const link = await start('late', { token: await hub.token('old', { expiresAt: new Date(Date.now() - 60_000).toISOString() }) });
    await reaches(link, 'Refused', 'TokenExpired');
    expect(await link.gaveUp).toMatchObject({ phase: 'Refused', message: expect.stringContaining('hanse token create') });
  });

  test('a token that expired more than a day ago is removed', async () => {
    await hub.token('ancient', { expiresAt: '2020-01-01T00:00:00Z' });
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
    expect(link.state().message).toContain('900 s ahead of');
  });

  test('denied by the operator', async () => {
    const link = await start('unwanted', { token: await hub.token('deny') });
    await reaches(link, 'Pending', 'NotApproved');
    await hub.admit('unwanted', 'Denied');
    await reaches(link, 'Refused', 'Denied');
  });

  test('a key file of another cluster', async () => {
    const keyStore = fileKeyStore(join(dir, 'mixed.json'));
    await (await start('mixed-a', { keyStore, token: 'a.b' })).stop();
    await expect(start('mixed-b', { keyStore, token: 'a.b' })).rejects.toThrow('is the key of cluster mixed-a, not mixed-b');
  });
});

describe('over the link', () => {
  test('work comes whole at first and then as it changes; status goes back', async () => {
    await hub.fleet.bus.publishWork(configWork('worker', 'first', 1));
    const { link, events } = await bench.joined('worker');
    await vi.waitFor(() => expect(events.at(-1)).toEqual({ type: 'InitDone', ids: ['first'] }), 5_000);
    await hub.fleet.bus.publishWork(configWork('worker', 'second', 2));
    await hub.fleet.bus.publishWork(configWork('worker', 'first', 3));
    await vi.waitFor(
      () =>
        expect(itemsOf(events)).toEqual([
          configWork('worker', 'first', 1),
          configWork('worker', 'second', 2),
          configWork('worker', 'first', 3),
        ]),
      5_000,
    );
    const status = appliedStatus(configWork('worker', 'first', 3));
    const seen: StatusItem[] = [];
    const off = hub.fleet.bus.onStatus((item) => seen.push(item));
    link.publishStatus(status);
    await vi.waitFor(() => expect(seen).toContainEqual(status), 5_000);
    off();
  });

  test('a Secret is sealed on the bus and opens at its agent alone', async () => {
    const { events } = await bench.joined('vault');
    expect(await hub.fleet.bus.publishWork(secret('vault', 's', 1))).toEqual({ ok: true });
    await vi.waitFor(() => expect(itemsOf(events)).toEqual([secret('vault', 's', 1)]), 5_000);
  });

  test('hello, beats and reports reach the hub, and come again when it asks', async () => {
    const heard = { hello: 0, beat: 0, report: 0 };
    const count =
      (what: keyof typeof heard) =>
      (arrival: { message: { cluster: string } }): void => {
        if (arrival.message.cluster === 'talker') heard[what]++;
      };
    const { bus } = hub.fleet;
    const offs = [bus.onHello(count('hello')), bus.onBeat(count('beat')), bus.onReport(count('report'))];
    const { link } = await bench.joined('talker');
    link.setHello(() => ({ agentVersion: '1', kubernetesVersion: 'v1.36.3', apis: [], runtimeClasses: [], labels: {} }));
    link.setBeat(() => ({ api: { reachable: true } }));
    await vi.waitFor(() => expect(heard.hello * heard.beat).toBeGreaterThan(0), 5_000);
    expect(link.publishReport(emptyReport)).toBe(true);
    await vi.waitFor(() => expect(heard.report).toBe(1), 5_000);
    const before = { ...heard };
    bus.want('talker', ['hello', 'report']);
    await vi.waitFor(() => expect(heard.hello > before.hello && heard.report > before.report).toBe(true), 5_000);
    for (const off of offs) off();
  });

  test('a credential is renewed before it ends and the change of connections loses nothing', async () => {
    const brief = await startTestHub({ credentialTtlMs: 3_000 });
    try {
      const { link, events } = await bench.joined('brief', brief);
      const phases: string[] = [];
      link.onState(({ phase }) => phases.push(phase));
      const expiries = new Set<string>();
      const ids: string[] = [];
      // Work goes out all the while, through at least three renewals.
      await vi.waitFor(
        async () => {
          ids.push(`w${ids.length}`);
          await brief.fleet.bus.publishWork(configWork('brief', `w${ids.length - 1}`, ids.length));
          const agent = ((await brief.cluster('brief')) as unknown as Cluster).status?.agent;
          expect(expiries.add(agent?.credentialExpiresAt ?? '').size).toBeGreaterThan(3);
        },
        { timeout: 20_000, interval: 20 },
      );
      await vi.waitFor(() => expect(itemsOf(events).map(({ id }) => id)).toEqual(ids), 5_000);
      expect(phases).toEqual([]);
    } finally {
      await bench.stopLinks();
      await brief.stop();
    }
  });

  test('a deleted Cluster is cut off at once, leaves nothing behind, and its key does not come back; the reason is all that is told', async () => {
    const token = await hub.token('again', { maxUses: 9, autoApprove: {} });
    const told: string[] = [];
    const link = await start('goner', { token, env: { ...testEnv, log: { ...silentLog, warn: (line) => void told.push(line) } } });
    await reaches(link, 'Connected');
    await hub.fleet.bus.publishWork(configWork('goner', 'a', 1));
    await hub.deleteCluster('goner');
    await reaches(link, 'Refused', 'Revoked');
    expect(link.state().message).toMatch(/rm '.*goner\.json' .*hanse token create .*hanse join --hub .* --name goner --token TOKEN/);
    // The program that ends over it says the reason.
    expect(told).toEqual([]);
    await vi.waitFor(async () => expect(await hub.cluster('goner')).toBeUndefined(), 5_000);
    expect((await hub.fleet.bus.publishedWork()).filter(({ cluster }) => cluster === 'goner')).toEqual([]);
    await reaches(await start('goner', { token, keyStore: fileKeyStore(join(dir, 'goner-new.json')) }), 'Connected');
  });

  test('a cluster that is no longer approved is cut off, and let in again when it is', async () => {
    const { link } = await bench.joined('moody');
    await hub.admit('moody', 'Pending');
    await reaches(link, 'Pending', 'NotApproved');
    await hub.admit('moody', 'Approved');
    await reaches(link, 'Connected');
  });

  test('a broker that dies is waited for, and what was said meanwhile arrives', async () => {
    const { link, events } = await bench.joined('patient');
    process.kill(hub.fleet.broker?.pid() ?? 0, 'SIGKILL');
    await reaches(link, 'Disconnected', 'NatsUnreachable');
    const seen: StatusItem[] = [];
    hub.fleet.bus.onStatus((item) => seen.push(item));
    const status = appliedStatus(configWork('patient', 'p', 1));
    link.publishStatus(status);
    await hub.fleet.bus.publishWork(configWork('patient', 'p', 1));
    await reaches(link, 'Connected');
    await vi.waitFor(() => expect(itemsOf(events)).toContainEqual(configWork('patient', 'p', 1)), 15_000);
    await vi.waitFor(() => expect(seen).toContainEqual(status), 15_000);
  });

  test('a renewal that asks to be answered elsewhere reaches nobody else', async () => {
    const { link } = await bench.joined('sneaky');
    await link.stop();
    const kept = JSON.parse(await readFile(join(dir, 'sneaky.json'), 'utf8')) as KeptLink & { admitted: Admitted };
    const keys = agentKeysFrom(kept);
    const connection = await openSession('sneaky', keys, kept.admitted);
    await hub.fleet.bus.publishWork(configWork('victim', 'x', 1));
    const request = JSON.stringify({ v: 1, cluster: 'sneaky', publicKey: keys.publicKey });
    connection.publish('hanse.up.sneaky.renew', request, { reply: '$KV.work.victim.x' });
    expect((await connection.request('hanse.up.sneaky.renew', request)).json()).toMatchObject({ ok: true });
    const other = JSON.stringify({ v: 1, cluster: 'victim', publicKey: keys.publicKey });
    expect((await connection.request('hanse.up.sneaky.renew', other)).json()).toMatchObject({ ok: false, reason: 'WrongCluster' });
    expect(hub.fleet.bus.refusals().get('victim/ForeignWork')).toBeUndefined();
    await connection.close();
  });

  test.each(['hears nothing', 'is gone'])(
    'an agent stops though its broker %s',
    async (how) => {
      const ending = await startTestHub();
      const { link } = await bench.joined(how.replace(' ', '-'), ending);
      const pid = ending.fleet.broker?.pid() ?? 0;
      if (how === 'is gone') {
        await ending.stop();
        await reaches(link, 'Disconnected', 'NatsUnreachable');
      } else process.kill(pid, 'SIGSTOP');
      try {
        // Well within the half minute after which a lost connection is given up.
        await link.stop();
        expect(link.state().phase).toBe('Stopped');
      } finally {
        if (how !== 'is gone') {
          process.kill(pid, 'SIGCONT');
          await ending.stop();
        }
      }
    },
    20_000,
  );

  test('an agent that starts again needs neither token nor approval', async () => {
    const { link } = await bench.joined('steady');
    await link.stop();
    await reaches(await start('steady', { token: '', hubUrl: 'https://127.0.0.1:1' }), 'Connected');
  });
});
