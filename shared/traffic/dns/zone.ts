/** @module A zone as every surviving name server answers it: services with the clusters that serve them, compiled to a tree of names. */

/** One cluster that serves a service. */
export type DnsBackend = {
  /** A DNS label. */
  readonly cluster: string;
  readonly ipv4: readonly string[];
  readonly ipv6: readonly string[];
  /** Share of the answers, 0 = none; only the ratio counts. */
  readonly weight: number;
  /** For `Ordered`: the lowest order that is served at all answers alone. */
  readonly order: number;
  /** Endpoints that have names of their own: `HOST.CLUSTER.SERVICE`. */
  readonly hosts?: readonly { readonly name: string; readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }[];
};

/** One service of the zone. */
export type DnsService = {
  /** Absolute name without the last dot, such as `web.shop.svc.example.org`. */
  readonly name: string;
  readonly ttlSeconds: number;
  /** `Weighted`: each answer is one cluster, drawn by weight. `Ordered`: the first cluster that serves. `All`: every cluster that serves. */
  readonly policy: 'Weighted' | 'Ordered' | 'All';
  readonly backends: readonly DnsBackend[];
  /** Its answers are of the whole, as where one address stands for all clusters: SRV names the service, and no cluster has a name of its own. */
  readonly isWhole?: boolean;
  readonly ports: readonly { readonly name: string; readonly protocol: 'tcp' | 'udp'; readonly port: number }[];
};

/** A zone's own facts and its services. */
export type DnsZone = {
  /** Absolute, without the last dot. */
  readonly origin: string;
  /** Grows with every change (RFC 1982 arithmetic is the readers' affair). */
  readonly serial: number;
  /** The name servers, one a surviving cluster at least; names inside the zone get their addresses as glue. */
  readonly nameServers: readonly { readonly name: string; readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }[];
  /** The mailbox of the one in charge, as a DNS name (RFC 1035 §3.3.13). */
  readonly mailbox: string;
  readonly services: readonly DnsService[];
};

/** What one name of the zone answers. */
export type DnsNode =
  | { readonly kind: 'apex' }
  | { readonly kind: 'nameServer'; readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }
  | { readonly kind: 'service'; readonly service: DnsService }
  /** `CLUSTER.SERVICE`: that cluster alone, whatever its weight. */
  | { readonly kind: 'cluster'; readonly service: DnsService; readonly backend: DnsBackend }
  /** `HOST.CLUSTER.SERVICE`. */
  | { readonly kind: 'host'; readonly service: DnsService; readonly ipv4: readonly string[]; readonly ipv6: readonly string[] }
  /** `_PORT._PROTOCOL.SERVICE`. */
  | { readonly kind: 'port'; readonly service: DnsService; readonly port: number }
  /** A name that only has names below it. */
  | { readonly kind: 'empty' };

/** A zone made ready to answer; names in lower case. */
export type CompiledZone = { readonly zone: DnsZone; readonly nodes: ReadonlyMap<string, DnsNode> };

/** TTLs that resolvers keep to and that still let traffic move quickly, seconds (facts: public resolvers raise lower ones). */
export const ttlSecondsMin = 5;
/** See {@link ttlSecondsMin}. */
export const ttlSecondsMax = 30;

const label = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?$/;
const nameLengthMax = 253;

const nameFault = (path: string, name: string): string[] =>
  name.length <= nameLengthMax && name.split('.').every((part) => label.test(part))
    ? []
    : [`${path}: ${JSON.stringify(name)} is no DNS name in lower case`];

const isBelow = (name: string, origin: string): boolean => name.endsWith(`.${origin}`);

const serviceFaults = (zone: DnsZone, service: DnsService, at: number): string[] => {
  const path = `services[${at}]`;
  const faults = nameFault(`${path}.name`, service.name);
  if (!isBelow(service.name, zone.origin)) faults.push(`${path}.name: ${service.name} is not below ${zone.origin}`);
  if (service.ttlSeconds < ttlSecondsMin || service.ttlSeconds > ttlSecondsMax)
    faults.push(`${path}.ttlSeconds: ${service.ttlSeconds} is not between ${ttlSecondsMin} and ${ttlSecondsMax}`);
  service.backends.forEach((backend, index) => {
    const own = `${path}.backends[${index}]`;
    if (!label.test(backend.cluster)) faults.push(`${own}.cluster: ${JSON.stringify(backend.cluster)} is no DNS label`);
    if (!Number.isInteger(backend.weight) || backend.weight < 0)
      faults.push(`${own}.weight: ${backend.weight} is no whole number from 0 on`);
    if (backend.ipv4.length + backend.ipv6.length === 0) faults.push(`${own}: cluster ${backend.cluster} has no address`);
  });
  if (service.backends.length === 0) faults.push(`${path}.backends: is empty; a record set is never empty`);
  return faults;
};

/** What is wrong with a zone, each fault with its path; empty = it can be served. */
export const zoneFaults = (zone: DnsZone): string[] => [
  ...nameFault('origin', zone.origin),
  ...(zone.nameServers.length === 0 ? ['nameServers: is empty; the zone needs one'] : []),
  ...zone.nameServers.flatMap((server, at) => nameFault(`nameServers[${at}].name`, server.name)),
  ...zone.services.flatMap((service, at) => serviceFaults(zone, service, at)),
];

/**
 * The names of a zone. Of two entries of one name the first counts.
 *
 * @throws RangeError when {@link zoneFaults} finds something.
 */
export const compileZone = (zone: DnsZone): CompiledZone => {
  const [fault] = zoneFaults(zone);
  if (fault !== undefined) throw new RangeError(fault);
  const nodes = new Map<string, DnsNode>([[zone.origin, { kind: 'apex' }]]);
  const add = (name: string, node: DnsNode): void => {
    const present = nodes.get(name);
    if (present === undefined || present.kind === 'empty') nodes.set(name, node);
    for (let parent = name.slice(name.indexOf('.') + 1); isBelow(parent, zone.origin); parent = parent.slice(parent.indexOf('.') + 1))
      if (!nodes.has(parent)) nodes.set(parent, { kind: 'empty' });
  };
  for (const server of zone.nameServers)
    if (isBelow(server.name, zone.origin)) add(server.name, { kind: 'nameServer', ipv4: server.ipv4, ipv6: server.ipv6 });
  for (const service of zone.services) {
    add(service.name, { kind: 'service', service });
    for (const backend of service.isWhole === true ? [] : service.backends) {
      add(`${backend.cluster}.${service.name}`, { kind: 'cluster', service, backend });
      for (const { name, ipv4, ipv6 } of backend.hosts ?? [])
        add(`${name}.${backend.cluster}.${service.name}`, { kind: 'host', service, ipv4, ipv6 });
    }
    for (const { name, protocol, port } of service.ports) add(`_${name}._${protocol}.${service.name}`, { kind: 'port', service, port });
  }
  return { zone, nodes };
};
