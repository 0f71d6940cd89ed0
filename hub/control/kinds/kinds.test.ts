/** @module From what agents say of their kinds to an API that serves them; over a real store and API server. */
import { createHash } from 'node:crypto';
import { afterEach, expect, it, vi } from 'vitest';
import type { KindDocument } from '../../../shared/kube/custom/index.ts';
import { sortedJson } from '../../../shared/kube/schema/index.ts';
import { createApiServer } from '../../../shared/kube/server/index.ts';
import { createStore, memoryJournal, type OpenStore } from '../../../shared/kube/storage/index.ts';
import { silentLog } from '../../../shared/lib/index.ts';
import type { Hello, KindMessage } from '../../../shared/wire/index.ts';
import { makeListeners } from '../../../shared/wire/listeners.ts';
import { createServedKinds, type ServedKinds } from '../../api/index.ts';
import type { Arrival, KindBus } from '../../fleet/port.ts';
import { hastyEnv } from '../testing/env.ts';
import { type MemberKinds, openMemberKinds } from './loop.ts';

const env = hastyEnv(5);

const widget = (more: Partial<KindDocument> = {}): KindDocument => ({
  group: 'acme.dev',
  version: 'v1',
  kind: 'Widget',
  listKind: 'WidgetList',
  resource: 'widgets',
  singular: 'widget',
  shortNames: ['wd', 'po'],
  categories: [],
  namespaced: true,
  status: true,
  columns: [{ name: 'Size', type: 'integer', format: '', description: '', priority: 0, jsonPath: '.spec.size' }],
  selectableFields: ['.spec.color'],
  versionsAlike: true,
  schema: {
    type: 'object',
    properties: {
      spec: {
        type: 'object',
        required: ['color'],
        properties: {
          size: { type: 'integer', default: 1, minimum: 1 },
          color: { type: 'string' },
          parts: {
            type: 'array',
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
            items: { type: 'object', required: ['name'], properties: { name: { type: 'string' }, count: { type: 'integer' } } },
          },
        },
      },
    },
  },
  ...more,
});
const hashOf = (document: KindDocument): string => createHash('sha256').update(sortedJson(document)).digest('hex');

type Fleet = KindBus & {
  readonly hello: (cluster: string, ...documents: readonly KindDocument[]) => void;
  /** Answers every question as the clusters in `answers` would. */
  readonly wanted: [string, string][];
  readonly refused: string[];
  readonly say: (cluster: string, hash: string, document: unknown) => void;
};

const fakeFleet = (): Fleet => {
  const hellos = makeListeners<Arrival<Hello>>(silentLog);
  const kinds = makeListeners<Arrival<KindMessage>>(silentLog);
  const known = new Map<string, KindDocument>();
  const wanted: [string, string][] = [];
  const refused: string[] = [];
  const say: Fleet['say'] = (cluster, hash, document) =>
    kinds.tell({ message: { v: 1, cluster, hash, document: document as KindDocument }, arrivedAtMs: 0 });
  return {
    onHello: hellos.add,
    onKind: kinds.add,
    wantKinds: (cluster, hashes) => {
      for (const hash of hashes) {
        wanted.push([cluster, hash]);
        const document = known.get(hash);
        if (document !== undefined) setImmediate(() => say(cluster, hash, document));
      }
    },
    refuse: ({ cluster, reason }) => void refused.push(`${cluster}/${reason}`),
    wanted,
    refused,
    say,
    hello: (cluster, ...documents) => {
      for (const document of documents) known.set(hashOf(document), document);
      const apis = documents.map((document) => ({
        groupVersion: `${document.group}/${document.version}`,
        kind: document.kind,
        resource: document.resource,
        namespaced: document.namespaced,
        document: hashOf(document),
      }));
      const rest = { v: 1, bootId: 'b', agentVersion: '1', kubernetesVersion: 'v1.36', runtimeClasses: [], labels: {}, nowMs: 0 } as const;
      hellos.tell({ message: { ...rest, cluster, apis }, arrivedAtMs: 0 });
    },
  };
};

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const start = async (clusters: readonly string[]) => {
  const store: OpenStore = await createStore(memoryJournal(), { env });
  for (const name of clusters) {
    const object = { apiVersion: 'hanse.dev/v1alpha1', kind: 'Cluster', metadata: { name } };
    await store.commit([{ op: 'put', key: `hanse.dev/clusters//${name}`, expected: 0, object }]);
  }
  const open = (): { kinds: ServedKinds; members: MemberKinds; fleet: Fleet; troubled: string[] } => {
    const kinds = createServedKinds();
    const members = openMemberKinds({ store, kinds, env });
    const fleet = fakeFleet();
    const troubled: string[] = [];
    members.listen(fleet, (cluster) => void troubled.push(cluster));
    stops.push(members.stop);
    return { kinds, members, fleet, troubled };
  };
  return { store, open, ...open() };
};

