/**
 * @module Traffic on the wire. The hub sends a record of each exported service to each cluster as work of its own kind (signed, numbered, kept
 * by the broker like all work); the agent answers with a status that holds what its cluster offers of the service, and what it made of the
 * record.
 */
import { bool, type Check, integer, list, map, matching, oneOf, record, text } from './check.ts';
import type { WorkItem, WorkRef } from './messages.ts';

/** One port of an exported service. */
export type TrafficPort = {
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  readonly appProtocol?: string;
};

/** Endpoints that share address family and ports, as one or several EndpointSlices have them. */
export type EndpointSet = {
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly ports: readonly TrafficPort[];
  /** Ready ones, sorted. */
  readonly ready: readonly string[];
  /** Host names of endpoints by address (headless services). */
  readonly hostnames?: Readonly<Record<string, string>>;
};

/** What a Service is like in one cluster, as far as importers must agree on it. */
export type ServiceShape = {
  readonly type: 'ClusterSetIP' | 'Headless';
  readonly ports: readonly TrafficPort[];
  readonly sessionAffinity: 'None' | 'ClientIP';
  readonly sessionAffinitySeconds?: number;
  readonly ipFamilies: readonly string[];
  readonly internalTrafficPolicy?: string;
  readonly trafficDistribution?: string;
};

/** A ServiceExport that was found in the member. */
export type FoundExport = {
  readonly createdMs: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
};

/** What the service's ready pods use of the CPU that they request, as the cluster's metrics server measured it. */
export type MeasuredUse = {
  readonly cpuPerMille: number;
  /** When the oldest pod's part was measured, by the cluster's clock; ms since the epoch. */
  readonly atMs: number;
};

/** What one cluster offers of a service. */
export type ServiceReport = {
  /** Absent = the cluster has no ServiceExport of its own. */
  readonly export?: FoundExport;
  /** `None` = no such Service; `Unfit` = of a type that cannot be exported (ExternalName). */
  readonly service: ServiceShape | 'None' | 'Unfit';
  /** Addresses that clients outside the cluster reach it by: of its load balancer, or of the Gateway that the policy names. */
  readonly addresses: readonly string[];
  /** The addresses are the Gateway's. */
  readonly viaGateway?: boolean;
  readonly sets: readonly EndpointSet[];
  /** Endpoints that did not fit into the report. */
  readonly leftOut: number;
  /** Absent = unknown. */
  readonly use?: MeasuredUse;
  /** Why the use is not measured where the cluster serves metrics.k8s.io: its pods may not be read there, or request no CPU. */
  readonly unmeasured?: 'Forbidden' | 'NoRequests';
};

/** What an agent made of a record. */
export type TrafficApplied = {
  readonly epoch: number;
  /** Clusters that get nothing here now, or less than their share, and why; `waits`: for what somebody has to do, or a long time of health. */
  readonly away: readonly {
    readonly cluster: string;
    readonly why: string;
    readonly percent: number;
    readonly waits?: 'Release' | 'Setbacks';
    /** An operator's word is there, and was for before. */
    readonly isSpent?: boolean;
  }[];
  /** What the cluster lacks, for people: kinds that it does not serve, a namespace. */
  readonly lacks: readonly string[];
};

/** `status` of the StatusItem of a record. */
export type TrafficAnswer = { readonly report?: ServiceReport; readonly applied?: TrafficApplied };

/** One cluster that serves the service. */
export type TrafficSource = {
  readonly name: string;
  /** Peak load and what its ready endpoints can serve, in one unit: requests a second where the policy says so, else thousandths of an endpoint. */
  readonly load: number;
  readonly capacity: number;
  /** Millionths of the capacity that are in use, where that is measured. */
  readonly inUse?: number;
  /** Lower ones are used first. */
  readonly tier: number;
  /** While nothing is lost. */
  readonly weight: number;
  readonly addresses: readonly string[];
  readonly sets: readonly EndpointSet[];
};

/** The end state after one loss: weights in the order of the sources. */
export type TrafficLoss = { readonly lost: readonly string[]; readonly weights: readonly number[]; readonly shed: number };

/** A condition that an agent writes onto its cluster's own ServiceExport. */
export type ExportCondition = {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
};

/** How names of the service are answered. */
export type TrafficDns = {
  readonly zone: string;
  /** Absolute, below the zone, without the last dot. */
  readonly name: string;
  readonly ttlSeconds: number;
  readonly policy: 'Weighted' | 'Ordered';
  /** Agents that serve the zone, with the addresses that resolvers reach them by. */
  readonly nameServers: readonly { readonly cluster: string; readonly addresses: readonly string[] }[];
  /** Also as DNSEndpoint objects for ExternalDNS. */
  readonly externalDns: boolean;
};

