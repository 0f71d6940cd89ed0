/** @module Rules of the subresources behind which a kubelet would be, and of evictions. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TestServer, testServer } from './testing/test-server.ts';

const PODS = '/api/v1/namespaces/shop/pods';
const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'a', labels: { app: 'web' } },
  spec: { containers: [{ name: 'a', image: 'x' }] },
};
const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'a' } };
const BUDGETS = '/apis/policy/v1/namespaces/shop/poddisruptionbudgets';

let server: TestServer;
beforeEach(async () => {
  server = await testServer({
    whereItRuns: ({ metadata }, subresource) => (subresource === 'log' ? `ask eu for ${metadata.name}` : undefined),
  });
  await server.json('POST', '/api/v1/namespaces/shop/serviceaccounts', { metadata: { name: 'default' } });
  expect((await server.json('POST', PODS, pod)).code).toBe(201);
});
afterEach(() => server.close());

describe('a pod', () => {
  it.each(['log', 'exec', 'attach', 'portforward', 'proxy', 'proxy/metrics'])('that is not there has no %s', async (subresource) => {
    const { code, body } = await server.json('GET', `${PODS}/nope/${subresource}`);
    expect([code, body.message]).toEqual([404, 'pods "nope" not found']);
  });

  it.each([
    ['DELETE', 'log'],
    ['PUT', 'exec'],
    ['GET', 'eviction'],
    ['GET', 'binding'],
    ['POST', 'resize'],
  ])('%s of its %s is not allowed', async (method, subresource) => {
    expect((await server.json(method, `${PODS}/a/${subresource}`)).code).toBe(405);
  });

  it('that is there is told where it can be reached, and is shown to who only reads it', async () => {
    expect((await server.json('GET', `${PODS}/a/log`)).body).toMatchObject({ reason: 'BadRequest', message: 'ask eu for a' });
    expect((await server.json('POST', `${PODS}/a/exec`)).body.message).toBe('nothing runs behind this API server, so pod "a" has no exec');
    expect((await server.json('GET', `${PODS}/a/resize`)).body.kind).toBe('Pod');
  });

  it('is bound by a Binding of its name', async () => {
    const binding = { apiVersion: 'v1', kind: 'Binding', metadata: { name: 'a' }, target: { kind: 'Node', name: 'n' } };
    expect((await server.json('POST', '/api/v1/namespaces/shop/bindings', binding)).code).toBe(201);
    expect((await server.json('GET', `${PODS}/a`)).body['spec']).toMatchObject({ nodeName: 'n' });
  });
});

describe('an eviction', () => {
  const budget = async (disruptionsAllowed: number, observedGeneration = 1): Promise<void> => {
    await server.json('PATCH', `${PODS}/a/status`, { status: { phase: 'Running' } }, { 'Content-Type': 'application/merge-patch+json' });
    const object = { metadata: { name: 'b' }, spec: { minAvailable: 1, selector: { matchLabels: { app: 'web' } } } };
    const made = (await server.json('POST', BUDGETS, object)).body;
    const status = { observedGeneration, disruptionsAllowed, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 };
    expect((await server.json('PUT', `${BUDGETS}/b/status`, { ...made, status })).code).toBe(200);
  };
  const evict = (body: object = eviction) => server.json('POST', `${PODS}/a/eviction`, body);

  it('deletes the pod it names, and no other', async () => {
    expect((await evict({ ...eviction, metadata: { name: 'b' } })).body.message).toBe('name in URL does not match name in Eviction object');
    expect(await evict()).toMatchObject({ code: 201, body: { status: 'Success', code: 201 } });
    expect((await server.json('GET', `${PODS}/a`)).code).toBe(404);
  });

  it('spends what its budget allows', async () => {
    await budget(1);
    expect((await evict()).code).toBe(201);
    expect((await server.json('GET', `${BUDGETS}/b`)).body['status']).toMatchObject({ disruptionsAllowed: 0 });
  });

  it.each([
    [0, 1, 'The disruption budget b needs 1 healthy pods and has 1 currently'],
    [1, 0, 'The disruption budget b is still being processed by the server.'],
  ])('waits when its budget allows %i, seen at generation %i', async (allowed, observed, cause) => {
    await budget(allowed, observed);
    expect(await evict()).toMatchObject({
      code: 429,
      body: { reason: 'TooManyRequests', details: { retryAfterSeconds: 10, causes: [{ reason: 'DisruptionBudget', message: cause }] } },
    });
    expect((await server.json('GET', `${PODS}/a`)).code).toBe(200);
  });
});
