/** @module Rules of the HTTP surface: discovery, negotiation, limits, and that nothing a client sends breaks the server. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from './testing/test-server.ts';

const BASE = '/api/v1/namespaces/shop/configmaps';
let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

describe('discovery', () => {
  it.each([
    ['application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList', 'APIGroupDiscoveryList'],
    ['application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,application/json', 'APIGroupDiscoveryList'],
    ['application/json;g=apidiscovery.k8s.io;v=v3;as=APIGroupDiscoveryList,application/json', 'APIGroupList'],
    ['application/json', 'APIGroupList'],
    ['*/*', 'APIGroupList'],
  ])('gives the first shape that %s names and the server has', async (accept, kind) => {
    const response = await server.ask('GET', '/apis', undefined, { Accept: accept });
    expect(((await response.json()) as { kind: string }).kind).toBe(kind);
    expect(response.headers.get('Vary')).toBe('Accept');
    if (kind === 'APIGroupDiscoveryList') expect(response.headers.get('Content-Type')).toBe(accept.split(',')[0]);
  });

  it('an unchanged document is not sent again, a changed one is', async () => {
    const own = await testServer();
    const tag = (await own.ask('GET', '/apis')).headers.get('ETag') ?? '';
    expect((await own.ask('GET', '/apis', undefined, { 'If-None-Match': tag })).status).toBe(304);
    own.api.registry.remove('batch', 'v1', 'jobs');
    own.api.registry.remove('batch', 'v1', 'cronjobs');
    expect((await own.ask('GET', '/apis', undefined, { 'If-None-Match': tag })).status).toBe(200);
    expect((await own.ask('GET', '/apis/batch/v1')).status).toBe(404);
    await own.close();
  });

  it('every OpenAPI document of the index is there, holds what it refers to, and may be kept for ever', async () => {
    const index = (await (await server.ask('GET', '/openapi/v3')).json()) as { paths: Record<string, { serverRelativeURL: string }> };
    expect(Object.keys(index.paths)).toContain('apis/apps/v1');
    for (const path of ['api/v1', 'apis/apps/v1', 'apis/batch/v1']) {
      const response = await server.ask('GET', index.paths[path]?.serverRelativeURL ?? '');
      expect(response.headers.get('Cache-Control')).toContain('immutable');
      const text = await response.text();
      const { schemas } = (JSON.parse(text) as { components: { schemas: object } }).components;
      const missing = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)]
        .map(([, name]) => name ?? '')
        .filter((name) => !Object.hasOwn(schemas, name));
      expect(new Set(missing)).toEqual(new Set());
    }
  });
});

