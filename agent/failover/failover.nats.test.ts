/** @module Detection for real: agents in one process, a real nats-server between them, datagrams over loopback, gateways that answer HTTP. */
import { createSocket } from 'node:dgram';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { connectHub } from '../../hub/fleet/bus/connect.ts';
import { openHubMesh } from '../../hub/fleet/bus/mesh.ts';
import { startTestBroker, type TestBroker, testEnv } from '../../hub/fleet/testing/broker.ts';
import { movesTraffic, startWatch, type Verdict, type Watch } from '../../shared/health/index.ts';
import { present } from '../../shared/lib/assert.ts';
import { ed25519Verifier } from '../../shared/node/mesh/index.ts';
import { hubName, type Membership } from '../../shared/wire/mesh.ts';
import { makeMeshGate } from '../../shared/wire/mesh-gate.ts';
import { decodePublicKey } from '../../shared/wire/nkey.ts';
import { makeAgentKeys } from '../link/keys.ts';
import { type MovableMeshBus, makeMeshBus } from '../link/mesh-bus.ts';
import { type Failover, startFailover } from './failover.ts';
import type { KeptMesh, MeshStore } from './store.ts';

type Member = {
  readonly name: string;
  readonly keys: ReturnType<typeof makeAgentKeys>;
  bus: MovableMeshBus;
  readonly store: MeshStore;
  failover: Failover;
  gateway: Server;
  readonly verdicts: (Verdict & { readonly atMs: number })[];
};

const names = ['a', 'b', 'c', 'd', 'e'];
const verify = ed25519Verifier((key) => decodePublicKey('user', key));
const members = new Map<string, Member>();
const permissions = new Map<string, { readonly jwt: string; readonly expiresAtMs: number }>();
let server: TestBroker;
let hubMesh: Awaited<ReturnType<typeof openHubMesh>>;
let hub: Watch;
let closeHub: () => Promise<void>;

const member = (name: string): Member => present(members.get(name), name);
const gatewayPort = ({ gateway }: Member): number => (gateway.address() as AddressInfo).port;

/** Moves a bus to a connection of the cluster with these keys. */
const connect = async (name: string, keys: Member['keys'], bus: MovableMeshBus): Promise<void> => {
  const connection = await server.connectAs(name, {
    key: { ...keys, publicKey: keys.publicKey, seed: '', rawPublicKey: new Uint8Array() },
  });
  bus.use(connection, {
    jwt: '',
    expiresAtMs: 0,
    natsUrls: server.address.urls,
    natsCa: server.address.caPem,
    hubKey: Buffer.from(server.identity.work.rawPublicKey).toString('base64'),
    beatIntervalMs: 1_000,
  });
};

/** What a member's next start finds: what it kept, of the hub that it belongs to. */
const keptBy = async ({ store }: Member) => ({ store, hubBefore: (await store.load())?.hubKey });

const startMember = async (name: string): Promise<Member> => {
  const keys = makeAgentKeys();
  const bus = makeMeshBus(testEnv, name, keys);
  let kept: KeptMesh | undefined;
  const store = {
    load: async () => kept,
    save: async (next: KeptMesh) => {
      kept = next;
    },
  };
  const failover = await startFailover({
    cluster: name,
    bootId: `${name}-1`,
    env: testEnv,
    mesh: bus,
    store,
    listen: { host: '127.0.0.1', port: 0 },
  });
  const gateway = createServer((_request, response) => response.end('fine'));
  await new Promise<void>((ready) => gateway.listen(0, '127.0.0.1', ready));
  const verdicts: Member['verdicts'] = [];
  failover.watch.onVerdict((verdict) => verdicts.push({ ...verdict, atMs: testEnv.monotonicMs() }));
  await connect(name, keys, bus);
  return { name, keys, bus, store, failover, gateway, verdicts };
};

/** Gives everybody the membership and a permission, as the hub does. */
const announce = (epoch: number): void => {
  const { sign } = server.identity.work;
  const gate = makeMeshGate({ sign, verify, hubKey: () => server.identity.work.publicKey });
  const head = { v: 1 as const, from: hubName, bootId: 'hub-1', seq: epoch, sentMs: 0 };
  const membership: Membership = {
    ...head,
    kind: 'members',
    epoch,
    members: [
      ...[...members.values()].map((one, at) => ({
        name: one.name,
        role: 'Cluster' as const,
        publicKey: one.keys.publicKey,
        addresses: [`127.0.0.1:${one.failover.port}`],
        domain: `d${at % 3}`,
        capacity: 1_000,
        probes: [{ role: 'Gateway' as const, url: `http://127.0.0.1:${gatewayPort(one)}/` }],
      })),
      {
        name: hubName,
        role: 'Witness',
        publicKey: server.identity.work.publicKey,
        addresses: [],
        domain: hubName,
        capacity: 0,
        probes: [],
      },
    ],
    policy: {
      profile: 'fast',
      automatic: true,
      domainsMin: 2,
      clustersPercentMax: 60,
      capacityPercentMax: 60,
      windowMs: 600_000,
      survivorsMin: 1,
      holdDownMs: 1_000,
      holdDownMsMax: 60_000,
      halfLifeMs: 900_000,
    },
  };
  const packet = present(gate.seal(membership), 'membership');
  for (const { name, keys } of members.values()) {
    hubMesh.give(name, packet);
    const credential = permissions.get(name) ?? hubMesh.credential(keys.publicKey, name);
    permissions.set(name, credential);
    hubMesh.give(name, present(gate.seal({ ...head, kind: 'credential', to: name, ...credential }), 'credential'));
  }
  hub.hear('broker', packet);
};

