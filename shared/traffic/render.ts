/** @module The objects that one cluster has of an imported service: ServiceImport, the Service that carries its address, EndpointSlices. Pure. */
import { derivedServiceAnnotation, mcsGroup, serviceNameLabel, sourceClusterLabel } from '../api/mcs.ts';
import type { KubeObject } from '../kube/object.ts';
import type { EndpointSet, TrafficPort, TrafficRecord, TrafficSource, TrafficSpec } from '../wire/traffic.ts';
import {
  clusterImportName,
  derivedName,
  epochAnnotation,
  sliceManager,
  trafficLabel,
  trafficManager,
  trafficServiceLabel,
} from './names.ts';
import type { Share } from './shares.ts';

/** The cluster that it is rendered for. */
export type RenderFor = {
  readonly cluster: string;
  /** Addresses that the cluster gave the derived Services, by name; absent = not there yet. */
  readonly ipsOf: (derived: string) => readonly string[];
  /** Version of ServiceImport that it serves; undefined = none. */
  readonly importVersion: string | undefined;
  /** Uid of its ServiceImport of this name, which owns the slices; undefined = not there yet. */
  readonly importUid: (name: string) => string | undefined;
};

/** An object and what it is, in the order in which objects are written. */
export type RenderedObject = { readonly resource: 'services' | 'serviceimports' | 'endpointslices'; readonly object: KubeObject };

/** Endpoints of one slice (as the endpoint slice controller has them). */
const sliceMax = 100;

type Import = NonNullable<TrafficSpec['import']>;

/** One import to be rendered: the whole service, or one cluster's part of it. */
type Part = { readonly name: string; readonly import: Import; readonly sources: readonly { source: TrafficSource; percent: number }[] };

const metadataOf = (record: TrafficRecord, name: string, more: { labels?: object; annotations?: object } = {}): KubeObject['metadata'] => ({
  name,
  namespace: record.namespace,
  labels: { ...more.labels, [trafficLabel]: trafficManager, [trafficServiceLabel]: record.name },
  annotations: { ...more.annotations, [epochAnnotation]: String(record.epoch) },
});

const isHeadless = (shape: Import): boolean => shape.type === 'Headless';

const portOf = ({ name, protocol, port, appProtocol }: TrafficPort) => ({
  ...(name === '' ? {} : { name }),
  protocol,
  port,
  ...(appProtocol === undefined ? {} : { appProtocol }),
});

const affinityOf = ({ sessionAffinity, sessionAffinitySeconds }: Import) => ({
  sessionAffinity,
  ...(sessionAffinitySeconds === undefined ? {} : { sessionAffinityConfig: { clientIP: { timeoutSeconds: sessionAffinitySeconds } } }),
});

const policiesOf = ({ internalTrafficPolicy, trafficDistribution }: Import) => ({
  ...(internalTrafficPolicy === undefined ? {} : { internalTrafficPolicy }),
  ...(trafficDistribution === undefined ? {} : { trafficDistribution }),
});

const serviceOf = (record: TrafficRecord, part: Part): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metadataOf(record, derivedName(record.namespace, part.name), { labels: { [serviceNameLabel]: part.name } }),
  spec: {
    type: 'ClusterIP',
    ports: part.import.ports.map(portOf),
    ...(isHeadless(part.import) ? { clusterIP: 'None' } : {}),
    ...(part.import.ipFamilies.length > 1 ? { ipFamilyPolicy: 'PreferDualStack' } : {}),
    ...affinityOf(part.import),
    ...policiesOf(part.import),
  },
});

const importOf = (record: TrafficRecord, part: Part, to: RenderFor): KubeObject => {
  const derived = derivedName(record.namespace, part.name);
  const { labels, annotations, type, ipFamilies } = part.import;
  return {
    apiVersion: `${mcsGroup}/${to.importVersion}`,
    kind: 'ServiceImport',
    metadata: metadataOf(record, part.name, { labels, annotations: { ...annotations, [derivedServiceAnnotation]: derived } }),
    spec: {
      type,
      ports: part.import.ports.map(portOf),
      ...(isHeadless(part.import) ? {} : { ips: to.ipsOf(derived).slice(0, 2) }),
      ...affinityOf(part.import),
      ...(ipFamilies.length === 0 ? {} : { ipFamilies }),
      ...policiesOf(part.import),
    },
  };
};