describe('HTTP', () => {
  it.each<[string, string, string, unknown, Record<string, string>, number, string]>([
    ['an unknown resource', 'GET', '/api/v1/nonsense', undefined, {}, 404, 'NotFound'],
    ['POST to an object', 'POST', `${BASE}/a`, {}, {}, 405, 'MethodNotAllowed'],
    ['PUT to a collection', 'PUT', BASE, {}, {}, 405, 'MethodNotAllowed'],
    ['a namespaced create without a namespace', 'POST', '/api/v1/configmaps', {}, {}, 405, 'MethodNotAllowed'],
    ['an answer type nobody has', 'GET', BASE, undefined, { Accept: 'text/html' }, 406, 'NotAcceptable'],
    ['a body type nobody reads', 'POST', BASE, 'a,b', { 'Content-Type': 'text/csv' }, 415, 'UnsupportedMediaType'],
    ['a patch type nobody knows', 'PATCH', `${BASE}/a`, {}, {}, 415, 'UnsupportedMediaType'],
    ['half a body', 'POST', BASE, '{"kind":', {}, 400, 'BadRequest'],
    ['a list for a body', 'POST', BASE, [], {}, 400, 'BadRequest'],
    ['a body of another kind', 'POST', BASE, { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }, {}, 400, 'BadRequest'],
    ['too large a body', 'POST', BASE, 'x'.repeat(3 * 1024 * 1024 + 1), {}, 413, 'RequestEntityTooLarge'],
    ['an unknown subresource', 'GET', `${BASE}/a/status`, undefined, {}, 404, 'NotFound'],
  ])('refuses %s', async (_, method, path, body, headers, code, reason) => {
    expect(await server.json(method, path, body, headers)).toMatchObject({
      code,
      body: { kind: 'Status', status: 'Failure', reason, code },
    });
  });

  it('says only that there is no page outside of the API, as clients read no Status there', async () => {
    for (const path of ['/nothing', '/apis/nothing', '/readyz/nothing']) {
      const response = await server.ask('GET', path);
      expect([response.status, await response.text()]).toEqual([404, '404 page not found\n']);
    }
  });

  it('tells health check by check, and which one fails', async () => {
    const own = await testServer({ readyz: { journal: () => 'the disk is full' } });
    const response = await own.ask('GET', '/readyz?verbose');
    expect([response.status, await response.text()]).toEqual([
      500,
      '[+]ping ok\n[-]journal failed: the disk is full\nreadyz check failed\n',
    ]);
    expect((await own.ask('GET', '/livez')).status).toBe(200);
    await own.close();
  });

  it.each(['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'])(
    'refuses a body of %s that is nested without end',
    async (type) => {
      for (const open of ['[', '{"a":', 'a: [', '- ', '? ']) {
        const answer = await server.json('POST', BASE, open.repeat(200_000), { 'Content-Type': type });
        expect(answer, open).toMatchObject({ code: 400, body: { kind: 'Status', reason: 'BadRequest' } });
        const isNested = type === 'application/yaml' || (type === 'application/json' && /^[[{]/.test(open));
        if (isNested) expect(answer.body.message).toContain('exceeded max depth of 400');
      }
    },
  );

  it('never answers 500, whatever is asked', async () => {
    const segment = fc.oneof(
      fc.constantFrom(
        'api',
        'apis',
        'v1',
        'apps',
        'namespaces',
        'shop',
        'configmaps',
        'deployments',
        'a',
        'status',
        'scale',
        'watch',
        '%ff',
        '..',
        '',
      ),
      fc.string(),
    );
    const value = fc.oneof(
      fc.constantFrom('', '0', '1', '-1', 'true', 'All', 'Strict', 'Exact', '99999999999999999999', 'a=b', '!x'),
      fc.string(),
    );
    const key = fc.constantFrom(
      'limit',
      'continue',
      'resourceVersion',
      'resourceVersionMatch',
      'labelSelector',
      'fieldSelector',
      'dryRun',
      'fieldValidation',
      'fieldManager',
      'force',
      'includeObject',
      'propagationPolicy',
    );
    // Levels that are fine, that are one too many, and that no stack holds; some of them closed again.
    const nested = fc
      .record({
        level: fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[{"a":', '}]'], ['a: [', ']'], ['- ', ''], ['? ', '']),
        opened: fc.constantFrom(3, 200, 400, 401, 20_000),
        closed: fc.constantFrom(0, 3, 200, 400, 401, 20_000),
        head: fc.constantFrom('', 'a: ', '{"metadata":{"name":"a"},"data":', '{"kind":"ConfigMap","metadata":'),
      })
      .map(({ level: [open = '', close = ''], opened, closed, head }) => `${head}${open.repeat(opened)}1${close.repeat(closed)}`);
    const request = fc.record({
      method: fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE'),
      path: fc.oneof(
        fc.constant(BASE),
        fc.constant(`${BASE}/a`),
        fc.constant('/apis/apps/v1/namespaces/shop/deployments/a/scale'),
        fc.array(segment, { maxLength: 7 }).map((parts) => `/${parts.map(encodeURIComponent).join('/')}`),
      ),
      query: fc.array(fc.tuple(key, value), { maxLength: 3 }),
      type: fc.constantFrom(
        'application/json',
        'application/yaml',
        'application/merge-patch+json',
        'application/json-patch+json',
        'application/strategic-merge-patch+json',
        'application/apply-patch+yaml',
        'application/vnd.kubernetes.protobuf',
      ),
      body: fc.oneof(
        fc.json(),
        fc.string(),
        fc.constant({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } }),
        fc.record({ metadata: fc.anything({ withNullPrototype: false }), data: fc.object() }),
        nested,
      ),
    });
    await server.json('POST', BASE, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' } });
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, query, type, body }) => {
        const text = method === 'GET' ? undefined : typeof body === 'string' ? body : safeJson(body);
        const response = await server.ask(method, `${path}?${new URLSearchParams([...query, ['timeoutSeconds', '1']])}`, text, {
          'Content-Type': type,
        });
        // As Kubernetes does, 500 is said of a resourceVersion that is no number, and of a configuration that is none of the kind.
        const isKnown = type === 'application/apply-patch+yaml' || query.some(([name]) => name === 'resourceVersion');
        await response.body?.cancel();
        if (!isKnown) expect(response.status).toBeLessThan(500);
      }),
      { numRuns: 400 },
    );
  });
});

const safeJson = (value: unknown): string => {
  try {
    return JSON.stringify(value, (_, inner: unknown) => (typeof inner === 'bigint' ? String(inner) : inner)) ?? 'null';
  } catch {
    return '{}';
  }
};
