/** @module A broker that somebody else runs, with the configuration the hub prints: a whole hub over it, and each way it can be wrong. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Log, type RuntimeEnv, silentLog } from '../../../shared/lib/index.ts';
import { checkBroker, faultOf } from '../bus/check-broker.ts';
import { externalBrokerConfig } from '../fleet.ts';
import { loadFleetIdentity } from '../identity/fleet-identity.ts';
import { makeTestCertificates, testEnv } from '../testing/broker.ts';
import { startTestHub } from '../testing/hub.ts';
import { ensureNatsServer } from './ensure.ts';
import { type GuardedChild, startGuardedChild } from './guarded-child.ts';

let dir: string;
let binary: string;
let certificates: { caPem: string; certPem: string; keyPem: string };
const running: GuardedChild[] = [];

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-external-'));
  binary = (await ensureNatsServer({ log: silentLog })).path;
  certificates = await makeTestCertificates();
});
afterEach(() => Promise.all(running.splice(0).map((child) => child.stop(2_000))));
afterAll(() => rm(dir, { recursive: true, force: true }));

/** What an operator does: adapts the printed configuration to the server's machine, and starts the server. Answers its port. */
const startServer = async (name: string, config: string): Promise<number> => {
  const home = join(dir, name);
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'tls.crt'), certificates.certPem);
  await writeFile(join(home, 'tls.key'), certificates.keyPem);
  const adapted = config
    .replace(/^listen: .*/m, 'listen: "127.0.0.1:-1"')
    .replaceAll('/data/', `${home}/`)
    .replaceAll('/etc/nats/tls/', `${home}/`);
  await writeFile(join(home, 'nats.conf'), adapted);
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const tail: string[] = [];
  const child = await startGuardedChild(binary, ['-c', join(home, 'nats.conf')], (line) => {
    tail.push(line);
    const [, port] = /Listening for client connections on 127\.0\.0\.1:(\d+)/.exec(line) ?? [];
    if (port !== undefined) resolve(Number(port));
  });
  running.push(child);
  void child.ended.then((how) => reject(new Error(`nats-server ended (${how}):\n${tail.join('\n')}`)));
  return promise;
};

const configFor = (hub: string, withTls: boolean): Promise<string> =>
  externalBrokerConfig({ dataDir: join(dir, hub), nowMs: Date.now(), withTls });
const identityOf = (hub: string) => loadFleetIdentity(join(dir, hub, 'fleet', 'identity'));

describe('a hub over servers that run apart from it', () => {
  test.each([
    ['with TLS', true],
    ['without TLS', false],
  ])('%s: publishes work', async (name, withTls) => {
    const port = await startServer(name, await configFor(name, withTls));
    const url = `${withTls ? 'tls' : 'nats'}://127.0.0.1:${port}`;
    const broker = { kind: 'external', urls: [url], caPem: withTls ? certificates.caPem : '' } as const;
    const hub = await startTestHub({ dir: join(dir, name), broker });
    expect(hub.fleet.natsUrls).toEqual([url]);
    const ref = { apiVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespace: 'shop', name: 'a' };
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' } };
    const item = { v: 1, cluster: 'eu', id: 'a', seq: 1, op: 'apply', ref, object, adopt: 'Never' } as const;
    expect(await hub.fleet.bus.publishWork(item)).toEqual({ ok: true });
    await hub.stop();
  });
});

/** Time that passes quickly, so that a wait for a server that will not come is short; and what was warned of. */
const hasty = (warnings: string[] = []): RuntimeEnv => {
  let nowMs = Date.now();
  const log: Log = { ...silentLog, warn: (message) => void warnings.push(message) };
  return { ...testEnv, log, nowMs: () => (nowMs += 2_500), setTimer: (_, run) => testEnv.setTimer(1, run) };
};

