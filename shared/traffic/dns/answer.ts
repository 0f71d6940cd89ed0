/** @module What a zone answers to one question (RFC 1034, 2308, 8482). Pure: chance is handed in, so that a seed gives the same answers. */
import type { CompiledZone, DnsBackend, DnsNode, DnsService, DnsZone } from './zone.ts';

/** A record, data in the shape of its type. */
export type DnsRecord = { readonly name: string; readonly ttlSeconds: number } & (
  | { readonly type: 'A' | 'AAAA' | 'NS'; readonly data: string }
  | {
      readonly type: 'SRV';
      readonly data: { readonly priority: number; readonly weight: number; readonly port: number; readonly target: string };
    }
  | { readonly type: 'HINFO'; readonly data: { readonly cpu: string; readonly os: string } }
  | { readonly type: 'SOA'; readonly data: SoaData }
);

/** Times in seconds. */
export type SoaData = {
  readonly mname: string;
  readonly rname: string;
  readonly serial: number;
  readonly refresh: number;
  readonly retry: number;
  readonly expire: number;
  readonly minimum: number;
};

/** Answer codes (RFC 1035 §4.1.1). */
export type DnsCode = 'NOERROR' | 'NXDOMAIN' | 'REFUSED' | 'NOTIMP';

/** What is sent back. */
export type DnsAnswer = {
  readonly code: DnsCode;
  readonly authoritative: boolean;
  readonly answers: readonly DnsRecord[];
  readonly authorities: readonly DnsRecord[];
  readonly additionals: readonly DnsRecord[];
};

/** A question as it came; name without the last dot, letters as the client wrote them. */
export type DnsQuestion = { readonly name: string; readonly type: string; readonly class: string };

/** Addresses in one answer: more do not fit a datagram that every path lets through. */
export const addressesMax = 8;

/** Addresses of all clusters in one answer: what is more than a datagram goes by TCP. */
export const allAddressesMax = 200;

/** SRV weights have 16 bits (RFC 2782). */
const srvWeightMax = 65_535;
const negativeTtlSeconds = 5;
const apexTtlSeconds = 30;

const refused: DnsAnswer = { code: 'REFUSED', authoritative: false, answers: [], authorities: [], additionals: [] };

const soaOf = (zone: DnsZone, ttlSeconds: number): DnsRecord => ({
  type: 'SOA',
  name: zone.origin,
  ttlSeconds,
  data: {
    mname: zone.nameServers[0]?.name ?? zone.origin,
    rname: zone.mailbox,
    serial: zone.serial,
    refresh: 60,
    retry: 10,
    expire: 86_400,
    minimum: negativeTtlSeconds,
  },
});

const negative = (zone: DnsZone, code: 'NOERROR' | 'NXDOMAIN'): DnsAnswer => ({
  code,
  authoritative: true,
  answers: [],
  authorities: [soaOf(zone, negativeTtlSeconds)],
  additionals: [],
});

type Family = 'A' | 'AAAA';
const addressesOf = (of: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }, family: Family): readonly string[] =>
  family === 'A' ? of.ipv4 : of.ipv6;

const addressRecords = (name: string, family: Family, addresses: readonly string[], ttlSeconds: number, max = addressesMax): DnsRecord[] =>
  addresses.slice(0, max).map((data) => ({ type: family, name, ttlSeconds, data }));

/** Those that serve; all of them when none does, for an answer that may fail is better than none. */
const serving = (backends: readonly DnsBackend[]): readonly DnsBackend[] => {
  const live = backends.filter((backend) => backend.weight > 0);
  return live.length > 0 ? live : backends;
};

/** The one cluster that an answer names. */
const choose = (service: DnsService, family: Family, random: () => number): DnsBackend | undefined => {
  const able = serving(service.backends.filter((backend) => addressesOf(backend, family).length > 0));
  if (service.policy === 'Ordered') {
    const first = Math.min(...able.map((backend) => backend.order));
    return drawn(
      able.filter((backend) => backend.order === first),
      random,
    );
  }
  return drawn(able, random);
};

const drawn = (backends: readonly DnsBackend[], random: () => number): DnsBackend | undefined => {
  const total = backends.reduce((sum, backend) => sum + backend.weight, 0);
  if (total === 0) return backends[Math.floor(random() * backends.length)];
  let left = Math.floor(random() * total);
  return backends.find((backend) => {
    left -= backend.weight;
    return left < 0;
  });
};

/** The name that SRV gives for a backend. */
const targetOf = (service: DnsService, backend: DnsBackend): string =>
  service.isWhole === true ? service.name : `${backend.cluster}.${service.name}`;

