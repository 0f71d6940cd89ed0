/** @module What one agent makes of records and verdicts, against a real API server in memory; the detector and the link are levers. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { mcsSchemas, mcsTypes } from '../../shared/api/index.ts';
import type { Verdict } from '../../shared/health/index.ts';
import { builtinDefaults, builtinSchemas, builtinTypes } from '../../shared/kube/builtin/index.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { OpenApiSchema, ResourceType } from '../../shared/kube/resource.ts';
import { createSchemaSet } from '../../shared/kube/schema/index.ts';
import { type ApiServer, createApiServer, createRegistry, serviceAddresses } from '../../shared/kube/server/index.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { createStore, memoryJournal, type OpenStore } from '../../shared/kube/storage/index.ts';
import { bagOf, bagsOf } from '../../shared/lib/fields.ts';
import { type RuntimeEnv, silentLog } from '../../shared/lib/index.ts';
import type { DnsZone } from '../../shared/traffic/index.ts';
import { type DrawnSource, recordOf } from '../../shared/traffic/testing.ts';
import { type StatusItem, type TrafficAnswer, type TrafficSpec, trafficIdOf, trafficItem } from '../../shared/wire/index.ts';
import { type FakeLink, fakeLink } from '../testing/fake-link.ts';
import type { TrafficWatch } from './away.ts';
import { startTraffic, type TrafficEngine } from './run.ts';
import { splitLink } from './split-link.ts';

const env: RuntimeEnv = {
  nowMs: () => Date.now() + skippedMs,
  random: Math.random,
  uuid: () => crypto.randomUUID(),
  setTimer: (delayMs, run) => {
    const timer = setTimeout(run, Math.min(delayMs, 20));
    return () => clearTimeout(timer);
  },
  log: silentLog,
};
/** Time that a test lets pass at once. */
let skippedMs = 0;

const loose = (group: string, version: string, kind: string, resource: string): { type: ResourceType; schema: [string, OpenApiSchema] } => {
  const schemaName = `${group}.${version}.${kind}`;
  const type: ResourceType = {
    group,
    version,
    kind,
    listKind: `${kind}List`,
    resource,
    singular: kind.toLowerCase(),
    shortNames: [],
    categories: [],
    namespaced: true,
    verbs: ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'],
    schemaName,
    hasStatus: false,
    strategicMerge: false,
    strategy: {},
    columns: [],
    cells: () => [],
  };
  const schema = {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    'x-kubernetes-group-version-kind': [{ group, version, kind }],
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { $ref: '#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
    },
  };
  return { type, schema: [schemaName, schema] };
};
const route = loose('gateway.networking.k8s.io', 'v1', 'HTTPRoute', 'httproutes');
const endpoint = loose('externaldns.k8s.io', 'v1alpha1', 'DNSEndpoint', 'dnsendpoints');
const schemas = createSchemaSet(...builtinSchemas, { schemas: { ...mcsSchemas, ...Object.fromEntries([route.schema, endpoint.schema]) } });

