/** @module What is wrong with a Service, and what the API server warns of in it (kubernetes `ValidateService`, `api/service/warnings.go`). */
import {
  dns1123Label,
  dns1123Subdomain,
  duplicate,
  type Fault,
  forbidden,
  invalid,
  invalidEach,
  notSupported,
  portNumber,
  qualifiedName,
  required,
  validateLabels,
} from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { at, hasAt, listAt, namesAt, numberAt, textAt, textsAt } from '../read.ts';
import { cidrFaults, ipFaults, specialIpFaults } from '../validate/addresses.ts';
import { portFaults } from '../validate/numbers.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const affinities = ['ClientIP', 'None'];
const policies = ['Cluster', 'Local'];
const familyPolicies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const affinitySecondsMax = 86_400;

/** The cluster IP of a Service that wants none. */
export const headless = 'None';
/** The families of cluster IPs, in the order a Service without a selector has them. */
export const families = ['IPv4', 'IPv6'];

/** ClusterIP, NodePort, LoadBalancer or ExternalName. */
export const typeOf = (service: KubeObject): string => textAt(service, 'spec', 'type');
const isHeadless = (service: KubeObject): boolean => namesAt(service, 'spec', 'clusterIPs')[0] === headless;

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
  // The older field counts for the newer one.
  const isNamed = (field: string): boolean => textAt(service, 'spec', field) !== '' || namesAt(service, 'spec', field).length > 0;
  const faults = ['clusterIPs', 'ipFamilies', 'ipFamilyPolicy']
    .filter((field) => isNamed(field) || (field === 'clusterIPs' && isNamed('clusterIP')))
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