/** All that an agent must know of one service to move its traffic alone. */
export type TrafficSpec = {
  /** What importers get; absent while nobody offers the service. */
  readonly import?: ServiceShape & {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** The receiving cluster shall report the service, although it has no ServiceExport of its own. */
  readonly wanted: boolean;
  /** Sorted by name. */
  readonly sources: readonly TrafficSource[];
  /** Every single loss that changes something, and chosen pairs; sorted. */
  readonly losses: readonly TrafficLoss[];
  /** Sources that are never given up. */
  readonly survivorsMin: number;
  readonly failback: {
    readonly mode: 'Automatic' | 'Manual';
    readonly holdDownMs: number;
    readonly stepsPercent: readonly number[];
    readonly stepMs: number;
    readonly setbacksMax: number;
    /** Clusters that an operator lets back in, each for the one return that follows. */
    readonly released: readonly string[];
  };
  /** Where endpoints of other clusters lead: to the pods themselves, or to the clusters' addresses. */
  readonly reach: 'Pods' | 'Gateway';
  /** Also an import for each source, `SERVICE-CLUSTER`, so that routes can weigh them. */
  readonly perCluster: boolean;
  /** The Gateway whose addresses the cluster reports for the service, `namespace/name`. */
  readonly gateway?: string;
  readonly dns?: TrafficDns;
  /** Conditions of the receiving cluster's own ServiceExport. */
  readonly conditions: readonly ExportCondition[];
};

/** A record as it is kept and acted on; `epoch` is the work item's `seq`: an agent never goes back to a lower one. */
export type TrafficRecord = { readonly namespace: string; readonly name: string; readonly epoch: number; readonly spec: TrafficSpec };

/** The most a weight may be: what the Gateway API takes for a backend. */
export const weightMax = 1_000_000;

/** Named limits; what is beyond them is left out and told. */
export const trafficLimits = {
  /** Endpoints that one cluster reports of one service (Endpoints were cut at as many), and that one record holds in all. */
  endpointsPerReport: 1_000,
  endpointsPerRecord: 10_000,
  /** Bytes of a record: it is kept in a Secret of the member. */
  recordBytes: 524_288,
  addresses: 16,
  ports: 100,
  sets: 32,
  sources: 500,
  /** Sources above which no tables are sent: agents then work them out when they need them. */
  tabledSources: 40,
  losses: 1_000,
  /** Services a federation may export. */
  services: 5_000,
} as const;

const kind = 'TrafficRecord';
const idPrefix = 'hanse_dev=trafficrecords=';

/** True for work ids of records: they belong to traffic, all others to workloads. */
export const isTrafficId = (id: string): boolean => id.startsWith(idPrefix);

/** The work id of a service's record. */
export const trafficIdOf = (namespace: string, name: string): string => `${idPrefix}${namespace}=${name}`;

/** Namespace and name of a record's id; undefined when it is none. */
export const serviceOfTrafficId = (id: string): { readonly namespace: string; readonly name: string } | undefined => {
  const [namespace, name, ...rest] = isTrafficId(id) ? id.slice(idPrefix.length).split('=') : [];
  return namespace === undefined || name === undefined || rest.length > 0 ? undefined : { namespace, name };
};

/** The reference in a record's work item. */
export const trafficRef = (namespace: string, name: string): WorkRef => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind,
  resource: 'trafficrecords',
  namespace,
  name,
});

/** The work item of a record for one cluster; without a spec it withdraws the record. */
export const trafficItem = (cluster: string, namespace: string, name: string, seq: number, spec: TrafficSpec | undefined): WorkItem => {
  const ref = trafficRef(namespace, name);
  const common = { v: 1, cluster, id: trafficIdOf(namespace, name), seq, ref, adopt: 'Never' } as const;
  if (spec === undefined) return { ...common, op: 'withdraw' };
  return { ...common, op: 'apply', object: { apiVersion: ref.apiVersion, kind, metadata: { name, namespace }, spec } };
};

const count = integer(0);
const address = text(253, 1);
const labels = map(text(65_536), 256);
const port = record({ name: text(63), protocol: oneOf('TCP', 'UDP', 'SCTP'), port: integer(1) }, { appProtocol: text(317) });
const set = record(
  {
    addressType: oneOf('IPv4', 'IPv6', 'FQDN'),
    ports: list(port, trafficLimits.ports),
    ready: list(address, trafficLimits.endpointsPerReport),
  },
  { hostnames: map(text(63), trafficLimits.endpointsPerReport) },
);
const shapeFields = {
  type: oneOf('ClusterSetIP', 'Headless'),
  ports: list(port, trafficLimits.ports),
  sessionAffinity: oneOf('None', 'ClientIP'),
  ipFamilies: list(oneOf('IPv4', 'IPv6'), 2),
};
const shapeOptions = { sessionAffinitySeconds: count, internalTrafficPolicy: text(63), trafficDistribution: text(63) };
const shape = record(shapeFields, shapeOptions);
const sets = list(set, trafficLimits.sets);
const addresses = list(address, trafficLimits.addresses);

