/** @module Rules of what a member fills in for itself: what nobody wrote. Written through an API server, since it tells who wrote what. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { builtinTypes } from '../../../shared/kube/builtin/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createRegistry } from '../../../shared/kube/server/index.ts';
import { type TestServer, testServer } from '../../../shared/kube/server/testing/test-server.ts';
import { renderFor } from './render.ts';

let server: TestServer;
beforeAll(async () => {
  const addresses = { clusterIp: () => '10.96.0.77', nodePort: (taken: readonly number[]) => (taken.includes(30_077) ? 30_078 : 30_077) };
  server = await testServer({ registry: createRegistry(builtinTypes(addresses)) });
});
afterAll(() => server.close());

const placed = (object: KubeObject): unknown => {
  const result = renderFor(object, undefined, { replicas: undefined }, undefined, {});
  return result.ok ? result.object['spec'] : result.message;
};
const apply = { 'Content-Type': 'application/apply-patch+yaml' };
const web = { name: 'web', port: 80, protocol: 'TCP', targetPort: 80 };
const dns = { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 };
const service = (name: string, spec: object): object => ({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec });
const at = (resource: string): string => `/api/v1/namespaces/shop/${resource}`;

it.each<[string, object, object]>([
  ['a Service', { ports: [web] }, { type: 'ClusterIP', ports: [web] }],
  ['a headless Service', { clusterIP: 'None', ports: [web] }, { clusterIP: 'None', clusterIPs: ['None'], ports: [web] }],
  ['an address of the hub that was written', { clusterIP: '10.96.3.4', ports: [web] }, { ports: [web] }],
  [
    'node ports, of which one was written',
    { type: 'NodePort', ports: [web, { ...dns, nodePort: 30_500 }] },
    { type: 'NodePort', ports: [web, { ...dns, nodePort: 30_500 }] },
  ],
])('%s: members get what was written, not what the hub drew, however often it is written back', async (title, spec, expected) => {
  const name = title.replaceAll(/\W/g, '').toLowerCase();
  const created = await server.json('POST', at('services'), service(name, spec));
  expect(created.code).toBe(201);
  expect(JSON.stringify(created.body['spec'])).toMatch(/10\.96|None/);
  const back = { ...created.body, metadata: { ...created.body.metadata, labels: { seen: 'yes' } } };
  const written = await server.json('PUT', `${at('services')}/${name}`, back);
  for (const { body } of [created, written]) {
    expect(placed(body)).toMatchObject(expected);
    expect(JSON.stringify(placed(body))).not.toMatch(/10\.96|30077/);
  }
});

it('what is applied is written, and what an applier leaves out is drawn', async () => {
  const applied = (name: string, spec: object) =>
    server.json('PATCH', `${at('services')}/${name}?fieldManager=x`, service(name, spec), apply);
  const mine = await applied('applied', { type: 'NodePort', clusterIP: '', ports: [{ ...web, nodePort: 30_600 }] });
  expect(placed(mine.body)).toEqual(expect.not.objectContaining({ clusterIP: expect.anything() }));
  expect(placed(mine.body)).toMatchObject({ ports: [{ ...web, nodePort: 30_600 }] });
  const drawn = await applied('left-out', { type: 'NodePort', ports: [web] });
  expect(drawn.body['spec']).toMatchObject({ clusterIP: '10.96.0.77', ports: [{ nodePort: 30_077 }] });
  expect(placed(drawn.body)).toMatchObject({ ports: [web] });
  expect(JSON.stringify(placed(drawn.body))).not.toMatch(/clusterIP"|clusterIPs|nodePort/);
});

it('a claim keeps the volume and a Pod the node that somebody named', async () => {
  const resources = { requests: { storage: '1Gi' } };
  const claim = { metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'], resources, volumeName: 'disk-7' } };
  expect(placed((await server.json('POST', at('persistentvolumeclaims'), claim)).body)).toMatchObject({ volumeName: 'disk-7' });
  const pod = { metadata: { name: 'x' }, spec: { nodeName: 'n-1', containers: [{ name: 'c', image: 'i' }] } };
  expect(placed((await server.json('POST', at('pods'), pod)).body)).toMatchObject({ nodeName: 'n-1' });
});

it.each([false, true])('a Job is ended by the hub: members get no time after which it goes (manualSelector %s)', async (manualSelector) => {
  const name = manualSelector ? 'manual' : 'plain';
  const template = { metadata: { labels: { job: name } }, spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'i' }] } };
  const selector = manualSelector ? { manualSelector, selector: { matchLabels: { job: name } } } : {};
  const job = { metadata: { name }, spec: { ttlSecondsAfterFinished: 60, template, ...selector } };
  const { code, body } = await server.json('POST', '/apis/batch/v1/namespaces/shop/jobs', job);
  expect({ code, spec: body.spec }).toMatchObject({ code: 201, spec: { ttlSecondsAfterFinished: 60 } });
  expect(placed(body)).toMatchObject({ template: { spec: { restartPolicy: 'Never' } }, ...selector });
  expect(placed(body)).not.toHaveProperty('ttlSecondsAfterFinished');
});

it('nothing counts as written in an object that does not say who wrote it', () => {
  const spec = { clusterIP: '10.0.0.1', clusterIPs: ['10.0.0.1'], ports: [{ ...web, nodePort: 30_001 }] };
  const object = { apiVersion: 'v1', kind: 'Service', metadata: { name: 's' }, spec };
  expect(placed(object)).toEqual({ ports: [web] });
});