/** Faults of cluster IPs and their families; a new Service that has one is told of nothing else. */
export const addressFaults = (service: KubeObject): Fault[] => {
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

/** A port as Go prints one of which only these two are set. */
const goPort = (protocol: string, port: number): object => ({
  Name: '',
  Protocol: protocol,
  AppProtocol: null,
  Port: port,
  TargetPort: 0,
  NodePort: 0,
});

/** The second of two ports that are the same in the fields named. */
const repeatedPorts = (service: KubeObject, field: 'port' | 'nodePort', suffix: string): Fault[] => {
  const seen = new Set<string>();
  return listAt(service, 'spec', 'ports').flatMap((port, index) => {
    const [protocol, number] = [textAt(port, 'protocol'), numberAt(port, field)];
    const key = `${protocol}/${number}`;
    if (field === 'nodePort' && number === 0) return [];
    const isRepeated = seen.has(key);
    seen.add(key);
    return isRepeated ? [duplicate(`spec.ports[${index}]${suffix}`, field === 'port' ? goPort(protocol, number) : number)] : [];
  });
};

const balancerOnly = "may only be used when `type` is 'LoadBalancer'";

const balancerFaults = (service: KubeObject): Fault[] => {
  const ranges = namesAt(service, 'spec', 'loadBalancerSourceRanges');
  const name = textAt(service, 'spec', 'loadBalancerClass');
  if (typeOf(service) === 'LoadBalancer')
    return [
      ...ranges.flatMap((range, index) => cidrFaults(range.trim(), `spec.LoadBalancerSourceRanges[${index}]`)),
      ...(name === '' ? [] : invalidEach('spec.loadBalancerClass', name, qualifiedName(name))),
    ];
  return [
    ...(ranges.length > 0 ? [forbidden('spec.LoadBalancerSourceRanges', balancerOnly)] : []),
    ...(hasAt(service, 'spec', 'allocateLoadBalancerNodePorts') ? [forbidden('spec.allocateLoadBalancerNodePorts', balancerOnly)] : []),
    ...(name === '' ? [] : [forbidden('spec.loadBalancerClass', balancerOnly)]),
  ];
};

/** What is for Services that can be reached from outside only. */
const exposureFaults = (service: KubeObject): Fault[] => {
  const policy = textAt(service, 'spec', 'externalTrafficPolicy');
  const [port, type] = [numberAt(service, 'spec', 'healthCheckNodePort'), typeOf(service)];
  const isExternal = ['LoadBalancer', 'NodePort'].includes(type) || namesAt(service, 'spec', 'externalIPs').length > 0;
  const isChecked = type === 'LoadBalancer' && policy === 'Local';
  const why = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
  return [
    ...(policy !== '' && !isExternal
      ? [invalid('spec.externalTrafficPolicy', policy, 'may only be set for externally-accessible services')]
      : []),
    ...(port !== 0 && !isChecked ? [invalid('spec.healthCheckNodePort', port, why)] : []),
  ];
};

const policyFaults = (service: KubeObject): Fault[] =>
  ['externalTrafficPolicy', 'internalTrafficPolicy'].flatMap((field) => {
    const value = textAt(service, 'spec', field);
    return value === '' || policies.includes(value) ? [] : [notSupported(`spec.${field}`, value, policies)];
  });

const distributions = ['PreferClose', 'PreferSameZone', 'PreferSameNode'];

const distributionFaults = (service: KubeObject): Fault[] => {
  const value = textAt(service, 'spec', 'trafficDistribution');
  return value === '' || distributions.includes(value) ? [] : [notSupported('spec.trafficDistribution', value, distributions)];
};

/** Faults of a Service. */
export const serviceFaults = (service: KubeObject): Fault[] => {
  const ports = listAt(service, 'spec', 'ports');
  const type = typeOf(service);
  const names = new Set<string>();
  return [
    ...(ports.length === 0 && !isHeadless(service) && type !== 'ExternalName' ? [required('spec.ports')] : []),
    ...typeFaults(service),
    ...ports.flatMap((port, index) => servicePortFaults(port, `spec.ports[${index}]`, names, ports.length > 1)),
    ...validateLabels(textsAt(service, 'spec', 'selector'), 'spec.selector'),
    ...affinityFaults(service),
    ...addressFaults(service),
    ...namesAt(service, 'spec', 'externalIPs').flatMap((address, index) => [
      ...ipFaults(address, `spec.externalIPs[${index}]`),
      ...specialIpFaults(address, `spec.externalIPs[${index}]`),
    ]),
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
    ...balancerFaults(service),
    ...exposureFaults(service),
    ...policyFaults(service),
    ...distributionFaults(service),
  ];
};

/** Faults of a change: cluster IPs stay. */
export const serviceUpdateFaults = (service: KubeObject, old: KubeObject): Fault[] => {
  if (typeOf(service) === 'ExternalName' || typeOf(old) === 'ExternalName') return [];
  const [next, before] = [namesAt(service, 'spec', 'clusterIPs'), namesAt(old, 'spec', 'clusterIPs')];
  if (next[0] === headless && before[0] === headless) return [];
  if (before.length > 0 && next.length === 0) return [invalid('spec.clusterIPs[0]', next, 'primary clusterIP can not be unset')];
  return before
    .slice(0, next.length)
    .flatMap((address, index) => (address === next[index] ? [] : [invalid(`spec.clusterIPs[${index}]`, next, 'may not change once set')]));
};

/** Warnings of a Service: fields that do nothing, and such that will. */
export const serviceWarnings = (service: KubeObject): string[] => {
  const texts: string[] = [];
  const isExternalName = typeOf(service) === 'ExternalName';
  const external = namesAt(service, 'spec', 'externalIPs').length > 0;
  if (isHeadless(service)) {
    if (textAt(service, 'spec', 'loadBalancerIP') !== '') texts.push('spec.loadBalancerIP is ignored for headless services');
    if (external) texts.push('spec.externalIPs is ignored for headless services');
    if (textAt(service, 'spec', 'sessionAffinity') !== 'None') texts.push('spec.SessionAffinity is ignored for headless services');
  } else if (external && !isExternalName) texts.push('spec.externalIPs is deprecated and may no longer be implemented in some clusters');
  if (external && isExternalName) texts.push('spec.externalIPs is ignored when spec.type is "ExternalName"');
  const isNamed = textAt(service, 'spec', 'externalName') !== '';
  return isNamed && !isExternalName ? [...texts, 'spec.externalName is ignored when spec.type is not "ExternalName"'] : texts;
};
