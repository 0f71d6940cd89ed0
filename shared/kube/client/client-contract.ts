/** @module The rules every driver of the client port is held to, against a server with the built-in kinds. Imported by tests only. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { GroupVersionResource, KubeObject } from '../object.ts';
import { StatusError } from '../status-error.ts';
import type { KubeClient, WatchEvent } from './port.ts';

/** A driver under test; each test works in objects of its own in the namespace `contract`, which the contract makes. */
export type ClientUnderTest = { readonly client: KubeClient; readonly dispose: () => Promise<void> };

const CONFIG_MAPS: GroupVersionResource = { group: '', version: 'v1', resource: 'configmaps' };
const DEPLOYMENTS: GroupVersionResource = { group: 'apps', version: 'v1', resource: 'deployments' };
const NAMESPACES: GroupVersionResource = { group: '', version: 'v1', resource: 'namespaces' };
const namespace = 'contract';

const configMap = (name: string, data: Record<string, string> = {}, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace, labels },
  data,
});
const deployment = (name: string): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace },
  spec: {
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'nginx:1' }] } },
  },
});
const at = (type: GroupVersionResource, name: string) => ({ ...type, namespace, name });

/** What a refused call was refused with. */
const refusal = async (call: Promise<unknown>): Promise<StatusError> => {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(StatusError);
  return error as StatusError;
};

/** Declares the contract's tests for one driver. */
export const clientContract = (name: string, open: () => Promise<ClientUnderTest>): void => {
  describe(`client contract: ${name}`, () => {
    let under: ClientUnderTest;
    const client = (): KubeClient => under.client;
    beforeAll(async () => {
      under = await open();
      await under.client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
    });
    afterAll(() => under.dispose());
    objectRules(client);
    writeRules(client);
    listRules(client);
    watchRules(client);
  });
};

const objectRules = (client: () => KubeClient): void => {
  it('answers what it created, with what the server added', async () => {
    const made = await client().create(CONFIG_MAPS, configMap('made', { a: '1' }));
    expect(made).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'made', namespace }, data: { a: '1' } });
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(await client().get(at(CONFIG_MAPS, 'made'))).toEqual(made);
  });

  it('gets undefined for an object that is not there, and rejects for a resource that is not served', async () => {
    expect(await client().get(at(CONFIG_MAPS, 'nope'))).toBeUndefined();
    expect(await refusal(client().get(at({ ...CONFIG_MAPS, resource: 'nonsense' }, 'nope')))).toMatchObject({ code: 404 });
  });

  it('rejects with the Status of the server', async () => {
    await client().create(CONFIG_MAPS, configMap('twice'));
    expect(await refusal(client().create(CONFIG_MAPS, configMap('twice')))).toMatchObject({ code: 409, reason: 'AlreadyExists' });
    const bad = await refusal(client().create(CONFIG_MAPS, configMap('Bad_Name')));
    expect(bad).toMatchObject({ code: 422, reason: 'Invalid' });
    expect(bad.status.details?.causes?.[0]?.field).toBe('metadata.name');
  });

  it('makes up a name from generateName', async () => {
    const object = { ...configMap(''), metadata: { name: '', generateName: 'gen-', namespace } };
    expect((await client().create(CONFIG_MAPS, object)).metadata.name).toMatch(/^gen-[a-z0-9]{5}$/);
  });

  it('deletes, by uid when asked to, and rejects when there is nothing', async () => {
    const made = await client().create(CONFIG_MAPS, configMap('goes'));
    const other = { preconditions: { uid: '00000000-0000-4000-8000-000000000000' } };
    expect(await refusal(client().delete(at(CONFIG_MAPS, 'goes'), other))).toMatchObject({ reason: 'Conflict' });
    await client().delete(at(CONFIG_MAPS, 'goes'), { preconditions: { uid: made.metadata.uid ?? '' }, propagationPolicy: 'Background' });
    expect(await client().get(at(CONFIG_MAPS, 'goes'))).toBeUndefined();
    expect(await refusal(client().delete(at(CONFIG_MAPS, 'goes')))).toMatchObject({ reason: 'NotFound' });
  });

  it('writes nothing on dry run', async () => {
    await client().create(CONFIG_MAPS, configMap('dry'), { dryRun: true });
    expect(await client().get(at(CONFIG_MAPS, 'dry'))).toBeUndefined();
    await client().create(CONFIG_MAPS, configMap('dry'));
    await client().delete(at(CONFIG_MAPS, 'dry'), { dryRun: true });
    expect(await client().get(at(CONFIG_MAPS, 'dry'))).toBeDefined();
  });
};

