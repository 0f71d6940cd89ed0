/** @module Rules of refusals and of the bytes they come in: the words and the form of a Kubernetes API server. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keyOf } from '../storage/index.ts';
import { type TestServer, testServer, until } from './testing/test-server.ts';

const BASE = '/api/v1/namespaces/shop/configmaps';
let server: TestServer;
beforeAll(async () => {
  server = await testServer();
});
afterAll(() => server.close());

const textOf = async (path: string, headers: Readonly<Record<string, string>> = {}): Promise<string> =>
  (await server.ask('GET', path, undefined, headers)).text();

describe('query options', () => {
  const parse = (text: string) => `strconv.ParseInt: parsing "${text}": invalid syntax`;
  const uint = (text: string, why = 'invalid syntax') =>
    `resourceVersion: Invalid value: "${text}": strconv.ParseUint: parsing "${text}": ${why}`;
  const both = (policy: string) =>
    `DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Invalid value: "${policy}": orphanDependents and deletionPropagation cannot be both set`;

  it.each([
    ['GET', `${BASE}?limit=x`, 400, parse('x')],
    ['GET', `${BASE}?limit=`, 400, parse('')],
    ['GET', `${BASE}?limit=99999999999999999999`, 400, 'strconv.ParseInt: parsing "99999999999999999999": value out of range'],
    ['GET', `${BASE}?timeoutSeconds=1.5`, 400, parse('1.5')],
    ['GET', `${BASE}?resourceVersion=abc`, 400, `invalid resource version: ${uint('abc')}`],
    [
      'GET',
      `${BASE}?resourceVersion=99999999999999999999`,
      400,
      `invalid resource version: ${uint('99999999999999999999', 'value out of range')}`,
    ],
    ['GET', `${BASE}?watch=1&resourceVersion=-1`, 500, uint('-1')],
    ['GET', `${BASE}/a?resourceVersion=abc`, 500, uint('abc')],
    ['DELETE', `${BASE}/a?gracePeriodSeconds=x`, 400, parse('x')],
    ['DELETE', `${BASE}/a?orphanDependents=true&propagationPolicy=Background`, 422, both('Background')],
  ])('%s %s is refused in the words of the API server', async (method, path, code, message) => {
    expect(await server.json(method, path)).toMatchObject({ code, body: { message, code } });
  });

  it.each([
    [{ gracePeriodSeconds: 'a' }, 'json: cannot unmarshal string into Go struct field DeleteOptions.gracePeriodSeconds of type int64'],
    ['{', "couldn't get version/kind; json parse error: unexpected end of JSON input"],
    [{ kind: 1 }, "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string"],
  ])('a deletion by %j is refused', async (body, message) => {
    expect((await server.json('DELETE', `${BASE}/a`, body)).body).toMatchObject({ reason: 'BadRequest', message });
  });

  it('a deletion with a body does not read the query', async () => {
    expect((await server.json('DELETE', `${BASE}/a?propagationPolicy=Foo`, {})).body).toMatchObject({ reason: 'NotFound' });
  });

  it('no text is refused as a boolean, and all but 0 and false are true', async () => {
    expect((await server.json('GET', `${BASE}?allowWatchBookmarks=x`)).code).toBe(200);
    expect((await server.json('GET', `${BASE}?watch=False`)).body.kind).toBe('ConfigMapList');
    const watching = await server.ask('GET', `${BASE}?watch=x&timeoutSeconds=1`);
    await watching.body?.cancel();
    expect(watching.headers.get('Content-Length')).toBe(null);
  });
});

describe('bytes', () => {
  it('indented answers end without a line break, others with one', async () => {
    for (const path of [`${BASE}/nope`, BASE, '/api', '/apis', '/apis/apps', '/api/v1', '/apis/apps/v9']) {
      expect((await textOf(path, { 'User-Agent': 'curl/8' })).endsWith('\n}'), path).toBe(true);
      expect((await textOf(path)).endsWith('}\n'), path).toBe(true);
    }
  });

  it('what a browser would take for markup is escaped', async () => {
    expect(await textOf(`${BASE}/%3Cb%3E&`)).toContain('configmaps \\"\\u003cb\\u003e\\u0026\\" not found');
  });

  it('indents for curl and for ?pretty, unless that is no truth', async () => {
    const isIndented = async (query: string, agent: string): Promise<boolean> =>
      (await textOf(`${BASE}/nope${query}`, { 'User-Agent': agent })).includes('\n  ');
    expect(await isIndented('', 'kubectl')).toBe(false);
    expect(await isIndented('?pretty=true', 'kubectl')).toBe(true);
    expect(await isIndented('?pretty', 'curl/8')).toBe(true);
    expect(await isIndented('?pretty=x', 'curl/8')).toBe(false);
  });

  it('a client that takes no form of the answer is told which there are', async () => {
    const available = 'Available representations: application/json, application/yaml, application/vnd.kubernetes.protobuf';
    const { code, body } = await server.json('GET', `${BASE}/a`, undefined, { Accept: 'application/xml' });
    expect([code, body.message]).toEqual([406, `406: Not Acceptable\n\n${available}`]);
    expect((await server.json('GET', '/api', undefined, { Accept: 'application/xml' })).body.message).toContain(available);
  });

  it('discovery comes as YAML too, names the address that was asked, and takes a slash at its end', async () => {
    expect(await textOf('/apis/apps/', { Accept: 'application/yaml' })).toContain('groupVersion: apps/v1');
    expect(JSON.parse(await textOf('/api/'))).toMatchObject({
      serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: 'test' }],
    });
  });

  it('YAML is that of Go: what 1.1 takes for something else is quoted, the point of managed fields is not', async () => {
    await server.json('POST', `${BASE}?fieldManager=m`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'yam' },
      data: { on: 'yes', half: '.5' },
    });
    const lines = (await textOf(`${BASE}/yam`, { Accept: 'application/yaml' })).split('\n').map((line) => line.trim());
    expect(lines).toEqual(expect.arrayContaining(['"on": "yes"', 'half: ".5"', '.: {}']));
  });

  it('the groups come in the order of the API server', async () => {
    const { groups } = JSON.parse(await textOf('/apis')) as { groups: { name: string }[] };
    expect(groups.slice(0, 5).map(({ name }) => name)).toEqual([
      'apiregistration.k8s.io',
      'apps',
      'events.k8s.io',
      'authentication.k8s.io',
      'authorization.k8s.io',
    ]);
  });
});

describe('a patch of the root', () => {
  const PATH = `${BASE}/patched`;
  const undeterminable = 'the name of the object (patched based on URL) was undeterminable: name must be provided';
  const rejected = 'the server rejected our request due to an error in our request';
  const patchOf = async (type: string, body: unknown) => {
    const response = await server.ask('PATCH', PATH, body, { 'Content-Type': `application/${type}` });
    const { message } = (await response.json()) as { message?: string };
    return [response.status, message, response.headers.get('Warning')];
  };
  beforeAll(async () => {
    await server.json('POST', BASE, { metadata: { name: 'patched' }, data: { a: 'b' } });
  });

  it.each([
    ['json-patch+json', [{ op: 'replace', path: '', value: { a: 1 } }], 400, undeterminable, '299 - "unknown field \\"a\\""'],
    ['json-patch+json', [{ op: 'replace', path: '', value: 5 }], 422, rejected, null],
    ['json-patch+json', [{ op: 'add', path: '', value: {} }], 422, rejected, null],
    ['json-patch+json', [{ op: 'copy', from: '', path: '/data/x' }], 422, rejected, null],
    ['json-patch+json', 'null', 200, undefined, null],
    ['json-patch+json', [{ op: 'remove', path: '/kind' }], 200, undefined, null],
    ['merge-patch+json', { kind: null }, 200, undefined, null],
    ['strategic-merge-patch+json', { kind: 'Secret' }, 200, undefined, null],
    ['strategic-merge-patch+json', { $patch: 'delete' }, 400, undeterminable, null],
  ])('%s of %j is answered as by the API server', async (type, body, code, message, warning) => {
    expect(await patchOf(type, body)).toEqual([code, message, warning]);
  });

  it('that makes a list of the object is told so', async () => {
    const [code, message] = await patchOf('json-patch+json', [{ op: 'replace', path: '', value: [] }]);
    expect([code, String(message).slice(0, 109)]).toEqual([
      422,
      ' "" is invalid: patch: Invalid value: "[]": couldn\'t get version/kind; json parse error: json: cannot unmarsh',
    ]);
  });
});

describe('a body that does not fit', () => {
  const SCALE = '/apis/apps/v1/namespaces/shop/deployments/d/scale';
  const spec = {
    selector: { matchLabels: { a: 'b' } },
    template: { metadata: { labels: { a: 'b' } }, spec: { containers: [{ name: 'a', image: 'x' }] } },
  };

  it('a new object brings no resourceVersion, unless nothing is stored', async () => {
    const object = { metadata: { name: 'versioned', resourceVersion: '5' } };
    const { code, body } = await server.json('POST', BASE, object);
    expect([code, body.message]).toEqual([500, 'resourceVersion should not be set on objects to be created']);
    expect((await server.json('POST', `${BASE}?dryRun=All`, object)).code).toBe(201);
  });

  it('a configuration of another kind is applied to nothing', async () => {
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'q' } };
    const { code, body } = await server.json('PATCH', `${BASE}/q?fieldManager=x`, secret, {
      'Content-Type': 'application/apply-patch+yaml',
    });
    expect([code, body.message]).toEqual([400, 'invalid object type: /v1, Kind=Secret']);
  });

  it.each([
    [{ spec: { replicas: 4 } }, 'the name of the object (d based on URL) was undeterminable: name must be provided'],
    [
      { metadata: { name: 'd' }, spec: { replicas: 'x' } },
      /^Scale in version "v1" cannot be handled as a Scale: json: cannot unmarshal string/,
    ],
    [{ kind: 'Deployment', apiVersion: 'apps/v1', metadata: { name: 'd' } }, /^Deployment in version "v1" cannot be handled as a Scale: /],
  ])('the Scale %j is refused', async (body, message) => {
    await server.json('POST', '/apis/apps/v1/namespaces/shop/deployments', { metadata: { name: 'd' }, spec });
    const answer = await server.json('PUT', SCALE, body);
    expect(answer.code).toBe(400);
    expect(answer.body.message).toMatch(message);
  });
});

describe('what is deprecated', () => {
  it('is told with each answer, a refusal too', async () => {
    const warning = '299 - "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"';
    for (const path of ['', '/nope'])
      expect((await server.ask('GET', `/api/v1/namespaces/shop/endpoints${path}`)).headers.get('Warning')).toBe(warning);
    expect((await server.ask('GET', '/api/v1/componentstatuses')).headers.get('Warning')).toContain('ComponentStatus is deprecated');
  });
});

describe('the uid of an object', () => {
  it('is never changed by a patch or an apply', async () => {
    await server.json('POST', BASE, { metadata: { name: 'own' } });
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'own', uid: 'abc' } };
    for (const type of ['merge-patch+json', 'apply-patch+yaml']) {
      const { code, body: answer } = await server.json('PATCH', `${BASE}/own?fieldManager=x`, body, {
        'Content-Type': `application/${type}`,
      });
      const message = 'ConfigMap "own" is invalid: metadata.uid: Invalid value: "abc": field is immutable';
      expect({ code, message: answer.message }).toEqual({ code: 422, message });
    }
  });
});

describe('what every server has', () => {
  it('two system PriorityClasses, which cannot be deleted', async () => {
    const own = await testServer({ loops: true });
    const path = '/apis/scheduling.k8s.io/v1/priorityclasses/system-node-critical';
    expect((await own.json('GET', path)).body).toMatchObject({ value: 2_000_001_000, preemptionPolicy: 'PreemptLowerPriority' });
    expect((await own.json('DELETE', path)).body).toMatchObject({
      reason: 'Forbidden',
      message:
        'priorityclasses.scheduling.k8s.io "system-node-critical" is forbidden: this is a system priority class and cannot be deleted',
    });
    await own.close();
  });

  it('an available APIService for each group and version, which goes with its kinds', async () => {
    const own = await testServer({ loops: true });
    const services = '/apis/apiregistration.k8s.io/v1/apiservices';
    const codeOf = async (name: string): Promise<number> => (await own.json('GET', `${services}/${name}`)).code;
    expect((await own.json('GET', `${services}/v1.apps`)).body).toMatchObject({
      spec: { group: 'apps', version: 'v1', groupPriorityMinimum: 17_800, versionPriority: 15 },
      status: { conditions: [{ type: 'Available', status: 'True', reason: 'Local' }] },
    });
    expect([await codeOf('v1.'), await codeOf('v1.batch')]).toEqual([200, 200]);
    for (const { resource } of own.api.registry.in('batch', 'v1')) own.api.registry.remove('batch', 'v1', resource);
    await until(() => own.store.get(keyOf('apiregistration.k8s.io', 'apiservices', '', 'v1.batch')) === undefined, 'v1.batch is gone');
    expect(await codeOf('v1.apps')).toBe(200);
    await own.close();
  });
});
