/**
 * @module The traffic engine of one member (`eu`), beside the one of work as in an agent, over the real API machinery in memory, with verdicts
 * and lost clusters as a test says.
 */
import { expect, vi } from 'vitest';
import { mcsSchemas, mcsTypes } from '../../../shared/api/index.ts';
import type { Verdict } from '../../../shared/health/index.ts';
import { builtinDefaults, builtinSchemas, builtinTypes } from '../../../shared/kube/builtin/index.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import { customSchemaName, plainDocument, schemaOfDocument, typeOfDocument } from '../../../shared/kube/custom/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { createSchemaSet } from '../../../shared/kube/schema/index.ts';
import { createApiServer, createRegistry, serviceAddresses } from '../../../shared/kube/server/index.ts';
import { createStore, memoryJournal } from '../../../shared/kube/storage/index.ts';
import { type RuntimeEnv, silentLog } from '../../../shared/lib/index.ts';
import type { DnsZone } from '../../../shared/traffic/index.ts';
import { type DrawnSource, recordOf } from '../../../shared/traffic/testing.ts';
import { type StatusItem, type TrafficAnswer, type TrafficSpec, trafficIdOf, trafficItem } from '../../../shared/wire/index.ts';
import type { MeshVote } from '../../../shared/wire/mesh.ts';
import { type FakeLink, fakeLink } from '../../testing/fake-link.ts';
import { startWork, type WorkEngine } from '../../work/index.ts';
import type { TrafficWatch } from '../away.ts';
import { startTraffic, type TrafficEngine } from '../run.ts';
import { splitLink } from '../split-link.ts';

/** Kinds whose fields come as they are. */
const looseKinds = [
  plainDocument('gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'),
  plainDocument('externaldns.k8s.io/v1alpha1', 'DNSEndpoint', 'dnsendpoints'),
];
const looseSchemas = Object.fromEntries(
  looseKinds.map((document) => [customSchemaName(document.group, document.version, document.kind), schemaOfDocument(document)]),
);
const schemas = createSchemaSet(...builtinSchemas, { schemas: { ...mcsSchemas, ...looseSchemas } });

/** Kinds that every cluster serves, as group version, kind and resource. */
export const served = [
  ['v1', 'Service', 'services'],
  ['discovery.k8s.io/v1', 'EndpointSlice', 'endpointslices'],
];
/** Kinds that a cluster may lack. */
export const mcs = [
  ['multicluster.x-k8s.io/v1beta1', 'ServiceExport', 'serviceexports'],
  ['multicluster.x-k8s.io/v1beta1', 'ServiceImport', 'serviceimports'],
  ['gateway.networking.k8s.io/v1', 'HTTPRoute', 'httproutes'],
  ['externaldns.k8s.io/v1alpha1', 'DNSEndpoint', 'dnsendpoints'],
];
const apisOf = (rows: readonly (readonly string[])[]) =>
  rows.map(([groupVersion = '', kind = '', resource = '']) => ({ groupVersion, kind, resource, namespaced: true }));
/** Four endpoints in each of three clusters. */
export const three: readonly DrawnSource[] = ['ap', 'eu', 'us'].map((name) => ({ name, endpoints: 4 }));

export const slicesType = { group: 'discovery.k8s.io', version: 'v1', resource: 'endpointslices' };
export const servicesType = { group: '', version: 'v1', resource: 'services' };
export const importsType = { group: 'multicluster.x-k8s.io', version: 'v1beta1', resource: 'serviceimports' };
export const exportsType = { ...importsType, resource: 'serviceexports' };

