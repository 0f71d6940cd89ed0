/** @module Rules of lists and watches. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from './testing/test-server.ts';

const BASE = '/api/v1/namespaces/shop/configmaps';
const servers: TestServer[] = [];
const fresh = async (...options: Parameters<typeof testServer>): Promise<TestServer> => {
  const server = await testServer(...options);
  servers.push(server);
  return server;
};
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});
const put = (server: TestServer, name: string, labels: Record<string, string> = {}) =>
  server.json('POST', BASE, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, labels } });
type List = {
  metadata: { resourceVersion: string; continue?: string; remainingItemCount?: number };
  items: { metadata: { name: string } }[];
};
const list = async (server: TestServer, query = ''): Promise<List> => (await (await server.ask('GET', `${BASE}?${query}`)).json()) as List;
const names = (page: List): string[] => page.items.map((item) => item.metadata.name);

/** All events of a watch that ends by itself. */
const watched = async (
  server: TestServer,
  query: string,
): Promise<{ type: string; object: { metadata: { name?: string; resourceVersion: string }; code?: number } }[]> => {
  const response = await server.ask('GET', `${BASE}?watch=true&${query}`);
  return (await response.text())
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
};

describe('lists', () => {
  it('pages put together are the list as it was at the first page, whatever is written in between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/), { minLength: 1, maxLength: 12 }),
        fc.integer({ min: 1, max: 4 }),
        async (all, limit) => {
          const server = await fresh();
          for (const name of all) await put(server, name);
          const seen: string[] = [];
          let page = await list(server, `limit=${limit}`);
          for (let n = 0; ; n++) {
            seen.push(...names(page));
            if (page.metadata.continue === undefined) break;
            expect(page.metadata.remainingItemCount).toBe(all.length - seen.length);
            await put(server, `zz-new-${n}`);
            await server.ask('DELETE', `${BASE}/${all[0]}`);
            page = await list(server, `limit=${limit}&continue=${page.metadata.continue}`);
          }
          expect(seen).toEqual([...all].sort());
        },
      ),
      { numRuns: 15 },
    );
  });

  it('a continue token that is too old answers 410 with a token that goes on with what is there now', async () => {
    const server = await fresh({ windowChangesMax: 4 });
    for (const name of ['a', 'b', 'c']) await put(server, name);
    const page = await list(server, 'limit=1');
    for (let n = 0; n < 10; n++) await put(server, `x${n}`);
    const refused = await server.json('GET', `${BASE}?limit=1&continue=${page.metadata.continue}`);
    expect(refused).toMatchObject({ code: 410, body: { reason: 'Expired' } });
    const token = (refused.body.metadata as unknown as { continue: string }).continue;
    expect(names(await list(server, `limit=2&continue=${token}`))).toEqual(['b', 'c']);
  });

  it.each([
    ['labelSelector=a in b', 400],
    ['fieldSelector=data.x=1', 400],
    ['limit=ten', 400],
    ['continue=bm9uc2Vuc2U', 400],
    ['resourceVersion=-1', 400],
    ['resourceVersionMatch=Exact', 422],
    ['sendInitialEvents=true', 422],
  ])('refuses %s with %i and a Status', async (query, code) => {
    const server = await fresh();
    const answer = await server.json('GET', `${BASE}?${encodeURI(query)}`);
    expect(answer).toMatchObject({ code, body: { kind: 'Status', status: 'Failure' } });
  });

  it('a resourceVersion from the future answers 504 after the wait', async () => {
    const server = await fresh({ limits: { futureWaitMs: 20 } });
    const answer = await server.json('GET', `${BASE}?resourceVersion=999999`);
    expect(answer).toMatchObject({
      code: 504,
      body: { details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 } },
    });
  });
});

describe('watches', () => {
  it('what a selector selects is added when it enters and deleted, as last seen, when it leaves', async () => {
    const server = await fresh();
    const from = server.store.revision();
    await put(server, 'a', { app: 'x' });
    for (const app of ['y', 'x', 'x2'])
      await server.ask('PATCH', `${BASE}/a`, { metadata: { labels: { app } } }, { 'Content-Type': 'application/merge-patch+json' });
    const seen = await watched(server, `labelSelector=app%3Dx&timeoutSeconds=1&resourceVersion=${from}`);
    expect(seen.map((event) => event.type)).toEqual(['ADDED', 'DELETED', 'ADDED', 'DELETED']);
    expect(seen.map((event) => Number(event.object.metadata.resourceVersion))).toEqual([1, 2, 3, 4].map((n) => from + n));
  });

  it('too old a resourceVersion is an ERROR event with code 410, and the watch ends', async () => {
    const server = await fresh({ windowChangesMax: 4 });
    for (let n = 0; n < 10; n++) await put(server, `x${n}`);
    expect(await watched(server, 'resourceVersion=1')).toMatchObject([{ type: 'ERROR', object: { code: 410, reason: 'Expired' } }]);
  });

  it('initial events end with a marked bookmark at the revision they show', async () => {
    const server = await fresh();
    await put(server, 'a');
    const seen = await watched(
      server,
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1',
    );
    expect(seen[0]).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'a' } } });
    expect(seen[1]).toMatchObject({
      type: 'BOOKMARK',
      object: {
        kind: 'ConfigMap',
        metadata: { annotations: { 'k8s.io/initial-events-end': 'true' }, resourceVersion: String(server.store.revision()) },
      },
    });
  });

  it('a watcher that does not read is cut off at the queue limit, and its connection broken', async () => {
    const server = await fresh({ limits: { watchQueueMax: 5 } });
    let destroyed = 0;
    const request = new Request(`https://test${BASE}?watch=true`, { method: 'GET' });
    const response = await server.api.app.fetch(request, { destroy: () => destroyed++ });
    for (let n = 0; n < 10; n++) await put(server, `x${n}`);
    expect(destroyed).toBe(1);
    await expect(response.text()).rejects.toThrow();
  });

  it('a reader that leaves stops the watch', async () => {
    const server = await fresh();
    const response = await server.ask('GET', `${BASE}?watch=true`);
    await response.body?.cancel();
    await put(server, 'a');
    expect((await list(server)).items).toHaveLength(1);
  });
});
