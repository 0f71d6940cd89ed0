/** @module Attacks of one cluster on another against a real nats-server: each must be refused by the server, or be harmless and seen. */
import { headers, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import { connectHub, pushClaims } from '../bus/connect.ts';
import { type NatsFleetBus, startFleetBus } from '../bus/fleet-bus.ts';
import { jetStreamCall } from '../bus/streams.ts';
import { startTestBroker, type TestBroker, testEnv } from '../testing/broker.ts';
import { makeSigningKey } from './keys.ts';

let server: TestBroker;
let hub: NatsConnection;
let bus: NatsFleetBus;
let evil: NatsConnection;
const violations: string[] = [];

const work = (cluster: string, id: string): WorkItem => ({
  v: 1,
  cluster,
  id,
  seq: 1,
  op: 'apply',
  ref: { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespace: 'shop', name: id },
  object: { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: id }, data: { of: cluster } },
  adopt: 'Never',
});

const followViolations = async (connection: NatsConnection): Promise<void> => {
  for await (const status of connection.status())
    if (status.type === 'error') violations.push(JSON.stringify(status.permissionContext ?? status.data));
};

beforeAll(async () => {
  server = await startTestBroker();
  hub = await connectHub(server.address, server.identity, Date.now);
  bus = await startFleetBus({ env: testEnv, connection: hub, workKey: server.identity.work, sealingKeyOf: () => undefined });
  await bus.publishWork(work('good', 'a'));
  await bus.publishWork(work('evil', 'a'));
  evil = await server.connectAs('evil');
  void followViolations(evil);
});
afterAll(async () => {
  await evil?.close();
  await bus?.stop();
  await server?.stop();
});

/** The server says no in so many words: the request's promise rejects, or a permissions violation of this subject arrives. */
const expectPublishRefused = async (subject: string, body = '{}'): Promise<void> => {
  const seen = violations.length;
  evil.publish(subject, body);
  await evil.flush();
  await vi.waitFor(() => expect(violations.slice(seen).some((text) => text.includes(subject))).toBe(true), 3_000);
};

