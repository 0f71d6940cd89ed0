/** @module What other tests rely on: a member is a real cluster, its faults are real, and nothing of it stays behind. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureTestbed, kubernetesVersion, type Member, processIsAlive, startMember, waitFor } from './index.ts';

const deployment = (name: string, replicas: number, requests: Record<string, string>): Record<string, unknown> => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name: 'main', image: 'registry.example/web:1', resources: { requests, limits: requests } }] },
    },
  },
});

type PodList = { items: { spec: { nodeName?: string }; status: { phase: string } }[] };

let dataDir: string;
let member: Member;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'testbed-'));
  const testbed = await ensureTestbed();
  member = await startMember({
    name: 'alpha',
    dataDir: join(dataDir, 'alpha'),
    testbed,
    nodes: [
      { name: 'plain', labels: { 'topology.kubernetes.io/zone': 'a' } },
      { name: 'gpu', allocatable: { 'nvidia.com/gpu': '2' }, taints: [{ key: 'spare', effect: 'PreferNoSchedule' }] },
    ],
  });
});

afterAll(async () => {
  await member?.stop();
  await rm(dataDir, { recursive: true, force: true });
});

const podsOf = async (app: string): Promise<PodList['items']> => {
  const answer = await member.call('GET', `/api/v1/namespaces/default/pods?labelSelector=app%3D${app}`);
  return (answer.body as PodList).items;
};

test('a member is a real Kubernetes of the pinned version', async () => {
  const { body } = await member.call('GET', '/version');
  expect(body).toMatchObject({ gitVersion: kubernetesVersion });
});

test('its kubeconfig is readable by its owner only and points at it', async () => {
  const config: unknown = JSON.parse(await readFile(member.kubeconfig, 'utf8'));
  expect(config).toMatchObject({ 'current-context': 'alpha', clusters: [{ cluster: { server: member.server } }] });
});

test("a Deployment's pods become Running on nodes that have what they ask for", async () => {
  const created = await member.call('POST', '/apis/apps/v1/namespaces/default/deployments', {
    body: deployment('trainer', 2, { cpu: '1', 'nvidia.com/gpu': '1' }),
  });
  expect(created.status).toBe(201);
  const pods = await waitFor('two running pods', async () => {
    const found = (await podsOf('trainer')).filter((pod) => pod.status.phase === 'Running');
    return found.length === 2 && found;
  });
  expect(pods.map((pod) => pod.spec.nodeName)).toEqual(['gpu', 'gpu']);
});

test('a pod that fits nowhere stays Pending', async () => {
  await member.call('POST', '/apis/apps/v1/namespaces/default/deployments', { body: deployment('huge', 1, { cpu: '9' }) });
  const [pod] = await waitFor('the pod', async () => {
    const found = await podsOf('huge');
    return found.length === 1 && found;
  });
  expect(pod?.status.phase).toBe('Pending');
});

test('a node added later is Ready and takes what waited', async () => {
  await member.addNodes([{ name: 'large', allocatable: { cpu: '16' } }]);
  await waitFor('the waiting pod to run', async () => (await podsOf('huge'))[0]?.spec.nodeName === 'large');
});

test('an API server that was stopped refuses, and comes back at the same address with its objects', async () => {
  await member.stopApiServer();
  await expect(member.call('GET', '/readyz')).rejects.toThrow();
  await member.startApiServer();
  const { status } = await member.call('GET', '/apis/apps/v1/namespaces/default/deployments/trainer');
  expect(status).toBe(200);
});

test('a paused member takes the connection and does not answer until it is resumed', async () => {
  member.pause();
  await expect(member.call('GET', '/readyz', { timeoutMs: 1_000 })).rejects.toThrow(/timeout/i);
  member.resume();
  await waitFor('an answer', async () => (await member.call('GET', '/readyz', { timeoutMs: 1_000 })).status === 200);
});

test('stop leaves no process, and a second start on the data directory finds the objects again', async () => {
  const first = await startMember({ name: 'again', dataDir: join(dataDir, 'again'), parts: [] });
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kept' } };
  await first.call('POST', '/api/v1/namespaces', { body: namespace });
  const pids = [...first.pids().values()];
  await first.stop();
  expect(pids.filter(processIsAlive)).toEqual([]);

  const second = await startMember({ name: 'again', dataDir: join(dataDir, 'again'), parts: [] });
  const { status } = await second.call('GET', '/api/v1/namespaces/kept');
  await second.stop();
  expect(status).toBe(200);
});

test('a member does not outlive the process that started it, even one killed without warning', async () => {
  const script = `import { startMember } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
    const member = await startMember({ name: 'orphan', dataDir: ${JSON.stringify(join(dataDir, 'orphan'))}, parts: [] });
    console.log(JSON.stringify([...member.pids().values()]));`;
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await once(createInterface({ input: parent.stdout }), 'line');
  const pids = JSON.parse(String(line)) as number[];
  expect(pids).toHaveLength(2);
  parent.kill('SIGKILL');
  await waitFor('its processes to end', () => pids.every((pid) => !processIsAlive(pid)));
});