const everybodyBut = (name: string): Member[] => [...members.values()].filter((one) => one.name !== name);
const until = (look: () => void, timeoutMs = 50_000): Promise<void> => vi.waitFor(look, { timeout: timeoutMs, interval: 20 });
const standing = (one: Member, target: string): string | undefined =>
  one.failover.watch.standing().find((verdict) => verdict.target === target)?.cause;
/** Clusters that anybody has moved something from so far. */
const moved = (): string[] =>
  [
    ...new Set(
      [...members.values()].flatMap(({ verdicts }) => verdicts.filter(({ cause }) => movesTraffic(cause)).map(({ target }) => target)),
    ),
  ].sort();
const refusals = (one: Member, reason: string): number =>
  [...one.failover.watch.refusals.counts()].reduce((sum, [key, count]) => sum + (key.endsWith(`/${reason}`) ? count : 0), 0);

const closeGateway = ({ gateway }: Member): Promise<void> =>
  new Promise((closed) => {
    gateway.closeAllConnections();
    gateway.close(() => closed());
  });
const openGateway = async (one: Member, port: number): Promise<void> => {
  one.gateway = createServer((_request, response) => response.end('fine'));
  await new Promise<void>((ready) => one.gateway.listen(port, '127.0.0.1', ready));
};

beforeAll(async () => {
  server = await startTestBroker();
  const connection = await connectHub(server.address, server.identity, Date.now);
  const { address, identity, book, push } = server;
  hubMesh = await openHubMesh({ env: testEnv, address, identity, book, push, connection, ttlMs: 3_600_000 });
  hub = startWatch({
    name: hubName,
    bootId: 'hub-1',
    env: testEnv,
    sign: identity.work.sign,
    verify,
    hubKey: () => identity.work.publicKey,
    publish: hubMesh.publish,
    sendDirect: () => undefined,
    look: async () => ({ isAnswered: false, isWild: false, tookMs: 0, openedMs: undefined }),
  });
  hubMesh.onPacket((packet) => hub.hear('broker', packet));
  for (const name of names) members.set(name, await startMember(name));
  await until(() => {
    announce(1);
    expect(names.every((name) => member(name).bus.isUp())).toBe(true);
  });
  closeHub = async () => {
    hub.stop();
    await hubMesh.stop();
    await connection.close();
  };
});
afterAll(async () => {
  for (const one of members.values()) {
    await one.failover.stop();
    await one.bus.stop();
    await closeGateway(one);
  }
  await closeHub?.();
  await server?.stop();
});