const srvRecords = (name: string, service: DnsService, port: number): DnsRecord[] => {
  const live = serving(service.backends);
  const most = Math.max(1, ...live.map((backend) => backend.weight));
  return live.map((backend) => ({
    type: 'SRV',
    name,
    ttlSeconds: service.ttlSeconds,
    data: {
      priority: service.policy === 'Ordered' ? backend.order : 0,
      // 0 would mean "hardly ever": what serves at all keeps at least 1.
      weight: Math.max(1, Math.floor((backend.weight * srvWeightMax) / most)),
      port,
      target: targetOf(service, backend),
    },
  }));
};

const bothFamilies = (
  name: string,
  of: { readonly ipv4: readonly string[]; readonly ipv6: readonly string[] },
  ttlSeconds: number,
): DnsRecord[] => [...addressRecords(name, 'A', of.ipv4, ttlSeconds), ...addressRecords(name, 'AAAA', of.ipv6, ttlSeconds)];

const glue = (zone: DnsZone): DnsRecord[] => zone.nameServers.flatMap((server) => bothFamilies(server.name, server, apexTtlSeconds));

const nsRecords = (zone: DnsZone): DnsRecord[] =>
  zone.nameServers.map((server) => ({ type: 'NS', name: zone.origin, ttlSeconds: apexTtlSeconds, data: server.name }));

const found = (answers: readonly DnsRecord[], additionals: readonly DnsRecord[] = []): DnsAnswer => ({
  code: 'NOERROR',
  authoritative: true,
  answers,
  authorities: [],
  additionals,
});

/** What a node has of a type; nothing = the name is there and has no such record. */
const recordsOf = ({ zone }: CompiledZone, node: DnsNode, question: DnsQuestion, random: () => number): DnsAnswer => {
  const { name, type } = question;
  const family: Family | undefined = type === 'A' || type === 'AAAA' ? type : undefined;
  if (node.kind === 'apex') {
    if (type === 'SOA') return found([soaOf(zone, apexTtlSeconds)]);
    return type === 'NS' ? found(nsRecords(zone), glue(zone)) : found([]);
  }
  if (node.kind === 'nameServer' && family !== undefined)
    return found(addressRecords(name, family, addressesOf(node, family), apexTtlSeconds));
  if (node.kind === 'cluster' && family !== undefined)
    return found(addressRecords(name, family, addressesOf(node.backend, family), node.service.ttlSeconds));
  if (node.kind === 'host' && family !== undefined)
    return found(addressRecords(name, family, addressesOf(node, family), node.service.ttlSeconds));
  if (node.kind === 'service' && family !== undefined && node.service.policy === 'All') {
    const all = serving(node.service.backends).flatMap((backend) => addressesOf(backend, family));
    // Each client begins with another one.
    const first = Math.floor(random() * all.length);
    return found(addressRecords(name, family, [...all.slice(first), ...all.slice(0, first)], node.service.ttlSeconds, allAddressesMax));
  }
  if (node.kind === 'service' && family !== undefined) {
    const backend = choose(node.service, family, random);
    return found(backend === undefined ? [] : addressRecords(name, family, addressesOf(backend, family), node.service.ttlSeconds));
  }
  if (node.kind === 'port' && type === 'SRV') {
    const { service } = node;
    const targets = serving(service.backends).flatMap((backend) => bothFamilies(targetOf(service, backend), backend, service.ttlSeconds));
    return found(srvRecords(name, service, node.port), targets);
  }
  return found([]);
};

/**
 * Answers one question. Names outside the zone are refused, as is a transfer; ANY gets the short answer of RFC 8482. The records carry the
 * name as it was asked, letter by letter (clients check their own mix of cases against it).
 */
export const answerQuestion = (compiled: CompiledZone, question: DnsQuestion, random: () => number): DnsAnswer => {
  const { zone, nodes } = compiled;
  const name = question.name.toLowerCase();
  if (question.class !== 'IN' || (name !== zone.origin && !name.endsWith(`.${zone.origin}`))) return refused;
  if (question.type === 'AXFR' || question.type === 'IXFR') return refused;
  const node = nodes.get(name);
  if (node === undefined) return negative(zone, 'NXDOMAIN');
  if (question.type === 'ANY')
    return found([{ type: 'HINFO', name: question.name, ttlSeconds: apexTtlSeconds, data: { cpu: 'RFC8482', os: '' } }]);
  const answer = recordsOf(compiled, node, question, random);
  return answer.answers.length > 0 ? answer : negative(zone, 'NOERROR');
};
