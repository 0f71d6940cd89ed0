/** @module What the cluster offers of one service, from its Service, its EndpointSlices and its ServiceExport. Pure. */
import type { KubeObject } from '../../shared/kube/object.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { type Bag, bagOf, bagsOf, integerOf, textMapOf, textOf, textsOf } from '../../shared/lib/fields.ts';
import {
  type EndpointSet,
  type FoundExport,
  type ServiceReport,
  type ServiceShape,
  type TrafficPort,
  trafficLimits,
} from '../../shared/wire/index.ts';
import type { ServiceUse } from './use-of-pods.ts';

/** What is kept of a Service. */
export type SeenService = {
  readonly shape: ServiceShape | 'Unfit';
  readonly addresses: readonly string[];
  /** Labels of its pods; empty = none are selected. */
  readonly selector: Readonly<Record<string, string>>;
};
/** What is kept of an EndpointSlice. */
export type SeenSlice = { readonly service: string; readonly set: EndpointSet };
/** What is kept of a ServiceExport. */
export type SeenExport = FoundExport & { readonly conditions: readonly Bag[] };

const portOf = (port: Bag): TrafficPort => {
  const protocol = textOf(port.protocol);
  const appProtocol = textOf(port.appProtocol);
  return {
    name: textOf(port.name),
    protocol: protocol === 'UDP' || protocol === 'SCTP' ? protocol : 'TCP',
    port: integerOf(port.port) ?? 0,
    ...(appProtocol === '' ? {} : { appProtocol }),
  };
};

const portsOf = (ports: unknown): TrafficPort[] =>
  bagsOf(ports)
    .map(portOf)
    .filter(({ port }) => port > 0)
    .slice(0, trafficLimits.ports);

const optional = <K extends string>(name: K, value: string): { readonly [N in K]?: string } =>
  (value === '' ? {} : { [name]: value }) as { readonly [N in K]?: string };

const shapeOf = (spec: Bag): ServiceShape | 'Unfit' => {
  if (spec.type === 'ExternalName') return 'Unfit';
  const seconds = integerOf(bagOf(bagOf(spec.sessionAffinityConfig).clientIP).timeoutSeconds);
  return {
    type: spec.clusterIP === 'None' ? 'Headless' : 'ClusterSetIP',
    ports: portsOf(spec.ports),
    sessionAffinity: spec.sessionAffinity === 'ClientIP' ? 'ClientIP' : 'None',
    ...(seconds === undefined ? {} : { sessionAffinitySeconds: seconds }),
    ipFamilies: textsOf(spec.ipFamilies).filter((family) => family === 'IPv4' || family === 'IPv6'),
    ...optional('internalTrafficPolicy', textOf(spec.internalTrafficPolicy)),
    ...optional('trafficDistribution', textOf(spec.trafficDistribution)),
  };
};

/** Addresses in a status: `ip`, else `hostname`. */
const ingressOf = (object: KubeObject): string[] =>
  bagsOf(bagOf(bagOf(object.status).loadBalancer).ingress)
    .map((entry) => textOf(entry.ip) || textOf(entry.hostname))
    .filter((address) => address !== '')
    .slice(0, trafficLimits.addresses);

/** Reads a Service. */
export const seenService = (object: KubeObject): SeenService => {
  const spec = bagOf(object.spec);
  return { shape: shapeOf(spec), addresses: ingressOf(object), selector: textMapOf(spec.selector) };
};

/** Reads a Gateway: its addresses. */
export const seenGateway = (object: KubeObject): readonly string[] =>
  bagsOf(bagOf(object.status).addresses)
    .map(({ value }) => textOf(value))
    .filter((address) => address !== '')
    .slice(0, trafficLimits.addresses);

/** Reads a ServiceExport. */
export const seenExport = (object: KubeObject): SeenExport => {
  const spec = bagOf(object.spec);
  return {
    createdMs: Date.parse(object.metadata.creationTimestamp ?? '') || 0,
    labels: textMapOf(spec.exportedLabels),
    annotations: textMapOf(spec.exportedAnnotations),
    conditions: bagsOf(bagOf(object.status).conditions),
  };
};