const served = [
  ['v1', 'Service', 'services'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'],
];
const mcs = [
  ['multicluster.x-k8s.io/v1beta1', 'ServiceExport', 'serviceexports'],
  ['multicluster.x-k8s.io/v1beta1', 'ServiceImport', 'serviceimports'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'],
  ['externaldns.k8s.io/v1alpha1', 'DNSEndpoint', 'dnsendpoints'],
];
const apisOf = (rows: readonly (readonly string[])[]) =>
  rows.map(([groupVersion = '', kind = '', resource = '']) => ({ groupVersion, kind, resource, namespaced: true }));

let store: OpenStore;
let api: ApiServer;
let link: FakeLink;
let engine: TrafficEngine;
let standing: Verdict[];
let lost: Set<string>;
let tellVerdict: (verdict: Verdict) => void;
let zones: readonly DnsZone[];

const watch: TrafficWatch = {
  onVerdict: (handler) => {
    tellVerdict = handler;
    return () => undefined;
  },
  standing: () => standing,
  votesOn: () => [],
  abstains: () => false,
  sightOf: (name) => ({
    opinion: undefined,
    evidence: { direct: 'ok', broker: 'ok', helpers: 'none', gateway: lost.has(name) ? 'lost' : 'ok', apiServer: 'none' },
    isUnanswered: lost.has(name),
  }),
};
const start = (apis: readonly (readonly string[])[] = [...served, ...mcs], client: KubeClient = api.client): void => {
  link = fakeLink('eu');
  engine = startTraffic({ client, link: splitLink(link).traffic, env, watch, setZones: (next) => (zones = next) });
  engine.setServed(apisOf(apis));
};
beforeEach(async () => {
  skippedMs = 0;
  standing = [];
  lost = new Set();
  zones = [];
  store = await createStore(memoryJournal(), { env });
  const version = { major: '1', minor: '36', gitVersion: 'v1.36.0', gitCommit: '', platform: 'test' };
  api = createApiServer({
    store,
    registry: createRegistry([...builtinTypes(serviceAddresses(store, env)), ...mcsTypes(), route.type, endpoint.type]),
    schemas: () => schemas,
    defaultFunctions: builtinDefaults,
    env,
    version,
  });
  await api.start();
  await api.client.create(
    { group: '', version: 'v1', resource: 'namespaces' },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  );
});
afterEach(async () => {
  engine.stop();
  await api.close();
  await store.close();
});

const three: readonly DrawnSource[] = [
  { name: 'ap', endpoints: 4 },
  { name: 'eu', endpoints: 4 },
  { name: 'us', endpoints: 4 },
];
let seq = 0;
const send = (more: Partial<TrafficSpec> = {}, sources = three): void =>
  link.send(trafficItem('eu', 'shop', 'web', ++seq, recordOf(sources, more).spec));
const dead = (target: string, phase: Verdict['phase'] = 'Standing'): void => {
  const verdict: Verdict = { target, cause: 'Cluster', phase, sinceMs: 0, epoch: 1, voters: [], domains: 2, needed: 2, observers: 3 };
  standing = phase === 'Cleared' ? [] : [verdict as Verdict & { phase: 'Standing' }];
  tellVerdict(verdict);
};

const slicesType = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };
const servicesType = { group: '', version: 'v1', resource: 'services' };
const importsType = { group: 'multicluster.x-k8s.io', version: 'v1beta1', resource: 'serviceimports' };
const exportsType = { ...importsType, resource: 'serviceexports' };
const listed = async (type: typeof slicesType): Promise<readonly KubeObject[]> =>
  (await api.client.list({ ...type, namespace: 'shop' })).items;
/** `eu 4, us 4`: endpoints by source cluster. */
const endpoints = async (service = 'web'): Promise<string> => {
  const counts = new Map<string, number>();
  for (const { metadata, endpoints: all } of await listed(slicesType)) {
    const { labels = {} } = metadata;
    if (labels['multicluster.kubernetes.io/service-name'] !== service) continue;
    const source = labels['multicluster.kubernetes.io/source-cluster'] ?? '';
    counts.set(source, (counts.get(source) ?? 0) + (all as unknown[]).length);
  }
  return [...counts]
    .sort()
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
};
const comesTo = (text: string, service?: string): Promise<void> =>
  vi.waitFor(async () => expect(await endpoints(service)).toBe(text), { timeout: 5_000 });
const zoneOf = (origin: string): DnsZone | undefined => zones.find((zone) => zone.origin === origin);
const told = (): (StatusItem & { status: TrafficAnswer }) | undefined => link.statuses.get(trafficIdOf('shop', 'web')) as never;

describe('an agent that starts', () => {
  test('says what its cluster offers when it has read all of it, not half', async () => {
    const meta = { name: 'web', namespace: 'shop' };
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    await api.client.create(servicesType, { apiVersion: 'v1', kind: 'Service', metadata: meta, spec: { ports } });
    const labels = { 'kubernetes.io/service-name': 'web' };
    const slice = { addressType: 'IPv4', ports, endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }] };
    await api.client.create(slicesType, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...meta, labels },
      ...slice,
    });
    await api.client.create(exportsType, { apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport', metadata: meta });
    const said: (TrafficAnswer['report'] | undefined)[] = [];
    // Exports are read last: only then are the Service and its slice of interest.
    const late: KubeClient = {
      ...api.client,
      list: async (collection, options) => {
        if (collection.resource === 'serviceexports') await new Promise((done) => setTimeout(done, 150));
        return api.client.list(collection, options);
      },
      watch: async function* (collection, options) {
        if (collection.resource === 'serviceexports') await new Promise((done) => setTimeout(done, 150));
        yield* api.client.watch(collection, options);
      },
    };
    start(undefined, late);
    send();
    await vi.waitFor(
      () => {
        const now = told()?.status.report;
        if (now !== undefined && now !== said.at(-1)) said.push(now);
        expect(now?.sets[0]?.ready).toEqual(['10.0.0.1']);
      },
      { timeout: 5_000, interval: 5 },
    );
    expect(
      said.map(({ service, sets } = { service: 'None', sets: [], addresses: [], leftOut: 0 }) => [service === 'None', sets.length]),
    ).toEqual([[false, 1]]);
  });
});

