/** @module A service that two real clusters have: imported by both, answered by name, and moved by an agent alone when a cluster dies. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePorts, type Member, waitFor } from '../testbed/index.ts';
import { askNames } from './dns-client.ts';
import { type HubProcess, joinWords, startHub, untilCondition } from './federation.ts';
import type { Program } from './program.ts';
import { openStage, type Stage } from './stage.ts';
import { trafficCrds } from './traffic-crds.ts';

const namespace = 'front';
const zone = 'svc.playground.example';
const addresses: Readonly<Record<string, string>> = { idc: '203.0.113.7', cloud: '198.51.100.9' };
const providers: Readonly<Record<string, string>> = { idc: 'onprem', cloud: 'aws' };
const withinMs = 60_000;

let stage: Stage;
let hub: HubProcess;
let idc: Member;
let cloud: Member;
const agents = new Map<string, Program>();
const agentWords = new Map<string, readonly string[]>();
const dnsPorts = new Map<string, number>();

const kubectl = (member: Member, args: readonly string[], input?: string): Promise<string> =>
  stage.kubectl(member.kubeconfig, ['-n', namespace, ...args], input);

beforeAll(async () => {
  stage = await openStage();
  idc = await stage.member('idc', [{ name: 'n0' }]);
  cloud = await stage.member('cloud', [{ name: 'n0' }, { name: 'n1' }]);
  hub = await startHub(stage);
  for (const member of [idc, cloud]) {
    await stage.kubectl(member.kubeconfig, ['apply', '-f', '-'], trafficCrds());
    const words = await joinWords(hub, member, ['--label', `hanse.dev/provider=${providers[member.name]}`, '--auto-approve']);
    const [meshPort = 0, dnsPort = 0] = await freePorts(2);
    dnsPorts.set(member.name, dnsPort);
    const flags = ['--mesh-listen', `127.0.0.1:${meshPort}`, '--dns-listen', `127.0.0.1:${dnsPort}`];
    agentWords.set(member.name, [...words, ...flags]);
    agents.set(member.name, await stage.start(member.name, [...words, ...flags]));
  }
  for (const { name, server } of [idc, cloud]) {
    await untilCondition(hub, name, 'CapacityKnown', 'True');
    const probes = [{ role: 'APIServer', url: `tcp://${new URL(server).host}` }];
    await hub.kubectl(['patch', 'cluster', name, '--type', 'merge', '-p', JSON.stringify({ spec: { probes } })]);
  }
  await hub.kubectl(['apply', '-f', join(import.meta.dirname, '..', '..', 'deploy', 'local', 'examples', 'traffic.yaml')]);
});

afterAll(() => stage?.end());

/** `cloud 3, idc 3`: endpoints of the import in a member by source cluster. */
const endpointsIn = async (member: Member): Promise<string> => {
  const text = await kubectl(member, ['get', 'endpointslices', '-l', 'multicluster.kubernetes.io/service-name=front', '-o', 'json']);
  const { items } = JSON.parse(text) as { items: { metadata: { labels: Record<string, string> }; endpoints: unknown[] }[] };
  return items
    .map(({ metadata, endpoints }) => `${metadata.labels['multicluster.kubernetes.io/source-cluster']} ${endpoints.length}`)
    .sort()
    .join(', ');
};
const comesTo = async (member: Member, wanted: string): Promise<void> => {
  let last = '';
  const look = async (): Promise<boolean> => {
    last = await endpointsIn(member).catch(String);
    return last === wanted;
  };
  await waitFor(`endpoints ${wanted} in ${member.name}`, look, { timeoutMs: withinMs, pollMs: 100 }).catch((cause: unknown) => {
    throw new Error(`${member.name} did not come to ${wanted}; last seen: ${last}`, { cause });
  });
};
/** What the agent of a member answers, over UDP and TCP, asked again and again. */
const named = async (member: Member, type: 'A' | 'NS' | 'SRV', name = `front.front.${zone}`): Promise<string[]> => {
  const found = new Set<string>();
  for (let asked = 0; asked < 15; asked++) {
    for (const line of await askNames(dnsPorts.get(member.name) ?? 0, name, type, asked % 2 === 0 ? 'udp' : 'tcp')) found.add(line);
  }
  return [...found].sort();
};
type Route = {
  metadata: { generation: number; managedFields: { manager: string; operation: string }[] };
  spec: { rules: { backendRefs: { name: string; weight: number }[] }[] };
};
const routeInCloud = async (): Promise<Route> =>
  JSON.parse(await kubectl(cloud, ['get', 'httproute', 'front', '-o', 'json', '--show-managed-fields']));
/** `front-cloud 1 front-idc 0, …`: what the backends of each rule weigh. */
const weights = async (): Promise<string> =>
  (await routeInCloud()).spec.rules
    .map(({ backendRefs }) => backendRefs.map(({ name, weight }) => `${name} ${weight}`).join(' '))
    .join(', ');