describe('agents over a real broker and real datagrams', () => {
  test('hear each other over both channels and hold nothing against anybody', async () => {
    await until(() => {
      for (const one of members.values()) expect(one.failover.watch.shadows().length).toBe(3 * names.length);
    });
    expect(moved()).toEqual([]);
  });

  test('tell what the others say now from what anybody may have sent, at a glance', async () => {
    const { watch } = member('a').failover;
    const claimed = new Set<string>();
    const stop = hubMesh.onPacket((packet) => void claimed.add(watch.claimant(packet) ?? 'a itself'));
    await until(() => expect([...claimed].sort()).toEqual([hubName, 'a itself', 'b', 'c', 'd', 'e']));
    stop();
    const gate = makeMeshGate({ sign: makeAgentKeys().sign, verify, hubKey: () => undefined });
    const ended = { v: 1, from: 'b', bootId: 'b-0', seq: 1, sentMs: 0, kind: 'beat', epoch: 0, self: { api: true, broker: true } } as const;
    for (const bytes of [present(gate.seal(ended), 'of a life that has ended'), Buffer.from('hello'), Buffer.alloc(1_400, 1)])
      expect(watch.claimant(bytes)).toBeUndefined();
  });

  test('refuse datagrams that are garbage, too large, forged or of strangers, and count them', async () => {
    const socket = createSocket('udp4');
    const port = present(member('a').failover.port, 'port');
    const stranger = makeAgentKeys();
    const gate = makeMeshGate({ sign: stranger.sign, verify, hubKey: () => undefined });
    const beat = { v: 1, kind: 'beat', bootId: 'x', seq: 1, sentMs: 0, epoch: 0, self: { api: true, broker: true } } as const;
    const send = (bytes: Uint8Array): Promise<void> => new Promise((sent) => socket.send(bytes, port, '127.0.0.1', () => sent()));
    await send(Buffer.from('hello'));
    await send(Buffer.alloc(60_000, 1));
    await send(present(gate.seal({ ...beat, from: 'b' }), 'forged'));
    await send(present(gate.seal({ ...beat, from: 'nobody' }), 'strange'));
    await until(() => {
      expect(refusals(member('a'), 'NotPacket')).toBeGreaterThan(0);
      expect(refusals(member('a'), 'BadSignature')).toBeGreaterThan(0);
      expect(refusals(member('a'), 'Stranger')).toBeGreaterThan(0);
    });
    socket.close();
    expect(moved()).toEqual([]);
  });

  test('an agent that is started twice is one again: the earlier one learns that another with its keys runs', async () => {
    const one = member('b');
    const { failover: before, bus: oldBus } = one;
    const address = `127.0.0.1:${before.port}`;
    const bus = makeMeshBus(testEnv, 'b', one.keys);
    await connect('b', one.keys, bus);
    const later = await startFailover({
      cluster: 'b',
      bootId: 'b-2',
      env: testEnv,
      mesh: bus,
      ...(await keptBy(one)),
      addresses: [address],
    });
    await before.overtaken;
    await before.stop();
    await oldBus.stop();
    await later.stop();
    // The port is free now: the third start has the place of both.
    const port = present(before.port, 'port');
    one.bus = bus;
    one.failover = await startFailover({
      cluster: 'b',
      bootId: 'b-3',
      env: testEnv,
      mesh: bus,
      ...(await keptBy(one)),
      listen: { host: '127.0.0.1', port },
    });
    one.failover.watch.onVerdict((verdict) => one.verdicts.push({ ...verdict, atMs: testEnv.monotonicMs() }));
    await until(() => {
      for (const other of everybodyBut('b')) expect(standing(other, 'b')).toBeUndefined();
      expect(one.failover.watch.shadows().length).toBe(3 * names.length);
    });
    expect(moved()).toEqual([]);
  });

  test('an agent that dies while its gateway answers moves nothing', async () => {
    member('e').failover.watch.stop();
    await until(() => {
      for (const one of everybodyBut('e')) expect(standing(one, 'e')).toBe('Agent');
    });
    expect(moved()).toEqual([]);
  });

  test('a cluster that dies is out by the verdict of all who are left, and the hub learns of it', async () => {
    const startMs = testEnv.monotonicMs();
    member('d').failover.watch.stop();
    await closeGateway(member('d'));
    await until(() => {
      for (const one of ['a', 'b', 'c'].map(member)) expect(standing(one, 'd')).toBe('Cluster');
      expect(hub.standing().find(({ target }) => target === 'd')?.cause).toBe('Cluster');
    });
    const tookMs = ['a', 'b', 'c'].flatMap((name) =>
      member(name)
        .verdicts.filter(({ target, cause }) => target === 'd' && cause === 'Cluster')
        .map(({ atMs }) => atMs - startMs),
    );
    process.stdout.write(`verdict after ${tookMs.map(Math.round).join(', ')} ms\n`);
    expect(new Set(['a', 'b', 'c'].map((name) => standing(member(name), 'c')))).toEqual(new Set([undefined]));
  });

  test('the broker dies and nothing moves; its death has a name', async () => {
    await server.broker.stop();
    await until(() => {
      for (const one of ['a', 'b', 'c'].map(member)) expect(standing(one, '@broker')).toBe('Broker');
    });
    expect(moved()).toEqual(['d']);
  });

  test('an agent that starts again without hub and broker knows whom to watch, and a data plane that dies is found and found well again', async () => {
    const [c, e] = [member('c'), member('e')];
    await e.failover.stop();
    e.failover = await startFailover({
      cluster: 'e',
      bootId: 'e-2',
      env: testEnv,
      mesh: e.bus,
      ...(await keptBy(e)),
      listen: { host: '127.0.0.1', port: present(e.failover.port, 'port') },
    });
    await until(() => expect(standing(member('a'), 'e')).toBeUndefined());
    const port = gatewayPort(c);
    await closeGateway(c);
    await until(() => expect([standing(member('a'), 'c'), standing(e, 'c')]).toEqual(['DataPlane', 'DataPlane']));
    await openGateway(c, port);
    await until(() => expect([standing(member('a'), 'c'), standing(e, 'c')]).toEqual([undefined, undefined]));
  });
});