const isServed = (kinds: ServedKinds, path = 'acme.dev/v1/widgets'): boolean => {
  const [group = '', version = '', resource = ''] = path.split('/');
  return kinds.registry.get(group, version, resource) !== undefined;
};

it('serves a kind as its cluster defines it: names, defaults, validation, apply by list keys, columns', async () => {
  const { kinds, fleet, store } = await start(['eu']);
  fleet.hello('eu', widget());
  await vi.waitFor(() => expect(isServed(kinds)).toBe(true));
  const version = { major: '1', minor: '36', gitVersion: 'v1.36.0', gitCommit: '', platform: 'test' };
  const api = createApiServer({ store, registry: kinds.registry, schemas: kinds.schemas, env, version });
  stops.push(() => api.close());
  const ask = async (method: string, path: string, body?: unknown, type = 'application/json', accept = 'application/json') => {
    const init = {
      method,
      headers: { 'Content-Type': type, Accept: accept },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
    const answer = await api.app.fetch(new Request(`http://hub${path}`, init), {});
    return (await answer.json()) as Record<string, never> & { message?: string; spec?: object; code?: number };
  };
  await ask('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
  const at = '/apis/acme.dev/v1/namespaces/shop/widgets';
  const object = (name: string, spec: object) => ({ apiVersion: 'acme.dev/v1', kind: 'Widget', metadata: { name }, spec });
  expect((await ask('POST', at, object('a', { size: 0 }))).message).toContain('spec.color: Required value');
  expect((await ask('POST', at, object('a', { color: 'red' }))).spec).toEqual({ color: 'red', size: 1 });
  const apply = (manager: string, parts: object[]) =>
    ask('PATCH', `${at}/a?fieldManager=${manager}`, object('a', { color: 'red', parts }), 'application/apply-patch+yaml');
  await apply('one', [{ name: 'x', count: 1 }]);
  expect((await apply('two', [{ name: 'y', count: 2 }])).spec).toMatchObject({ parts: [{ name: 'x' }, { name: 'y' }] });
  const table = await ask('GET', at, undefined, 'application/json', 'application/json;as=Table;g=meta.k8s.io;v=v1');
  expect(table).toMatchObject({ columnDefinitions: [{ name: 'Name' }, { name: 'Size' }], rows: [{ cells: ['a', 1] }] });
  expect(await ask('GET', `${at}?fieldSelector=spec.color%3Dblue`)).toMatchObject({ items: [] });
  const discovered = JSON.stringify(await ask('GET', '/apis/acme.dev/v1'));
  expect(discovered).toContain('"shortNames":["wd"]');
  expect(discovered).toContain('widgets/status');
  expect(JSON.stringify(await ask('GET', '/openapi/v3/apis/acme.dev/v1'))).toContain('x-kubernetes-list-map-keys');
  expect(JSON.stringify(await ask('GET', '/openapi/v2'))).toContain('dev.acme.v1.Widget');
});

it('asks for a document once however many clusters have it, and again after a restart for nothing', async () => {
  const { kinds, fleet, open, store, members } = await start(['eu', 'us', 'ap']);
  for (const cluster of ['eu', 'us', 'ap']) fleet.hello(cluster, widget());
  await vi.waitFor(() => expect(isServed(kinds)).toBe(true));
  expect(fleet.wanted).toHaveLength(1);
  await vi.waitFor(() => expect(store.count('internal.hanse.dev/')).toBe(4));
  await members.stop();
  const again = open();
  expect(isServed(again.kinds)).toBe(true);
  again.fleet.hello('eu', widget());
  expect(again.fleet.wanted).toEqual([]);
});

it('forgets a kind when no cluster serves it, but not while objects of it are stored', async () => {
  const { kinds, fleet, store } = await start(['eu']);
  fleet.hello('eu', widget());
  await vi.waitFor(() => expect(isServed(kinds)).toBe(true));
  const key = 'acme.dev/widgets/shop/a';
  const object = { apiVersion: 'acme.dev/v1', kind: 'Widget', metadata: { name: 'a', namespace: 'shop' } };
  await store.commit([{ op: 'put', key, expected: 0, object }]);
  fleet.hello('eu', widget({ resource: 'gadgets', kind: 'Gadget' }));
  await vi.waitFor(() => expect(isServed(kinds, 'acme.dev/v1/gadgets')).toBe(true));
  expect(isServed(kinds)).toBe(true);
  await store.commit([{ op: 'delete', key, object }]);
  await vi.waitFor(() => expect(isServed(kinds)).toBe(false));
  await vi.waitFor(() => expect(store.count('internal.hanse.dev/kinddocuments/')).toBe(1));
});

it('where clusters differ, serves what most of them have and tells the others', async () => {
  const { kinds, fleet, members, troubled } = await start(['ap', 'eu', 'us']);
  fleet.hello('ap', widget({ namespaced: false }));
  for (const cluster of ['eu', 'us']) fleet.hello(cluster, widget());
  await vi.waitFor(() => expect(members.troublesOf('ap')).toHaveLength(1));
  expect(kinds.registry.get('acme.dev', 'v1', 'widgets')?.namespaced).toBe(true);
  expect(members.troublesOf('ap')[0]).toContain('defined otherwise in 2 clusters');
  expect([members.troublesOf('eu'), troubled.includes('ap')]).toEqual([[], true]);
});

it('serves one version only where a webhook converts between versions', async () => {
  const { kinds, fleet, members } = await start(['eu']);
  const alike = { versionsAlike: false };
  fleet.hello('eu', widget(alike), widget({ ...alike, version: 'v1beta1' }));
  await vi.waitFor(() => expect(members.troublesOf('eu')).toHaveLength(1));
  expect([isServed(kinds), isServed(kinds, 'acme.dev/v1beta1/widgets')]).toEqual([true, false]);
});

it('a hostile cluster: shadowed groups, forged hashes and unasked documents are refused, counted and said', async () => {
  const { kinds, fleet, members } = await start(['evil', 'good']);
  fleet.hello('good', widget());
  await vi.waitFor(() => expect(isServed(kinds)).toBe(true));
  const shadow = widget({ group: 'rbac.authorization.k8s.io', resource: 'clusterroles', kind: 'ClusterRole' });
  fleet.hello('evil', shadow);
  await vi.waitFor(() => expect(members.troublesOf('evil')).toHaveLength(1));
  fleet.say('evil', 'f'.repeat(64), widget());
  expect(fleet.refused).toEqual(['evil/KindRefused', 'evil/KindUnwanted']);
  expect(kinds.registry.get('rbac.authorization.k8s.io', 'v1', 'clusterroles')?.schemaName).toBe('io.k8s.api.rbac.v1.ClusterRole');
  expect(members.troublesOf('good')).toEqual([]);
});