describe('a record', () => {
  test('becomes a Service with an address, a ServiceImport and slices of each source, with the labels of the API', async () => {
    start();
    send();
    await comesTo('ap 4, eu 4, us 4');
    const [service] = await listed(servicesType);
    const ip = bagOf(service?.spec).clusterIP;
    await vi.waitFor(async () => {
      const found = await api.client.get({ ...importsType, namespace: 'shop', name: 'web' });
      expect(found).toMatchObject({
        metadata: { annotations: { 'multicluster.kubernetes.io/derived-service': service?.metadata.name } },
        spec: { type: 'ClusterSetIP', ips: [ip], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
        status: { clusters: [{ cluster: 'ap' }, { cluster: 'eu' }, { cluster: 'us' }] },
      });
    });
    const imported = await api.client.get({ ...importsType, namespace: 'shop', name: 'web' });
    await vi.waitFor(async () => {
      for (const { metadata } of await listed(slicesType)) {
        expect(metadata.labels).toMatchObject({
          'multicluster.kubernetes.io/service-name': 'web',
          'kubernetes.io/service-name': service?.metadata.name,
          'endpointslice.kubernetes.io/managed-by': 'traffic.hanse.dev',
        });
        expect(metadata.ownerReferences).toMatchObject([{ kind: 'ServiceImport', name: 'web', uid: imported?.metadata.uid }]);
      }
    });
    await vi.waitFor(() => expect(told()?.status.applied).toMatchObject({ epoch: seq, away: [], lacks: [] }));
  });

  test('that is taken back takes all of it along, and is then said to be gone', async () => {
    start();
    send();
    await comesTo('ap 4, eu 4, us 4');
    link.send(trafficItem('eu', 'shop', 'web', ++seq, undefined));
    await vi.waitFor(() => expect(told()).toMatchObject({ phase: 'Withdrawn', seq }), { timeout: 5_000 });
    expect([await listed(slicesType), await listed(servicesType), await listed(importsType)]).toEqual([[], [], []]);
  });

  test('that is older than the one in force is not acted on', async () => {
    start();
    send();
    await comesTo('ap 4, eu 4, us 4');
    link.send(trafficItem('eu', 'shop', 'web', seq - 1, recordOf([{ name: 'us', endpoints: 1 }]).spec));
    send({}, three);
    await vi.waitFor(() => expect(told()?.status.applied?.epoch).toBe(seq));
    expect(await endpoints()).toBe('ap 4, eu 4, us 4');
  });

  test('in a cluster without the kinds of the API still is a Service with slices, and what is lacking is told', async () => {
    start(served);
    send({ dns: { zone: 'x.test', name: 'web.shop.x.test', ttlSeconds: 5, policy: 'Weighted', nameServers: [], externalDns: true } });
    await comesTo('ap 4, eu 4, us 4');
    await vi.waitFor(() => expect(told()?.status.applied?.lacks).toHaveLength(2));
    expect(told()?.status.applied?.lacks[0]).toContain('serves no ServiceImport');
  });

  test('for a namespace that is not there is told, and is written once it is', async () => {
    start();
    link.send(trafficItem('eu', 'far', 'web', ++seq, recordOf(three).spec));
    const answer = () => link.statuses.get(trafficIdOf('far', 'web'))?.status as TrafficAnswer | undefined;
    await vi.waitFor(() => expect(answer()?.applied?.lacks[0]).toContain('no such namespace'));
    await api.client.create(
      { group: '', version: 'v1', resource: 'namespaces' },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'far' } },
    );
    await vi.waitFor(() => expect(answer()?.applied).toMatchObject({ epoch: seq, lacks: [] }), { timeout: 5_000 });
  });

  test('in a cluster that forbids imports still has its endpoints, and the right that is lacking is told', async () => {
    const { patch } = api.client;
    const client = {
      ...api.client,
      patch: (...[address, ...rest]: Parameters<typeof patch>) =>
        address.resource === 'serviceimports'
          ? Promise.reject(new StatusError(403, 'Forbidden', 'serviceimports is forbidden'))
          : patch(address, ...rest),
    };
    start([...served, ...mcs], client);
    send();
    await comesTo('ap 4, eu 4, us 4');
    await vi.waitFor(() => expect(told()?.status.applied).toMatchObject({ epoch: seq, lacks: [expect.stringContaining('may not patch')] }));
  });

  test('leaves an import of somebody else alone', async () => {
    await api.client.create(importsType, {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceImport',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { type: 'Headless', ports: [] },
    });
    start();
    send();
    await vi.waitFor(() => expect(told()?.status.applied?.lacks[0]).toContain("somebody else's"));
    expect((await api.client.get({ ...importsType, namespace: 'shop', name: 'web' }))?.spec).toMatchObject({ type: 'Headless' });
  });

  test('that was kept is acted on by an agent that starts without hub and broker', async () => {
    start();
    send();
    await comesTo('ap 4, eu 4, us 4');
    engine.stop();
    const [slice] = await listed(slicesType);
    await api.client.delete({ ...slicesType, namespace: 'shop', name: slice?.metadata.name ?? '' });
    start();
    await comesTo('ap 4, eu 4, us 4');
  });
});

