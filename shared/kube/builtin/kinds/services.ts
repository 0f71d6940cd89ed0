/** @module Service: addresses, ports and what depends on its type (kubernetes `registry/core/service`, `ValidateService`). */
import {
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  type Fault,
  forbidden,
  invalid,
  invalidEach,
  labelName,
  notSupported,
  portNumber,
  qualifiedName,
  required,
  validateLabels,
} from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import type { KindParts } from '../kind.ts';
import { at, hasAt, type Json, listAt, namesAt, numberAt, objectAt, textAt, textsAt, withAt, withItemsAt } from '../read.ts';
import { ipFaults, isIpv6 } from '../validate/addresses.ts';
import { portFaults } from '../validate/numbers.ts';

/** Gives out addresses; undefined when none is free. Both are asked again on each attempt of a write, so they must not hand out by asking. */
export type ServiceAddresses = {
  /** A free cluster IP. */
  readonly clusterIp: () => string | undefined;
  /** A free port of the nodes that is not in `taken`. */
  readonly nodePort: (taken: readonly number[]) => number | undefined;
};

const headless = 'None';
const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const affinities = ['ClientIP', 'None'];
const policies = ['Cluster', 'Local'];
const families = ['IPv4', 'IPv6'];
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const affinitySecondsMax = 86_400;

const typeOf = (service: KubeObject): string => textAt(service, 'spec', 'type');
const isHeadless = (service: KubeObject): boolean => namesAt(service, 'spec', 'clusterIPs')[0] === headless;
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

/** What only the old type had goes, when the update did not set it anew. */
const dropOldType = (service: KubeObject, old: KubeObject): KubeObject => {
  const drops: string[] = [];
  const hasPolicy = ['NodePort', 'LoadBalancer'].includes(typeOf(service)) || namesAt(service, 'spec', 'externalIPs').length > 0;
  if (!hasPolicy) drops.push('externalTrafficPolicy');
  if (typeOf(service) !== 'LoadBalancer') drops.push('allocateLoadBalancerNodePorts', 'loadBalancerClass', 'healthCheckNodePort');
  const isUntouched = (field: string): boolean => JSON.stringify(at(service, 'spec', field)) === JSON.stringify(at(old, 'spec', field));
  return drops.filter(isUntouched).reduce((changed, field) => withAt(changed, ['spec', field], undefined), service);
};

const updated = (service: KubeObject, old: KubeObject, addresses: ServiceAddresses | undefined): KubeObject => {
  if (typeOf(service) === 'ExternalName') {
    const isUntouched = textAt(service, 'spec', 'clusterIP') === textAt(old, 'spec', 'clusterIP');
    return typeOf(old) !== 'ExternalName' && isUntouched ? clearAddresses(service) : service;
  }
  const kept = keepNodePorts(keepClusterIps(service, old), old);
  return withAddresses(typeOf(old) === typeOf(kept) ? kept : dropOldType(kept, old), addresses);
};

const servicePortFaults = (port: unknown, field: string, names: Set<string>, needsName: boolean): Fault[] => {
  const name = textAt(port, 'name');
  const faults: Fault[] =
    name === '' ? (needsName ? [required(`${field}.name`)] : []) : invalidEach(`${field}.name`, name, dns1123Label(name));
  if (name !== '' && names.has(name)) faults.push(duplicate(`${field}.name`, name));
  names.add(name);
  faults.push(...invalidEach(`${field}.port`, numberAt(port, 'port'), portNumber(numberAt(port, 'port'))));
  const protocol = textAt(port, 'protocol');
  if (protocol === '') faults.push(required(`${field}.protocol`));
  else if (!protocols.includes(protocol)) faults.push(notSupported(`${field}.protocol`, protocol, protocols));
  faults.push(...portFaults(at(port, 'targetPort'), `${field}.targetPort`));
  const app = textAt(port, 'appProtocol');
  return hasAt(port, 'appProtocol') ? [...faults, ...invalidEach(`${field}.appProtocol`, app, qualifiedName(app))] : faults;
};