const weighs = (wanted: string): Promise<unknown> =>
  waitFor(`weights ${wanted}`, async () => ((await weights().catch(String)) === wanted ? true : undefined), { timeoutMs: withinMs });
const backend = (cluster: string) => ({ group: 'multicluster.x-k8s.io', kind: 'ServiceImport', name: `front-${cluster}`, port: 80 });
/** To the hub, whose policy places it. */
const placeRoute = (...rules: readonly (readonly string[])[]): Promise<string> => {
  const route = {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'HTTPRoute',
    metadata: { name: 'front', namespace },
    spec: { rules: rules.map((clusters) => ({ backendRefs: clusters.map(backend) })) },
  };
  return hub.kubectl(['apply', '-f', '-'], JSON.stringify(route));
};

test('every cluster has the import with the endpoints of both, an address and conditions', async () => {
  for (const member of [idc, cloud]) await comesTo(member, 'cloud 3, idc 3');
  const table = await kubectl(cloud, ['get', 'serviceimports']);
  expect(table).toMatch(/front-cloud/);
  const imported = JSON.parse(await kubectl(cloud, ['get', 'serviceimport', 'front', '-o', 'json'])) as {
    metadata: { annotations: Record<string, string> };
    spec: { ips: string[]; type: string };
  };
  expect(imported.spec).toMatchObject({ type: 'ClusterSetIP', ips: [expect.stringMatching(/^\d+\./)] });
  const derived = imported.metadata.annotations['multicluster.kubernetes.io/derived-service'] ?? '';
  expect(await kubectl(cloud, ['get', 'service', derived, '-o', 'jsonpath={.spec.clusterIP}'])).toBe(imported.spec.ips[0]);
  await waitFor('the policy to be ready', async () =>
    /\bTrue\b/.test(await hub.kubectl(['get', 'trafficpolicies', '-n', namespace])) ? true : undefined,
  );
  expect(await hub.kubectl(['get', 'serviceexports', '-n', namespace])).toMatch(/front\s+True\s+True\s+False/);
});

test('names are answered over UDP and TCP once the clusters have addresses', async () => {
  for (const member of [idc, cloud]) {
    const status = { status: { loadBalancer: { ingress: [{ ip: addresses[member.name] }] } } };
    await kubectl(member, ['patch', 'service', 'front', '--subresource', 'status', '--type', 'merge', '-p', JSON.stringify(status)]);
  }
  const both = Object.values(addresses).sort().join();
  for (const member of [idc, cloud]) {
    const hasBoth = async (): Promise<boolean> => (await named(member, 'A')).join() === both;
    await waitFor(`both addresses from the agent of ${member.name}`, hasBoth, { timeoutMs: withinMs });
  }
  expect(await named(cloud, 'SRV', `_http._tcp.front.front.${zone}`)).toEqual([
    `80 cloud.front.front.${zone}`,
    `80 idc.front.front.${zone}`,
  ]);
  expect(await named(cloud, 'NS', zone)).toEqual([`ns-cloud.${zone}`, `ns-idc.${zone}`]);
});

test('a cluster that dies loses endpoints, weights and names in the other one, by its agent alone', async () => {
  const selected = { apiVersion: 'gateway.networking.k8s.io/v1', kind: 'HTTPRoute', name: 'front' };
  const patch = JSON.stringify([{ op: 'add', path: '/spec/resourceSelectors/-', value: selected }]);
  await hub.kubectl(['patch', 'placementpolicy', 'front', '-n', namespace, '--type', 'json', '-p', patch]);
  await placeRoute(['cloud', 'idc']);
  await weighs('front-cloud 1000000 front-idc 1000000');
  await Promise.all([idc.kill(), agents.get('idc')?.crash()]);
  await comesTo(cloud, 'cloud 3');
  await weighs('front-cloud 1000000 front-idc 0');
  expect(await named(cloud, 'A')).toEqual([addresses.cloud]);
  const { metadata } = await routeInCloud();
  expect(metadata.managedFields.map(({ manager }) => manager)).toContain('hanse-traffic');
});

test('no write of the route that the hub placed gives the dead cluster its weight back', async () => {
  const { generation } = (await routeInCloud()).metadata;
  await agents.get('cloud')?.crash();
  agents.set('cloud', await stage.start('cloud-again', [...(agentWords.get('cloud') ?? [])]));
  await placeRoute(['cloud', 'idc'], ['idc', 'cloud']);
  await weighs('front-cloud 1000000 front-idc 0, front-idc 0 front-cloud 1000000');
  // One write, of the second rule: another one, and one that took it back, would count as well.
  expect((await routeInCloud()).metadata.generation).toBe(generation + 1);
});