describe('a member that refuses at first', () => {
  /** The member's client; writes of this resource are answered so while `isOn` says it. */
  const refusing = (resource: string, error: () => StatusError, isOn: (name: string) => boolean): KubeClient => ({
    ...api.client,
    patch: (address, ...rest) =>
      address.resource === resource && isOn(address.name) ? Promise.reject(error()) : api.client.patch(address, ...rest),
  });
  const conflict = () => new StatusError(409, 'Conflict', 'the object has been modified; please apply your changes to the latest version');

  test('a slice because others write at the same time has it written again, and nothing is called done before', async () => {
    const refused = new Map<string, number>();
    const client = refusing('endpointslices', conflict, (name) => {
      refused.set(name, (refused.get(name) ?? 0) + 1);
      return (refused.get(name) ?? 0) <= 3;
    });
    start(undefined, client);
    send();
    await vi.waitFor(() => expect(told()?.status.applied?.epoch).toBe(seq), { timeout: 5_000, interval: 1 });
    expect(await endpoints()).toBe('ap 4, eu 4, us 4');
  });

  test('the slices of new clusters keeps those of the old ones until then: a service is never without endpoints', async () => {
    let isOn = false;
    start(
      undefined,
      refusing('endpointslices', conflict, () => isOn),
    );
    send({}, [{ name: 'ap', endpoints: 4 }]);
    await comesTo('ap 4');
    isOn = true;
    send({}, [{ name: 'us', endpoints: 2 }]);
    await vi.waitFor(() => expect(told()?.seq).toBe(seq));
    for (let look = 0; look < 20; look++) expect(await endpoints()).toBe('ap 4');
    isOn = false;
    await comesTo('us 2');
  });

  test('to delete a slice does not delete it later, when it is wanted again', async () => {
    let isOn = true;
    const seen: string[] = [];
    start(undefined, {
      ...api.client,
      delete: async (address, ...rest) => {
        if (isOn) throw new StatusError(500, 'InternalError', 'an error on the server');
        await api.client.delete(address, ...rest);
        seen.push(await endpoints());
      },
    });
    send({}, [{ name: 'ap', endpoints: 4 }]);
    await comesTo('ap 4');
    send({}, [{ name: 'us', endpoints: 2 }]);
    await comesTo('ap 4, us 2');
    send({}, [{ name: 'ap', endpoints: 4 }]);
    isOn = false;
    await comesTo('ap 4');
    expect(seen).not.toContain('');
  });

  test('to keep a record for a restart is asked again', async () => {
    let refused = 0;
    const error = () => new StatusError(500, 'InternalError', 'an error on the server');
    start(
      undefined,
      refusing('secrets', error, () => refused++ < 2),
    );
    send();
    const secrets = { group: '', version: 'v1', resource: 'secrets', namespace: 'hanse-system' };
    await vi.waitFor(async () => expect((await api.client.list(secrets)).items).toHaveLength(1), { timeout: 5_000 });
  });
});