const externalNameFaults = (service: KubeObject): Fault[] => {
  const faults = ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy']
    .filter((field) => namesAt(service, 'spec', field).length > 0 || textAt(service, 'spec', field) !== '')
    .map((field) => forbidden(`spec.${field}`, 'may not be set for ExternalName services'));
  const name = textAt(service, 'spec', 'externalName').replace(/\.$/, '');
  return [...faults, ...(name === '' ? [required('spec.externalName')] : invalidEach('spec.externalName', name, dns1123Subdomain(name)))];
};

const typeFaults = (service: KubeObject): Fault[] => {
  const type = typeOf(service);
  if (type === 'ExternalName') return externalNameFaults(service);
  if ((type === 'LoadBalancer' || type === 'NodePort') && isHeadless(service)) {
    return [invalid('spec.clusterIPs[0]', headless, `may not be set to 'None' for ${type} services`)];
  }
  return [];
};

const affinityFaults = (service: KubeObject): Fault[] => {
  const affinity = textAt(service, 'spec', 'sessionAffinity');
  if (affinity === '') return [required('spec.sessionAffinity')];
  if (!affinities.includes(affinity)) return [notSupported('spec.sessionAffinity', affinity, affinities)];
  if (affinity !== 'ClientIP') return [];
  const seconds = numberAt(service, 'spec', 'sessionAffinityConfig', 'clientIP', 'timeoutSeconds');
  const field = 'spec.sessionAffinityConfig.clientIP.timeoutSeconds';
  return seconds > 0 && seconds <= affinitySecondsMax
    ? []
    : [invalid(field, seconds, `must be greater than 0 and less than ${affinitySecondsMax}`)];
};

const addressFaults = (service: KubeObject): Fault[] => {
  if (typeOf(service) === 'ExternalName') return [];
  const faults: Fault[] = [];
  const list = namesAt(service, 'spec', 'clusterIPs');
  const first = textAt(service, 'spec', 'clusterIP');
  if (first !== '' && list.length === 0) faults.push(required('spec.clusterIPs'));
  else if (first !== '' && list[0] !== first) faults.push(invalid('spec.clusterIPs', list, 'first value must match `clusterIP`'));
  else if (first === '' && list.length > 0)
    faults.push(invalid('spec.clusterIPs', list, 'must be empty when `clusterIP` is not specified'));
  namesAt(service, 'spec', 'ipFamilies').forEach((family, index) => {
    if (!families.includes(family)) faults.push(notSupported(`spec.ipFamilies[${index}]`, family, families));
  });
  const policy = textAt(service, 'spec', 'ipFamilyPolicy');
  if (policy !== '' && !familyPolicies.includes(policy)) faults.push(notSupported('spec.ipFamilyPolicy', policy, familyPolicies));
  if (list[0] === headless) {
    return list.length === 1 ? faults : [...faults, invalid('spec.clusterIPs', list, "'None' must be the first and only value")];
  }
  faults.push(...list.flatMap((address, index) => ipFaults(address, `spec.clusterIPs[${index}]`)));
  return list.length > 2 ? [...faults, invalid('spec.clusterIPs', list, 'may only hold up to 2 values')] : faults;
};

/** The second of two ports that are the same in the fields named. */
const repeatedPorts = (service: KubeObject, field: 'port' | 'nodePort', suffix: string): Fault[] => {
  const seen = new Set<string>();
  return listAt(service, 'spec', 'ports').flatMap((port, index) => {
    const [protocol, number] = [textAt(port, 'protocol'), numberAt(port, field)];
    const key = `${protocol}/${number}`;
    if (field === 'nodePort' && number === 0) return [];
    const isRepeated = seen.has(key);
    seen.add(key);
    return isRepeated ? [duplicate(`spec.ports[${index}]${suffix}`, field === 'port' ? { protocol, port: number } : number)] : [];
  });
};

