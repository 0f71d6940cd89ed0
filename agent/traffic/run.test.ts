/** @module Records of the hub as objects of the member, and what the member offers, against the real API machinery. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { bagOf, bagsOf } from '../../shared/lib/fields.ts';
import { recordOf } from '../../shared/traffic/testing.ts';
import { type TrafficAnswer, trafficIdOf, trafficItem } from '../../shared/wire/index.ts';
import {
  exportsType,
  importsType,
  mcs,
  openTestTraffic,
  served,
  servicesType,
  slicesType,
  type TestTraffic,
  three,
} from './testing/test-traffic.ts';

let member: TestTraffic;
beforeEach(async () => {
  member = await openTestTraffic();
});
afterEach(() => member.close());

describe('an agent that starts', () => {
  test('says what its cluster offers when it has read all of it, not half', async () => {
    const meta = { name: 'web', namespace: 'shop' };
    const ports = [{ name: 'http', port: 80, protocol: 'TCP' }];
    await member.client.create(servicesType, { apiVersion: 'v1', kind: 'Service', metadata: meta, spec: { ports } });
    const labels = { 'kubernetes.io/service-name': 'web' };
    const slice = { addressType: 'IPv4', ports, endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: true } }] };
    await member.client.create(slicesType, {
      apiVersion: 'discovery.k8s.io/v1',
      kind: 'EndpointSlice',
      metadata: { ...meta, labels },
      ...slice,
    });
    await member.client.create(exportsType, { apiVersion: 'multicluster.x-k8s.io/v1beta1', kind: 'ServiceExport', metadata: meta });
    const said: (TrafficAnswer['report'] | undefined)[] = [];
    // Exports are read last: only then are the Service and its slice of interest.
    const late: KubeClient = {
      ...member.client,
      list: async (collection, options) => {
        if (collection.resource === 'serviceexports') await new Promise((done) => setTimeout(done, 150));
        return member.client.list(collection, options);
      },
      watch: async function* (collection, options) {
        if (collection.resource === 'serviceexports') await new Promise((done) => setTimeout(done, 150));
        yield* member.client.watch(collection, options);
      },
    };
    member.start(undefined, late);
    member.send();
    await vi.waitFor(
      () => {
        const now = member.told()?.status.report;
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
    member.start();
    member.send();
    await member.comesTo('ap 4, eu 4, us 4');
    const [service] = await member.listed(servicesType);
    const ip = bagOf(service?.spec).clusterIP;
    await vi.waitFor(async () => {
      const found = await member.client.get({ ...importsType, namespace: 'shop', name: 'web' });
      expect(found).toMatchObject({
        metadata: { annotations: { 'multicluster.kubernetes.io/derived-service': service?.metadata.name } },
        spec: { type: 'ClusterSetIP', ips: [ip], ports: [{ name: 'http', port: 80, protocol: 'TCP' }] },
        status: { clusters: [{ cluster: 'ap' }, { cluster: 'eu' }, { cluster: 'us' }] },
      });
    });
    const imported = await member.client.get({ ...importsType, namespace: 'shop', name: 'web' });
    await vi.waitFor(async () => {
      for (const { metadata } of await member.listed(slicesType)) {
        expect(metadata.labels).toMatchObject({
          'multicluster.kubernetes.io/service-name': 'web',
          'kubernetes.io/service-name': service?.metadata.name,
          'endpointslice.kubernetes.io/managed-by': 'traffic.hanse.dev',
        });
        expect(metadata.ownerReferences).toMatchObject([{ kind: 'ServiceImport', name: 'web', uid: imported?.metadata.uid }]);
      }
    });
    await vi.waitFor(() => expect(member.told()?.status.applied).toMatchObject({ epoch: member.seq(), away: [], lacks: [] }));
  });

  test('with other clusters than before leaves its import ready since when it was', async () => {
    const imported = async (): Promise<readonly [string, unknown]> => {
      const status = bagOf((await member.client.get({ ...importsType, namespace: 'shop', name: 'web' }))?.status);
      return [
        bagsOf(status.clusters)
          .map(({ cluster }) => cluster)
          .join(),
        bagsOf(status.conditions)[0]?.lastTransitionTime,
      ];
    };
    member.start();
    member.send();
    await vi.waitFor(async () => expect((await imported())[0]).toBe('ap,eu,us'), { timeout: 5_000 });
    const [, since] = await imported();
    member.skip(60_000);
    member.send({}, three.slice(1));
    await vi.waitFor(async () => expect(await imported()).toEqual(['eu,us', since]), { timeout: 5_000 });
    expect(since).toEqual(expect.any(String));
  });

  test('that is taken back takes all of it along, and is then said to be gone', async () => {
    member.start();
    member.send();
    await member.comesTo('ap 4, eu 4, us 4');
    member.link().send(trafficItem('eu', 'shop', 'web', member.nextSeq(), undefined));
    await vi.waitFor(() => expect(member.told()).toMatchObject({ phase: 'Withdrawn', seq: member.seq() }), { timeout: 5_000 });
    expect([await member.listed(slicesType), await member.listed(servicesType), await member.listed(importsType)]).toEqual([[], [], []]);
  });

  test('that is older than the one in force is not acted on', async () => {
    member.start();
    member.send();
    await member.comesTo('ap 4, eu 4, us 4');
    member.link().send(trafficItem('eu', 'shop', 'web', member.seq() - 1, recordOf([{ name: 'us', endpoints: 1 }]).spec));
    member.send({}, three);
    await vi.waitFor(() => expect(member.told()?.status.applied?.epoch).toBe(member.seq()));
    expect(await member.endpoints()).toBe('ap 4, eu 4, us 4');
  });

  test('in a cluster without the kinds of the API still is a Service with slices, and what is lacking is told', async () => {
    member.start(served);
    member.send({
      dns: { zone: 'x.test', name: 'web.shop.x.test', ttlSeconds: 5, policy: 'Weighted', nameServers: [], externalDns: true },
    });
    await member.comesTo('ap 4, eu 4, us 4');
    await vi.waitFor(() => expect(member.told()?.status.applied?.lacks).toHaveLength(2));
    expect(member.told()?.status.applied?.lacks[0]).toContain('serves no ServiceImport');
  });

  test('for a namespace that is not there is told, and is written once it is', async () => {
    member.start();
    member.logged.length = 0;
    member.link().send(trafficItem('eu', 'far', 'web', member.nextSeq(), recordOf(three).spec));
    const answer = () => member.link().statuses.get(trafficIdOf('far', 'web'))?.status as TrafficAnswer | undefined;
    await vi.waitFor(() => expect(answer()?.applied?.lacks[0]).toContain('no such namespace'));
    expect(member.logged.filter((line) => line.includes('namespace'))).toEqual(['traffic waits for a namespace that is not there yet']);
    expect(member.logged).not.toContain('a write for traffic is refused');
    await member.client.create(
      { group: '', version: 'v1', resource: 'namespaces' },
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'far' } },
    );
    await vi.waitFor(() => expect(answer()?.applied).toMatchObject({ epoch: member.seq(), lacks: [] }), { timeout: 5_000 });
  });

  test('in a cluster that forbids imports still has its endpoints, and the right that is lacking is told', async () => {
    const { patch } = member.client;
    const client = {
      ...member.client,
      patch: (...[address, ...rest]: Parameters<typeof patch>) =>
        address.resource === 'serviceimports'
          ? Promise.reject(new StatusError(403, 'Forbidden', 'serviceimports is forbidden'))
          : patch(address, ...rest),
    };
    member.start([...served, ...mcs], client);
    member.send();
    await member.comesTo('ap 4, eu 4, us 4');
    await vi.waitFor(() =>
      expect(member.told()?.status.applied).toMatchObject({ epoch: member.seq(), lacks: [expect.stringContaining('may not patch')] }),
    );
  });

  test('leaves an import of somebody else alone', async () => {
    await member.client.create(importsType, {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceImport',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { type: 'Headless', ports: [] },
    });
    member.start();
    member.send();
    await vi.waitFor(() => expect(member.told()?.status.applied?.lacks[0]).toContain("somebody else's"));
    expect((await member.client.get({ ...importsType, namespace: 'shop', name: 'web' }))?.spec).toMatchObject({ type: 'Headless' });
  });

  test('that was kept is acted on by an agent that starts without hub and broker', async () => {
    member.start();
    member.send();
    await member.comesTo('ap 4, eu 4, us 4');
    member.stopEngine();
    const [slice] = await member.listed(slicesType);
    await member.client.delete({ ...slicesType, namespace: 'shop', name: slice?.metadata.name ?? '' });
    member.start();
    await member.comesTo('ap 4, eu 4, us 4');
  });
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
  const offered = () => member.told()?.status.report;

  test('is told when it has a ServiceExport, with what changes, and its conditions are written back', async () => {
    await member.client.create(servicesType, service);
    await member.client.create(slicesType, slice(['10.0.0.2', '10.0.0.1'], ['10.0.0.3']));
    member.start();
    await member.client.create(exportsType, {
      apiVersion: 'multicluster.x-k8s.io/v1beta1',
      kind: 'ServiceExport',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { exportedLabels: { team: 'a' } },
    });
    await vi.waitFor(() => expect(offered()?.sets).toMatchObject([{ ready: ['10.0.0.1', '10.0.0.2'], ports: [{ port: 8080 }] }]), {
      timeout: 5_000,
    });
    expect(offered()).toMatchObject({ export: { labels: { team: 'a' } }, service: { type: 'ClusterSetIP', ports: [{ port: 80 }] } });
    await member.client.patch({ ...slicesType, namespace: 'shop', name: 'web-0' }, 'application/merge-patch+json', {
      endpoints: slice(['10.0.0.9']).endpoints,
    });
    await vi.waitFor(() => expect(offered()?.sets[0]?.ready).toEqual(['10.0.0.9']));
    member.send({ conditions: [{ type: 'Valid', status: 'True', reason: 'Valid', message: '' }] });
    await vi.waitFor(async () => {
      const found = await member.client.get({ ...exportsType, namespace: 'shop', name: 'web' });
      expect(found?.status).toMatchObject({ conditions: [{ type: 'Valid', status: 'True' }] });
    });
    await member.client.delete({ ...exportsType, namespace: 'shop', name: 'web' });
    await vi.waitFor(() => expect(member.told()?.status).not.toHaveProperty('report'));
  });

  test('is told when the hub asks for it', async () => {
    await member.client.create(servicesType, service);
    member.start();
    member.send({ wanted: true }, []);
    await vi.waitFor(() => expect(offered()).toMatchObject({ service: { type: 'ClusterSetIP' }, sets: [] }), { timeout: 5_000 });
    await member.client.create(slicesType, slice(['10.0.0.1']));
    await vi.waitFor(() => expect(offered()?.sets[0]?.ready).toEqual(['10.0.0.1']));
  });

  test('is nothing where there is no Service', async () => {
    member.start();
    member.send({ wanted: true }, []);
    await vi.waitFor(() => expect(offered()?.service).toBe('None'));
  });
});