describe('a death', () => {
  beforeEach(async () => {
    start();
    send();
    await comesTo('ap 4, eu 4, us 4');
  });

  test('takes the endpoints of the dead cluster away at once, and tells', async () => {
    dead('us');
    await comesTo('ap 4, eu 4');
    await vi.waitFor(() => expect(told()?.status.applied?.away).toEqual([{ cluster: 'us', why: 'dead', percent: 0 }]));
  });

  test('of the own cluster, as others may see it, changes nothing here', async () => {
    dead('eu');
    send();
    await vi.waitFor(() => expect(told()?.status.applied?.epoch).toBe(seq));
    expect(await endpoints()).toBe('ap 4, eu 4, us 4');
  });

  test('that is over gives the cluster its share back in steps', async () => {
    dead('us');
    await comesTo('ap 4, eu 4');
    dead('us', 'Cleared');
    await vi.waitFor(() => expect(told()?.status.applied?.away[0]?.why).toBe('held down after its return'));
    skippedMs += 61_000;
    await comesTo('ap 4, eu 4, us 1');
    skippedMs += 31_000;
    await vi.waitFor(() => expect(told()?.status.applied?.away[0]?.percent).toBe(25));
    skippedMs += 31_000;
    await comesTo('ap 4, eu 4, us 2');
    skippedMs += 31_000;
    await comesTo('ap 4, eu 4, us 4');
    skippedMs += 31_000;
    await vi.waitFor(() => expect(told()?.status.applied?.away).toEqual([]));
  });

  test('in the middle of a way back is remembered over a restart', async () => {
    dead('us');
    await comesTo('ap 4, eu 4');
    await vi.waitFor(async () =>
      expect(
        (await api.client.get({ group: '', version: 'v1', resource: 'configmaps', namespace: 'hanse-system', name: 'hanse-agent-traffic' }))
          ?.data,
      ).toMatchObject({ ramps: expect.stringContaining('us') }),
    );
    engine.stop();
    standing = [];
    start();
    await vi.waitFor(() => expect(told()?.status.applied?.away[0]?.why).toBe('held down after its return'));
    expect(await endpoints()).toBe('ap 4, eu 4');
  });

  test('of one cluster after the other stops at the floor of survivors', async () => {
    send({ survivorsMin: 2 });
    dead('us');
    await comesTo('ap 4, eu 4');
    const both = ['us', 'ap'].map((target, at): Verdict => ({ ...standing[0], target, epoch: at + 1 }) as Verdict);
    standing = both;
    tellVerdict(both[1] as Verdict);
    send({ survivorsMin: 2 });
    await vi.waitFor(() => expect(told()?.status.applied?.epoch).toBe(seq));
    expect(await endpoints()).toBe('ap 4, eu 4');
  });
});

test('what this cluster cannot reach itself it stops using, without a verdict, and names stay', async () => {
  start();
  const dns = { zone: 'x.test', name: 'web.shop.x.test', ttlSeconds: 5, policy: 'Weighted', nameServers: [], externalDns: false } as const;
  send({ dns });
  await comesTo('ap 4, eu 4, us 4');
  lost.add('ap');
  await comesTo('eu 4, us 4');
  expect(zoneOf('x.test')?.services[0]?.backends.map(({ cluster, weight }) => `${cluster} ${weight > 0}`)).toEqual([
    'ap true',
    'eu true',
    'us true',
  ]);
  lost.clear();
  skippedMs += 6_000;
  await comesTo('ap 4, eu 4, us 4');
});

test('pods find the service under clusterset.local, at the address that the cluster gave it', async () => {
  start();
  send();
  await comesTo('ap 4, eu 4, us 4');
  const [service] = await listed(servicesType);
  await vi.waitFor(() =>
    expect(zoneOf('clusterset.local')?.services).toMatchObject([
      { name: 'web.shop.svc.clusterset.local', backends: [{ cluster: 'eu', ipv4: [bagOf(service?.spec).clusterIP] }] },
    ]),
  );
});

describe('the world outside', () => {
  const dns = { zone: 'x.test', name: 'web.shop.x.test', ttlSeconds: 5, policy: 'Weighted', nameServers: [], externalDns: true } as const;

  test('is answered by the survivors, by name server and by DNSEndpoint', async () => {
    start();
    send({ dns });
    const answered = (): string[] | undefined =>
      zoneOf('x.test')?.services[0]?.backends.flatMap(({ cluster, weight }) => (weight > 0 ? [cluster] : []));
    await vi.waitFor(() => expect(answered()).toEqual(['ap', 'eu', 'us']));
    const before = zoneOf('x.test')?.serial ?? 0;
    const named = async (): Promise<string[]> => {
      const found = await api.client.get({
        group: 'externaldns.k8s.io',
        version: 'v1alpha1',
        resource: 'dnsendpoints',
        namespace: 'shop',
        name: 'web',
      });
      return ((found?.spec as { endpoints: { setIdentifier: string }[] } | undefined)?.endpoints ?? []).map(
        ({ setIdentifier }) => setIdentifier,
      );
    };
    await vi.waitFor(async () => expect(await named()).toEqual(['ap', 'eu', 'us']));
    dead('us');
    await vi.waitFor(() => expect(answered()).toEqual(['ap', 'eu']));
    expect(zoneOf('x.test')?.serial).toBeGreaterThan(before);
    await vi.waitFor(async () => expect(await named()).toEqual(['ap', 'eu']));
  });
});

