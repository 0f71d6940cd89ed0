/** @module Service: addresses, ports and what depends on its type (kubernetes `registry/core/service`). */
import { type Fault, invalid, labelName } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import type { KindParts } from '../kind.ts';
import { at, type Json, listAt, namesAt, numberAt, objectAt, textAt, textsAt, withAt, withItemsAt } from '../read.ts';
import { isIpv6 } from '../validate/addresses.ts';
import { addressFaults, families, headless, serviceFaults, serviceUpdateFaults, serviceWarnings, typeOf } from './service-faults.ts';

/** Gives out addresses; undefined when none is free. Both are asked again on each attempt of a write, so they must not hand out by asking. */
export type ServiceAddresses = {
  /** A free cluster IP. */
  readonly clusterIp: () => string | undefined;
  /** A free port of the nodes that is not in `taken`. */
  readonly nodePort: (taken: readonly number[]) => number | undefined;
  /** The node ports there are; absent: any. */
  readonly nodePortRange?: { readonly first: number; readonly last: number };
  /** What the other Services of the cluster have; absent: they may have the same, as Services that go to different clusters may. */
  readonly takenBesides?: (service: KubeObject) => { readonly clusterIps: ReadonlySet<string>; readonly nodePorts: ReadonlySet<number> };
};

const needsNodePorts = (service: KubeObject): boolean =>
  typeOf(service) === 'NodePort' || (typeOf(service) === 'LoadBalancer' && at(service, 'spec', 'allocateLoadBalancerNodePorts') !== false);

const clearAddresses = (service: KubeObject): KubeObject =>
  ['clusterIP', 'clusterIPs', 'ipFamilies', 'ipFamilyPolicy'].reduce(
    (changed, field) => withAt(changed, ['spec', field], undefined),
    service,
  );

/** A headless Service without a selector may have endpoints of both families. */
const familyFields = (service: KubeObject, address: string): Json => {
  const isOpen = address === headless && Object.keys(textsAt(service, 'spec', 'selector')).length === 0;
  const first = isIpv6(address) ? 'IPv6' : 'IPv4';
  const known = namesAt(service, 'spec', 'ipFamilies');
  return {
    ipFamilyPolicy: textAt(service, 'spec', 'ipFamilyPolicy') || (isOpen ? 'RequireDualStack' : 'SingleStack'),
    ipFamilies: known.length > 0 ? known : isOpen ? families : [first],
  };
};

const withClusterIp = (service: KubeObject, addresses: ServiceAddresses | undefined): KubeObject => {
  const known = textAt(service, 'spec', 'clusterIP') || (namesAt(service, 'spec', 'clusterIPs')[0] ?? '');
  const address = known === '' ? (addresses?.clusterIp() ?? '') : known;
  if (address === '') return service;
  const all = namesAt(service, 'spec', 'clusterIPs');
  const fields = { clusterIP: address, clusterIPs: all.length > 0 ? all : [address], ...familyFields(service, address) };
  return { ...service, spec: { ...objectAt(service, 'spec'), ...fields } };
};

const withNodePorts = (service: KubeObject, addresses: ServiceAddresses | undefined): KubeObject => {
  if (!needsNodePorts(service) || addresses === undefined) return service;
  const taken = listAt(service, 'spec', 'ports').map((port) => numberAt(port, 'nodePort'));
  return withItemsAt(service, ['spec', 'ports'], (port) => {
    if (numberAt(port, 'nodePort') !== 0) return port;
    const nodePort = addresses.nodePort(taken);
    if (nodePort === undefined) return port;
    taken.push(nodePort);
    return { ...port, nodePort };
  });
};

const withAddresses = (service: KubeObject, addresses: ServiceAddresses | undefined): KubeObject =>
  typeOf(service) === 'ExternalName' ? service : withNodePorts(withClusterIp(service, addresses), addresses);

/** Cluster IPs stay when an update does not name them; the old and the new field follow each other. */
const keepClusterIps = (service: KubeObject, old: KubeObject): KubeObject => {
  const [next, before] = [textAt(service, 'spec', 'clusterIP'), textAt(old, 'spec', 'clusterIP')];
  const list = namesAt(service, 'spec', 'clusterIPs');
  if (next === '' && list.length === 0 && typeOf(old) !== 'ExternalName') {
    const fields = ['clusterIP', 'clusterIPs'];
    return fields.reduce((changed, field) => withAt(changed, ['spec', field], at(old, 'spec', field)), service);
  }
  if (next !== before && list[0] === before && next !== '') return withAt(service, ['spec', 'clusterIPs'], [next, ...list.slice(1)]);
  return service;
};

