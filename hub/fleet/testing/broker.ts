/** @module A real broker for tests: own identity, own CA, own folder; and connections as an agent would have them. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type NatsConnection } from 'nats';
import { present } from '../../../shared/lib/assert.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { silentLog } from '../../../shared/lib/env.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import { inboxPrefix } from '../../../shared/wire/subjects.ts';
import { type EmbeddedBroker, ensureNatsServer, startEmbeddedBroker } from '../broker/index.ts';
import { run } from '../broker/run.ts';
import { type BrokerAddress, connectClaims, pushClaims } from '../bus/connect.ts';
import { type AccountBook, openAccountBook } from '../identity/account-book.ts';
import { clusterAccountKey, type FleetIdentity, loadFleetIdentity } from '../identity/fleet-identity.ts';
import { agentUserJwt, operatorJwt, systemAccountJwt } from '../identity/jwt.ts';
import { makeSigningKey, type SigningKey, signNonce } from '../identity/keys.ts';

/** The rim as production has it, without log. */
export const testEnv: RuntimeEnv = nodeEnv(silentLog);

/** A CA and a certificate for loopback, made by openssl. */
export const makeTestCertificates = async (): Promise<{ caPem: string; certPem: string; keyPem: string }> => {
  const dir = await mkdtemp(join(tmpdir(), 'hanse-certs-'));
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  const steps = [
    ['req', '-x509', ...newKey, '-subj', '/CN=test CA', '-keyout', 'ca.key', '-out', 'ca.pem'],
    [
      'req',
      '-x509',
      ...newKey,
      '-subj',
      '/CN=broker',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-addext',
      'subjectAltName=IP:127.0.0.1,DNS:localhost',
    ].concat(['-addext', 'basicConstraints=critical,CA:FALSE', '-keyout', 'key.pem', '-out', 'cert.pem']),
  ];
  for (const args of steps) {
    const { code, output } = await run('openssl', args, { cwd: dir, timeoutMs: 30_000 });
    if (code !== 0) throw new Error(`openssl failed: ${output}`);
  }
  const [caPem, certPem, keyPem] = await Promise.all(['ca.pem', 'cert.pem', 'key.pem'].map((name) => readFile(join(dir, name), 'utf8')));
  await rm(dir, { recursive: true, force: true });
  return { caPem: present(caPem, 'ca'), certPem: present(certPem, 'certificate'), keyPem: present(keyPem, 'key') };
};

/** A broker, what it was made from, and a way to make agents' users. */
export type TestBroker = {
  readonly dir: string;
  readonly identity: FleetIdentity;
  readonly book: AccountBook;
  readonly broker: EmbeddedBroker;
  readonly address: BrokerAddress;
  /** Tells the broker an account's claims. */
  readonly push: (accountJwt: string) => Promise<void>;
  readonly mint: (publicKey: string, cluster: string, ttlMs?: number) => string;
  readonly connectAs: (cluster: string, options?: { key?: SigningKey; jwt?: string; inbox?: string }) => Promise<NatsConnection>;
  readonly stop: () => Promise<void>;
};

/** Starts a real nats-server on a free loopback port. */
export const startTestBroker = async (): Promise<TestBroker> => {
  const dir = await mkdtemp(join(tmpdir(), 'hanse-broker-'));
  const { path: binary } = await ensureNatsServer({ log: silentLog });
  const identity = await loadFleetIdentity(join(dir, 'identity'));
  const book = await openAccountBook({ folder: join(dir, 'claims'), identity, nowMs: Date.now(), credentialTtlMs: 3_600_000 });
  const certificates = await makeTestCertificates();
  const broker = await startEmbeddedBroker({
    env: testEnv,
    binary,
    dataDir: join(dir, 'broker'),
    host: '127.0.0.1',
    port: 0,
    tls: certificates,
    claims: () => ({
      operatorJwt: operatorJwt(identity.operator, identity.system.publicKey, Date.now()),
      systemAccount: identity.system.publicKey,
      preload: {
        [identity.system.publicKey]: systemAccountJwt(identity.operator, identity.system.publicKey, Date.now()),
        [identity.account.publicKey]: book.hubJwt(),
      },
    }),
  });
  const address = { urls: [`tls://127.0.0.1:${broker.port}`], caPem: certificates.caPem };
  const mint = (publicKey: string, cluster: string, ttlMs = 3_600_000): string =>
    agentUserJwt(clusterAccountKey(identity, cluster), { publicKey, cluster }, { nowMs: Date.now(), expiresAtMs: Date.now() + ttlMs });
  const claims = await connectClaims(address, identity, Date.now);
  const push = (accountJwt: string): Promise<void> => pushClaims(claims, accountJwt);
  return {
    dir,
    identity,
    book,
    broker,
    address,
    push,
    mint,
    connectAs: async (cluster, options = {}) => {
      await push(book.clusterJwt(cluster));
      const key = options.key ?? makeSigningKey('user');
      const jwt = options.jwt ?? mint(key.publicKey, cluster);
      return connect({
        servers: [...address.urls],
        tls: { ca: address.caPem },
        authenticator: (nonce) => ({ jwt, nkey: key.publicKey, sig: nonce === undefined ? '' : signNonce(key, nonce) }),
        inboxPrefix: options.inbox ?? inboxPrefix(cluster),
        reconnect: false,
        timeout: 5_000,
      });
    },
    stop: async () => {
      await claims.close();
      await broker.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
