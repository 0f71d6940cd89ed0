/** @module Attacks of one cluster on another and on the hub against a real nats-server: each must be refused by the server, or reach nobody. */
import { headers, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { WorkItem } from '../../../shared/wire/messages.ts';
import { connectHub } from '../bus/connect.ts';
import { type NatsFleetBus, startFleetBus } from '../bus/fleet-bus.ts';
import { jetStreamCall } from '../bus/streams.ts';
import { openWorkConsumer } from '../bus/work-consumer.ts';
import { startTestBroker, type TestBroker, testEnv } from '../testing/broker.ts';
import { agentUserJwt } from './jwt.ts';
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
  await openWorkConsumer(hub, 'good');
  await openWorkConsumer(hub, 'evil');
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
    '$JS.API.CONSUMER.RESET.KV_work.good',
    '$JS.API.CONSUMER.CREATE.KV_work.good.$KV.work.good.>',
    '$JS.API.CONSUMER.CREATE.KV_work.evil.$KV.work.evil.>',
    '$JS.API.CONSUMER.DELETE.KV_work.evil',
    '$JS.API.DIRECT.GET.KV_work.$KV.work.evil.a',
    '$JS.FC.KV_work.good.x',
    '_R_.aaaaaa.bbbbbb',
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
    const forged = agentUserJwt(
      makeSigningKey('account'),
      { publicKey: mine.publicKey, cluster: 'good' },
      { nowMs: Date.now(), expiresAtMs: Date.now() + 60_000 },
    );
    await expect(server.connectAs('good', { key: mine, jwt: forged })).rejects.toThrow(/authorization/i);
  });
});

describe('a cluster can', () => {
  test('read its own work, from the beginning as often as it likes, and nothing else', async () => {
    for (const round of [1, 2]) {
      const reset = await evil.request('$JS.API.CONSUMER.RESET.KV_work.evil', '{"seq":1}');
      expect(reset.json(), `round ${round}`).toMatchObject({ num_pending: 1, delivered: { consumer_seq: 0 } });
      const inbox = evil.subscribe(`_INBOX.evil.pull-${round}`, { max: 1 });
      evil.publish('$JS.API.CONSUMER.MSG.NEXT.KV_work.evil', JSON.stringify({ batch: 1, expires: 2e9 }), { reply: inbox.getSubject() });
      const [next] = await Array.fromAsync(inbox);
      expect(next?.subject).toBe('$KV.work.evil.a');
      expect(next?.reply).toMatch(/^\$JS\.ACK\.KV_work\.evil\.1\.\d+\.1\.\d+\.0$/);
    }
  });

  test('write its own status and be told that it is kept', async () => {
    expect((await evil.jetstream().publish('$KV.status.evil.a', '{}')).stream).toBe('KV_status');
  });
});

/** Places where an answer of the server would do harm, were it written there in the hub's account or a neighbour's. */
const targets = [
  '$KV.work.good.a',
  '$KV.work.good.new',
  '$KV.status.good.a',
  'hanse.up.good.beat',
  'hanse.up.good.renew',
  'hanse.down.good.want',
  'hanse.mesh.good.beat',
  'hanse.mesh.good.to.evil',
  '_INBOX.good.x',
  '$JS.API.STREAM.PURGE.KV_work',
  '$JS.API.STREAM.DELETE.KV_status',
  '$JS.API.CONSUMER.DELETE.KV_work.good',
  '$JS.API.CONSUMER.RESET.KV_work.good',
  '$SYS.REQ.CLAIMS.UPDATE',
  '$SYS.REQ.CLAIMS.DELETE',
];