const report = record(
  {
    service: (value, path) => (value === 'None' || value === 'Unfit' ? undefined : shape(value, path)),
    addresses,
    sets,
    leftOut: count,
  },
  {
    export: record({ createdMs: count, labels, annotations: labels }),
    viaGateway: bool,
    use: record({ cpuPerMille: count, atMs: count }),
    unmeasured: oneOf('Forbidden', 'NoRequests'),
  },
);
const answer = record(
  {},
  {
    report,
    applied: record({
      epoch: count,
      away: list(
        record({ cluster: text(63, 1), why: text(256), percent: count }, { waits: oneOf('Release', 'Setbacks'), isSpent: bool }),
        trafficLimits.sources,
      ),
      lacks: list(text(512), 32),
    }),
  },
);

const dnsName = matching(/^[a-z0-9_]([a-z0-9_.-]{0,251}[a-z0-9])?$/, 'a DNS name in lower case');
const weight: Check = (value, path) =>
  count(value, path) ?? (Number(value) <= weightMax ? undefined : `${path} must be at most ${weightMax}`);
const percents = list(integer(1), 100);
const stepsPercent: Check = (value, path) => {
  const fault = percents(value, path);
  if (fault !== undefined) return fault;
  const steps = value as readonly number[];
  const grow = steps.every((step, at) => step > (steps[at - 1] ?? 0));
  return grow && steps.at(-1) === 100 ? undefined : `${path} must grow, up to 100`;
};
const spec = record(
  {
    wanted: bool,
    sources: list(
      record({ name: text(63, 1), load: count, capacity: count, tier: count, weight, addresses, sets }, { inUse: count }),
      trafficLimits.sources,
    ),
    losses: list(
      record({ lost: list(text(63, 1), trafficLimits.sources), weights: list(weight, trafficLimits.sources), shed: count }),
      trafficLimits.losses,
    ),
    survivorsMin: integer(1),
    failback: record({
      mode: oneOf('Automatic', 'Manual'),
      holdDownMs: count,
      stepsPercent,
      stepMs: integer(1),
      setbacksMax: integer(1),
      released: list(text(63, 1), trafficLimits.sources),
    }),
    reach: oneOf('Pods', 'Gateway'),
    perCluster: bool,
    conditions: list(
      record({ type: text(63, 1), status: oneOf('True', 'False', 'Unknown'), reason: text(256, 1), message: text(32_768) }),
      8,
    ),
  },
  {
    import: record({ ...shapeFields, labels, annotations: labels }, shapeOptions),
    gateway: text(317),
    dns: record({
      zone: dnsName,
      name: dnsName,
      ttlSeconds: integer(1),
      policy: oneOf('Weighted', 'Ordered'),
      nameServers: list(record({ cluster: text(63, 1), addresses }), trafficLimits.sources),
      externalDns: bool,
    }),
  },
);

/** What is wrong with the weights after one loss. They go with the sources one by one; nothing for all who could serve would be an outage. */
const lossFault = (sources: readonly TrafficSource[], { lost, weights }: TrafficLoss): string | undefined => {
  if (weights.length !== sources.length) return 'as many as there are sources';
  const survivors = sources.flatMap(({ name, capacity }, at) => (lost.includes(name) || capacity === 0 ? [] : [weights[at] ?? 0]));
  return survivors.length > 0 && survivors.every((weight) => weight === 0) ? 'above 0 for one that is left and can serve' : undefined;
};

/** What no field shows alone. */
const partsFault = ({ sources, losses }: TrafficSpec, path: string): string | undefined => {
  for (const [at, loss] of losses.entries()) {
    const fault = lossFault(sources, loss);
    if (fault !== undefined) return `${path}.losses[${at}].weights must be ${fault}`;
  }
  return undefined;
};

const specFault = (value: unknown): string | undefined => spec(value, '.spec') ?? partsFault(value as TrafficSpec, '.spec');

/** The record in a work item, or what is wrong with it. */
export const trafficRecordOf = (
  item: WorkItem,
): { readonly ok: true; readonly record: TrafficRecord } | { readonly ok: false; readonly message: string } => {
  const { namespace, name } = item.ref;
  if (item.ref.kind !== kind || item.id !== trafficIdOf(namespace, name)) return { ok: false, message: 'not a record of a service' };
  const value = item.object?.spec;
  const fault = specFault(value);
  if (fault !== undefined) return { ok: false, message: fault };
  return { ok: true, record: { namespace, name, epoch: item.seq, spec: value as TrafficSpec } };
};

/** The first fault of a spec that has not been sent; undefined when an agent would take it. */
export const trafficSpecFault = (value: TrafficSpec): string | undefined => specFault(value);

/** What an agent answered, or what is wrong with it. */
export const trafficAnswerOf = (
  value: unknown,
): { readonly ok: true; readonly answer: TrafficAnswer } | { readonly ok: false; readonly message: string } => {
  const fault = answer(value ?? {}, '.status');
  return fault === undefined ? { ok: true, answer: (value ?? {}) as TrafficAnswer } : { ok: false, message: fault };
};
