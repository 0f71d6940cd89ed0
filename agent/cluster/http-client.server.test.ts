/** @module The client, discovery and the reflector against our own API server over HTTPS. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientContract } from '../../shared/kube/client/client-contract.ts';
import { type ConformanceServer, startConformanceServer } from '../../test/conformance/conformance-server.ts';
import { realEnv, until } from '../testing/env.ts';
import { configMap } from '../testing/items.ts';
import { failureOf } from './api-error.ts';
import { discover, kubernetesVersion, openApiHashes } from './discovery.ts';
import { httpClient, type MemberApi } from './http-client.ts';
import { parseKubeconfig } from './kubeconfig.ts';
import { startReflector } from './reflector/index.ts';

const env = realEnv();

clientContract('HTTP', async () => {
  const own = await startConformanceServer();
  const client = httpClient(await parseKubeconfig(await readFile(own.kubeconfig, 'utf8'), own.kubeconfig, env));
  return {
    client,
    dispose: async () => {
      await client.close();
      await own.close();
    },
  };
});

let server: ConformanceServer;
let api: MemberApi;
const configMaps = { group: '', version: 'v1', resource: 'configmaps' } as const;

beforeAll(async () => {
  server = await startConformanceServer();
  api = httpClient(await parseKubeconfig(await readFile(server.kubeconfig, 'utf8'), server.kubeconfig, env));
});
afterAll(async () => {
  await api.close();
  await server.close();
});

describe('against an API server', () => {
  test('writes and reads objects with a client certificate', async () => {
    await api.create(configMaps, configMap('a', { x: '1' }, 'default'));
    const address = { ...configMaps, namespace: 'default', name: 'a' };
    await api.patch(address, 'application/merge-patch+json', { data: { y: '2' } });
    expect((await api.get(address))?.data).toEqual({ x: '1', y: '2' });
    await api.delete(address, { dryRun: true });
    expect(await api.get(address)).toBeDefined();
    await api.delete(address);
    expect(await api.get(address)).toBeUndefined();
  });

  test("learns what is served, the version and the schemas' hash", async () => {
    const { apis, stale } = await discover(api);
    expect(stale).toEqual([]);
    expect(apis).toContainEqual({ groupVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespaced: true });
    expect(apis.some(({ resource }) => resource.includes('/'))).toBe(false);
    expect(await kubernetesVersion(api)).toBe('v1.36.0-hanse');
    expect((await openApiHashes(api)).has('apis/apps/v1')).toBe(true);
  });

  test.each(['stream', 'pages'] as const)('a reflector sees what is there and what changes (%s)', async (mode) => {
    const name = `r-${mode}`;
    await api.create(configMaps, configMap(name, {}, 'default'));
    const keys = new Set<string>();
    let ready = false;
    const reflector = startReflector({
      client: api,
      env,
      mode,
      collection: { ...configMaps, namespace: 'default' },
      project: (object) => object.metadata.name,
      onEvent: (event) => {
        if (event.type === 'InitDone') ready = true;
        else if (event.type === 'Delete') keys.delete(event.key);
        else if (event.type !== 'Init') keys.add(event.key);
      },
    });
    await until('the first reading', () => ready);
    expect(keys.has(`default/${name}`)).toBe(true);
    await api.create(configMaps, configMap(`${name}-2`, {}, 'default'));
    await until('a new object', () => keys.has(`default/${name}-2`));
    await api.delete({ ...configMaps, namespace: 'default', name });
    await until('a deletion', () => !keys.has(`default/${name}`));
    reflector.stop();
  });

  test('a CA that did not sign the server is told with the mend', async () => {
    const text = (await readFile(server.kubeconfig, 'utf8')).replace(/certificate-authority-data: .*/, '');
    const stranger = httpClient(await parseKubeconfig(text, server.kubeconfig, env));
    const failure = failureOf(await stranger.list(configMaps).catch((error: unknown) => error));
    expect(failure.reason).toBe('WrongCA');
    expect(failure.message).toContain('certificate-authority-data');
    await stranger.close();
  });
});
