/** @module Traffic for real: a hub, a nats-server and three playground members with their agents; one dies, and comes back. */

import { Resolver } from 'node:dns/promises';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Federation, startFederation } from '../../deploy/local/federation.ts';
import type { TrafficPolicy } from '../../shared/api/index.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { present, silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';

const dying = 'gcp-belgium';
const surviving = ['aws-ireland', 'idc-berlin'];
const all = [...surviving, dying].sort();
const zone = 'svc.playground.test';
const withinMs = 40_000;

let dir: string;
let federation: Federation;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'hanse-traffic-'));
  federation = await startFederation({ dataDir: dir, members: 3, port: 0, env: nodeEnv(silentLog) });
  expect(await federation.joined()).toEqual([]);
  for (const object of [...objects, policy]) await create(federation.hub.client, object);
}, 120_000);
afterAll(async () => {
  await federation?.stop();
  await rm(dir, { recursive: true, force: true });
});

const labels = { app: 'web' };
const objects: readonly KubeObject[] = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'PlacementPolicy',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      resourceSelectors: [
        { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        { apiVersion: 'v1', kind: 'Service', name: 'web' },
      ],
      replicaScheduling: { strategy: 'Duplicated' },
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'shop' },
    spec: {
      replicas: 2,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'web:1', resources: { requests: { cpu: '100m' } } }] } },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { type: 'LoadBalancer', selector: labels, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  },
  { apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport', metadata: { name: 'web', namespace: 'shop' } },
];
const policy: KubeObject = {
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'TrafficPolicy',
  metadata: { name: 'web', namespace: 'shop' },
  spec: {
    services: ['web'],
    dns: { zone, ttlSeconds: 5 },
    failback: { holdDownSeconds: 1, stepSeconds: 1, stepsPercent: [50, 100] },
  },
};

const plural: Readonly<Record<string, string>> = { PlacementPolicy: 'placementpolicies', TrafficPolicy: 'trafficpolicies' };
const create = (client: KubeClient, object: KubeObject): Promise<KubeObject> => {
  const [group, version] = object.apiVersion.includes('/') ? object.apiVersion.split('/') : ['', object.apiVersion];
  const resource = plural[object.kind] ?? `${object.kind.toLowerCase()}s`;
  return client.create({ group: group ?? '', version: version ?? '', resource }, object);
};

const memberClient = (name: string): KubeClient => present(federation.running(name), name).member.client;
/** `idc-berlin 2, …`: endpoints of the import in a member, by source cluster. */
const endpointsIn = async (name: string): Promise<string> => {
  const slices = await memberClient(name).list({
    group: 'discovery.k8s.io',
    version: 'v1',
    resource: 'endpointslices',
    namespace: 'shop',
    labelSelector: 'multicluster.kubernetes.io/service-name=web',
  });
  return slices.items
    .map(
      ({ metadata, endpoints }) => `${metadata.labels?.['multicluster.kubernetes.io/source-cluster']} ${(endpoints as unknown[]).length}`,
    )
    .sort()
    .join(', ');
};
const textOf = (names: readonly string[]): string => names.map((name) => `${name} 2`).join(', ');
const comesTo = (name: string, text: string): Promise<void> =>
  vi.waitFor(async () => expect(await endpointsIn(name)).toBe(text), { timeout: withinMs, interval: 50 });
const addressesOf = async (name: string): Promise<string[]> => {
  const found = await memberClient(name).get({ group: '', version: 'v1', resource: 'services', namespace: 'shop', name: 'web' });
  const { loadBalancer } = (found?.status ?? {}) as { loadBalancer?: { ingress?: { ip: string }[] } };
  return (loadBalancer?.ingress ?? []).map(({ ip }) => ip);
};
/** Which addresses the name server of a member's agent answers, asked again and again. */
const answersAt = async (name: string): Promise<string[]> => {
  const resolver = new Resolver({ timeout: 1_000, tries: 1 });
  resolver.setServers([`127.0.0.1:${present(federation.running(name)?.agent.dnsPort, 'port')}`]);
  const found = new Set<string>();
  for (let asked = 0; asked < 40; asked++) for (const address of await resolver.resolve4(`web.shop.${zone}`)) found.add(address);
  return [...found].sort();
};

test('a service that three clusters have is imported by all, dies with one of them, and returns in steps', async () => {
  for (const name of all) await comesTo(name, textOf(all));
  const imported = await memberClient('idc-berlin').get({
    group: 'multicluster.x-k8s.io',
    version: 'v1beta1',
    resource: 'serviceimports',
    namespace: 'shop',
    name: 'web',
  });
  expect(imported?.spec).toMatchObject({ type: 'ClusterSetIP', ips: [expect.stringMatching(/^\d/)] });
  const everybody = (await Promise.all(all.map(addressesOf))).flat().sort();
  expect(everybody).toHaveLength(3);
  await vi.waitFor(async () => expect(await answersAt('idc-berlin')).toEqual(everybody), { timeout: withinMs });

  const [lostAddress] = await addressesOf(dying);
  await federation.members.stop(dying);
  for (const name of surviving) await comesTo(name, textOf(surviving));
  expect(await answersAt('idc-berlin')).toEqual(everybody.filter((address) => address !== lostAddress));
  const traffic = async () =>
    (await federation.hub.client.get({
      group: 'hanse.dev',
      version: 'v1alpha1',
      resource: 'trafficpolicies',
      namespace: 'shop',
      name: 'web',
    })) as unknown as TrafficPolicy | undefined;
  await vi.waitFor(async () => expect((await traffic())?.status?.services?.[0]?.away?.[0]).toContain(`${dying} 0% (dead)`), {
    timeout: withinMs,
  });

  await federation.members.start(dying);
  // The verdict has a hold-down of its own before the way back begins.
  await vi.waitFor(async () => expect(await endpointsIn('idc-berlin')).toBe(`aws-ireland 2, gcp-belgium 1, idc-berlin 2`), {
    timeout: 90_000,
    interval: 50,
  });
  for (const name of all) await comesTo(name, textOf(all));
}, 240_000);

test('with hub and broker dead it moves all the same', async () => {
  await federation.hub.stop();
  const stopped = federation.members.stop(dying);
  for (const name of surviving) await comesTo(name, textOf(surviving));
  await stopped;
}, 120_000);