describe('a server that will not do is named, with the mend', () => {
  const check = async (hub: string, url: string, caPem = '', warnings: string[] = []): Promise<unknown> =>
    checkBroker({ env: hasty(warnings), address: { urls: [url], caPem }, identity: await identityOf(hub) });

  test('nobody listens', async () => {
    await configFor('a', false);
    await expect(check('a', 'nats://127.0.0.1:1')).rejects.toThrow(
      'cannot reach a NATS server at nats://127.0.0.1:1 (ECONNREFUSED): check that it runs, the address in --nats-url, and firewalls',
    );
  });

  test('its certificate is of another CA, or it has none', async () => {
    const secure = await startServer('b', await configFor('b', true));
    const other = await makeTestCertificates();
    await expect(check('b', `tls://127.0.0.1:${secure}`, other.caPem)).rejects.toThrow('give its CA with --nats-ca FILE');
    await expect(check('b', `tls://127.0.0.1:${secure}`)).rejects.toThrow('give its CA with --nats-ca FILE');
    const plain = await startServer('b2', await configFor('b', false));
    await expect(check('b', `tls://127.0.0.1:${plain}`, certificates.caPem)).rejects.toThrow('has no TLS');
  });

  test('it is not in operator mode, or in that of another hub', async () => {
    await configFor('c', false);
    const open = await startServer('c-open', 'listen: "127.0.0.1:-1"\njetstream {}\n'.replace('{}', `{ store_dir: "${dir}/c-open" }`));
    const mine = /is not in operator mode with this hub's operator; .*--print-nats-config/;
    await expect(check('c', `nats://127.0.0.1:${open}`)).rejects.toThrow(mine);
    const withUsers = await startServer('c-users', 'listen: x\nauthorization { user: a, password: b }\n');
    await expect(check('c', `nats://127.0.0.1:${withUsers}`)).rejects.toThrow(mine);
    const other = await startServer('c-other', await configFor('other-hub', false));
    await expect(check('c', `nats://127.0.0.1:${other}`)).rejects.toThrow(mine);
  });

  test('it runs without JetStream', async () => {
    const port = await startServer('d', (await configFor('d', false)).replace(/jetstream \{[^}]*\}/, ''));
    await expect(check('d', `nats://127.0.0.1:${port}`)).rejects.toThrow('runs without JetStream');
  });

  test('it acknowledges before it has synced: said, not refused', async () => {
    const port = await startServer('e', (await configFor('e', false)).replace(/ *sync_interval: always\n/, ''));
    const warnings: string[] = [];
    expect(await check('e', `nats://127.0.0.1:${port}`, '', warnings)).toEqual({ replicas: 1 });
    expect(warnings).toEqual([
      expect.stringMatching(/^nats-server nats-1 acknowledges a write before it is on disk: .*sync_interval: always/),
    ]);
  });

  test('it takes no claims', async () => {
    const config = (await configFor('f', false)).replace(/resolver \{.*\}/, 'resolver: MEMORY');
    const port = await startServer('f', config);
    const broker = { kind: 'external', urls: [`nats://127.0.0.1:${port}`], caPem: '' } as const;
    await expect(startTestHub({ dir: join(dir, 'f'), broker })).rejects.toThrow('resolver { type: full');
  });

  test.each([
    ['too old', [{ version: '2.12.9' }], 8e6, /nats-server n is 2.12.9, and 2.14 or newer is needed: upgrade it/],
    ['too old, one of them', [{}, { version: '2.9.10' }], 8e6, /is 2.9.10/],
    ['small messages', [{}], 1_048_576, /set max_payload: 8MB/],
    ['newer than we know', [{ version: '3.0.0' }], 8e6, undefined],
  ])('%s', (_, servers, payloadBytes, message) => {
    const facts = servers.map((facts) => ({ name: 'n', version: '2.14.0', hasJetStream: true, syncs: true, ...facts }));
    const fault = faultOf(facts, payloadBytes);
    if (message === undefined) expect(fault).toBeUndefined();
    else expect(fault).toMatch(message);
  });
});
