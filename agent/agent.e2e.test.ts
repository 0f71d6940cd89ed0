/** @module The agent against a real Kubernetes member: what it reports, applies, corrects, refuses and remembers. */
import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Member, startMember } from '../test/testbed/index.ts';
import { type Agent, assembleAgent } from './agent.ts';
import { httpClient, loadKubeconfig, type MemberApi } from './cluster/index.ts';
import { agentManifest } from './manifest.ts';
import { realEnv, until } from './testing/env.ts';
import { type FakeLink, fakeLink } from './testing/fake-link.ts';
import { applyItem, configMap, deployment, withdrawItem } from './testing/items.ts';

let member: Member;
let dir: string;
let api: MemberApi;
const env = realEnv();
const running: Agent[] = [];

const connect = async (): Promise<MemberApi> => httpClient(await loadKubeconfig(member.kubeconfig, env));

const startAgent = async (link: FakeLink): Promise<Agent> => {
  const agent = assembleAgent({ api: await connect(), link, env, agentVersion: 'test', reportIntervalMs: 200 });
  running.push(agent);
  return agent;
};

const configMaps = { group: '', version: 'v1', resource: 'configmaps' };
const deployments = { group: 'apps', version: 'v1', resource: 'deployments' };

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-agent-e2e-'));
  member = await startMember({
    name: 'eu',
    dataDir: dir,
    nodes: [{ name: 'n1' }, { name: 'n2' }],
  });
  api = await connect();
});

afterAll(async () => {
  for (const agent of running) await agent.stop();
  await api?.close();
  await member?.stop();
  if (dir !== undefined) await rm(dir, { recursive: true, force: true });
});

