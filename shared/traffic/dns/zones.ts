/** @module From records and shares to what name servers answer: the zones of the agents, and DNSEndpoint objects for ExternalDNS. */

import type { KubeObject } from '../../kube/object.ts';
import { compareText } from '../../lib/compare-text.ts';
import type { TrafficDns, TrafficRecord } from '../../wire/traffic.ts';
import { trafficLabel, trafficManager, trafficServiceLabel } from '../names.ts';
import type { Share } from '../shares.ts';
import { type CompiledZone, compileZone, type DnsBackend, type DnsService, type DnsZone, zoneFaults } from './zone.ts';

/** A service with what each source gets now. */
export type SharedRecord = { readonly record: TrafficRecord; readonly shares: readonly Share[] };

const isIpv4 = (address: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(address);
const isIpv6 = (address: string): boolean => address.includes(':');
/** Addresses by family; names are of none. */
export const families = (addresses: readonly string[]) => ({ ipv4: addresses.filter(isIpv4), ipv6: addresses.filter(isIpv6) });

const backendsOf = ({ record, shares }: SharedRecord): DnsBackend[] =>
  record.spec.sources.flatMap((source, at) => {
    const own = families(source.addresses);
    const weight = shares[at]?.weight ?? 0;
    return own.ipv4.length + own.ipv6.length === 0 ? [] : [{ cluster: source.name, ...own, weight, order: source.tier }];
  });

/** The service in its zone; undefined while no cluster has an address for it. */
const serviceOf = (shared: SharedRecord, dns: TrafficDns): DnsService | undefined => {
  const backends = backendsOf(shared);
  if (backends.length === 0) return undefined;
  const ports = (shared.record.spec.import?.ports ?? []).flatMap(({ name, protocol, port }) =>
    name === '' || protocol === 'SCTP' ? [] : [{ name, protocol: protocol === 'TCP' ? ('tcp' as const) : ('udp' as const), port }],
  );
  return { name: dns.name, ttlSeconds: dns.ttlSeconds, policy: dns.policy, backends, ports };
};

const nameServersOf = (origin: string, all: readonly TrafficDns[]): DnsZone['nameServers'] => {
  const known = new Map<string, readonly string[]>();
  for (const { nameServers } of all) for (const { cluster, addresses } of nameServers) known.set(cluster, addresses);
  return [...known]
    .map(([cluster, addresses]) => ({ name: `ns-${cluster}.${origin}`, ...families(addresses) }))
    .filter(({ ipv4, ipv6 }) => ipv4.length + ipv6.length > 0)
    .sort((a, b) => compareText(a.name, b.name));
};

/**
 * The zones that records ask for, sorted by origin. A zone without name servers is named after the one who answers: it can be asked all the
 * same. A service that would break its zone (a name that two have, or none) is left out.
 */
export const zonesOf = (all: readonly SharedRecord[], serial: number): readonly DnsZone[] => {
  const byZone = new Map<string, { readonly dns: TrafficDns[]; readonly services: DnsService[] }>();
  for (const shared of all) {
    const { dns } = shared.record.spec;
    if (dns === undefined) continue;
    const zone = byZone.get(dns.zone) ?? { dns: [], services: [] };
    byZone.set(dns.zone, zone);
    zone.dns.push(dns);
    const service = serviceOf(shared, dns);
    if (service !== undefined) zone.services.push(service);
  }
  return [...byZone]
    .sort(([a], [b]) => compareText(a, b))
    .map(([origin, { dns, services }]) => {
      const servers = nameServersOf(origin, dns);
      const nameServers = servers.length === 0 ? [{ name: `ns.${origin}`, ipv4: [], ipv6: [] }] : servers;
      const zone: DnsZone = { origin, serial, nameServers, mailbox: `hostmaster.${origin}`, services: [] };
      const sound = services
        .filter((service) => zoneFaults({ ...zone, services: [service] }).length === 0)
        .sort((a, b) => compareText(a.name, b.name));
      return { ...zone, services: sound };
    });
};

/** Zones ready to answer, the longest origin first, so that the nearest zone answers a name. */
export const compileZones = (zones: readonly DnsZone[]): readonly CompiledZone[] =>
  [...zones].sort((a, b) => b.origin.length - a.origin.length || compareText(a.origin, b.origin)).map(compileZone);

type Endpoint = {
  readonly dnsName: string;
  readonly recordType: 'A' | 'AAAA';
  readonly targets: readonly string[];
  readonly recordTTL: number;
  readonly setIdentifier: string;
  readonly providerSpecific: readonly { readonly name: string; readonly value: string }[];
};

/** Weights of Route 53 are 0 to 255. */
const awsWeightMax = 255;

/** The zone that a name is in, of zones as {@link compileZones} orders them; letters of any case. */
export const zoneFor = (zones: readonly CompiledZone[], name: string): CompiledZone | undefined => {
  const asked = name.toLowerCase();
  return zones.find(({ zone: { origin } }) => asked === origin || asked.endsWith(`.${origin}`));
};

/**
 * The DNSEndpoint of a service (externaldns.k8s.io/v1alpha1), the same in every cluster: a dead cluster cannot withdraw its own record, so
 * that all survivors own the whole set. Only clusters that get something are named; where none gets anything, all are.
 */
export const dnsEndpointOf = (shared: SharedRecord): KubeObject | undefined => {
  const { name, namespace, spec } = shared.record;
  const { dns } = spec;
  if (dns?.externalDns !== true) return undefined;
  const backends = backendsOf(shared);
  const live = backends.filter(({ weight }) => weight > 0);
  const used = live.length > 0 ? live : backends;
  const first = Math.min(...used.map(({ order }) => order));
  const named = dns.policy === 'Ordered' ? used.filter(({ order }) => order === first) : used;
  if (named.length === 0) return undefined;
  const most = Math.max(1, ...named.map(({ weight }) => weight));
  const endpoints = named.flatMap(({ cluster, ipv4, ipv6, weight }): Endpoint[] =>
    (
      [
        ['A', ipv4],
        ['AAAA', ipv6],
      ] as const
    ).flatMap(([recordType, targets]) =>
      targets.length === 0
        ? []
        : [
            {
              dnsName: dns.name,
              recordType,
              targets,
              recordTTL: dns.ttlSeconds,
              setIdentifier: cluster,
              providerSpecific: [{ name: 'aws/weight', value: String(Math.max(1, Math.round((weight * awsWeightMax) / most))) }],
            },
          ],
    ),
  );
  return {
    apiVersion: 'externaldns.k8s.io/v1alpha1',
    kind: 'DNSEndpoint',
    metadata: { name, namespace, labels: { [trafficLabel]: trafficManager, [trafficServiceLabel]: name } },
    spec: { endpoints },
  };
};
