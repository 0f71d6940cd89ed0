/** @module Rules of reading kubelets: each tells for itself, a silent one holds up nobody, and what is not told is said. */
import { afterEach, describe, expect, test } from 'vitest';
import { StatusError } from '../../shared/kube/status-error.ts';
import { httpClient } from '../cluster/index.ts';
import { readersOf } from '../readers.ts';
import { realEnv, until } from '../testing/env.ts';
import { json, rawServer } from '../testing/raw-server.ts';
import { kubeletFactsOf } from './configz.ts';
import { startKubelets } from './kubelets.ts';
import { buildReport } from './report.ts';
import { applyEvent, createInventoryState, type InventoryState, project } from './state.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const addNode = (state: InventoryState, name: string): void => {
  const status = { allocatable: { cpu: '4', memory: '8Gi', pods: '10' } };
  const item = project('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name }, status });
  if (item !== undefined) applyEvent(state, 'nodes', { type: 'Apply', key: name, item });
};

const stateWith = (names: readonly string[]): InventoryState => {
  const state = createInventoryState();
  for (const name of names) addNode(state, name);
  return state;
};

const answer = (config: object): string => JSON.stringify({ kubeletconfig: config });
const strict = answer({ topologyManagerPolicy: 'single-numa-node', topologyManagerScope: 'pod', cpuManagerPolicy: 'static' });

const reportOf = (state: InventoryState) => buildReport(state, { epoch: 1, seq: 1, nowMs: 1_000, works: new Map(), acks: {} });
const untold = (state: InventoryState) => reportOf(state).unsupported.filter((line) => line.startsWith('kubelet'));

const start = (state: InventoryState, configz: (node: string) => Promise<string>) => {
  const kubelets = startKubelets({ env: realEnv(), state, configz, onChange: () => undefined });
  closers.push(kubelets.stop);
  return kubelets;
};

describe('the configuration of a kubelet', () => {
  test.each<[string, unknown, object | undefined]>([
    ['no answer', undefined, undefined],
    ['a list', [], undefined],
    ['another object', { kind: 'Status' }, undefined],
    [
      'an empty one has the defaults',
      { kubeletconfig: {} },
      { policy: 'none', scope: 'container', cpuManager: 'none', memoryManager: 'None' },
    ],
    ['words that are no policy are none', { kubeletconfig: { topologyManagerPolicy: 'x', cpuManagerPolicy: 7 } }, { policy: 'none' }],
    [
      'options of both managers',
      { kubeletconfig: { cpuManagerPolicyOptions: { 'full-pcpus-only': 'true' }, topologyManagerPolicyOptions: { a: '8' } } },
      { options: ['a=8', 'full-pcpus-only=true'] },
    ],
  ])('%s', (_, given, facts) => {
    if (facts === undefined) expect(kubeletFactsOf(given)).toBeUndefined();
    else expect(kubeletFactsOf(given)).toMatchObject(facts);
  });
});

describe('kubelets', () => {
  test('each node is reported with the policies that its own kubelet tells', async () => {
    const state = stateWith(['a', 'b', 'c']);
    start(state, async (node) => (node === 'b' ? answer({}) : strict));
    await until('all to be read', () => state.kubelets.size === 3);
    const { groups, nodes } = reportOf(state);
    const policies = nodes.group.map((id) => groups.find((group) => group.id === id)?.numa?.policy);
    expect(policies).toEqual(['single-numa-node', 'none', 'single-numa-node']);
    expect(state.kubelets.get('a')).toBe(state.kubelets.get('c'));
  });

  test('many that do not answer do not keep the others from being read', async () => {
    const names = Array.from({ length: 40 }, (_, index) => `n${index}`);
    const state = stateWith(names);
    const asked: string[] = [];
    const kubelets = start(state, (node) => {
      asked.push(node);
      return ['n0', 'n1', 'n2'].includes(node) ? new Promise(() => undefined) : Promise.resolve(strict);
    });
    await until('all others', () => state.kubelets.size === 37);
    kubelets.stop();
    expect(asked.length).toBe(40);
  });

  test('refusals are one line for each reason, and say what to grant', async () => {
    const state = stateWith(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    start(state, (node) =>
      node === 'g'
        ? Promise.resolve('<html>')
        : Promise.reject(new StatusError(403, 'Forbidden', `nodes "${node}" is forbidden: cannot get resource "nodes/proxy"`)),
    );
    await until('both lines', () => untold(state).length === 2);
    expect(untold(state)).toEqual([
      'kubelet configuration of a, b, c, d, e and 1 more: Forbidden: nodes "a" is forbidden: cannot get resource "nodes/proxy": ' +
        "grant get on nodes/proxy to the agent's identity",
      'kubelet configuration of g: Nonsense: what g answers is no kubelet configuration',
    ]);
  });

  test('a node that comes later is read soon, and one that is gone is forgotten', async () => {
    const state = stateWith(['a']);
    const kubelets = start(state, async () => strict);
    await until('the first', () => state.kubelets.has('a'));
    addNode(state, 'b');
    kubelets.soon();
    await until('the second', () => state.kubelets.has('b'));
    applyEvent(state, 'nodes', { type: 'Delete', key: 'a' });
    expect([...state.kubelets.keys()]).toEqual(['b']);
  });

  test('they are asked through the API server, and their silence does not open the breaker', async () => {
    const server = await rawServer((request, response) => {
      if (request.url === '/api/v1/nodes/a/proxy/configz') json(response, 200, JSON.parse(strict));
      else if (request.url?.endsWith('/configz') === true) json(response, 502, { kind: 'Status', code: 502, message: 'no route' });
      else json(response, 200, { gitVersion: 'v1' });
    });
    const api = httpClient(server.access, { breaker: { volumeThreshold: 2 } });
    closers.push(server.close, api.close);
    const { configz } = readersOf(api, { kubelets: true, inCluster: false });
    const state = stateWith(['a', 'b', 'c', 'd', 'e', 'f']);
    if (configz !== undefined) start(state, configz);
    await until('the round', () => untold(state).length > 0);
    expect(state.kubelets.get('a')?.policy).toBe('single-numa-node');
    await expect(api.raw('/version')).resolves.toEqual({ gitVersion: 'v1' });
    expect(readersOf(api, { kubelets: false, inCluster: false }).configz).toBeUndefined();
  });
});