const policyFaults = (service: KubeObject): Fault[] =>
  ['externalTrafficPolicy', 'internalTrafficPolicy'].flatMap((field) => {
    const value = textAt(service, 'spec', field);
    return value === '' || policies.includes(value) ? [] : [notSupported(`spec.${field}`, value, policies)];
  });

const validate = (service: KubeObject): Fault[] => {
  const ports = listAt(service, 'spec', 'ports');
  const type = typeOf(service);
  const names = new Set<string>();
  const isBalancer = type === 'LoadBalancer';
  return [
    ...(ports.length === 0 && !isHeadless(service) && type !== 'ExternalName' ? [required('spec.ports')] : []),
    ...typeFaults(service),
    ...ports.flatMap((port, index) => servicePortFaults(port, `spec.ports[${index}]`, names, ports.length > 1)),
    ...validateLabels(textsAt(service, 'spec', 'selector'), 'spec.selector'),
    ...affinityFaults(service),
    ...addressFaults(service),
    ...namesAt(service, 'spec', 'externalIPs').flatMap((address, index) => ipFaults(address, `spec.externalIPs[${index}]`)),
    ...(types.includes(type) ? [] : [notSupported('spec.type', type, types)]),
    ...(type === 'ClusterIP'
      ? ports.flatMap((port, index) =>
          numberAt(port, 'nodePort') === 0
            ? []
            : [forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'")],
        )
      : []),
    ...repeatedPorts(service, 'nodePort', '.nodePort'),
    ...repeatedPorts(service, 'port', ''),
    ...(hasAt(service, 'spec', 'allocateLoadBalancerNodePorts') && !isBalancer
      ? [forbidden('spec.allocateLoadBalancerNodePorts', "may only be used when `type` is 'LoadBalancer'")]
      : []),
    ...policyFaults(service),
  ];
};

const validateUpdate = (service: KubeObject, old: KubeObject): Fault[] => {
  if (typeOf(service) === 'ExternalName' || typeOf(old) === 'ExternalName') return [];
  const [next, before] = [namesAt(service, 'spec', 'clusterIPs'), namesAt(old, 'spec', 'clusterIPs')];
  if (next[0] === headless && before[0] === headless) return [];
  if (before.length > 0 && next.length === 0) return [invalid('spec.clusterIPs[0]', next, 'primary clusterIP can not be unset')];
  return before
    .slice(0, next.length)
    .flatMap((address, index) => (address === next[index] ? [] : [invalid(`spec.clusterIPs[${index}]`, next, 'may not change once set')]));
};

const warnings = (service: KubeObject): string[] => {
  const texts: string[] = [];
  const external = namesAt(service, 'spec', 'externalIPs').length > 0;
  const affinity = textAt(service, 'spec', 'sessionAffinity');
  if (isHeadless(service)) {
    if (textAt(service, 'spec', 'loadBalancerIP') !== '') texts.push('spec.loadBalancerIP is ignored for headless services');
    if (external) texts.push('spec.externalIPs is ignored for headless services');
    if (affinity !== 'None' && affinity !== '') texts.push('spec.SessionAffinity is ignored for headless services');
  }
  if (external) texts.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (external && typeOf(service) === 'ExternalName') texts.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  if (textAt(service, 'spec', 'externalName') !== '' && typeOf(service) !== 'ExternalName') {
    texts.push('spec.externalName is ignored when spec.type is not "ExternalName"');
  }
  return texts;
};

/** The Service kind; without `addresses` only Services that name an address have one. */
export const serviceKind = (addresses: ServiceAddresses | undefined): KindParts => ({
  name: labelName,
  strategy: {
    prepareForCreate: (service) => withAddresses(service, addresses),
    prepareForUpdate: (service, old) => updated(service, old, addresses),
    validate,
    validateUpdate,
    warnings: (service, old) => (old !== undefined && JSON.stringify(service.spec) === JSON.stringify(old.spec) ? [] : warnings(service)),
    allowCreateOnUpdate: true,
  },
});