/** Node ports stay with their port and protocol; they go when the type no longer has any. */
const keepNodePorts = (service: KubeObject, old: KubeObject): KubeObject => {
  const before = listAt(old, 'spec', 'ports');
  const same = (port: Json) => (one: unknown) =>
    numberAt(one, 'port') === numberAt(port, 'port') && textAt(one, 'protocol') === textAt(port, 'protocol');
  return withItemsAt(service, ['spec', 'ports'], (port) => {
    const known = numberAt(before.find(same(port)), 'nodePort');
    if (needsNodePorts(service)) return numberAt(port, 'nodePort') === 0 && known !== 0 ? { ...port, nodePort: known } : port;
    const isLeft = needsNodePorts(old) && numberAt(port, 'nodePort') === known && typeOf(service) === 'ClusterIP';
    return isLeft ? withAt(port, ['nodePort'], undefined) : port;
  });
};

const isExternal = (service: KubeObject): boolean =>
  ['NodePort', 'LoadBalancer'].includes(typeOf(service)) || namesAt(service, 'spec', 'externalIPs').length > 0;

/** What only the old Service had use for goes, when the update did not set it anew. */
const dropUnused = (service: KubeObject, old: KubeObject): KubeObject => {
  const drops: string[] = [];
  if (isExternal(old) && !isExternal(service)) drops.push('externalTrafficPolicy');
  if (typeOf(old) === 'LoadBalancer' && typeOf(service) !== 'LoadBalancer')
    drops.push('allocateLoadBalancerNodePorts', 'loadBalancerClass', 'healthCheckNodePort');
  const isUntouched = (field: string): boolean => JSON.stringify(at(service, 'spec', field)) === JSON.stringify(at(old, 'spec', field));
  return drops.filter(isUntouched).reduce((changed, field) => withAt(changed, ['spec', field], undefined), service);
};

const updated = (service: KubeObject, old: KubeObject, addresses: ServiceAddresses | undefined): KubeObject => {
  if (typeOf(service) === 'ExternalName') {
    const isUntouched = textAt(service, 'spec', 'clusterIP') === textAt(old, 'spec', 'clusterIP');
    return typeOf(old) !== 'ExternalName' && isUntouched ? clearAddresses(service) : service;
  }
  const kept = keepNodePorts(keepClusterIps(service, old), old);
  return withAddresses(dropUnused(kept, old), addresses);
};

/** Addresses and ports that are asked for must be free, and ports of the range; as with addresses nothing else is told. */
const allocationFaults = (service: KubeObject, old: KubeObject | undefined, addresses: ServiceAddresses | undefined): Fault[] => {
  if (addresses === undefined || typeOf(service) === 'ExternalName') return [];
  const { nodePortRange: range, takenBesides } = addresses;
  const taken = takenBesides?.(service);
  const known = new Set(listAt(old, 'spec', 'ports').map((port) => numberAt(port, 'nodePort')));
  const ofPorts = (needsNodePorts(service) ? listAt(service, 'spec', 'ports') : []).flatMap((port, index) => {
    const asked = numberAt(port, 'nodePort');
    if (asked === 0 || known.has(asked)) return [];
    const fault = (why: string): Fault[] => [invalid(`spec.ports[${index}].nodePort`, asked, why)];
    if (range !== undefined && (asked < range.first || asked > range.last))
      return fault(`provided port is not in the valid range. The range of valid ports is ${range.first}-${range.last}`);
    return taken?.nodePorts.has(asked) === true ? fault('provided port is already allocated') : [];
  });
  const before = namesAt(old, 'spec', 'clusterIPs');
  const doubled = namesAt(service, 'spec', 'clusterIPs').find((ip) => !before.includes(ip) && taken?.clusterIps.has(ip) === true);
  if (doubled === undefined) return ofPorts.slice(0, 1);
  return [invalid('spec.clusterIPs', [doubled], `failed to allocate IP ${doubled}: provided IP is already allocated`)];
};

/** The Service kind; without `addresses` only Services that name an address have one. */
export const serviceKind = (addresses: ServiceAddresses | undefined): KindParts => ({
  name: labelName,
  strategy: {
    prepareForCreate: (service) => withAddresses(service, addresses),
    prepareForUpdate: (service, old) => updated(service, old, addresses),
    validateFirst: (service) => {
      const faults = addressFaults(service);
      return faults.length > 0 ? faults : allocationFaults(service, undefined, addresses);
    },
    validate: serviceFaults,
    validateUpdate: (service, old) => {
      const faults = [...serviceFaults(service), ...serviceUpdateFaults(service, old)];
      return faults.length > 0 ? faults : allocationFaults(service, old, addresses);
    },
    warnings: (service, old) =>
      old !== undefined && JSON.stringify(service.spec) === JSON.stringify(old.spec) ? [] : serviceWarnings(service),
    allowCreateOnUpdate: true,
  },
});
