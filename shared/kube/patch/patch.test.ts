/** @module The rules of patch. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createSchemaSet, type JsonObject } from '../schema/index.ts';
import {
  applyJsonPatch,
  applyMergePatch,
  applyStrategicMergePatch,
  jsonPatchOperationsMax,
  type PatchResult,
  unknownPatchFields,
} from './index.ts';

const openapi = JSON.parse(readFileSync(new URL('../builtin/data/openapi.json', import.meta.url), 'utf8'));
const deployments = createSchemaSet(openapi).node('io.k8s.api.apps.v1.Deployment');

const outcome = (result: PatchResult<unknown>): unknown => (result.ok ? result.value : `${result.error.code} ${result.error.message}`);
const unfit = '422 the server rejected our request due to an error in our request';

describe('JSON patch', () => {
  it.each<[string, unknown, unknown, unknown]>([
    [
      'test, replace, add, remove',
      { x: '1', z: '2' },
      [
        { op: 'test', path: '/x', value: '1' },
        { op: 'replace', path: '/x', value: '5' },
        { op: 'add', path: '/n', value: 'new' },
        { op: 'remove', path: '/z' },
      ],
      { x: '5', n: 'new' },
    ],
    [
      'move and copy',
      { x: '5', n: 'new' },
      [
        { op: 'move', from: '/n', path: '/m' },
        { op: 'copy', from: '/m', path: '/k' },
      ],
      { x: '5', m: 'new', k: 'new' },
    ],
    ['escaped names', { l: {} }, [{ op: 'add', path: '/l/a~1b~0c', value: 'x' }], { l: { 'a/b~c': 'x' } }],
    [
      'list places',
      { l: [1, 2] },
      [
        { op: 'add', path: '/l/0', value: 0 },
        { op: 'add', path: '/l/-', value: 3 },
        { op: 'remove', path: '/l/-1' },
      ],
      { l: [0, 1, 2] },
    ],
    ['a test of null where nothing is', {}, [{ op: 'test', path: '/a', value: null }], {}],
    ['nothing', { a: 1 }, [], { a: 1 }],
    [
      'a test that fails',
      { x: '1' },
      [
        { op: 'test', path: '/x', value: 'no' },
        { op: 'remove', path: '/x' },
      ],
      unfit,
    ],
    ['removal of what is not there', {}, [{ op: 'remove', path: '/nope' }], unfit],
    ['replacement of what is not there', {}, [{ op: 'replace', path: '/no/where', value: 1 }], unfit],
    ['an operation nobody knows', {}, [{ op: 'jump', path: '/x' }], unfit],
    ['a place beyond the list', { l: [] }, [{ op: 'add', path: '/l/1', value: 1 }], unfit],
    ['a place that is no number', { l: [1] }, [{ op: 'replace', path: '/l/01', value: 1 }], unfit],
    ['a move into itself', { a: { b: 1 } }, [{ op: 'move', from: '/a', path: '/a/c' }], unfit],
    [
      'what is no list',
      {},
      { op: 'remove', path: '/x' },
      '400 error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp',
    ],
    [
      'more operations than allowed',
      {},
      Array(jsonPatchOperationsMax + 1).fill({}),
      '413 The allowed maximum operations in a JSON patch is 10000, got 10001',
    ],
  ])('%s', (_, document, patch, expected) => {
    expect(outcome(applyJsonPatch(document as JsonObject, patch))).toEqual(expected);
  });

  it('a copied part and its original are changed apart', () => {
    const patch = [
      { op: 'add', path: '/a/x', value: 1 },
      { op: 'copy', from: '/a', path: '/b' },
      { op: 'add', path: '/b/y', value: 2 },
      { op: 'add', path: '/a/z', value: 3 },
    ];
    expect(outcome(applyJsonPatch({ a: {} }, patch))).toEqual({ a: { x: 1, z: 3 }, b: { x: 1, y: 2 } });
  });

  it('doubling an object by copies ends at a limit', () => {
    const patch = Array.from({ length: 60 }, (_, n) => ({ op: 'copy', from: '', path: `/k${n}` }));
    expect(outcome(applyJsonPatch({ a: 'x'.repeat(100) }, patch))).toBe(unfit);
  });

  it('keys that mean nothing are told', () => {
    expect(unknownPatchFields([{ op: 'add', path: '/a', value: 1, foo: 1 }])).toEqual(['json patch unknown field "[0].foo"']);
  });
});

describe('merge patch', () => {
  it.each<[string, JsonObject, unknown, unknown]>([
    ['null deletes, others stay', { labels: { a: '1', b: '2' } }, { labels: { a: null, c: '3' } }, { labels: { b: '2', c: '3' } }],
    ['lists are replaced whole', { l: [1, 2, { a: 1 }] }, { l: [3] }, { l: [3] }],
    ['an object replaces a scalar, without nulls', { a: 1 }, { a: { b: null, c: 1 } }, { a: { c: 1 } }],
    ['null of what is not there', {}, { a: null, b: { c: null } }, { b: {} }],
    ['what is no object', {}, [1], '400 error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}'],
  ])('%s', (_, document, patch, expected) => {
    expect(outcome(applyMergePatch(document, patch))).toEqual(expected);
  });

  it('a patch that changes nothing gives back the very same object', () => {
    const document = { spec: { replicas: 4 }, l: [1] };
    const result = applyMergePatch(document, { spec: { replicas: 4 }, none: null });
    expect(result.ok && result.value === document).toBe(true);
  });
});

const withContainers = (...containers: JsonObject[]): JsonObject => ({ spec: { template: { spec: { containers } } } });
const containersIn = (result: PatchResult<unknown>): unknown => {
  if (!result.ok) return `${result.error.code} ${result.error.message}`;
  const root = result.value as { spec: { template: { spec: { containers: unknown } } } };
  return root.spec.template.spec.containers;
};

describe('strategic merge patch', () => {
  const front = {
    name: 'front',
    image: 'nginx:1',
    args: ['a', 'b'],
    env: [
      { name: 'A', value: '1' },
      { name: 'B', value: '2' },
    ],
    ports: [{ containerPort: 80 }],
  };
  const side = { name: 'side', image: 'proxy:1' };

  it.each<[string, JsonObject[], JsonObject[], unknown]>([
    [
      'items are found by their key, lists without one are replaced',
      [front, side],
      [
        {
          name: 'front',
          image: 'nginx:2',
          env: [
            { name: 'B', value: '9' },
            { name: 'C', value: '3' },
          ],
          args: ['c'],
        },
      ],
      [
        {
          ...front,
          image: 'nginx:2',
          args: ['c'],
          env: [
            { name: 'A', value: '1' },
            { name: 'B', value: '9' },
            { name: 'C', value: '3' },
          ],
        },
        side,
      ],
    ],
    ['new items come first', [front], [side], [side, front]],
    [
      'an item is deleted, also inside an item',
      [front, side],
      [
        { name: 'side', $patch: 'delete' },
        { name: 'front', env: [{ name: 'A', $patch: 'delete' }] },
      ],
      [{ ...front, env: [{ name: 'B', value: '2' }] }],
    ],
    ['a list is replaced', [front, side], [{ $patch: 'replace' }, { name: 'only', image: 'only:1' }], [{ name: 'only', image: 'only:1' }]],
    [
      'a list is put in order',
      [front],
      [{ name: 'front', '$setElementOrder/env': [{ name: 'B' }, { name: 'D' }, { name: 'A' }], env: [{ name: 'D', value: '4' }] }],
      [
        {
          ...front,
          env: [
            { name: 'B', value: '2' },
            { name: 'D', value: '4' },
            { name: 'A', value: '1' },
          ],
        },
      ],
    ],
    ['an item without its key', [front], [{ image: 'nginx:3' }], '500 map: map[image:nginx:3] does not contain declared merge key: name'],
    [
      'a directive nobody knows',
      [front],
      [{ name: 'x', $patch: 'explode' }],
      '500 unknown patch type: explode in map: map[$patch:explode name:x]',
    ],
  ])('%s', (_, original, patch, expected) => {
    expect(containersIn(applyStrategicMergePatch(deployments, withContainers(...original), withContainers(...patch)))).toEqual(expected);
  });

  const inPod = (pod: JsonObject): JsonObject => ({ spec: { template: { spec: pod } } });

  it.each<[string, JsonObject, JsonObject, unknown]>([
    [
      '$patch: replace of a map',
      inPod({ nodeSelector: { disk: 'fast', zone: 'a' } }),
      inPod({ nodeSelector: { $patch: 'replace', gpu: 'yes' } }),
      inPod({ nodeSelector: { gpu: 'yes' } }),
    ],
    [
      '$patch: delete of a map',
      inPod({ nodeSelector: { disk: 'fast' } }),
      inPod({ nodeSelector: { $patch: 'delete' } }),
      inPod({ nodeSelector: {} }),
    ],
    [
      '$retainKeys drops the other sources of a volume',
      inPod({ volumes: [{ name: 'v', emptyDir: {} }] }),
      inPod({ volumes: [{ name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'cm' } }] }),
      inPod({ volumes: [{ name: 'v', configMap: { name: 'cm' } }] }),
    ],
    [
      'a list without a merge key is replaced, one with it merged',
      inPod({ tolerations: [{ key: 'a' }], volumes: [{ name: 'tmp' }] }),
      inPod({ tolerations: [{ key: 'b' }], volumes: [{ name: 'conf' }] }),
      inPod({ tolerations: [{ key: 'b' }], volumes: [{ name: 'conf' }, { name: 'tmp' }] }),
    ],
    [
      '$deleteFromPrimitiveList',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['a'] } },
      { metadata: { finalizers: ['b'] } },
    ],
    [
      'a set is added to',
      { metadata: { finalizers: ['a', 'b'] } },
      { metadata: { finalizers: ['c', 'a'] } },
      { metadata: { finalizers: ['c', 'a', 'b'] } },
    ],
    ['null deletes', { metadata: { labels: { a: '1' } } }, { metadata: { labels: null } }, { metadata: {} }],
    [
      '$retainKeys that does not name what is set',
      inPod({ volumes: [{ name: 'v' }] }),
      inPod({ volumes: [{ name: 'v', $retainKeys: ['name'], configMap: {} }] }),
      '400 invalid patch format of retainKeys',
    ],
    [
      'an order that does not name an item',
      inPod({ volumes: [{ name: 'v' }] }),
      inPod({ '$setElementOrder/volumes': [{ name: 'v' }], volumes: [{ name: 'w' }] }),
      "500 The order in patch list:\n[map[name:w]]\n doesn't match $setElementOrder list:\n[map[name:v]]\n",
    ],
    ['$setElementOrder without a name', {}, { $setElementOrder: [] }, '400 invalid patch format of setElementOrder list'],
  ])('%s', (_, original, patch, expected) => {
    expect(outcome(applyStrategicMergePatch(deployments, original, patch))).toEqual(expected);
  });

  it('kubectl apply keeps what others injected before what the file names', () => {
    const live = withContainers({ name: 'injected', image: 'proxy:1' }, { name: 'front', image: 'nginx:1' });
    const patch = {
      spec: {
        template: { spec: { '$setElementOrder/containers': [{ name: 'front' }], containers: [{ name: 'front', image: 'nginx:2' }] } },
      },
    };
    expect(containersIn(applyStrategicMergePatch(deployments, live, patch))).toEqual([
      { name: 'injected', image: 'proxy:1' },
      { name: 'front', image: 'nginx:2' },
    ]);
  });

  it('kubectl apply that changes items, adds one and deletes another leaves the order of the file', () => {
    const live = withContainers(
      {
        ...front,
        ports: [
          { containerPort: 80, protocol: 'TCP' },
          { containerPort: 443, protocol: 'TCP' },
        ],
      },
      { name: 'side', image: 'busybox:1' },
    );
    const patch = {
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'new' }, { name: 'front' }],
            containers: [
              { image: 'alpine:3', name: 'new' },
              {
                '$setElementOrder/env': [{ name: 'C' }, { name: 'B' }],
                '$setElementOrder/ports': [{ containerPort: 443 }],
                args: null,
                env: [
                  { name: 'C', value: '3' },
                  { name: 'B', value: null, valueFrom: {} },
                  { $patch: 'delete', name: 'A' },
                ],
                name: 'front',
                ports: [
                  { containerPort: 443, name: 'tls' },
                  { $patch: 'delete', containerPort: 80 },
                ],
              },
              { $patch: 'delete', name: 'side' },
            ],
          },
        },
      },
    };
    expect(containersIn(applyStrategicMergePatch(deployments, live, patch))).toEqual([
      { image: 'alpine:3', name: 'new' },
      {
        name: 'front',
        image: 'nginx:1',
        env: [
          { name: 'C', value: '3' },
          { name: 'B', valueFrom: {} },
        ],
        ports: [{ containerPort: 443, protocol: 'TCP', name: 'tls' }],
      },
    ]);
  });
});
