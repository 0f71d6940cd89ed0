/** @module A real kube-scheduler keeps the node that the agent tells it, with the rights of the manifest. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bag } from '../../shared/placement/workload-fields.ts';
import { type Member, startMember } from '../../test/testbed/index.ts';
import { type Agent, assembleAgent } from '../agent.ts';
import { httpClient, loadKubeconfig, type MemberApi } from '../cluster/index.ts';
import { agentManifest } from '../manifest.ts';
import { realEnv, until } from '../testing/env.ts';
import { fakeLink } from '../testing/fake-link.ts';
import { applyItem, deployment } from '../testing/items.ts';

const env = realEnv();
let dir: string;
let member: Member;
let api: MemberApi;
let agent: Agent | undefined;

const pods = { group: '', version: 'v1', resource: 'pods', namespace: 'shop' };
const kubectl = (args: readonly string[], input?: string): string =>
  execFileSync('kubectl', ['--kubeconfig', member.kubeconfig, ...args], { input, encoding: 'utf8' });
const container = (cpu: string) => ({ name: 'main', image: 'registry.example/main:1', resources: { requests: { cpu } } });

/** A Deployment of one pod that asks for so much, with a class. */
const asking = (name: string, cpu: string, priorityClassName: string): KubeObject => {
  const made = deployment(name, 1);
  const template = { metadata: { labels: { app: name } }, spec: { priorityClassName, containers: [container(cpu)] } };
  return { ...made, spec: { ...bag(made.spec), template } };
};
const podOf = async (app: string): Promise<KubeObject | undefined> => (await api.list({ ...pods, labelSelector: `app=${app}` })).items[0];
const nodeOf = async (app: string): Promise<unknown> => bag((await podOf(app))?.spec).nodeName;
const nominatedOf = async (app: string): Promise<unknown> => bag((await podOf(app))?.status).nominatedNodeName;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-nominating-e2e-'));
  // Eight cores, and some room for the agent that the manifest starts.
  member = await startMember({ name: 'eu', dataDir: dir, nodes: [{ name: 'n1', allocatable: { cpu: '8500m' } }] });
  api = httpClient(await loadKubeconfig(member.kubeconfig, env));
});
afterAll(async () => {
  await agent?.stop();
  await api?.close();
  await member?.stop();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

test('of a node that is left bit by bit nothing goes to a pod of lower priority, and all of it to the one that it is kept for', async () => {
  kubectl(['create', 'namespace', 'shop']);
  for (const [name, value] of [
    ['high', '1000'],
    ['middle', '500'],
  ] as const)
    kubectl(['create', 'priorityclass', name, `--value=${value}`, '--preemption-policy=Never']);
  const manifest = { cluster: 'eu', hubUrl: 'https://hub.example:6443', token: 'secret', image: 'example.com/agent:1' };
  kubectl(['apply', '-f', '-'], agentManifest(manifest));
  const bearer = kubectl(['-n', 'hanse-system', 'create', 'token', 'hanse-agent']).trim();
  const admin = await loadKubeconfig(member.kubeconfig, env);
  const own = httpClient({ ...admin, credentials: async () => ({ bearer }) });
  await until('aggregated rights', async () => (await own.list(pods).catch(() => undefined)) !== undefined);
  for (const name of ['old-1', 'old-2'])
    await api.create(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', labels: { app: name } },
      spec: { containers: [container('4')], terminationGracePeriodSeconds: 0 },
    });
  await until('both are bound', async () => (await nodeOf('old-1')) === 'n1' && (await nodeOf('old-2')) === 'n1');

  const link = fakeLink('eu');
  agent = assembleAgent({ api: own, link, env, agentVersion: 'test', reportIntervalMs: 200 });
  link.send(applyItem(5, asking('gold', '8', 'high'), { nominated: [{ node: 'n1', replicas: 1 }] }));
  await until('its node is told', async () => (await nominatedOf('gold')) === 'n1');
  link.send(applyItem(6, asking('rival', '4', 'middle')));
  await until('the rival waits', async () => (await podOf('rival')) !== undefined);
  await api.delete({ ...pods, name: 'old-1' });
  // What fits beside the one that waits for the node is bound: the scheduler has looked at what became free.
  const beside = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'beside', namespace: 'shop', labels: { app: 'beside' } } };
  await api.create(pods, { ...beside, spec: { containers: [{ name: 'main', image: 'c:1' }] } });
  await until('a pod that asks for nothing is bound', async () => (await nodeOf('beside')) === 'n1');
  expect([await nodeOf('rival'), await nodeOf('gold')]).toEqual([undefined, undefined]);
  await api.delete({ ...pods, name: 'old-2' });
  await until('it has the node', async () => (await nodeOf('gold')) === 'n1', 60_000);
  expect(await nodeOf('rival')).toBeUndefined();
  expect(link.beat()?.forbidden).toEqual([]);
}, 180_000);
