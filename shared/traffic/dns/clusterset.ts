/**
 * @module `clusterset.local` as one cluster's pods ask it (KEP-1645 "DNS"): a service's address in this cluster, or the endpoints of a headless
 * one, all of them and by host and cluster. For the cluster's DNS to forward to where no plugin of its own answers the zone.
 */
import { compareText } from '../../lib/compare-text.ts';
import type { EndpointSet, TrafficRecord, TrafficSource } from '../../wire/traffic.ts';
import { derivedName } from '../names.ts';
import { clusterImports } from '../render.ts';
import { type DnsBackend, type DnsService, type DnsZone, zoneFaults } from './zone.ts';
import { families, type SharedRecord } from './zones.ts';

/** The zone of the Multi-Cluster Services API. */
export const clustersetOrigin = 'clusterset.local';

/** What CoreDNS' multicluster plugin gives. */
const ttlSeconds = 5;

const readyOf = (sets: readonly EndpointSet[]): string[] => [...new Set(sets.flatMap(({ ready }) => ready))];

const hostsOf = (sets: readonly EndpointSet[]): DnsBackend['hosts'] => {
  const byHost = new Map<string, string[]>();
  for (const { hostnames = {} } of sets)
    for (const [address, host] of Object.entries(hostnames)) byHost.set(host, [...(byHost.get(host) ?? []), address]);
  return [...byHost].map(([name, addresses]) => ({ name, ...families(addresses) }));
};

/** What has a name: a service, or the part of it that the import of one cluster is. */
type Named = { readonly record: TrafficRecord; readonly name: string; readonly sources: readonly (TrafficSource & { weight: number })[] };

const wholeOf = ({ record, shares }: SharedRecord): Named => {
  const sources = record.spec.sources.map((source, at) => ({ ...source, weight: shares[at]?.weight ?? 0 }));
  return { record, name: record.name, sources };
};

/** As with the slices of such an import, its share does not count; of a cluster that is gone nothing is named. */
const partsOf = ({ record, shares }: SharedRecord): Named[] =>
  [...clusterImports(record)].map(([name, cluster]) => ({
    record,
    name,
    sources: record.spec.sources.flatMap((source, at) =>
      source.name === cluster && shares[at]?.isGone !== true ? [{ ...source, weight: 1 }] : [],
    ),
  }));

const backendsOf = ({ record, sources }: Named, cluster: string, ips: readonly string[]): DnsBackend[] => {
  const isHeadless = record.spec.import?.type === 'Headless';
  const all: DnsBackend[] = isHeadless
    ? sources.map(({ name, sets, weight }) => ({
        cluster: name,
        ...families(readyOf(sets)),
        weight,
        order: 0,
        hosts: hostsOf(sets) ?? [],
      }))
    : [{ cluster, ...families(ips), weight: 1, order: 0 }];
  return all.filter(({ ipv4, ipv6 }) => ipv4.length + ipv6.length > 0);
};

const serviceOf = (named: Named, cluster: string, ipsOf: (derived: string) => readonly string[]): DnsService | undefined => {
  const { namespace, spec } = named.record;
  const backends = backendsOf(named, cluster, ipsOf(derivedName(namespace, named.name)));
  if (spec.import === undefined || backends.length === 0) return undefined;
  const ports = spec.import.ports.flatMap((port) =>
    port.name === '' || port.protocol === 'SCTP'
      ? []
      : [{ name: port.name, protocol: port.protocol === 'TCP' ? ('tcp' as const) : ('udp' as const), port: port.port }],
  );
  const common = { name: `${named.name}.${namespace}.svc.${clustersetOrigin}`, ttlSeconds, backends, ports };
  return spec.import.type === 'Headless' ? { ...common, policy: 'All' } : { ...common, policy: 'Weighted', isWhole: true };
};

/** The zone. `shares`: for requests of this cluster; `ipsOf`: addresses of derived Services here. */
export const clustersetZone = (
  all: readonly SharedRecord[],
  cluster: string,
  ipsOf: (derived: string, namespace: string) => readonly string[],
  serial: number,
): DnsZone => {
  const zone: DnsZone = {
    origin: clustersetOrigin,
    serial,
    nameServers: [{ name: `ns.${clustersetOrigin}`, ipv4: [], ipv6: [] }],
    mailbox: `hostmaster.${clustersetOrigin}`,
    services: [],
  };
  const nameOf = ({ record, name }: Pick<Named, 'record' | 'name'>): string => derivedName(record.namespace, name);
  const wholes = all.map(wholeOf);
  // A service that is called as the import of one cluster would be has the name, also while nobody serves it.
  const taken = new Set(wholes.map(nameOf));
  const named = [...wholes, ...all.flatMap(partsOf).filter((part) => !taken.has(nameOf(part)))];
  const byName = new Map<string, DnsService>();
  for (const one of named) {
    const service = serviceOf(one, cluster, (derived) => ipsOf(derived, one.record.namespace));
    if (service !== undefined && !byName.has(service.name)) byName.set(service.name, service);
  }
  const sound = [...byName.values()]
    .filter((service) => zoneFaults({ ...zone, services: [service] }).length === 0)
    .sort((a, b) => compareText(a.name, b.name));
  return { ...zone, services: sound };
};