describe('a cluster cannot', () => {
  test.each([
    'hanse.up.good.beat',
    'hanse.up.good.hello',
    'hanse.up.good.report',
    'hanse.up.good.renew',
    'hanse.down.good.want',
    'hanse.down.evil.want',
    '_INBOX.good.x',
    '$KV.status.good.a',
    '$KV.status.evil.a.b',
    '$KV.work.good.a',
    '$KV.work.evil.a',
    '$SYS.REQ.CLAIMS.UPDATE',
    '$SYS.REQ.SERVER.PING',
    '$JS.API.STREAM.INFO.KV_work',
    '$JS.API.STREAM.LIST',
    '$JS.API.STREAM.NAMES',
    '$JS.API.STREAM.PURGE.KV_work',
    '$JS.API.STREAM.PURGE.KV_status',
    '$JS.API.STREAM.DELETE.KV_work',
    '$JS.API.STREAM.UPDATE.KV_status',
    '$JS.API.STREAM.CREATE.mine',
    '$JS.API.STREAM.MSG.GET.KV_work',
    '$JS.API.STREAM.MSG.DELETE.KV_work',
    '$JS.API.DIRECT.GET.KV_work',
    '$JS.API.DIRECT.GET.KV_work.$KV.work.good.a',
    '$JS.API.DIRECT.GET.KV_status.$KV.status.good.a',
    '$JS.API.CONSUMER.LIST.KV_work',
    '$JS.API.CONSUMER.NAMES.KV_work',
    '$JS.API.CONSUMER.INFO.KV_work.good',
    '$JS.API.CONSUMER.DELETE.KV_work.good',
    '$JS.API.CONSUMER.MSG.NEXT.KV_work.good',
    '$JS.API.CONSUMER.CREATE.KV_work',
    '$JS.API.CONSUMER.CREATE.KV_work.evil',
    '$JS.API.CONSUMER.CREATE.KV_work.good.$KV.work.good.>',
    '$JS.API.CONSUMER.CREATE.KV_work.evil.$KV.work.good.>',
    '$JS.API.CONSUMER.CREATE.KV_work.good.$KV.work.evil.>',
    '$JS.API.CONSUMER.CREATE.KV_status.evil.$KV.status.evil.>',
    '$JS.API.CONSUMER.DURABLE.CREATE.KV_work.evil',
    '$JS.API.INFO',
    '$JS.ACK.KV_work.good.1.1.1.1.1',
  ])('publish to %s', async (subject) => {
    await expectPublishRefused(subject);
  });

  test.each([
    '>',
    'hanse.>',
    'hanse.up.>',
    'hanse.up.good.beat',
    'hanse.down.good.want',
    'hanse.down.*.want',
    '$KV.>',
    '$KV.work.good.>',
    '$KV.status.good.>',
    '_INBOX.>',
    '_INBOX.good.>',
    '$SYS.>',
    '$JS.EVENT.>',
  ])('subscribe to %s', async (subject) => {
    const refused = await new Promise((resolve) => {
      evil.subscribe(subject, { callback: (error) => resolve(error?.message ?? 'a message') });
    });
    expect(refused).toMatch(/permissions violation/i);
  });

  test.each([
    ['another filter in the body', { filter_subject: '$KV.work.good.>' }],
    ['a filter of everything in the body', { filter_subject: '$KV.work.>' }],
    ['several filters in the body', { filter_subjects: ['$KV.work.evil.>', '$KV.work.good.>'] }],
  ])('create its own consumer with %s', async (_, config) => {
    const subject = '$JS.API.CONSUMER.CREATE.KV_work.evil.$KV.work.evil.>';
    const request = { stream_name: 'KV_work', config: { name: 'evil', ack_policy: 'none', deliver_policy: 'all', ...config } };
    const answer = (await evil.request(subject, JSON.stringify(request))).json<{ error?: { description: string } }>();
    expect(answer.error?.description).toBeDefined();
    const other = { ...request, stream_name: 'KV_status' };
    expect((await evil.request(subject, JSON.stringify(other))).json<{ error?: unknown }>().error).toBeDefined();
  });

  test('take another name for its own consumer in the body', async () => {
    const config = { name: 'good', ack_policy: 'none', deliver_policy: 'all', filter_subject: '$KV.work.evil.>' };
    const request = JSON.stringify({ stream_name: 'KV_work', config });
    await evil.request('$JS.API.CONSUMER.CREATE.KV_work.evil.$KV.work.evil.>', request);
    const { answer } = await jetStreamCall(hub, 'CONSUMER.NAMES.KV_work', {});
    expect((answer as { consumers: string[] }).consumers).not.toContain('good');
    await evil.request('$JS.API.CONSUMER.DELETE.KV_work.evil');
  });

  test('wipe the status of others by a rollup header on its own', async () => {
    const good = await server.connectAs('good');
    await good.jetstream().publish('$KV.status.good.a', '{}');
    const head = headers();
    head.set('Nats-Rollup', 'all');
    await expect(evil.jetstream().publish('$KV.status.evil.a', '{}', { headers: head })).rejects.toThrow(/rollup/i);
    const { error } = await jetStreamCall(hub, 'STREAM.MSG.GET.KV_status', { last_by_subj: '$KV.status.good.a' });
    expect(error).toBeUndefined();
    await good.close();
  });

  test('use a credential minted for another key, or one it signed itself', async () => {
    const [stolen, mine] = [makeSigningKey('user'), makeSigningKey('user')];
    await expect(server.connectAs('good', { key: mine, jwt: server.mint(stolen.publicKey, 'good') })).rejects.toThrow(/authorization/i);
    const forger = { ...server.identity, agentScope: makeSigningKey('account') };
    const { agentUserJwt } = await import('./jwt.ts');
    const forged = agentUserJwt(
      forger.agentScope,
      server.identity.account.publicKey,
      { publicKey: mine.publicKey, cluster: 'good' },
      { nowMs: Date.now(), expiresAtMs: Date.now() + 60_000 },
    );
    await expect(server.connectAs('good', { key: mine, jwt: forged })).rejects.toThrow(/authorization/i);
  });
});