const writeRules = (client: () => KubeClient): void => {
  it('refuses an update with an old resourceVersion', async () => {
    const first = await client().create(CONFIG_MAPS, configMap('moving', { n: '1' }));
    const second = await client().update(CONFIG_MAPS, { ...first, data: { n: '2' } });
    expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
    expect(await refusal(client().update(CONFIG_MAPS, { ...first, data: { n: '3' } }))).toMatchObject({ reason: 'Conflict' });
  });

  it('keeps the resourceVersion of a write that changes nothing', async () => {
    const first = await client().create(CONFIG_MAPS, configMap('still', { n: '1' }));
    expect((await client().update(CONFIG_MAPS, first)).metadata.resourceVersion).toBe(first.metadata.resourceVersion);
  });

  it.each<['application/json-patch+json' | 'application/merge-patch+json' | 'application/strategic-merge-patch+json', unknown]>([
    ['application/json-patch+json', [{ op: 'replace', path: '/data/n', value: '2' }]],
    ['application/merge-patch+json', { data: { n: '2' } }],
    ['application/strategic-merge-patch+json', { data: { n: '2' } }],
  ])('patches with %s', async (patchType, body) => {
    const name = `patched-${patchType.split('/')[1]?.split('-')[0] ?? ''}`;
    await client().create(CONFIG_MAPS, configMap(name, { n: '1', kept: 'x' }));
    expect(await client().patch(at(CONFIG_MAPS, name), patchType, body)).toMatchObject({ data: { n: '2', kept: 'x' } });
  });

  it('applies: creates, owns, conflicts, forces', async () => {
    const target = at(CONFIG_MAPS, 'applied');
    const body = (n: string) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'applied', namespace }, data: { n } });
    const made = await client().patch(target, 'application/apply-patch+yaml', body('1'), { fieldManager: 'one' });
    expect(made.metadata.managedFields?.[0]).toMatchObject({ manager: 'one', operation: 'Apply' });
    const refused = await refusal(client().patch(target, 'application/apply-patch+yaml', body('2'), { fieldManager: 'two' }));
    expect(refused.status.details?.causes?.[0]).toMatchObject({ reason: 'FieldManagerConflict', field: '.data.n' });
    const forced = await client().patch(target, 'application/apply-patch+yaml', body('2'), { fieldManager: 'two', force: true });
    expect(forced).toMatchObject({ data: { n: '2' } });
  });

  it('refuses to apply over another state than the one that is named, forced or not', async () => {
    const target = at(CONFIG_MAPS, 'named');
    const body = (metadata: object) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'named', namespace, ...metadata },
      data: {},
    });
    const apply = (metadata: object) =>
      client().patch(target, 'application/apply-patch+yaml', body(metadata), { fieldManager: 'one', force: true });
    const { uid, resourceVersion } = (await apply({})).metadata;
    const { metadata: next } = await apply({ uid, resourceVersion, labels: { n: '2' } });
    expect(await refusal(apply({ uid, resourceVersion, labels: { n: '3' } }))).toMatchObject({ reason: 'Conflict' });
    await client().delete(target);
    expect(await refusal(apply({ uid, resourceVersion: next.resourceVersion }))).toMatchObject({ reason: 'Conflict' });
  });

  it('keeps status and object apart, and scales', async () => {
    const made = await client().create(DEPLOYMENTS, deployment('web'));
    const status = { ...made, spec: { ...(made['spec'] as object), replicas: 9 }, status: { replicas: 1, observedGeneration: 1 } };
    expect(await client().update(DEPLOYMENTS, status, { subresource: 'status' })).toMatchObject({
      spec: { replicas: 1 },
      status: { replicas: 1 },
    });
    const scale = await client().patch(
      at(DEPLOYMENTS, 'web'),
      'application/merge-patch+json',
      { spec: { replicas: 4 } },
      { subresource: 'scale' },
    );
    expect(scale).toMatchObject({ kind: 'Scale', spec: { replicas: 4 } });
    expect(await client().get(at(DEPLOYMENTS, 'web'))).toMatchObject({ spec: { replicas: 4 }, metadata: { generation: 2 } });
  });
};

