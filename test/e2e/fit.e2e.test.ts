/** @module The fit against a real kube-scheduler: a cluster is filled with a shape until pods stay Pending, and the number is the same. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { fitDump } from '../../shared/capacity/index.ts';
import { type Member, startMember, waitFor } from '../testbed/index.ts';
import { fitNodes, fitShapes, quotas, residents } from './fit-shapes.ts';

type PodObject = { metadata: { name: string }; spec: { nodeName?: string }; status: { conditions?: { type: string; status: string }[] } };
type NodeObject = { spec: { taints?: { key: string }[]; unschedulable?: boolean } };

let dataDir: string;
let member: Member;

const shapesNamespace = 'default';
/** Pods made beyond the number that should fit. */
const surplus = 4;

const create = async (path: string, body: object): Promise<void> => {
  const { status, body: answer } = await member.call('POST', path, { body });
  if (status !== 201) throw new Error(`${path}: ${status} ${JSON.stringify(answer)}`);
};

const list = async <T>(path: string): Promise<T[]> => ((await member.call('GET', path)).body as { items: T[] }).items;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'fit-'));
  member = await startMember({ name: 'fit', dataDir, nodes: fitNodes });
  await create('/apis/node.k8s.io/v1/runtimeclasses', {
    metadata: { name: 'kata' },
    handler: 'kata',
    overhead: { podFixed: { cpu: '250m' } },
    scheduling: { nodeSelector: { disk: 'ssd' } },
  });
  for (const { namespace, spec } of quotas) {
    await create('/api/v1/namespaces', { metadata: { name: namespace } });
    await create(`/api/v1/namespaces/${namespace}/resourcequotas`, { metadata: { name: 'quota' }, spec });
  }
  for (const { namespace } of quotas) {
    await waitFor(`account and quota of ${namespace}`, async () => {
      const account = await member.call('GET', `/api/v1/namespaces/${namespace}/serviceaccounts/default`);
      const [quota] = await list<{ status?: { hard?: object } }>(`/api/v1/namespaces/${namespace}/resourcequotas`);
      return account.status === 200 && quota?.status?.hard !== undefined;
    });
  }
  for (const { name, node, pod } of residents) {
    const { metadata, spec } = pod;
    await create(`/api/v1/namespaces/${shapesNamespace}/pods`, { metadata: { ...metadata, name }, spec: { ...spec, nodeName: node } });
  }
  await waitFor('nodes without passing taints', async () => {
    const nodes = await list<NodeObject>('/api/v1/nodes');
    const isSettled = ({ spec }: NodeObject): boolean => {
      const keys = (spec.taints ?? []).map(({ key }) => key);
      return (
        !keys.includes('node.kubernetes.io/not-ready') &&
        keys.includes('node.kubernetes.io/unschedulable') === (spec.unschedulable === true)
      );
    };
    return nodes.length === fitNodes.length && nodes.every(isSettled);
  });
});

afterAll(async () => {
  await member?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const dump = async (): Promise<unknown[]> =>
  Promise.all(
    ['/api/v1/nodes', '/api/v1/pods', '/api/v1/namespaces', '/api/v1/resourcequotas', '/apis/node.k8s.io/v1/runtimeclasses'].map(
      async (path) => (await member.call('GET', path)).body,
    ),
  );

const decided = ({ spec, status }: PodObject): boolean =>
  spec.nodeName !== undefined || (status.conditions ?? []).some(({ type, status: value }) => type === 'PodScheduled' && value === 'False');

/** Makes pods until the scheduler leaves some Pending, or quota refuses one; answers how many were bound. */
const fill = async (namespace: string, shape: { metadata: object; spec: object }, expected: number): Promise<number> => {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  let made = 0;
  for (; made < expected + surplus; made++) {
    const body = { metadata: { ...shape.metadata, name: `fill-${made}` }, spec: shape.spec };
    const { status, body: answer } = await member.call('POST', path, { body });
    if (status === 403) break;
    if (status !== 201) throw new Error(JSON.stringify(answer));
  }
  const pods = async (): Promise<PodObject[]> => (await list<PodObject>(path)).filter(({ metadata }) => metadata.name.startsWith('fill-'));
  const bound = (all: readonly PodObject[]): number => all.filter(({ spec }) => spec.nodeName !== undefined).length;
  // A pod that could not be placed is tried again when others are: the count is looked at until it is reached or time is up.
  await waitFor('as many pods bound as fit', async () => bound(await pods()) >= expected, { timeoutMs: 25_000 }).catch(() => undefined);
  await waitFor('every pod tried', async () => (await pods()).every(decided), { timeoutMs: 25_000 });
  return bound(await pods());
};

const empty = async (namespace: string): Promise<void> => {
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const filled = async (): Promise<PodObject[]> =>
    (await list<PodObject>(path)).filter(({ metadata }) => metadata.name.startsWith('fill-'));
  for (const { metadata } of await filled()) await member.call('DELETE', `${path}/${metadata.name}?gracePeriodSeconds=0`);
  await waitFor(`${namespace} to be empty`, async () => (await filled()).length === 0);
  await waitFor(`quota of ${namespace} to be given back`, async () => {
    const found = await list<{ status?: { used?: Record<string, string> } }>(`/api/v1/namespaces/${namespace}/resourcequotas`);
    return found.every(({ status }) => Object.values(status?.used ?? {}).every((used) => used === '0'));
  });
};

test.each<(typeof fitShapes)[number]>(fitShapes)('%s', async (_, shape, namespace = shapesNamespace) => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { ...shape.metadata, namespace, name: 'shape' }, spec: shape.spec };
  const answer = fitDump(await dump(), pod);
  if (!answer.ok) throw new Error(answer.message);
  const total = Number(answer.value.total);
  const bound = await fill(namespace, shape, total);
  await empty(namespace);
  if (answer.value.exact)
    expect(
      bound,
      JSON.stringify(answer.value, (_key, value) => (typeof value === 'bigint' ? Number(value) : value)),
    ).toBe(total);
  else expect(bound).toBeGreaterThanOrEqual(total);
});

test('most of the shapes are counted exactly', async () => {
  const objects = await dump();
  const exact = fitShapes.filter(([, shape, namespace = shapesNamespace]) => {
    const answer = fitDump(objects, { kind: 'Pod', metadata: { ...shape.metadata, namespace }, spec: shape.spec });
    return answer.ok && answer.value.exact;
  });
  expect(exact.length).toBeGreaterThanOrEqual(30);
});
