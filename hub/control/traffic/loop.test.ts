/** @module What the hub makes of exports: records for every agent, imports, conditions; over a real store and a bus in memory. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Cluster, ServiceExport, ServiceImport, TrafficPolicy } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createStore, keyOf, memoryJournal, type OpenStore } from '../../../shared/kube/storage/index.ts';
import {
  type ServiceReport,
  type StatusItem,
  type TrafficAnswer,
  type TrafficRecord,
  trafficIdOf,
  trafficRecordOf,
  trafficRef,
  type WorkItem,
} from '../../../shared/wire/index.ts';
import { createDirectory, type Directory } from '../cluster/directory.ts';
import { createLedger } from '../cluster/ledger.ts';
import { hastyEnv } from '../testing/env.ts';
import { startTrafficLoop, type TrafficLoop } from './loop.ts';
import type { TrafficBus } from './split-bus.ts';

const env = hastyEnv(20);
const names = ['ap', 'eu', 'us'];

/** A broker and agents in the small: records by cluster, answers by hand. */
const createBus = () => {
  const records = new Map<string, WorkItem>();
  const kept: StatusItem[] = [];
  const answers = new Set<(item: StatusItem) => void>();
  const bus: TrafficBus = {
    publish: async (item) => {
      records.set(item.cluster, item);
      return { ok: true };
    },
    forget: async (cluster) => {
      records.delete(cluster);
      return { ok: true };
    },
    published: async () => [...records.values()].map(({ cluster, id, seq, op }) => ({ cluster, id, seq, op })),
    onAnswer: (handler) => {
      for (const item of kept) handler(item);
      answers.add(handler);
      return () => answers.delete(handler);
    },
    onDamage: () => () => undefined,
    onHello: () => () => undefined,
  };
  const answer = (cluster: string, status: TrafficAnswer, phase: StatusItem['phase'] = 'Applied'): void => {
    const item: StatusItem = {
      v: 1,
      cluster,
      id: trafficIdOf('shop', 'web'),
      seq: records.get(cluster)?.seq ?? 0,
      ref: trafficRef('shop', 'web'),
      phase,
      status: { ...status },
      observedAtMs: 0,
    };
    kept.push(item);
    for (const handler of answers) handler(item);
  };
  const recordAt = (cluster: string): TrafficRecord | undefined => {
    const item = records.get(cluster);
    if (item === undefined || item.op === 'withdraw') return undefined;
    const read = trafficRecordOf(item);
    if (!read.ok) throw new Error(read.message);
    return read.record;
  };
  return { bus, records, answer, recordAt };
};

const report = (ready: readonly string[], more: Partial<ServiceReport> = {}): ServiceReport => {
  const ports = [{ name: 'http', protocol: 'TCP', port: 80 }] as const;
  return {
    service: { type: 'ClusterSetIP', ports, sessionAffinity: 'None', ipFamilies: ['IPv4'] },
    addresses: [],
    sets: [{ addressType: 'IPv4', ports, ready }],
    leftOut: 0,
    ...more,
  };
};
const foundExport = (createdMs: number) => ({ export: { createdMs, labels: {}, annotations: {} } });

let store: OpenStore;
let wire: ReturnType<typeof createBus>;
let directory: Directory;
let loop: TrafficLoop;
let sentTo: string[];
let unwatch: () => void;
let events: string[];
const tell = (cluster: string, { reason, message }: { reason: string; message: string }): void =>
  void events.push(`${cluster} ${reason} ${message}`);