const listRules = (client: () => KubeClient): void => {
  it('lists in pages of one state, by selectors, each item with its kind', async () => {
    for (const name of ['l1', 'l2', 'l3']) await client().create(CONFIG_MAPS, configMap(name, {}, { list: 'yes' }));
    const chosen = { ...CONFIG_MAPS, namespace, labelSelector: 'list=yes' };
    const first = await client().list(chosen, { limit: 2 });
    expect(first.items.map((item) => [item.apiVersion, item.kind, item.metadata.name])).toEqual([
      ['v1', 'ConfigMap', 'l1'],
      ['v1', 'ConfigMap', 'l2'],
    ]);
    await client().create(CONFIG_MAPS, configMap('l4', {}, { list: 'yes' }));
    const rest = await client().list(chosen, { limit: 2, continue: first.continue ?? '' });
    expect(rest.items.map((item) => item.metadata.name)).toEqual(['l3']);
    expect([rest.continue, rest.resourceVersion]).toEqual([undefined, first.resourceVersion]);
    const one = await client().list({ ...CONFIG_MAPS, namespace, fieldSelector: 'metadata.name=l4' });
    expect(one.items.map((item) => item.metadata.name)).toEqual(['l4']);
  });

  it('rejects a selector that cannot be read', async () => {
    expect(await refusal(client().list({ ...CONFIG_MAPS, namespace, labelSelector: 'a in b' }))).toMatchObject({ code: 400 });
  });
};

const watchRules = (client: () => KubeClient): void => {
  /** The next `count` events that are no bookmarks; `during` runs once the watch is under way. */
  const events = async (
    labelSelector: string,
    resourceVersion: string,
    count: number,
    during: () => Promise<void>,
  ): Promise<WatchEvent[]> => {
    const abort = new AbortController();
    const seen: WatchEvent[] = [];
    const running = during();
    for await (const event of client().watch({ ...CONFIG_MAPS, namespace, labelSelector }, { resourceVersion, signal: abort.signal })) {
      if (event.type !== 'BOOKMARK') seen.push(event);
      if (seen.length === count) break;
    }
    await running;
    return seen;
  };
  const version = async (): Promise<string> => (await client().list({ ...CONFIG_MAPS, namespace })).resourceVersion;

  it('sees every change after a resourceVersion, in order, through its selector', async () => {
    const seen = await events('watch=one', await version(), 5, async () => {
      const made = await client().create(CONFIG_MAPS, configMap('w1', { n: '1' }, { watch: 'one' }));
      const moved = await client().update(CONFIG_MAPS, { ...made, data: { n: '2' } });
      await client().update(CONFIG_MAPS, { ...moved, metadata: { ...moved.metadata, labels: { watch: 'two' } } });
      await client().create(CONFIG_MAPS, configMap('w2', {}, { watch: 'one' }));
      await client().delete(at(CONFIG_MAPS, 'w2'));
    });
    expect(seen.map((event) => [event.type, event.object.metadata.name])).toEqual([
      ['ADDED', 'w1'],
      ['MODIFIED', 'w1'],
      ['DELETED', 'w1'],
      ['ADDED', 'w2'],
      ['DELETED', 'w2'],
    ]);
    const versions = seen.map((event) => Number(event.object.metadata.resourceVersion));
    expect(versions).toEqual([...versions].sort((a, b) => a - b));
  });

  it('starts with what is there and says where that ends', async () => {
    await client().create(CONFIG_MAPS, configMap('i1', {}, { initial: 'yes' }));
    const abort = new AbortController();
    const collection = { ...CONFIG_MAPS, namespace, labelSelector: 'initial=yes' };
    const types: string[] = [];
    for await (const event of client().watch(collection, { sendInitialEvents: true, allowWatchBookmarks: true, signal: abort.signal })) {
      types.push(event.type);
      if (event.object.metadata.annotations?.['k8s.io/initial-events-end'] === 'true') break;
    }
    expect(types).toEqual(['ADDED', 'BOOKMARK']);
  });

  it('ends at its time limit and on abort', async () => {
    const collection = { ...CONFIG_MAPS, namespace, labelSelector: 'none=such' };
    for await (const event of client().watch(collection, { timeoutSeconds: 1, signal: new AbortController().signal })) {
      expect.unreachable(`event ${event.type} of an empty watch`);
    }
    const abort = new AbortController();
    const watching = (async () => {
      for await (const event of client().watch(collection, { signal: abort.signal })) expect.unreachable(`event ${event.type}`);
    })();
    abort.abort();
    await watching.catch(() => undefined);
  });

  it('tells a resourceVersion that is too old with an ERROR event or a refusal of code 410', async () => {
    let code: unknown;
    try {
      for await (const event of client().watch(
        { ...CONFIG_MAPS, namespace },
        { resourceVersion: '1', timeoutSeconds: 2, signal: new AbortController().signal },
      )) {
        if (event.type === 'ERROR') code = event.object['code'];
      }
    } catch (error) {
      code = error instanceof StatusError ? error.code : error;
    }
    expect(code).toBe(410);
  });
};
