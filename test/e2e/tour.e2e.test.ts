/** @module The tour's story against three real clusters, with real kubectl; hub and agents are processes of their own. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Member } from '../testbed/index.ts';
import { clusterCondition, getObject, type HubProcess, joinWords, type Seen, startHub, untilCondition } from './federation.ts';
import type { Program } from './program.ts';
import { deploymentIn, type Shares, scaleTo, settled, total, web } from './shares.ts';
import { openStage, type Stage } from './stage.ts';

const providers = { 'own-idc': 'onprem', 'eu-aws': 'aws', 'us-gcp': 'gcp' } as const;
const idc = 'own-idc';
const lost = 'eu-aws';
/** One CPU a replica: the own data centre holds 8, each cloud 16. */
const nodesOf = { 'own-idc': 1, 'eu-aws': 2, 'us-gcp': 2 } as const;
const replicasBefore = 6;
const replicasBurst = 20;

let stage: Stage;
let hub: HubProcess;
let members: Member[] = [];
let burst: Shares = {};
const agents = new Map<string, Program>();
const joins = new Map<string, readonly string[]>();

const memberOf = (name: string): Member => {
  const found = members.find((member) => member.name === name);
  if (found === undefined) throw new Error(`no member ${name}`);
  return found;
};
const startAgent = async (name: string): Promise<Program> => {
  const agent = await stage.start(name, joins.get(name) ?? []);
  agents.set(name, agent);
  return agent;
};

beforeAll(async () => {
  stage = await openStage();
  for (const [name, count] of Object.entries(nodesOf)) {
    members = [
      ...members,
      await stage.member(
        name,
        Array.from({ length: count }, (_, index) => ({ name: `n${index}` })),
      ),
    ];
  }
  hub = await startHub(stage);
});

afterAll(() => stage?.end());

test('a cluster that joins with the printed command waits for approval, and says how to get it on both sides', async () => {
  for (const [name, provider] of Object.entries(providers)) {
    // One of them gets its provider later, by the operator's hand.
    const flags = name === idc ? [] : ['--label', `hanse.dev/provider=${provider}`];
    joins.set(name, await joinWords(hub, memberOf(name), flags));
    const agent = await startAgent(name);
    await agent.says(/Pending \(NotApproved\): .*hanse approve/);
    expect(await untilCondition(hub, name, 'Approved', 'PendingApproval')).toMatchObject({ status: 'False' });
  }
  const table = await hub.kubectl(['get', 'clusters']);
  expect(table.match(/PendingApproval/g)).toHaveLength(3);
});

test('approved clusters become Ready, on their providers', async () => {
  await hub.hanse(['approve', ...Object.keys(providers)]);
  for (const name of Object.keys(providers)) {
    await untilCondition(hub, name, 'Ready', 'True');
    await untilCondition(hub, name, 'CapacityKnown', 'True');
  }
  await hub.kubectl(['label', 'cluster', idc, `hanse.dev/provider=${providers[idc]}`]);
  const table = await hub.kubectl(['get', 'clusters', '-L', 'hanse.dev/provider', '--no-headers']);
  for (const [name, provider] of Object.entries(providers)) expect(table).toMatch(new RegExp(`^${name} +Ready .* ${provider}$`, 'm'));
});

test('a policy and a Deployment, applied to the hub, run in the first tier', async () => {
  const example = await readFile(join(import.meta.dirname, '..', '..', 'deploy', 'local', 'examples', 'web.yaml'), 'utf8');
  await hub.kubectl(['apply', '-f', '-'], example.replace(/replicas: \d+/, `replicas: ${replicasBefore}`));
  const rollout = await hub.kubectl(['rollout', 'status', `deployment/${web.name}`, '-n', web.namespace, '--timeout=90s']);
  expect(rollout).toContain('successfully rolled out');
  expect(await settled(hub, members, replicasBefore)).toEqual({ [idc]: replicasBefore });
});

test('more replicas than the first tier holds burst to the second', async () => {
  await scaleTo(hub, replicasBurst);
  burst = await settled(hub, members, replicasBurst);
  expect(burst[idc]).toBe(8);
  expect(burst[lost]).toBeGreaterThan(0);
  await hub.kubectl(['wait', 'deployment/web', '-n', web.namespace, '--for=condition=Available', '--timeout=60s']);
});

test('explain tells for each cluster how many fit, how many it got, and why', async () => {
  const told = await hub.hanse(['explain', 'deployment/web', '-n', web.namespace]);
  expect(told).toContain(`${replicasBurst} replicas wanted, 0 unplaced`);
  for (const [name, got] of Object.entries(burst))
    expect(told).toMatch(new RegExp(`^${name} +yes +(idc|cloud) +(>=)?\\d+ +\\d+ +${got}\\b`, 'm'));
});

test('replicas of a lost cluster move, and nothing is deleted in it', async () => {
  const before = await deploymentIn(memberOf(lost));
  await agents.get(lost)?.crash();
  await memberOf(lost).kill(['kube-apiserver']);
  const survivors = members.filter(({ name }) => name !== lost);
  const shares = await settled(hub, survivors, replicasBurst, (now) => (now[lost] ?? 0) === 0);
  expect(shares[idc]).toBe(8);
  expect(await clusterCondition(hub, lost, 'Ready')).toMatchObject({ status: 'Unknown', reason: 'ClusterUnreachable' });
  expect(await hub.hanse(['explain', 'deployment/web', '-n', web.namespace])).toMatch(new RegExp(`^${lost} +no .*unreachable`, 'm'));

  await memberOf(lost).startApiServer();
  const after = await deploymentIn(memberOf(lost));
  expect(after).toMatchObject({ metadata: { uid: before?.metadata.uid }, spec: { replicas: burst[lost] } });
});

test('replicas return to a cluster that came back, and the surplus elsewhere is drained', async () => {
  const { metadata } = (await deploymentIn(memberOf(lost))) ?? {};
  const agent = await startAgent(lost);
  await agent.says(/Connected: /);
  const shares = await settled(hub, members, replicasBurst, (now) => (now[lost] ?? 0) > 0);
  expect(shares).toEqual(burst);
  expect((await deploymentIn(memberOf(lost)))?.metadata.uid).toBe(metadata?.uid);
  expect(total(shares)).toBe(replicasBurst);
});

test('what is deleted on the hub is gone from all clusters', async () => {
  await hub.kubectl(['delete', 'deployment/web', 'placementpolicy/web', 'namespace/shop', '-n', web.namespace, '--timeout=60s']);
  expect(await getObject(hub.kubectl, ['namespace', web.namespace])).toBeUndefined();
  for (const member of members) await untilNone(member, '/apis/apps/v1/deployments', `/api/v1/namespaces/${web.namespace}/pods`);
});

test('an agent keeps no record of what was withdrawn over its next start', async () => {
  await agents.get(idc)?.stop();
  await startAgent(idc);
  await untilNone(memberOf(idc), '/api/v1/namespaces/hanse-system/secrets');
});

/** Waits until these collections of a member are empty. */
const untilNone = async ({ name, call }: Member, ...paths: readonly string[]): Promise<void> => {
  const remains = async (): Promise<string[]> => {
    const lists = await Promise.all(paths.map(async (path) => (await call('GET', path)).body as { items: Seen[] }));
    return lists.flatMap(({ items }) => items.map(({ metadata }) => metadata.name));
  };
  await expect.poll(remains, { timeout: 60_000, interval: 500, message: `what remains in ${name}` }).toEqual([]);
};
