/** @module The agent's link against a real hub: work, status, renewal, revocation, a broker that dies. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest';
import { testEnv } from '../../hub/fleet/testing/broker.ts';
import { startTestHub, type TestHub } from '../../hub/fleet/testing/hub.ts';
import { configWork } from '../../hub/fleet/testing/work.ts';
import type { Cluster } from '../../shared/api/cluster.ts';
import { type CapacityReport, emptyReport } from '../../shared/capacity/index.ts';
import { silentLog } from '../../shared/lib/index.ts';
import type { StatusItem, WorkItem } from '../../shared/wire/messages.ts';
import { appliedStatus, type LinkBench, reaches, startLinkBench } from '../testing/link-bench.ts';
import { fileKeyStore, type WorkEvent } from './index.ts';
import type { Admitted, KeptLink } from './key-store.ts';
import { agentKeysFrom } from './keys.ts';
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

const secret = (cluster: string, id: string, seq: number): WorkItem => ({
  ...configWork(cluster, id, seq),
  ref: { ...configWork(cluster, id, seq).ref, kind: 'Secret', resource: 'secrets' },
  object: { apiVersion: 'v1', kind: 'Secret', metadata: { name: id, namespace: 'shop' }, data: { password: 'aHVudGVyMg==' } },
});

const reportOfNoNodes: CapacityReport = {
  ...emptyReport,
  epoch: 1,
  seq: 1,
  resourceNames: ['cpu'],
  nodes: { ...emptyReport.nodes, free: [[]] },
};

const itemsOf = (events: readonly WorkEvent[]): WorkItem[] => events.flatMap((event) => (event.type === 'Item' ? [event.item] : []));

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
    expect(link.publishReport(reportOfNoNodes)).toBe(true);
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
    expect(link.state().message).toMatch(/hanse token create .*hanse join --hub .* --name goner --token TOKEN .*rm '.*goner\.json'/);
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