/** A member whose traffic engine a test starts, tells of deaths and looks at. */
export type TestTraffic = {
  readonly client: KubeClient;
  /** Starts the engine, with the kinds that the member serves; again after {@link stopEngine}, with a link of its own. */
  readonly start: (kinds?: readonly (readonly string[])[], client?: KubeClient) => void;
  readonly stopEngine: () => void;
  readonly link: () => FakeLink;
  /** The hub sends the record of `shop/web`, with the next seq. */
  readonly send: (more?: Partial<TrafficSpec>, sources?: readonly DrawnSource[]) => void;
  readonly seq: () => number;
  readonly nextSeq: () => number;
  /** Verdicts that stand. */
  standing: readonly Verdict[];
  /** The others agree on the death of a cluster, or on its return. */
  readonly dead: (target: string, phase?: Verdict['phase']) => void;
  readonly tellVerdict: (verdict: Verdict) => void;
  /** Clusters that this one cannot reach. */
  readonly lost: Set<string>;
  /** Clusters that were not heard since the start. */
  readonly unheard: Set<string>;
  /** Clusters whose addresses answer although they were not heard since the start. */
  readonly answering: Set<string>;
  /** Clusters that are heard and no gateway of which ever answered. */
  readonly mute: Set<string>;
  /** Clusters that are heard, whose gateway answered before the start and was not looked at often enough since. */
  readonly undecided: Set<string>;
  /** Clusters that the others vote dead, with no verdict. */
  readonly votedDead: Set<string>;
  /** Clusters that this one does not hear, and could not tell a death of. */
  readonly silent: Set<string>;
  /** Clusters that the hub says it has given up. */
  readonly givenUp: Set<string>;
  /** Clusters that a person drains. */
  readonly drained: Set<string>;
  /** Lines that were logged. */
  readonly logged: string[];
  /** Time passes at once. */
  readonly skip: (ms: number) => void;
  readonly listed: (type: typeof slicesType) => Promise<readonly KubeObject[]>;
  /** `eu 4, us 4`: endpoints by source cluster. */
  readonly endpoints: (service?: string) => Promise<string>;
  readonly comesTo: (text: string, service?: string) => Promise<void>;
  readonly zoneOf: (origin: string) => DnsZone | undefined;
  /** What the agent said of `shop/web`. */
  readonly told: () => (StatusItem & { status: TrafficAnswer }) | undefined;
  readonly close: () => Promise<void>;
};

const deathVote = (target: string): MeshVote => ({
  target,
  opinion: 'Cluster',
  silentMs: 1_000,
  evidence: { direct: 'lost', broker: 'lost', helpers: 'lost', gateway: 'lost', apiServer: 'lost' },
});

