/**
 * @module `clusterset.local` as one cluster's pods ask it (KEP-1645 "DNS"): a service's address in this cluster, or the endpoints of a headless
 * one, all of them and by host and cluster. For the cluster's DNS to forward to where no plugin of its own answers the zone.
 */
import { compareText } from '../../lib/compare-text.ts';
import type { EndpointSet, TrafficRecord } from '../../wire/traffic.ts';
import { derivedName } from '../names.ts';
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

const backendsOf = ({ record, shares }: SharedRecord, cluster: string, ips: readonly string[]): DnsBackend[] => {
  const isHeadless = record.spec.import?.type === 'Headless';
  const all: DnsBackend[] = isHeadless
    ? record.spec.sources.map(({ name, sets }, at) => ({
        cluster: name,
        ...families(readyOf(sets)),
        weight: shares[at]?.weight ?? 0,
        order: 0,
        hosts: hostsOf(sets) ?? [],
      }))
    : [{ cluster, ...families(ips), weight: 1, order: 0 }];
  return all.filter(({ ipv4, ipv6 }) => ipv4.length + ipv6.length > 0);
};

const serviceOf = (shared: SharedRecord, cluster: string, ipsOf: (derived: string) => readonly string[]): DnsService | undefined => {
  const { namespace, name, spec } = shared.record;
  const backends = backendsOf(shared, cluster, ipsOf(derivedName(namespace, name)));
  if (spec.import === undefined || backends.length === 0) return undefined;
  const ports = spec.import.ports.flatMap((port) =>
    port.name === '' || port.protocol === 'SCTP'
      ? []
      : [{ name: port.name, protocol: port.protocol === 'TCP' ? ('tcp' as const) : ('udp' as const), port: port.port }],
  );
  const common = { name: nameOf(shared.record), ttlSeconds, backends, ports };
  return spec.import.type === 'Headless' ? { ...common, policy: 'All' } : { ...common, policy: 'Weighted', isWhole: true };
};

const nameOf = ({ namespace, name }: TrafficRecord): string => `${name}.${namespace}.svc.${clustersetOrigin}`;

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
  const services = all.flatMap((shared) => serviceOf(shared, cluster, (derived) => ipsOf(derived, shared.record.namespace)) ?? []);
  const sound = services
    .filter((service) => zoneFaults({ ...zone, services: [service] }).length === 0)
    .sort((a, b) => compareText(a.name, b.name));
  return { ...zone, services: sound };
};
