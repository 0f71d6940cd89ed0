/** @module An API server with the built-in kinds over a memory journal, served on a free port: what the conformance scripts run against. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAuthority } from '../../hub/api/certificates.ts';
import { kubeconfigText } from '../../hub/api/kubeconfig.ts';
import { serve } from '../../hub/api/serve.ts';
import { hanseSchemas, hanseTypes } from '../../shared/api/index.ts';
import { builtinDefaults, builtinSchemas, builtinTypes, decodeBuiltinProtobuf } from '../../shared/kube/builtin/index.ts';
import { createSchemaSet } from '../../shared/kube/schema/index.ts';
import { type ApiServer, createApiServer, createRegistry, serviceAddresses } from '../../shared/kube/server/index.ts';
import { createStore, memoryJournal } from '../../shared/kube/storage/index.ts';
import { type Log, silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';

/** A server that runs. */
export type ConformanceServer = {
  readonly api: ApiServer;
  readonly url: string;
  /** PEM of the CA that signed its certificate. */
  readonly caPem: string;
  /** A kubeconfig of its admin. */
  readonly kubeconfig: string;
  readonly close: () => Promise<void>;
};

const namespaceDefault = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };

/** Starts one; `kubeconfig` says where to write the admin's kubeconfig; without `loops` it is as a kube-apiserver without controllers. */
export const startConformanceServer = async (
  options: { port?: number; kubeconfig?: string; log?: Log; loops?: boolean } = {},
): Promise<ConformanceServer> => {
  const directory = mkdtempSync(join(tmpdir(), 'hanse-conformance-'));
  const env = nodeEnv(options.log ?? silentLog);
  const authority = await openAuthority({ directory, commonName: 'hanse-conformance', nowMs: env.nowMs });
  const schemas = createSchemaSet(...builtinSchemas, { schemas: hanseSchemas });
  const store = await createStore(memoryJournal(), { env });
  const api = createApiServer({
    store,
    registry: createRegistry([...builtinTypes(serviceAddresses(store, env)), ...hanseTypes()]),
    schemas: () => schemas,
    defaultFunctions: builtinDefaults,
    env,
    version: { major: '1', minor: '36', gitVersion: 'v1.36.0-hanse', gitCommit: '', platform: `${process.platform}/${process.arch}` },
    decodeProtobuf: decodeBuiltinProtobuf,
    namespaceCa: authority.certificatePem,
  });
  if (options.loops ?? true) await api.start();
  else await api.client.create({ group: '', version: 'v1', resource: 'namespaces' }, namespaceDefault);
  const certificate = await authority.issue('server', 'server', {
    commonName: 'localhost',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
  });
  const client = await authority.issue('admin', 'client', { commonName: 'admin', organizations: ['system:masters'] });
  const served = await serve({
    fetch: api.app.fetch,
    ...certificate,
    clientCaPem: [authority.certificatePem],
    log: env.log,
    ...(options.port === undefined ? {} : { port: options.port }),
  });
  const kubeconfig = options.kubeconfig ?? join(directory, 'kubeconfig');
  const text = kubeconfigText({ name: 'conformance', serverUrl: served.url, caPem: authority.certificatePem, client });
  writeFileSync(kubeconfig, text, { mode: 0o600 });
  return {
    api,
    url: served.url,
    caPem: authority.certificatePem,
    kubeconfig,
    close: async () => {
      await api.close();
      await served.close(0);
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
};