const familyOf = (address: string): EndpointSet['addressType'] =>
  address.includes(':') ? 'IPv6' : /^[\d.]+$/.test(address) ? 'IPv4' : 'FQDN';

/** Where a source's endpoints are for this cluster: its own are always its pods. */
const setsFor = (record: TrafficRecord, part: Part, source: TrafficSource, cluster: string): readonly EndpointSet[] => {
  if (source.name === cluster || record.spec.reach === 'Pods') return source.sets;
  // A cluster without a ready endpoint has nothing behind its address.
  if (!source.sets.some(({ ready }) => ready.length > 0)) return [];
  return (['IPv4', 'IPv6', 'FQDN'] as const).flatMap((addressType) => {
    const ready = source.addresses.filter((address) => familyOf(address) === addressType);
    return ready.length === 0 ? [] : [{ addressType, ports: part.import.ports, ready }];
  });
};

/** The endpoints that a share of a returning cluster is: at least one. */
const partOf = (ready: readonly string[], percent: number): readonly string[] => ready.slice(0, Math.ceil((ready.length * percent) / 100));

const slicesOf = (record: TrafficRecord, part: Part, to: RenderFor): KubeObject[] => {
  const derived = derivedName(record.namespace, part.name);
  const uid = to.importUid(part.name);
  const owner =
    uid === undefined
      ? {}
      : { ownerReferences: [{ apiVersion: `${mcsGroup}/${to.importVersion}`, kind: 'ServiceImport', name: part.name, uid }] };
  return part.sources.flatMap(({ source, percent }) => {
    let count = 0;
    return setsFor(record, part, source, to.cluster).flatMap((set) => {
      const ready = partOf(set.ready, percent);
      const pages = Array.from({ length: Math.ceil(ready.length / sliceMax) }, (_, at) => ready.slice(at * sliceMax, (at + 1) * sliceMax));
      return pages.map(
        (addresses): KubeObject => ({
          apiVersion: 'discovery.k8s.io/v1',
          kind: 'EndpointSlice',
          metadata: {
            ...metadataOf(record, `${derived}-${source.name}-${count++}`, {
              labels: {
                [serviceNameLabel]: part.name,
                [sourceClusterLabel]: source.name,
                'endpointslice.kubernetes.io/managed-by': sliceManager,
                'kubernetes.io/service-name': derived,
              },
            }),
            ...owner,
          },
          addressType: set.addressType,
          ports: set.ports.map(portOf),
          endpoints: addresses.map((address) => ({
            addresses: [address],
            conditions: { ready: true, serving: true, terminating: false },
            ...(set.hostnames?.[address] === undefined ? {} : { hostname: set.hostnames[address] }),
          })),
        }),
      );
    });
  });
};

/** The imports that a record makes: the service, and each source's part where the policy wants them. */
const partsOf = ({ name, spec }: TrafficRecord, shares: readonly Share[]): Part[] => {
  const { import: shape, sources, perCluster } = spec;
  if (shape === undefined) return [];
  const used = sources.map((source, at) => ({ source, percent: shares[at]?.percent ?? 0 }));
  const whole: Part = { name, import: shape, sources: used.filter(({ percent }) => percent > 0) };
  if (!perCluster) return [whole];
  // A cluster's own import has its endpoints whatever its share, for weights of routes decide there, unless it is gone.
  return [
    whole,
    ...sources.map(
      (source, at): Part => ({
        name: clusterImportName(name, source.name),
        import: shape,
        sources: shares[at]?.isGone === true ? [] : [{ source, percent: 100 }],
      }),
    ),
  ];
};

/** What the cluster should have of the service; nothing while nobody offers it. */
export const renderService = (record: TrafficRecord, shares: readonly Share[], to: RenderFor): readonly RenderedObject[] =>
  partsOf(record, shares).flatMap((part): RenderedObject[] => [
    { resource: 'services', object: serviceOf(record, part) },
    ...(to.importVersion === undefined ? [] : [{ resource: 'serviceimports' as const, object: importOf(record, part, to) }]),
    ...slicesOf(record, part, to).map((object) => ({ resource: 'endpointslices' as const, object })),
  ]);

/** The source behind each import of one cluster, for routes: `SERVICE-CLUSTER` to the cluster. */
export const clusterImports = ({ name, spec }: TrafficRecord): ReadonlyMap<string, string> =>
  new Map(spec.perCluster ? spec.sources.map((source) => [clusterImportName(name, source.name), source.name]) : []);
