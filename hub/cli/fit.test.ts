/** @module Tests of `hanse fit`. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runFit } from './fit.ts';
import { parseDocuments } from './fit-input.ts';
import { splitShape } from './fit-shape.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fit-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const file = async (name: string, text: string): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
};
const printed = async (options: Parameters<typeof runFit>[1]): Promise<string[]> => {
  const lines: string[] = [];
  await runFit({ print: (line) => lines.push(line) }, options);
  return lines;
};
const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, status: { allocatable: { cpu: '4', memory: '8Gi', pods: '110' } } };
const yamlShape =
  'apiVersion: apps/v1\nkind: Deployment\nspec:\n  template:\n    spec:\n      containers:\n      - resources: {requests: {cpu: 1500m}}\n';

describe('fit', () => {
  test('tells people how many fit, where, and what refuses more', async () => {
    const full = { ...node, metadata: { name: 'm' }, spec: { unschedulable: true } };
    const files = [await file('nodes.json', JSON.stringify({ kind: 'List', items: [node, full] })), await file('shape.yaml', yamlShape)];
    expect(await printed({ filename: files })).toEqual([
      '2 replicas on 1 of 2 nodes',
      '',
      'NODE   FITS   BOUND BY',
      'n      2      cpu',
      '',
      'REFUSED BY      NODES',
      'unschedulable   1',
    ]);
  });

  test('prints the answer as JSON, with whole numbers of any size', async () => {
    const dump = await file(
      'huge.yaml',
      'apiVersion: v1\nkind: Node\nmetadata: {name: n}\nstatus: {allocatable: {pods: 9007199254740993}}\n',
    );
    const shape = await file('any.yaml', 'kind: Pod\nspec: {containers: [{}]}\n');
    const [text = ''] = await printed({ filename: [dump, shape], output: 'json' });
    expect(text).toContain('"total": 9007199254740993');
    expect(JSON.parse(text)).toMatchObject({ exact: true, nodes: [{ name: 'n', bound: 'pods' }], refusals: {} });
  });

  test.each([
    ['an empty file', ''],
    ['an empty list', '{"kind":"List","items":[]}'],
    ['a dump without nodes', '{"kind":"Namespace","metadata":{"name":"a"}}'],
  ])('of %s is an error: there is nothing to count on', async (_, text) => {
    const files = [await file('nothing.json', text), await file('shape.yaml', yamlShape)];
    await expect(printed({ filename: files })).rejects.toThrow('no Node is in the dump: add -f');
  });

  test('a batch tells each bad case in its place', async () => {
    const cases = [
      { name: 'good', objects: [node], pod: { kind: 'Pod', spec: { containers: [{ resources: { requests: { cpu: '1' } } }] } } },
      { name: 'bad', objects: [node], pod: { kind: 'Pod', spec: { containers: [{ resources: { requests: { cpu: 'x' } } }] } } },
      { name: 'none', pod: {} },
    ];
    const [text = ''] = await printed({ batch: await file('cases.json', JSON.stringify({ cases })), output: 'json' });
    expect(JSON.parse(text)).toEqual({
      results: [
        { name: 'good', total: 4, exact: true, nodes: [{ name: 'n', count: 4, bound: 'cpu' }], refusals: {} },
        { name: 'bad', error: expect.stringContaining('spec.containers[0].resources.requests[cpu]') },
        { name: 'none', error: expect.stringContaining('cases[2].objects') },
      ],
    });
  });

  test.each<[string, () => Promise<Parameters<typeof runFit>[1]>, RegExp]>([
    ['no file', async () => ({}), /-f DUMP/],
    ['a file that is not there', async () => ({ filename: [join(folder, 'gone.json')] }), /no such file/],
    ['a file that is no JSON', async () => ({ filename: [await file('broken.json', '{')] }), /broken\.json: no JSON/],
    ['no shape', async () => ({ filename: [await file('only.json', JSON.stringify(node))] }), /no shape/],
    ['a batch without cases', async () => ({ batch: await file('empty.json', '{}') }), /"cases"/],
  ])('%s is refused with the mend', async (_, options, message) => {
    await expect(printed(await options())).rejects.toThrow(message);
  });

  test('the shape is the last document that makes pods and does not run', () => {
    const running = { kind: 'Pod', metadata: { name: 'r' }, spec: { nodeName: 'n', containers: [] }, status: { phase: 'Running' } };
    const shape = { kind: 'Pod', metadata: { name: 's' }, spec: { containers: [] } };
    const { objects, shape: found } = splitShape([
      { path: 'a', documents: [shape] },
      { path: 'b', documents: [running, { kind: 'List', items: [shape] }] },
    ]);
    expect(found).toBe(shape);
    expect(objects).toHaveLength(2);
  });

  const deployment = (name: string) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: { template: { spec: { containers: [{ resources: { requests: { cpu: '1' } } }] } } },
  });

  test('the shape may be the one thing with a pod template in a list, as kubectl prints it', async () => {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'default' } };
    const list = { apiVersion: 'v1', kind: 'List', items: [namespace, deployment('web')] };
    const dump = { apiVersion: 'v1', kind: 'List', items: [node, deployment('other')] };
    const files = [await file('list.json', JSON.stringify(list)), await file('dump.json', JSON.stringify(dump))];
    expect((await printed({ filename: files }))[0]).toBe('4 replicas on 1 of 1 nodes');
    const [text = ''] = await printed({ batch: await file('lists.json', JSON.stringify({ cases: [{ objects: [node], pod: list }] })) });
    expect(JSON.parse(text)).toMatchObject({ results: [{ total: 4 }] });
  });

  test('a list of several things with a pod template says that one is wanted', async () => {
    const list = { kind: 'List', items: [deployment('web'), deployment('api')] };
    const several = 'a list of several things with a pod template (Deployment web, Deployment api): give the one that is to be counted';
    const files = [await file('node.json', JSON.stringify(node)), await file('several.json', JSON.stringify(list))];
    await expect(printed({ filename: files })).rejects.toThrow(`several.json: ${several}`);
    const [text = ''] = await printed({ batch: await file('both.json', JSON.stringify({ cases: [{ objects: [node], pod: list }] })) });
    expect(JSON.parse(text)).toEqual({ results: [{ name: 'case 0', error: `cases[0].pod: ${several}` }] });
  });

  test('several things with a pod template, each by itself, say that one is wanted', async () => {
    const names = ['web', 'api'].map(async (name) => file(`${name}.json`, JSON.stringify(deployment(name))));
    const files = [await file('node.json', JSON.stringify(node)), ...(await Promise.all(names))];
    const several =
      /web\.json, .*api\.json: several things with a pod template \(Deployment web, Deployment api\): give the one that is to be/;
    await expect(printed({ filename: files })).rejects.toThrow(several);
  });

  test('what makes pods among the objects of a cluster is no shape beside one', async () => {
    const text = [node, deployment('old'), deployment('older')].map((one) => JSON.stringify(one)).join('\n---\n');
    const files = [await file('dump.yaml', text), await file('shape.json', JSON.stringify(deployment('web')))];
    expect((await printed({ filename: files }))[0]).toBe('4 replicas on 1 of 1 nodes');
  });

  test('YAML may have many documents', () => {
    expect(parseDocuments('a.yaml', 'kind: A\n---\n---\nkind: B\n')).toEqual([{ kind: 'A' }, { kind: 'B' }]);
  });
});