describe('a cluster can', () => {
  test('read its own work and nothing else through its own consumer', async () => {
    const subject = '$JS.API.CONSUMER.CREATE.KV_work.evil.$KV.work.evil.>';
    const config = {
      name: 'evil',
      ack_policy: 'none',
      deliver_policy: 'last_per_subject',
      filter_subject: '$KV.work.evil.>',
      inactive_threshold: 60e9,
      mem_storage: true,
    };
    const created = (await evil.request(subject, JSON.stringify({ stream_name: 'KV_work', config }))).json<{
      num_pending: number;
      error?: unknown;
    }>();
    expect(created).toMatchObject({ num_pending: 1 });
    const inbox = evil.subscribe('_INBOX.evil.pull', { max: 1 });
    evil.publish('$JS.API.CONSUMER.MSG.NEXT.KV_work.evil', JSON.stringify({ batch: 1, expires: 2e9 }), { reply: '_INBOX.evil.pull' });
    const [next] = await Array.fromAsync(inbox);
    expect(next?.subject).toBe('$KV.work.evil.a');
    const direct = await evil.request('$JS.API.DIRECT.GET.KV_work.$KV.work.evil.a');
    expect(direct.json<WorkItem>().cluster).toBe('evil');
  });
});

describe('what the server cannot forbid is seen and mended', () => {
  test('an answer of the server sent to another cluster’s work key by a hostile reply subject', async () => {
    const damaged: string[] = [];
    const off = bus.onDamage(({ cluster, id }) => damaged.push(`${cluster}.${id}`));
    evil.publish('$KV.status.evil.a', '{}', { reply: '$KV.work.good.a' });
    await vi.waitFor(() => expect(damaged).toEqual(['good.a']), 5_000);
    off();
    expect(await bus.publishWork(work('good', 'a'))).toEqual({ ok: true });
  });

  test('an answer of the server sent to another cluster’s status: refused, and that cluster is asked for its statuses again', async () => {
    const calm = await server.connectAs('calm');
    const wanted = calm.subscribe('hanse.down.calm.want', { max: 1 });
    await calm.flush();
    evil.publish('$KV.status.evil.a', '{}', { reply: '$KV.status.calm.a' });
    const [message] = await Array.fromAsync(wanted);
    expect(message?.json()).toEqual({ v: 1, what: ['status'] });
    expect(bus.refusals().get('calm/Malformed')).toBe(1);
    await calm.close();
  });
});

describe('revocation', () => {
  test('cuts the live connection at once and refuses the credential for good; a later one of the same key works', async () => {
    const key = makeSigningKey('user');
    const jwt = server.mint(key.publicKey, 'leaver');
    const leaver = await server.connectAs('leaver', { key, jwt });
    const claims = await server.book.revoke(key.publicKey, Date.now());
    await pushClaims(server.address, server.identity, claims, Date.now);
    expect(await leaver.closed()).toBeInstanceOf(Error);
    await expect(server.connectAs('leaver', { key, jwt })).rejects.toThrow(/authorization|revoked/i);
    await vi.waitFor(async () => {
      const back = await server.connectAs('leaver', { key });
      await back.close();
    }, 5_000);
  });

  test('a credential that expires cuts the connection', async () => {
    const key = makeSigningKey('user');
    const connection = await server.connectAs('brief', { key, jwt: server.mint(key.publicKey, 'brief', 2_000) });
    expect(await connection.closed()).toMatchObject({ message: expect.stringMatching(/expired/i) });
  });
});