/** Opens a member with the namespace `shop`. */
export const openTestTraffic = async (): Promise<TestTraffic> => {
  let skippedMs = 0;
  let seq = 0;
  let link = fakeLink('eu');
  let engine: TrafficEngine | undefined;
  let work: WorkEngine | undefined;
  const stopEngine = (): void => {
    work?.stop();
    engine?.stop();
  };
  let zones: readonly DnsZone[] = [];
  let tellVerdict: (verdict: Verdict) => void = () => undefined;
  const logged: string[] = [];
  const env: RuntimeEnv = {
    nowMs: () => Date.now() + skippedMs,
    monotonicMs: () => performance.now() + skippedMs,
    random: Math.random,
    uuid: () => crypto.randomUUID(),
    setTimer: (delayMs, run) => {
      const timer = setTimeout(run, Math.min(delayMs, 20));
      return () => clearTimeout(timer);
    },
    log: { ...silentLog, info: (line) => void logged.push(line), warn: (line) => void logged.push(line) },
  };
  const store = await createStore(memoryJournal(), { env });
  const api = createApiServer({
    store,
    registry: createRegistry([
      ...builtinTypes(serviceAddresses(store, env)),
      ...mcsTypes(),
      ...looseKinds.map((document) => typeOfDocument(document, document.version)),
    ]),
    schemas: () => schemas,
    defaultFunctions: builtinDefaults,
    env,
    version: { major: '1', minor: '36', gitVersion: 'v1.36.0', gitCommit: '', platform: 'test' },
  });
  await api.start();
  await api.client.create(
    { group: '', version: 'v1', resource: 'namespaces' },
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  );
  const watch: TrafficWatch = {
    onVerdict: (handler) => {
      tellVerdict = handler;
      return () => undefined;
    },
    standing: () => member.standing as readonly (Verdict & { phase: 'Standing' })[],
    abstains: () => false,
    hasHeard: (name) => !member.unheard.has(name),
    reachOf: (name) => {
      if (member.unheard.has(name)) return member.answering.has(name) ? 'Reached' : 'Unknown';
      if (member.lost.has(name)) return 'Lost';
      if (member.undecided.has(name)) return 'Undecided';
      return member.mute.has(name) ? 'Unknown' : 'Reached';
    },
    votesOn: (name) =>
      member.votedDead.has(name) ? ['ap', 'us'].filter((voter) => voter !== name).map((voter) => ({ voter, vote: deathVote(name) })) : [],
    sightOf: (name) =>
      member.unheard.has(name)
        ? undefined
        : { opinion: member.silent.has(name) ? 'Silent' : member.lost.has(name) ? 'DataPlane' : undefined },
    membership: () => ({
      members: [
        ...[...member.givenUp].map((name) => ({ name, isLost: true })),
        ...[...member.drained].map((name) => ({ name, isDrained: true })),
      ],
    }),
  };
  const member: TestTraffic = {
    client: api.client,
    start: (kinds = [...served, ...mcs], client = api.client) => {
      link = fakeLink('eu');
      const split = splitLink(link);
      const ignored = (): void => undefined;
      work = startWork({ client, link: split.work, env, discover: ignored, onChange: ignored });
      work.setServed(apisOf(kinds), []);
      const setZones = (next: readonly DnsZone[]): void => {
        zones = next;
      };
      engine = startTraffic({
        client,
        link: split.traffic,
        env,
        watch,
        setZones,
        onWeights: work.setWeights,
        onWeightsLack: work.setWeightsLack,
      });
      engine.setServed(apisOf(kinds));
    },
    stopEngine,
    link: () => link,
    send: (more = {}, sources = three) => link.send(trafficItem('eu', 'shop', 'web', ++seq, recordOf(sources, more).spec)),
    seq: () => seq,
    nextSeq: () => ++seq,
    standing: [],
    dead: (target, phase = 'Standing') => {
      const verdict: Verdict = { target, cause: 'Cluster', phase, sinceMs: 0, epoch: 1, voters: [], domains: 2, needed: 2, observers: 3 };
      member.standing = phase === 'Cleared' ? [] : [verdict];
      tellVerdict(verdict);
    },
    tellVerdict: (verdict) => tellVerdict(verdict),
    lost: new Set(),
    unheard: new Set(),
    answering: new Set(),
    mute: new Set(),
    undecided: new Set(),
    votedDead: new Set(),
    silent: new Set(),
    givenUp: new Set(),
    drained: new Set(),
    logged,
    skip: (ms) => {
      skippedMs += ms;
    },
    listed: async (type) => (await api.client.list({ ...type, namespace: 'shop' })).items,
    endpoints: async (service = 'web') => {
      const counts = new Map<string, number>();
      for (const { metadata, endpoints: all } of await member.listed(slicesType)) {
        const { labels = {} } = metadata;
        if (labels['multicluster.kubernetes.io/service-name'] !== service) continue;
        const source = labels['multicluster.kubernetes.io/source-cluster'] ?? '';
        counts.set(source, (counts.get(source) ?? 0) + (all as unknown[]).length);
      }
      return [...counts]
        .sort()
        .map(([name, count]) => `${name} ${count}`)
        .join(', ');
    },
    comesTo: (text, service) => vi.waitFor(async () => expect(await member.endpoints(service)).toBe(text), { timeout: 5_000 }),
    zoneOf: (origin) => zones.find((zone) => zone.origin === origin),
    told: () => link.statuses.get(trafficIdOf('shop', 'web')) as never,
    close: async () => {
      stopEngine();
      await api.close();
      await store.close();
    },
  };
  return member;
};
