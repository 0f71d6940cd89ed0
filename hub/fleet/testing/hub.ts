/** @module A hub in the small for tests: API server over a memory journal, a real broker, the fleet room, served over HTTPS. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Hono } from 'hono';
import { clusters } from '../../../shared/api/cluster.ts';
import { hanseSchemas, hanseTypes } from '../../../shared/api/index.ts';
import { joinTokens } from '../../../shared/api/join-token.ts';
import defaults from '../../../shared/kube/builtin/data/defaults.json' with { type: 'json' };
import openapi from '../../../shared/kube/builtin/data/openapi.json' with { type: 'json' };
import types from '../../../shared/kube/builtin/data/types.json' with { type: 'json' };
import { builtinTypes } from '../../../shared/kube/builtin/index.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createSchemaSet, type SchemaData } from '../../../shared/kube/schema/index.ts';
import { createApiServer, createRegistry, type Peer } from '../../../shared/kube/server/index.ts';
import { createStore, memoryJournal, type Store } from '../../../shared/kube/storage/index.ts';
import { type Authority, openAuthority } from '../../api/certificates.ts';
import { serve } from '../../api/serve.ts';
import { type BrokerChoice, type Fleet, startFleet } from '../fleet.ts';
import { makeTokenSecret, tokenText } from '../join/token.ts';
import { testEnv } from './broker.ts';

/** The hub and short ways to do what an operator does. */
export type TestHub = {
  readonly dir: string;
  readonly url: string;
  readonly authority: Authority;
  readonly client: KubeClient;
  readonly fleet: Fleet;
  readonly store: Store;
  readonly registry: ReturnType<typeof createRegistry>;
  /** Events as `NAME REASON: message`. */
  readonly events: readonly string[];
  /** Makes a JoinToken; answers the token's text. */
  readonly token: (name: string, spec?: Record<string, unknown>) => Promise<string>;
  readonly cluster: (name: string) => Promise<KubeObject | undefined>;
  readonly admit: (name: string, admission: string) => Promise<void>;
  readonly deleteCluster: (name: string) => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Starts it on free loopback ports. */
export const startTestHub = async (
  options: {
    readonly credentialTtlMs?: number;
    readonly nowMs?: () => number;
    /** Data that are there already. */
    readonly dir?: string;
    /** Default: an embedded one. */
    readonly broker?: BrokerChoice;
  } = {},
): Promise<TestHub> => {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'hanse-hub-')));
  const env = { ...testEnv, ...(options.nowMs === undefined ? {} : { nowMs: options.nowMs }) };
  const authority = await openAuthority({ directory: join(dir, 'pki'), commonName: 'test', nowMs: Date.now });
  const certificate = await authority.issue('server', 'server', {
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
  });
  const data = [openapi, defaults, types].map((part) => part as unknown as SchemaData);
  const schemas = createSchemaSet(...data, { schemas: hanseSchemas });
  const store = await createStore(memoryJournal(), { env });
  const registry = createRegistry([...builtinTypes(), ...hanseTypes()]);
  const version = { major: '1', minor: '36', gitVersion: 'v1.36.0-hanse', gitCommit: '', platform: 'test' };
  const api = createApiServer({
    store,
    registry,
    schemas: () => schemas,
    env,
    version,
  });
  await api.start();
  const events: string[] = [];
  const listening = Promise.withResolvers<string>();
  const fleet = await startFleet({
    env,
    dataDir: dir,
    broker: options.broker ?? {
      kind: 'embedded',
      host: '127.0.0.1',
      port: 0,
      tls: { certPem: certificate.certificatePem, keyPem: certificate.privateKeyPem },
    },
    caPem: authority.certificatePem,
    hubUrl: listening.promise,
    client: api.client,
    store,
    addressOf: () => 'test',
    tell: ({ metadata }, { reason, message }) => void events.push(`${metadata.name} ${reason}: ${message}`),
    beatIntervalMs: 200,
    ...(options.credentialTtlMs === undefined ? {} : { credentialTtlMs: options.credentialTtlMs }),
  });
  const app = new Hono<{ Bindings: Peer }>();
  app.route('/join/v1', fleet.joinApp);
  const served = await serve({ fetch: app.fetch, ...certificate, log: env.log });
  listening.resolve(served.url);
  const client = api.client;
  return {
    dir,
    url: served.url,
    authority,
    client,
    fleet,
    store,
    registry,
    events,
    token: async (name, spec = {}) => {
      const { secret, secretHash } = makeTokenSecret();
      await client.create(joinTokens, {
        apiVersion: 'hanse.dev/v1alpha1',
        kind: 'JoinToken',
        metadata: { name },
        spec: { ...spec, secretHash },
      });
      return tokenText(name, secret);
    },
    cluster: (name) => client.get({ ...clusters, name }),
    admit: async (name, admission) => {
      await client.patch({ ...clusters, name }, 'application/merge-patch+json', { spec: { admission } });
    },
    deleteCluster: (name) => client.delete({ ...clusters, name }),
    stop: async () => {
      await served.close(0);
      await fleet.stop();
      await api.close();
      await store.close();
      await rm(dir, { recursive: true, force: true });
    },
  };
};
