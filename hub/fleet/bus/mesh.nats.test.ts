/** @module The mesh over a real nats-server: who hears whom, and what the broker refuses. */
import { type NatsConnection, StringCodec } from 'nats';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { meshSubject, meshSubjectTo } from '../../../shared/wire/mesh.ts';
import { makeSigningKey } from '../identity/keys.ts';
import { startTestBroker, type TestBroker, testEnv } from '../testing/broker.ts';
import { connectHub } from './connect.ts';
import { openHubMesh } from './mesh.ts';

let server: TestBroker;
let mesh: Awaited<ReturnType<typeof openHubMesh>>;
let hub: NatsConnection;
const text = StringCodec();

beforeAll(async () => {
  server = await startTestBroker();
  hub = await connectHub(server.address, server.identity, Date.now);
  const { address, identity, book, push } = server;
  mesh = await openHubMesh({ env: testEnv, address, identity, book, push, connection: hub, ttlMs: 3_600_000 });
});
afterAll(async () => {
  await mesh?.stop();
  await hub?.close();
  await server?.stop();
});

/** A connection as an agent has it in the mesh. */
const meshAs = (cluster: string, key = makeSigningKey('user')): Promise<NatsConnection> =>
  server.connectAs(cluster, { key, jwt: mesh.credential(key.publicKey, cluster).jwt });

describe('the mesh over the broker', () => {
  test('lets a beat reach every cluster and the hub, a question only whom it is for', async () => {
    const [a, b, c] = [await meshAs('a'), await meshAs('b'), await meshAs('c')];
    const heard: string[] = [];
    mesh.onPacket((packet) => heard.push(`hub: ${text.decode(packet)}`));
    for (const [name, connection] of [
      ['a', a],
      ['b', b],
      ['c', c],
    ] as const)
      for (const subject of [meshSubject('*', 'beat'), meshSubject('*', 'ballot'), meshSubjectTo('*', name)])
        connection.subscribe(subject, {
          callback: (error, message) => heard.push(`${name}: ${error?.message ?? text.decode(message.data)}`),
        });
    await Promise.all([a, b, c, hub].map((connection) => connection.flush()));
    a.publish(meshSubject('a', 'beat'), text.encode('beat of a'));
    a.publish(meshSubjectTo('a', 'b'), text.encode('a asks b'));
    a.publish(meshSubjectTo('a', '@hub'), text.encode('a asks the hub'));
    mesh.publish(meshSubject('@hub', 'beat'), text.encode('beat of the hub'));
    const wanted = ['a', 'b', 'c'].flatMap((name) => [`${name}: beat of a`, `${name}: beat of the hub`]);
    const all = [...wanted, 'b: a asks b', 'hub: a asks the hub', 'hub: beat of a', 'hub: beat of the hub'].sort();
    await vi.waitFor(() => expect([...new Set(heard)].sort()).toEqual(all), 10_000);
    await Promise.all([a, b, c].map((connection) => connection.close()));
  });

  test.each([meshSubject('good', 'beat'), meshSubject('good', 'ballot'), meshSubjectTo('good', 'evil'), meshSubject('@hub', 'beat')])(
    'refuses %s of another cluster',
    async (subject) => {
      const evil = await meshAs('evil');
      const refused: string[] = [];
      void (async () => {
        for await (const { type, data } of evil.status()) if (type === 'error') refused.push(String(data));
      })();
      evil.publish(subject, text.encode('a lie'));
      await evil.flush();
      await vi.waitFor(() => expect(refused).toContain('PERMISSIONS_VIOLATION'), 5_000);
      await evil.close();
    },
  );

  test('refuses to listen to what is said to another', async () => {
    const evil = await meshAs('evil');
    const error = await new Promise((resolve) => {
      evil.subscribe(meshSubjectTo('*', 'good'), { callback: (why) => resolve(why?.message) });
    });
    expect(error).toMatch(/permissions violation/i);
    await evil.close();
  });

  test('cuts off an agent whose key was revoked', async () => {
    const key = makeSigningKey('user');
    const { jwt } = mesh.credential(key.publicKey, 'gone');
    const gone = await server.connectAs('gone', { key, jwt });
    await server.push(await server.book.revoke('gone', key.publicKey, Date.now()));
    await server.push(server.book.meshJwt());
    await gone.closed();
    await expect(server.connectAs('gone', { key, jwt })).rejects.toThrow(/authorization/i);
  });
});
