/** @module An API server with the built-in kinds in memory, asked without a network; for tests. */
import { type RuntimeEnv, silentLog } from '../../../lib/index.ts';
import { nodeEnv } from '../../../node/index.ts';
import { builtinDefaults, builtinSchemas, builtinTypes, decodeBuiltinProtobuf } from '../../builtin/index.ts';
import type { KubeObject } from '../../object.ts';
import { createSchemaSet } from '../../schema/index.ts';
import { createStore, memoryJournal, type OpenStore } from '../../storage/index.ts';
import { type ApiServer, type ApiServerOptions, createApiServer, createRegistry } from '../index.ts';

/** The real clock, chance and timers. */
export const testEnv: RuntimeEnv = nodeEnv(silentLog);

const schemas = createSchemaSet(...builtinSchemas);

/** A server and ways to ask it. */
export type TestServer = {
  readonly api: ApiServer;
  readonly store: OpenStore;
  /** One request; a body that is no text goes out as JSON. */
  readonly ask: (method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) => Promise<Response>;
  /** As `ask`, and the answer's body as JSON with its code. */
  readonly json: (
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ) => Promise<{ code: number; body: KubeObject }>;
  readonly close: () => Promise<void>;
};

/** Starts one; `loops` runs namespaces and garbage collection, else only the namespace `shop` is made. */
export const testServer = async (
  options: Partial<ApiServerOptions> & { windowChangesMax?: number; loops?: boolean } = {},
): Promise<TestServer> => {
  const { windowChangesMax = 10_000, loops = false, ...own } = options;
  const store = await createStore(memoryJournal(), { env: testEnv, windowChangesMax });
  const api = createApiServer({
    store,
    registry: createRegistry(builtinTypes()),
    schemas: () => schemas,
    defaultFunctions: builtinDefaults,
    decodeProtobuf: decodeBuiltinProtobuf,
    env: testEnv,
    version: { major: '1', minor: '36', gitVersion: 'v1.36.0', gitCommit: '', platform: 'test' },
    ...own,
  });
  if (loops) await api.start();
  const namespaces = { group: '', version: 'v1', resource: 'namespaces' };
  await api.client.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  const ask: TestServer['ask'] = async (method, path, body, headers = {}) => {
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    const request = new Request(`https://test${path}`, { method, body: text, headers: { 'Content-Type': 'application/json', ...headers } });
    return api.app.fetch(request, {});
  };
  return {
    api,
    store,
    ask,
    json: async (...call) => {
      const response = await ask(...call);
      return { code: response.status, body: (await response.json()) as KubeObject };
    },
    close: async () => {
      await api.close();
      await store.close();
    },
  };
};

/** Waits until `holds` does; throws when it has not after ten seconds. */
export const until = async (holds: () => boolean, what: string): Promise<void> => {
  for (const end = Date.now() + 10_000; !holds(); ) {
    if (Date.now() > end) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