describe('an answer of the server does not leave the account of who asked', () => {
  let good: NatsConnection;
  const heard: string[] = [];
  const snapshot = async (): Promise<unknown> => {
    const states = await Promise.all(
      ['KV_work', 'KV_status'].map(async (stream) => {
        const { answer } = await jetStreamCall(hub, `STREAM.INFO.${stream}`, { subjects_filter: '>' });
        return (answer as { state: { subjects: unknown; num_deleted?: number } }).state.subjects;
      }),
    );
    const record = await jetStreamCall(hub, 'STREAM.MSG.GET.KV_work', { last_by_subj: '$KV.work.good.a' });
    const consumers = await jetStreamCall(hub, 'CONSUMER.NAMES.KV_work', {});
    return { states, record: record.answer, consumers: [...(consumers.answer as { consumers: string[] }).consumers].sort() };
  };

  beforeAll(async () => {
    good = await server.connectAs('good');
    await good.jetstream().publish('$KV.status.good.a', '{}');
    await evil.jetstream().publish('$KV.status.evil.a', '{}');
    for (const connection of [good, hub]) {
      const subjects =
        connection === hub
          ? ['hanse.up.good.>', 'hanse.down.good.>', 'hanse.mesh.good.>', '_INBOX.good.>']
          : ['hanse.down.good.>', '_INBOX.good.>'];
      for (const subject of subjects) connection.subscribe(subject, { callback: (_, message) => heard.push(message.subject) });
      await connection.flush();
    }
  });
  afterAll(() => good?.close());

  /** What the server answers to, and a proof that it has answered by now. */
  const asked: readonly (readonly [string, string, string])[] = [
    ['the acknowledgement of a status', '$KV.status.evil.a', '{}'],
    ['an error of JetStream', '$KV.status.evil.b', 'x'.repeat(200_000)],
    ['its own work', '$JS.API.CONSUMER.MSG.NEXT.KV_work.evil', '{"batch":5,"expires":300000000}'],
    [
      'heartbeats and the end of a pull',
      '$JS.API.CONSUMER.MSG.NEXT.KV_work.evil',
      '{"batch":1,"expires":300000000,"idle_heartbeat":100000000}',
    ],
    ['the refusal of a pull', '$JS.API.CONSUMER.MSG.NEXT.KV_work.evil', 'nonsense'],
    ['the answer to a reset', '$JS.API.CONSUMER.RESET.KV_work.evil', '{"seq":1}'],
    ['the refusal of a reset', '$JS.API.CONSUMER.RESET.KV_work.evil', 'nonsense'],
    ['a renewal without anybody who answers', 'hanse.up.evil.nobody', '{}'],
  ];
  test.each(asked)('%s', async (_, subject, body) => {
    const before = await snapshot();
    heard.length = 0;
    await evil.request('$JS.API.CONSUMER.RESET.KV_work.evil', '{"seq":1}');
    for (const reply of targets) {
      const head = headers();
      head.set('Nats-Request-Info', JSON.stringify({ acc: server.identity.account.publicKey, svc: server.identity.account.publicKey }));
      evil.publish(subject, body, { reply });
      evil.publish(subject, body, { reply, headers: head });
    }
    await evil.flush();
    // Two answers to an honest request behind them: what came before has been answered too.
    await evil.request('$JS.API.CONSUMER.RESET.KV_work.evil', '{"seq":1}');
    const inbox = evil.subscribe('_INBOX.evil.fence');
    evil.publish('$JS.API.CONSUMER.MSG.NEXT.KV_work.evil', '{"batch":9,"expires":400000000}', { reply: '_INBOX.evil.fence' });
    for await (const message of inbox) if (message.headers?.code === 408) break;
    await hub.flush();
    await good.flush();
    expect(heard).toEqual([]);
    const after = (await snapshot()) as { states: unknown };
    expect(after).toEqual({ ...(before as object), states: after.states });
    const withoutMine = ([work, status]: Record<string, number>[]): unknown => [
      work,
      Object.entries(status ?? {}).filter(([key]) => !key.startsWith('$KV.status.evil.')),
    ];
    expect(withoutMine(after.states as Record<string, number>[])).toEqual(
      withoutMine((before as { states: Record<string, number>[] }).states),
    );
  });

  test.each(['$JS.ACK.KV_work.good.1.1.1.1.1', '_R_.aaaaaa.bbbbbb'])('a reply that only the server may use: %s', async (reply) => {
    const seen = violations.length;
    evil.publish('$KV.status.evil.a', '{}', { reply });
    await evil.flush();
    await vi.waitFor(() => expect(violations.length).toBeGreaterThan(seen), 3_000);
  });

  test.each(targets)('a trace of a message asked for at %s', async (destination) => {
    const before = await snapshot();
    heard.length = 0;
    for (const subject of ['$KV.status.evil.a', 'hanse.up.evil.beat', '$JS.API.CONSUMER.RESET.KV_work.evil']) {
      const head = headers();
      head.set('Nats-Trace-Dest', destination);
      evil.publish(subject, '{}', { headers: head });
    }
    await evil.flush();
    await evil.request('$JS.API.CONSUMER.RESET.KV_work.evil', '{"seq":1}');
    await hub.flush();
    await good.flush();
    expect(heard).toEqual([]);
    expect(await snapshot()).toEqual(before);
  });
});

describe('revocation', () => {
  test('cuts the live connection at once and refuses the credential for good; a later one of the same key works', async () => {
    const key = makeSigningKey('user');
    const jwt = server.mint(key.publicKey, 'leaver');
    const leaver = await server.connectAs('leaver', { key, jwt });
    await server.push(await server.book.revoke('leaver', key.publicKey, Date.now()));
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