test('weights of routes to imports of single clusters follow, and nothing else of the route changes', async () => {
  const routes = { group: 'gateway.networking.k8s.io', version: 'v1', resource: 'httproutes' };
  const backend = (name: string) => ({ group: 'multicluster.x-k8s.io', kind: 'ServiceImport', name, port: 80, weight: 1 });
  await api.client.create(
    routes,
    {
      apiVersion: 'gateway.networking.k8s.io/v1',
      kind: 'HTTPRoute',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        rules: [
          { backendRefs: ['web-ap', 'web-eu', 'web-us'].map(backend) },
          { backendRefs: [{ name: 'other', port: 80, weight: 7 }, backend('web')] },
        ],
      },
    },
    { fieldManager: 'user' },
  );
  start();
  send({ perCluster: true });
  const weights = async (): Promise<unknown> => {
    const found = await api.client.get({ ...routes, namespace: 'shop', name: 'web' });
    return bagsOf(bagOf(found?.spec).rules).map(({ backendRefs }) => bagsOf(backendRefs).map(({ weight }) => weight));
  };
  await vi.waitFor(async () =>
    expect(await weights()).toEqual([
      [1_000_000, 1_000_000, 1_000_000],
      [7, 1],
    ]),
  );
  await comesTo('us 4', 'web-us');
  dead('us');
  await comesTo('', 'web-us');
  await vi.waitFor(async () =>
    expect(await weights()).toEqual([
      [1_000_000, 1_000_000, 0],
      [7, 1],
    ]),
  );
});

describe('what the cluster offers', () => {
  const service: KubeObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web', namespace: 'shop' },
    spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  };
  const slice = (ready: readonly string[], unready: readonly string[] = []): KubeObject => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: 'web-0', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'web' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
    endpoints: [
      ...ready.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
      ...unready.map((ip) => ({ addresses: [ip], conditions: { ready: false } })),
    ],
  });
  const offered = () => told()?.status.report;

  test('is told when it has a ServiceExport, with what changes, and its conditions are written back', async () => {
    await api.client.create(servicesType, service);
    await api.client.create(slicesType, slice(['10.0.0.2', '10.0.0.1'], ['10.0.0.3']));
    start();
    await api.client.create(exportsType, {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceExport',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { exportedLabels: { team: 'a' } },
    });
    await vi.waitFor(() => expect(offered()?.sets).toMatchObject([{ ready: ['10.0.0.1', '10.0.0.2'], ports: [{ port: 8080 }] }]), {
      timeout: 5_000,
    });
    expect(offered()).toMatchObject({ export: { labels: { team: 'a' } }, service: { type: 'ClusterSetIP', ports: [{ port: 80 }] } });
    await api.client.patch({ ...slicesType, namespace: 'shop', name: 'web-0' }, 'application/merge-patch+json', {
      endpoints: slice(['10.0.0.9']).endpoints,
    });
    await vi.waitFor(() => expect(offered()?.sets[0]?.ready).toEqual(['10.0.0.9']));
    send({ conditions: [{ type: 'Valid', status: 'True', reason: 'Valid', message: '' }] });
    await vi.waitFor(async () => {
      const found = await api.client.get({ ...exportsType, namespace: 'shop', name: 'web' });
      expect(found?.status).toMatchObject({ conditions: [{ type: 'Valid', status: 'True' }] });
    });
    await api.client.delete({ ...exportsType, namespace: 'shop', name: 'web' });
    await vi.waitFor(() => expect(told()?.status).not.toHaveProperty('report'));
  });

  test('is told when the hub asks for it', async () => {
    await api.client.create(servicesType, service);
    start();
    send({ wanted: true }, []);
    await vi.waitFor(() => expect(offered()).toMatchObject({ service: { type: 'ClusterSetIP' }, sets: [] }), { timeout: 5_000 });
    await api.client.create(slicesType, slice(['10.0.0.1']));
    await vi.waitFor(() => expect(offered()?.sets[0]?.ready).toEqual(['10.0.0.1']));
  });

  test('is nothing where there is no Service', async () => {
    start();
    send({ wanted: true }, []);
    await vi.waitFor(() => expect(offered()?.service).toBe('None'));
  });
});
