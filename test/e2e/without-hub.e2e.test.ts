/** @module What goes on while the hub, its broker or an agent is gone, and how each finds the others again. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Member, waitFor } from '../testbed/index.ts';
import { type HubProcess, joinWords, portOf, startHub, untilCondition } from './federation.ts';
import { isListening, type Program } from './program.ts';
import { deploymentIn, deploymentPath, scaleTo, settled, web } from './shares.ts';
import { openStage, type Stage } from './stage.ts';

const providers = { idc: 'onprem', cloud: 'aws' } as const;
const replicasBefore = 10;
const replicasAfter = 13;

let stage: Stage;
let hub: HubProcess;
let idc: Member;
let cloud: Member;
const joins = new Map<string, readonly string[]>();
const agents = new Map<string, Program>();

beforeAll(async () => {
  stage = await openStage();
  idc = await stage.member('idc', [{ name: 'n0' }]);
  cloud = await stage.member('cloud', [{ name: 'n0' }]);
  hub = await startHub(stage);
  for (const member of [idc, cloud]) {
    const provider = providers[member.name as keyof typeof providers];
    const words = await joinWords(hub, member, ['--label', `hanse.dev/provider=${provider}`, '--auto-approve']);
    joins.set(member.name, words);
    agents.set(member.name, await stage.start(member.name, words));
  }
  for (const { name } of [idc, cloud]) await untilCondition(hub, name, 'CapacityKnown', 'True');
  const example = await readFile(join(import.meta.dirname, '..', '..', 'deploy', 'local', 'examples', 'web.yaml'), 'utf8');
  await hub.kubectl(['apply', '-f', '-'], example.replace(/replicas: \d+/, `replicas: ${replicasBefore}`));
  await settled(hub, [idc, cloud], replicasBefore);
});

afterAll(() => stage?.end());

/** The hub's process is gone, and the broker that it ran with it. */
const crashHub = async (): Promise<void> => {
  await hub.program.crash();
  await waitFor('the broker to end with its hub', async () => !(await isListening(hub.natsPort)));
};

test('members keep running while a crashed hub is away; agents find it again, and a later scale works', async () => {
  const before = await Promise.all([idc, cloud].map(deploymentIn));
  await crashHub();
  for (const agent of agents.values()) await agent.says(/Disconnected \(NatsUnreachable\)/);
  const during = await Promise.all([idc, cloud].map(deploymentIn));
  expect(during.map((it) => [it?.metadata.uid, it?.status?.readyReplicas])).toEqual(
    before.map((it) => [it?.metadata.uid, it?.spec.replicas]),
  );

  hub = await startHub(stage, portOf(hub.url));
  for (const agent of agents.values()) await agent.says(/Disconnected[\s\S]* Connected: /);
  await scaleTo(hub, replicasAfter);
  expect(await settled(hub, [idc, cloud], replicasAfter)).toEqual({ idc: 8, cloud: replicasAfter - 8 });
  const after = await Promise.all([idc, cloud].map(deploymentIn));
  expect(after.map((it) => it?.metadata.uid)).toEqual(before.map((it) => it?.metadata.uid));
});

test('an agent that starts while hub and broker are down keeps what is applied and corrects drift', async () => {
  await crashHub();
  await agents.get('idc')?.crash();
  const before = await deploymentIn(idc);
  const agent = await stage.start('idc', joins.get('idc') ?? []);
  agents.set('idc', agent);
  await agent.says(/\(NatsUnreachable\): /);
  expect((await deploymentIn(idc))?.metadata.uid).toBe(before?.metadata.uid);

  await stage.kubectl(idc.kubeconfig, ['delete', `deployment/${web.name}`, '-n', web.namespace, '--timeout=60s']);
  const again = await waitFor('the agent to put the Deployment back', async () => {
    const found = await deploymentIn(idc);
    return found?.status?.readyReplicas === 8 && found;
  });
  expect(again.metadata.uid).not.toBe(before?.metadata.uid);
  await idc.call('PATCH', deploymentPath, {
    headers: { 'content-type': 'application/merge-patch+json' },
    body: { spec: { replicas: 2 } },
  });
  await waitFor('the agent to set the replicas back', async () => (await deploymentIn(idc))?.spec.replicas === 8);
  expect(await isListening(hub.natsPort)).toBe(false);
});

test('a hub that comes back finds all as it left it', async () => {
  hub = await startHub(stage, portOf(hub.url));
  for (const { name } of [idc, cloud]) await untilCondition(hub, name, 'Ready', 'True');
  expect(await settled(hub, [idc, cloud], replicasAfter)).toEqual({ idc: 8, cloud: replicasAfter - 8 });
});

test('a hub that is started again at once after a crash gets its broker back', async () => {
  await hub.program.crash();
  hub = await startHub(stage, portOf(hub.url));
  await scaleTo(hub, replicasBefore);
  expect(await settled(hub, [idc, cloud], replicasBefore)).toMatchObject({ idc: expect.any(Number) });
});