describe('an agent on a real cluster', () => {
  test('reports its nodes, applies a Deployment, and counts its replicas as present', async () => {
    const link = fakeLink('eu');
    const agent = await startAgent(link);
    const report = await until('a complete report', () => link.reports.findLast(({ complete }) => complete));
    expect(report.nodes.names).toEqual(['n1', 'n2']);
    expect(report.unsupported).toContain('noderesourcetopologies: not served');
    expect(link.hello()?.apis).toContainEqual({ groupVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespaced: true });

    const item = applyItem(5, deployment('web', 3));
    link.send(item);
    const status = await until('3 available replicas', () => {
      const seen = link.statuses.get(item.id);
      return seen?.status?.availableReplicas === 3 ? seen : undefined;
    });
    expect(status).toMatchObject({ phase: 'Applied', seq: 5 });
    await until('3 present', () => link.reports.at(-1)?.present[item.id]?.bound === 3);
    expect(link.reports.at(-1)?.acks[item.id]).toBe(5);
    const cpu = link.reports.at(-1)?.resourceNames.indexOf('cpu') ?? -1;
    const free = (index: number) => link.reports[index]?.nodes.free[cpu]?.reduce((sum, value) => sum + value, 0) ?? 0;
    expect(free(link.reports.indexOf(report)) - free(link.reports.length - 1)).toBe(300);

    // A stranger scales it: the hub's word is set back.
    await api.patch(
      { ...deployments, namespace: 'shop', name: 'web' },
      'application/merge-patch+json',
      { spec: { replicas: 7 } },
      { fieldManager: 'kubectl-scale' },
    );
    await until('3 replicas again', async () => {
      const spec = (await api.get({ ...deployments, namespace: 'shop', name: 'web' }))?.spec as { replicas?: number };
      return spec.replicas === 3;
    });
    // Deleted by a stranger: it comes back.
    await api.delete({ ...deployments, namespace: 'shop', name: 'web' }, { propagationPolicy: 'Background' });
    await until(
      'it is back',
      async () =>
        (await api.get({ ...deployments, namespace: 'shop', name: 'web' }))?.metadata.annotations?.['hanse.dev/work-id'] === item.id,
    );

    link.send(withdrawItem(9, item));
    await until('withdrawn', () => link.statuses.get(item.id)?.phase === 'Withdrawn');
    expect(await api.get({ ...deployments, namespace: 'shop', name: 'web' })).toBeUndefined();
    await agent.stop();
  });

  test('leaves alone what is not ours, and adopts it only when told', async () => {
    const link = fakeLink('eu');
    const agent = await startAgent(link);
    await api
      .create({ group: '', version: 'v1', resource: 'namespaces' }, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } })
      .catch(() => undefined);
    await api.create(configMaps, configMap('taken', { a: 'theirs' }, 'other'), { fieldManager: 'kubectl-create' });
    const item = applyItem(1, configMap('taken', { a: 'ours' }, 'other'));
    link.send(item);
    const conflict = await until('a conflict', () => link.statuses.get(item.id));
    expect(conflict).toMatchObject({ phase: 'Conflict', reason: 'NotOwned' });
    expect(conflict.message).toContain('adopt: IfUnowned');
    expect((await api.get({ ...configMaps, namespace: 'other', name: 'taken' }))?.data).toEqual({ a: 'theirs' });
    link.send({ ...item, seq: 2, adopt: 'IfUnowned' });
    const fields = await until('a field conflict', () => (link.statuses.get(item.id)?.seq === 2 ? link.statuses.get(item.id) : undefined));
    expect(fields).toMatchObject({ phase: 'Conflict', reason: 'FieldManagerConflict' });
    expect(fields.message).toContain('.data.a by kubectl-create');
    link.send({ ...item, seq: 3, adopt: 'Always' });
    await until('adopted', () => link.statuses.get(item.id)?.phase === 'Applied');
    expect((await api.get({ ...configMaps, namespace: 'other', name: 'taken' }))?.data).toEqual({ a: 'ours' });
    await agent.stop();
  });

  test('keeps the last desired state over a restart with no hub', async () => {
    const first = fakeLink('eu');
    const agent = await startAgent(first);
    const item = applyItem(4, configMap('kept'));
    first.send(item);
    await until('applied', () => first.statuses.get(item.id)?.phase === 'Applied');
    await agent.stop();
    await api.delete({ ...configMaps, namespace: 'shop', name: 'kept' });
    const silent = fakeLink('eu');
    const again = await startAgent(silent);
    await until('applied again', async () => (await api.get({ ...configMaps, namespace: 'shop', name: 'kept' })) !== undefined);
    expect(silent.remembered.get(item.id)).toBe(4);
    await again.stop();
  });

  test('works with the rights of its manifest and no more, and names what it lacks', async () => {
    const yaml = agentManifest({
      cluster: 'eu',
      hubUrl: 'https://hub.example:6443',
      hubCa: 'PEM',
      token: 'secret',
      image: 'example.com/agent:1',
    });
    const kubectl = (args: readonly string[], input?: string): string =>
      execFileSync('kubectl', ['--kubeconfig', member.kubeconfig, ...args], { input, encoding: 'utf8' });
    kubectl(['apply', '-f', '-'], yaml);
    expect(kubectl(['apply', '-f', '-'], yaml)).not.toContain('error');
    const token = kubectl(['-n', 'hanse-system', 'create', 'token', 'hanse-agent']).trim();
    const admin = await loadKubeconfig(member.kubeconfig, env);
    const own = httpClient({ ...admin, credentials: async () => ({ bearer: token }) });
    await until(
      'aggregated rights',
      async () => (await own.list({ group: '', version: 'v1', resource: 'nodes' }).catch(() => undefined)) !== undefined,
    );
    const link = fakeLink('eu');
    const agent = assembleAgent({ api: own, link, env, agentVersion: 'test', reportIntervalMs: 200 });
    running.push(agent);
    await until('a complete report', () => link.reports.at(-1)?.complete);
    expect(link.beat()?.forbidden).toEqual([]);
    const web = applyItem(21, deployment('ours', 1, 'fresh'));
    const role = applyItem(22, {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'r', namespace: 'fresh' },
      rules: [],
    });
    link.send(web);
    link.send(role);
    await until('the Deployment runs in a namespace made for it', () => link.statuses.get(web.id)?.status?.availableReplicas === 1);
    const denied = await until('the Role is refused', () => link.statuses.get(role.id));
    expect(denied).toMatchObject({ phase: 'Failed', reason: 'Forbidden' });
    expect(denied.message).toContain('get roles is forbidden to the agent');
    await agent.stop();
  });

  test('applies a kind and its objects that came together', async () => {
    const link = fakeLink('eu');
    const agent = await startAgent(link);
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const crd = applyItem(31, {
      apiVersion: 'apiextensions.k8s.io/v1',
      kind: 'CustomResourceDefinition',
      metadata: { name: 'widgets.x.example' },
      spec: {
        group: 'x.example',
        scope: 'Namespaced',
        names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
        versions: [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    });
    const widget = applyItem(32, {
      apiVersion: 'x.example/v1',
      kind: 'Widget',
      metadata: { name: 'w', namespace: 'shop' },
      spec: { size: 3 },
    });
    link.send(widget);
    link.send(crd);
    await until('the Widget is applied', () => link.statuses.get(widget.id)?.phase === 'Applied', 30_000);
    await agent.stop();
  });

  test('says what is wrong while the API server hangs, and goes on when it answers again', async () => {
    const link = fakeLink('eu');
    const agent = assembleAgent({
      api: httpClient(await loadKubeconfig(member.kubeconfig, env), { probeTimeoutMs: 500, callTimeoutMs: 1_000 }),
      link,
      env,
      agentVersion: 'test',
      health: { intervalMs: 200 },
    });
    running.push(agent);
    await until('reachable', () => link.beat()?.api.reachable === true);
    member.pause();
    const beat = await until('not reachable', () => (link.beat()?.api.reachable === false ? link.beat() : undefined));
    expect(beat.api.reason).toBe('Timeout');
    const item = applyItem(11, configMap('late'));
    link.send(item);
    member.resume();
    await until('applied after the hang', () => link.statuses.get(item.id)?.phase === 'Applied', 30_000);
    await until('reachable again', () => link.beat()?.api.reachable === true);
    expect(link.beat()?.api).toEqual({ reachable: true });
    await agent.stop();
  });
});
