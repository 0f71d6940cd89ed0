/** @module The official TypeScript client against the API server: generic objects, server-side apply, an informer. */
import {
  KubeConfig,
  type KubernetesObject,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  type V1ConfigMap,
} from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConformanceServer, startConformanceServer } from './conformance-server.ts';

let server: ConformanceServer;
let config: KubeConfig;

beforeAll(async () => {
  server = await startConformanceServer();
  config = new KubeConfig();
  config.loadFromFile(server.kubeconfig);
});
afterAll(() => server.close());

const configMap = (name: string, data: { [key: string]: string }) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace: 'default' },
  data,
});

describe('@kubernetes/client-node', () => {
  it('creates, reads, patches, lists and deletes objects of any kind', async () => {
    const api = KubernetesObjectApi.makeApiClient(config);
    await api.create(configMap('plain', { a: '1' }));
    const patched = await api.patch<V1ConfigMap>(
      configMap('plain', { b: '2' }),
      undefined,
      undefined,
      'test',
      undefined,
      PatchStrategy.MergePatch,
    );
    expect(patched.data).toEqual({ a: '1', b: '2' });
    const list = await api.list('v1', 'ConfigMap', 'default');
    expect(list.items.map((item: KubernetesObject) => item.metadata?.name)).toContain('plain');
    await api.delete(configMap('plain', {}));
    await expect(api.read({ ...configMap('plain', {}) })).rejects.toMatchObject({ code: 404 });
  });

  it('applies on the server: a conflict is refused, force takes the field', async () => {
    const api = KubernetesObjectApi.makeApiClient(config);
    const apply = (value: string, manager: string, force: boolean) =>
      api.patch<V1ConfigMap>(configMap('owned', { a: value }), undefined, undefined, manager, force, PatchStrategy.ServerSideApply);
    await apply('1', 'one', false);
    await expect(apply('2', 'two', false)).rejects.toMatchObject({ code: 409 });
    expect((await apply('2', 'two', true)).data).toEqual({ a: '2' });
  });

  it('follows changes with an informer', async () => {
    const api = KubernetesObjectApi.makeApiClient(config);
    const informer = makeInformer<V1ConfigMap>(
      config,
      '/api/v1/namespaces/default/configmaps',
      () => api.list('v1', 'ConfigMap', 'default') as never,
    );
    const seen = new Promise<string>((resolve) => {
      informer.on('add', (object) => {
        if (object.metadata?.name === 'watched') resolve(object.data?.a ?? '');
      });
    });
    await informer.start();
    await api.create(configMap('watched', { a: 'yes' }));
    expect(await seen).toBe('yes');
    await informer.stop();
  });
});