const start = (): void => {
  loop = startTrafficLoop({ store, bus: wire.bus, env, directory, sentTo: () => sentTo, onAddresses: () => undefined, tell });
  unwatch = store.watch('', store.revision(), (change) => loop.onChange(change));
};
beforeEach(async () => {
  store = await createStore(memoryJournal(), { env });
  wire = createBus();
  sentTo = [];
  events = [];
  directory = createDirectory(createLedger(), env);
  for (const name of names) {
    const record = directory.of(name);
    record.health = { ...record.health, phase: 'Well' };
    record.object = {
      apiVersion: 'hanse.dev/v1alpha1',
      kind: 'Cluster',
      metadata: { name, labels: { tier: name === 'eu' ? 'gold' : 'silver' } },
      spec: { admission: 'Approved' },
      status: { agent: { publicKey: 'U', sealingKey: 'k', joinedAt: '2030-01-01T00:00:00Z' } },
    } satisfies Cluster;
  }
  await put(keyOf('', 'namespaces', '', 'shop'), { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  start();
});
afterEach(async () => {
  unwatch();
  await loop.stop();
  await store.close();
});

const put = async (key: string, object: KubeObject): Promise<void> => {
  const expected = store.get(key)?.revision ?? 0;
  const result = await store.commit([{ op: 'put', key, expected, object }]);
  if (!result.ok) throw new Error(result.why);
};
const exportAtHub = (): Promise<void> =>
  put(keyOf('multicluster.x-k8s.io', 'serviceexports', 'shop', 'web'), {
    apiVersion: 'multicluster.x-k8s.io/v1beta1',
    kind: 'ServiceExport',
    metadata: { name: 'web', namespace: 'shop', creationTimestamp: '2030-01-01T00:00:00Z', generation: 1 },
  });
const policy = (spec: TrafficPolicy['spec']): Promise<void> =>
  put(keyOf('hanse.dev', 'trafficpolicies', 'shop', 'web'), {
    apiVersion: 'hanse.dev/v1alpha1',
    kind: 'TrafficPolicy',
    metadata: { name: 'web', namespace: 'shop', creationTimestamp: '2030-01-01T00:00:00Z', generation: 1 },
    spec,
  });
const at = <T>(group: string, resource: string): T | undefined => store.get(keyOf(group, resource, 'shop', 'web'))?.object as T | undefined;
const importAtHub = () => at<ServiceImport>('multicluster.x-k8s.io', 'serviceimports');
const conditionOf = (conditions: readonly { type: string; status: string; reason: string; message: string }[] | undefined, type: string) =>
  conditions?.find((condition) => condition.type === type);
const sharesAt = (cluster: string): string | undefined =>
  wire
    .recordAt(cluster)
    ?.spec.sources.map(({ name, weight }) => `${name} ${weight}`)
    .join(', ');

describe('a ServiceExport at the hub', () => {
  test('asks every cluster that has the Service to report it, and gives all clusters its import', async () => {
    sentTo = ['eu', 'us'];
    await exportAtHub();
    await vi.waitFor(() => expect(wire.recordAt('eu')?.spec.wanted).toBe(true));
    expect(wire.recordAt('ap')?.spec).toMatchObject({ wanted: false, sources: [] });
    wire.answer('eu', { report: report(['10.1.0.1', '10.1.0.2']) });
    wire.answer('us', { report: report(['10.2.0.1']) });
    await vi.waitFor(() => expect(sharesAt('ap')).toBe('eu 1000000, us 500000'));
    const record = wire.recordAt('ap');
    expect(record?.spec.losses.map(({ lost, weights }) => `${lost}: ${weights}`)).toEqual(['eu: 0,1000000', 'us: 1000000,0']);
    await vi.waitFor(() => expect(importAtHub()?.status?.clusters).toEqual([{ cluster: 'eu' }, { cluster: 'us' }]));
    expect(conditionOf(importAtHub()?.status?.conditions, 'Ready')).toMatchObject({ status: 'False', message: 'not yet in ap, eu, us' });
    for (const name of names)
      wire.answer(name, {
        ...(name === 'ap' ? {} : { report: report(name === 'eu' ? ['10.1.0.1', '10.1.0.2'] : ['10.2.0.1']) }),
        applied: { epoch: wire.recordAt(name)?.epoch ?? 0, away: [], lacks: [] },
      });
    await vi.waitFor(() => expect(conditionOf(importAtHub()?.status?.conditions, 'Ready')?.status).toBe('True'));
    const exported = at<ServiceExport>('multicluster.x-k8s.io', 'serviceexports');
    expect(exported?.status?.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'Valid True',
      'Ready True',
      'Conflict False',
    ]);
  });

  test('that ends takes the records back, and the import with them', async () => {
    sentTo = ['eu'];
    await exportAtHub();
    await vi.waitFor(() => expect(wire.records.size).toBe(3));
    wire.answer('eu', { report: report(['10.1.0.1']) });
    await vi.waitFor(() => expect(importAtHub()).toBeDefined());
    const key = keyOf('multicluster.x-k8s.io', 'serviceexports', 'shop', 'web');
    const stored = store.get(key);
    await store.commit([{ op: 'delete', key, object: stored?.object as KubeObject }]);
    await vi.waitFor(() => expect([...wire.records.values()].map(({ op }) => op)).toEqual(['withdraw', 'withdraw', 'withdraw']));
    await vi.waitFor(() => expect(importAtHub()).toBeUndefined());
    for (const name of names) wire.answer(name, {}, 'Withdrawn');
    await vi.waitFor(() => expect(wire.records.size).toBe(0));
  });
});

describe('a ServiceExport in a member', () => {
  test('counts as well; of several the oldest wins, and each is told of the conflict', async () => {
    wire.answer('us', { report: { ...report(['10.2.0.1']), ...foundExport(2_000) } });
    const other = report(['10.1.0.1'], {
      service: {
        type: 'ClusterSetIP',
        ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
        sessionAffinity: 'None',
        ipFamilies: ['IPv4'],
      },
    });
    wire.answer('eu', { report: { ...other, ...foundExport(1_000) } });
    await vi.waitFor(() => expect(wire.recordAt('ap')?.spec.import?.ports).toMatchObject([{ port: 8080 }]));
    expect(conditionOf(wire.recordAt('us')?.spec.conditions as never, 'Conflict')).toMatchObject({
      status: 'True',
      reason: 'PortConflict',
    });
    expect(wire.recordAt('ap')?.spec.conditions).toEqual([]);
  });

  test('without a Service is told so, and imported by nobody', async () => {
    wire.answer('eu', { report: { ...report([]), service: 'None', sets: [], ...foundExport(1) } });
    await vi.waitFor(() => expect(conditionOf(wire.recordAt('eu')?.spec.conditions as never, 'Valid')?.reason).toBe('NoService'));
    expect(wire.recordAt('eu')?.spec.import).toBeUndefined();
    expect(importAtHub()).toBeUndefined();
  });
});

describe('a TrafficPolicy', () => {
  beforeEach(async () => {
    sentTo = ['ap', 'eu', 'us'];
    await exportAtHub();
    await vi.waitFor(() => expect(wire.records.size).toBe(3));
    for (const name of names) wire.answer(name, { report: report(['10.0.0.1', '10.0.0.2']) });
    await vi.waitFor(() => expect(sharesAt('eu')).toBe('ap 1000000, eu 1000000, us 1000000'));
  });

  test('gives clusters fixed shares', async () => {
    await policy({
      services: ['web'],
      weights: [
        { clusterSelector: { matchLabels: { tier: 'gold' } }, weight: 3 },
        { clusterSelector: { matchLabels: { 'hanse.dev/cluster': 'us' } }, weight: 1 },
      ],
    });
    await vi.waitFor(() => expect(sharesAt('eu')).toBe('ap 0, eu 1000000, us 333333'));
  });

  test('orders clusters: later tiers wait until the first has no room', async () => {
    await policy({
      serviceSelector: {},
      demand: { requestsPerSecond: 150, requestsPerSecondPerEndpoint: 50 },
      tiers: [{ name: 'first', clusterSelector: { matchLabels: { tier: 'gold' } } }],
    });
    await vi.waitFor(() => expect(sharesAt('eu')).toBe('ap 250000, eu 1000000, us 250000'));
    const status = () => at<TrafficPolicy>('hanse.dev', 'trafficpolicies')?.status;
    await vi.waitFor(() => expect(status()?.services).toMatchObject([{ name: 'web', shares: 'ap 17%, eu 67%, us 17%' }]));
    expect(conditionOf(status()?.conditions, 'Fits')).toMatchObject({ status: 'True' });
  });

  test('plans losses by what pods are measured to use, and says of each cluster by what', async () => {
    const losses = (): string | undefined =>
      wire
        .recordAt('eu')
        ?.spec.losses.map(({ lost, weights }) => `${lost}: ${weights}`)
        .join('; ');
    const status = () => at<TrafficPolicy>('hanse.dev', 'trafficpolicies')?.status?.services?.[0]?.headroom;
    await policy({ services: ['web'] });
    await vi.waitFor(() => expect(status()?.map(({ basis }) => basis)).toEqual(['Declared', 'Declared', 'Declared']));
    const before = JSON.stringify(wire.recordAt('eu')?.spec);
    const use = (cluster: string, cpuPerMille: number, atMs = Date.now()): void =>
      wire.answer(cluster, { report: report(['10.0.0.1', '10.0.0.2'], { use: { cpuPerMille, atMs } }) });
    // What is old is unknown: the record stays as it was, byte for byte.
    use('us', 700, Date.now() - 180_001);
    wire.answer('ap', { report: report(['10.0.0.1', '10.0.0.2'], { unmeasured: 'Forbidden' }) });
    await vi.waitFor(() => expect(status()?.[0]?.reason).toContain('metrics.k8s.io'));
    expect(JSON.stringify(wire.recordAt('eu')?.spec)).toBe(before);
    // Full by its target of 80 %: what others lose goes to the one that has room.
    use('us', 800);
    await vi.waitFor(() => expect(losses()).toBe('ap: 0,1000000,500000; eu: 1000000,0,500000; us: 1000000,1000000,0'));
    expect(wire.recordAt('eu')?.spec.sources.map(({ weight, inUse }) => [weight, inUse])).toEqual([
      [1_000_000, undefined],
      [1_000_000, undefined],
      [1_000_000, 1_000_000],
    ]);
    await vi.waitFor(() =>
      expect(status()?.slice(1)).toEqual([
        { cluster: 'eu', basis: 'Declared' },
        { cluster: 'us', basis: 'Measured', usePercent: 80 },
      ]),
    );
    // A change so soon after is not taken.
    const epoch = wire.recordAt('eu')?.epoch;
    use('us', 100);
    await policy({ services: ['web'], survivorsMin: 2 });
    await vi.waitFor(() => expect(wire.recordAt('eu')?.spec.survivorsMin).toBe(2));
    expect(wire.recordAt('eu')?.epoch).toBeGreaterThan(epoch ?? 0);
    expect(wire.recordAt('eu')?.spec.sources[2]?.inUse).toBe(1_000_000);
  });

  test('tells which losses the others have no room for, and what clusters lack', async () => {
    await policy({ services: ['web', 'api'], demand: { requestsPerSecond: 290, requestsPerSecondPerEndpoint: 50 } });
    const record = () => wire.recordAt('eu');
    await vi.waitFor(() => expect(record()?.spec.sources[0]?.capacity).toBe(100));
    for (const name of names)
      wire.answer(name, {
        report: report(['10.0.0.1', '10.0.0.2']),
        applied: { epoch: wire.recordAt(name)?.epoch ?? 0, away: [], lacks: name === 'us' ? ['it serves no ServiceImport'] : [] },
      });
    const status = () => at<TrafficPolicy>('hanse.dev', 'trafficpolicies')?.status;
    await vi.waitFor(() => expect(conditionOf(status()?.conditions, 'Complete')?.message).toBe('us: it serves no ServiceImport'));
    expect(conditionOf(status()?.conditions, 'Fits')?.message).toContain('without eu 90 requests a second of web find no room');
    expect(conditionOf(status()?.conditions, 'Ready')).toMatchObject({ status: 'False', reason: 'NotExported' });
  });
});

describe('a cluster that waits on its way back', () => {
  const waits = (waits: 'Release' | 'Setbacks' | undefined, isSpent = false): void => {
    const away = [{ cluster: 'us', why: 'waits', percent: 0, ...(waits === undefined ? {} : { waits, isSpent }) }];
    const epoch = wire.recordAt('eu')?.epoch ?? 0;
    wire.answer('eu', { report: report(['10.1.0.1']), applied: { epoch, away, lacks: [] } });
  };
  const returns = () =>
    conditionOf(at<TrafficPolicy>('hanse.dev', 'trafficpolicies')?.status?.conditions, 'Returns') ?? { status: 'none', message: '' };

  beforeEach(async () => {
    sentTo = ['eu', 'us'];
    directory.of('eu').health = { ...directory.of('eu').health, phase: 'Well' };
    await exportAtHub();
    wire.answer('us', { report: report(['10.2.0.1']) });
    wire.answer('eu', { report: report(['10.1.0.1']) });
    await vi.waitFor(() => expect(sharesAt('eu')).toContain('us'));
  });

  test('for an operator is told of, with the field that lets it back in, once as an Event and for as long as it waits as a condition', async () => {
    await policy({ services: ['web'], failback: { mode: 'Manual' } });
    await vi.waitFor(() => expect(returns().status).toBe('True'));
    waits('Release');
    await vi.waitFor(() => expect(returns()).toMatchObject({ status: 'False', reason: 'Waiting' }));
    expect(returns().message).toContain(
      'web in eu: us waits for an operator (spec.failback.mode Manual): add it to spec.failback.released',
    );
    waits('Release', true);
    await vi.waitFor(() => expect(returns().message).toContain('its name in spec.failback.released was for before: take it out'));
    waits(undefined);
    await vi.waitFor(() => expect(returns().status).toBe('True'));
    expect(events).toEqual([expect.stringMatching(/^us ReturnWaits requests of shop\/web do not return: .*TrafficPolicy shop\/web/)]);
  });

  test('after too many setbacks is told of as well, and when it returns by itself, though no policy names the service', async () => {
    waits('Setbacks');
    await vi.waitFor(() => expect(events).toEqual([expect.stringContaining('it tries again once it has been well for 960 s')]));
  });
});

test('a TrafficPolicy waits for no cluster that never worked or is dead, and for one that is heard until it has taken its record', async () => {
  const phaseOf = { ap: 'Unseen', eu: 'Well', us: 'Lost' } as const;
  for (const [name, phase] of Object.entries(phaseOf)) directory.of(name).health = { ...directory.of(name).health, phase };
  sentTo = ['eu'];
  await exportAtHub();
  await policy({ services: ['web'] });
  const ready = () => conditionOf(at<TrafficPolicy>('hanse.dev', 'trafficpolicies')?.status?.conditions, 'Ready');
  await vi.waitFor(() => expect(wire.records.size).toBe(3));
  await vi.waitFor(() => expect(ready()?.message).toBe('web is not yet in eu'));
  wire.answer('eu', { report: report(['10.1.0.1']) });
  await vi.waitFor(() => expect(sharesAt('eu')).toBe('eu 1000000'));
  wire.answer('eu', { report: report(['10.1.0.1']), applied: { epoch: wire.recordAt('eu')?.epoch ?? 0, away: [], lacks: [] } });
  await vi.waitFor(() => expect(ready()?.status).toBe('True'));
});

test('a hub that starts anew takes nothing away before it has heard again what clusters offer', async () => {
  sentTo = ['eu', 'us'];
  await exportAtHub();
  await vi.waitFor(() => expect(wire.records.size).toBe(3));
  wire.answer('eu', { report: report(['10.1.0.1']) });
  wire.answer('us', { report: report(['10.2.0.1']) });
  await vi.waitFor(() => expect(importAtHub()?.status?.clusters).toHaveLength(2));
  unwatch();
  await loop.stop();
  const before = wire.recordAt('ap');
  const { records } = wire;
  wire = createBus();
  for (const [cluster, item] of records) wire.records.set(cluster, item);
  start();
  wire.answer('us', { report: report(['10.2.0.1', '10.2.0.2']) });
  await policy({ services: ['web'] });
  const status = () => at<TrafficPolicy>('hanse.dev', 'trafficpolicies')?.status;
  await vi.waitFor(() => expect(conditionOf(status()?.conditions, 'Ready')?.message).toContain('waits for what eu offers'));
  expect(wire.recordAt('ap')).toEqual(before);
  wire.answer('eu', { report: report(['10.1.0.1']) });
  await vi.waitFor(() => expect(wire.recordAt('ap')?.spec.sources.map(({ capacity }) => capacity)).toEqual([1_000, 2_000]));
  expect(wire.recordAt('ap')?.epoch).toBeGreaterThan(before?.epoch ?? 0);
});
