/** @module The hub's side of the bus against a real nats-server. */
import { type NatsConnection, StringCodec } from 'nats';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { encodeMessage } from '../../../shared/wire/decode.ts';
import type { StatusItem, WorkItem } from '../../../shared/wire/messages.ts';
import type { PublishOutcome } from '../port.ts';
import { startTestBroker, type TestBroker, testEnv } from '../testing/broker.ts';
import { configWork } from '../testing/work.ts';
import { connectHub } from './connect.ts';
import { type NatsFleetBus, startFleetBus } from './fleet-bus.ts';
import { jetStreamCall } from './streams.ts';

let server: TestBroker;
let hub: NatsConnection;
let bus: NatsFleetBus;

beforeAll(async () => {
  server = await startTestBroker();
  hub = await connectHub(server.address, server.identity, Date.now);
  bus = await startFleetBus({ env: testEnv, connection: hub, workKey: server.identity.work, sealingKeyOf: () => undefined });
});
afterAll(async () => {
  await bus?.stop();
  await server?.stop();
});

const stored = async (key: string): Promise<{ text: string; headers: string } | undefined> => {
  const { answer, error } = await jetStreamCall(hub, 'STREAM.MSG.GET.KV_work', { last_by_subj: `$KV.work.${key}` });
  if (error !== undefined) return undefined;
  const { message } = answer as { message: { data: string; hdrs: string } };
  return { text: Buffer.from(message.data, 'base64').toString(), headers: Buffer.from(message.hdrs, 'base64').toString() };
};

describe('the hub on the bus', () => {
  test('writes signed work that a KV tool can read as JSON, the newest of each id', async () => {
    expect(await bus.publishWork(configWork('eu', 'a', 1))).toEqual({ ok: true });
    expect(await bus.publishWork(configWork('eu', 'a', 2))).toEqual({ ok: true });
    const record = await stored('eu.a');
    expect(JSON.parse(record?.text ?? '')).toEqual(configWork('eu', 'a', 2));
    expect(record?.headers).toContain('Hanse-Signature');
    expect(await bus.publishedWork()).toEqual([{ cluster: 'eu', id: 'a', seq: 2, op: 'apply' }]);
  });

  test('a thousand items at once all arrive, and the last of each id wins', async () => {
    const outcomes = await Promise.all(Array.from({ length: 1_000 }, (_, i) => bus.publishWork(configWork('burst', `w${i % 100}`, i))));
    const won = outcomes.filter((outcome: PublishOutcome) => outcome.ok).length;
    expect(won).toBeGreaterThanOrEqual(100);
    expect(outcomes.every((outcome) => outcome.ok || outcome.reason === 'Superseded')).toBe(true);
    expect(JSON.parse((await stored('burst.w7'))?.text ?? '').seq).toBe(907);
    expect(await bus.forgetCluster('burst')).toEqual({ ok: true });
    expect(await stored('burst.w7')).toBeUndefined();
  });

  test('refuses a Secret for a cluster without a sealing key, and an object above the limit, and says what to do', async () => {
    const secret = { ...configWork('eu', 's', 1), ref: { ...configWork('eu', 's', 1).ref, kind: 'Secret', resource: 'secrets' } };
    expect(await bus.publishWork(secret)).toMatchObject({
      ok: false,
      reason: 'NotSealable',
      message: expect.stringContaining('must join'),
    });
    const object = { ...configWork('eu', 'big', 1).object, data: { a: 'x'.repeat(2_100_000) } } as WorkItem['object'];
    expect(await bus.publishWork({ ...configWork('eu', 'big', 1), ...(object && { object }) })).toMatchObject({
      ok: false,
      reason: 'TooLarge',
    });
  });

  test('notices when somebody overwrites its work, counts it, and asks for it to be written again', async () => {
    await bus.publishWork(configWork('eu', 'mine', 5));
    const damaged: string[] = [];
    const off = bus.onDamage(({ cluster, id }) => damaged.push(`${cluster}.${id}`));
    hub.publish('$KV.work.eu.mine', StringCodec().encode('{"stream":"KV_status","seq":1}'));
    await vi.waitFor(() => expect(damaged).toEqual(['eu.mine']), 5_000);
    off();
    expect(bus.refusals().get('eu/ForeignWork')).toBe(1);
    expect(await bus.publishWork(configWork('eu', 'mine', 5))).toEqual({ ok: true });
    expect(JSON.parse((await stored('eu.mine'))?.text ?? '').seq).toBe(5);
  });

  test('what was overwritten while no hub ran is told to whoever listens first, and a key that no work has is removed', async () => {
    await bus.publishWork(configWork('eu', 'night', 3));
    hub.publish('$KV.work.eu.night', StringCodec().encode('forged'));
    hub.publish('$KV.work.eu.odd.key', StringCodec().encode('forged'));
    await hub.flush();
    const connection = await connectHub(server.address, server.identity, Date.now);
    const second = await startFleetBus({ env: testEnv, connection, workKey: server.identity.work, sealingKeyOf: () => undefined });
    await second.publishedWork();
    const damaged: string[] = [];
    second.onDamage(({ cluster, id }) => damaged.push(`${cluster}.${id}`));
    expect(damaged).toEqual(['eu.night']);
    await vi.waitFor(async () => expect(await stored('eu.odd.key')).toBeUndefined(), 5_000);
    await second.stop();
    expect(await bus.forgetWork('eu', 'night')).toEqual({ ok: true });
  });

  test('work that a cluster has and the hub did not send is told', async () => {
    const { ref } = configWork('eu', 'stranger', 4);
    const status: StatusItem = { v: 1, cluster: 'eu', id: 'stranger', seq: 4, ref, phase: 'Applied', observedAtMs: 1 };
    const unknown: unknown[] = [];
    const off = bus.onUnknown((told) => unknown.push(told));
    hub.publish('$KV.status.eu.stranger', encodeMessage('status', status).bytes);
    await vi.waitFor(() => expect(unknown).toEqual([{ item: status, wasSent: false }]), 5_000);
    off();
  });

  test('a hub that starts anew knows what it had published', async () => {
    await bus.publishWork(configWork('eu', 'kept', 9));
    const connection = await connectHub(server.address, server.identity, Date.now);
    const second = await startFleetBus({ env: testEnv, connection, workKey: server.identity.work, sealingKeyOf: () => undefined });
    expect(await second.publishedWork()).toContainEqual({ cluster: 'eu', id: 'kept', seq: 9, op: 'apply' });
    await second.stop();
  });

  test('a broker that is killed comes back on its port with every record, and waiting work goes out', async () => {
    await bus.publishWork(configWork('eu', 'before', 1));
    const pid = server.broker.pid() ?? 0;
    process.kill(pid, 'SIGKILL');
    await vi.waitFor(() => expect(bus.connected()).toBe(false), 5_000);
    expect(await bus.publishWork(configWork('eu', 'during', 2))).toEqual({ ok: true });
    expect(server.broker.restarts()).toBe(1);
    expect(JSON.parse((await stored('eu.before'))?.text ?? '').seq).toBe(1);
  });
});