/** Reads an EndpointSlice of a Service; undefined when it is of none. An endpoint that does not say whether it is ready is (API convention). */
export const seenSlice = (object: KubeObject): SeenSlice | undefined => {
  const service = object.metadata.labels?.['kubernetes.io/service-name'];
  if (service === undefined) return undefined;
  const addressType = object.addressType === 'IPv6' || object.addressType === 'FQDN' ? object.addressType : 'IPv4';
  const hostnames: Record<string, string> = {};
  const ready = bagsOf(object.endpoints).flatMap((endpoint) => {
    if (bagOf(endpoint.conditions).ready === false) return [];
    const [address] = textsOf(endpoint.addresses);
    if (address === undefined) return [];
    if (typeof endpoint.hostname === 'string') hostnames[address] = endpoint.hostname;
    return [address];
  });
  return {
    service: `${object.metadata.namespace ?? ''}/${service}`,
    set: { addressType, ports: portsOf(object.ports), ready, ...(Object.keys(hostnames).length === 0 ? {} : { hostnames }) },
  };
};

/** Slices that differ in endpoints alone become one set, its endpoints sorted and named once. */
const merged = (sets: readonly EndpointSet[]): EndpointSet[] => {
  const byKind = new Map<string, { readonly like: EndpointSet; readonly ready: Set<string>; hostnames: Record<string, string> }>();
  for (const set of sets) {
    const kind = JSON.stringify([set.addressType, set.ports]);
    const known = byKind.get(kind) ?? { like: set, ready: new Set<string>(), hostnames: {} };
    byKind.set(kind, known);
    for (const address of set.ready) known.ready.add(address);
    known.hostnames = { ...known.hostnames, ...set.hostnames };
  }
  return [...byKind]
    .sort(([a], [b]) => compareText(a, b))
    .map(([, { like, ready, hostnames }]) => ({
      addressType: like.addressType,
      ports: like.ports,
      ready: [...ready].sort(compareText),
      ...(Object.keys(hostnames).length === 0 ? {} : { hostnames }),
    }));
};

/** Keeps what a report may hold; answers how many endpoints it may not. */
const bounded = (sets: readonly EndpointSet[]): { sets: EndpointSet[]; leftOut: number } => {
  let room = trafficLimits.endpointsPerReport;
  let leftOut = 0;
  const kept = sets.slice(0, trafficLimits.sets).map((set) => {
    const ready = set.ready.slice(0, room);
    room -= ready.length;
    leftOut += set.ready.length - ready.length;
    if (set.hostnames === undefined) return { ...set, ready };
    const known = new Set(ready);
    return { ...set, ready, hostnames: Object.fromEntries(Object.entries(set.hostnames).filter(([address]) => known.has(address))) };
  });
  for (const set of sets.slice(trafficLimits.sets)) leftOut += set.ready.length;
  return { sets: kept, leftOut };
};

/** The report. `gateway`: the addresses of the Gateway that the policy names, where it names one; `use`: what is measured of the pods. */
export const reportOf = (
  found: SeenExport | undefined,
  service: SeenService | undefined,
  slices: readonly SeenSlice[],
  gateway: readonly string[] | undefined,
  use: ServiceUse,
): ServiceReport => {
  const isSound = service !== undefined && service.shape !== 'Unfit';
  const { sets, leftOut } = bounded(isSound ? merged(slices.map(({ set }) => set)) : []);
  return {
    ...(found === undefined ? {} : { export: { createdMs: found.createdMs, labels: found.labels, annotations: found.annotations } }),
    service: service?.shape ?? 'None',
    addresses: gateway ?? service?.addresses ?? [],
    ...(gateway === undefined ? {} : { viaGateway: true }),
    sets,
    leftOut,
    ...(isSound ? use : {}),
  };
};
