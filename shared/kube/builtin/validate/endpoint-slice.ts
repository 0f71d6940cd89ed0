/** @module Faults of EndpointSlices (kubernetes `apis/discovery/validation`). */
import {
  dns1123Label,
  duplicate,
  type Fault,
  invalid,
  invalidEach,
  notSupported,
  qualifiedName,
  required,
  subdomainName,
  tooMany,
} from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { at, hasAt, listAt, namesAt, textAt } from '../read.ts';
import { ipFaults, isIpv6, specialIpFaults } from './addresses.ts';
import { sameValue } from './equal.ts';
import { unchanged } from './numbers.ts';

const addressTypes = ['FQDN', 'IPv4', 'IPv6'];
const protocols = ['SCTP', 'TCP', 'UDP'];
const endpointsMax = 1000;
const addressesMax = 100;
const portsMax = 20_000;

const typeFaults = (type: string): Fault[] => {
  if (type === '') return [required('addressType')];
  return addressTypes.includes(type) ? [] : [notSupported('addressType', type, addressTypes)];
};

const portFaults = (object: KubeObject): Fault[] => {
  const ports = listAt(object, 'ports');
  if (ports.length > portsMax) return [tooMany('ports', ports.length, portsMax)];
  const names = new Set<string>();
  return ports.flatMap((port, index) => {
    const path = `ports[${index}]`;
    const [name, protocol, application] = [textAt(port, 'name'), textAt(port, 'protocol'), textAt(port, 'appProtocol')];
    const faults = name === '' ? [] : invalidEach(`${path}.name`, name, dns1123Label(name));
    if (names.has(name)) faults.push(duplicate(`${path}.name`, name));
    names.add(name);
    if (!hasAt(port, 'protocol')) faults.push(required(`${path}.protocol`));
    else if (!protocols.includes(protocol)) faults.push(notSupported(`${path}.protocol`, protocol, protocols));
    if (hasAt(port, 'appProtocol')) faults.push(...invalidEach(`${path}.appProtocol`, application, qualifiedName(application)));
    return faults;
  });
};

const addressFaults = (address: string, type: string, path: string, index: number): Fault[] => {
  const place = `${path}[${index}]`;
  if (type !== 'IPv4' && type !== 'IPv6') return [];
  const faults = ipFaults(address, place);
  if (faults.length > 0) return faults;
  // A wrong family is told of the list, not of the item.
  if (isIpv6(address) !== (type === 'IPv6')) faults.push(invalid(path, address, `must be an ${type} address`));
  return [...faults, ...specialIpFaults(address, place)];
};

const endpointFaults = (endpoint: unknown, type: string, path: string): Fault[] => {
  const addresses = namesAt(endpoint, 'addresses');
  const faults: Fault[] = [];
  if (addresses.length === 0) faults.push(required(`${path}.addresses`, 'must contain at least 1 address'));
  if (addresses.length > addressesMax) faults.push(tooMany(`${path}.addresses`, addresses.length, addressesMax));
  faults.push(...addresses.flatMap((address, index) => addressFaults(address, type, `${path}.addresses`, index)));
  const [node, host] = [textAt(endpoint, 'nodeName'), textAt(endpoint, 'hostname')];
  if (hasAt(endpoint, 'nodeName')) faults.push(...invalidEach(`${path}.nodeName`, node, subdomainName(node, false)));
  if (hasAt(endpoint, 'hostname')) faults.push(...invalidEach(`${path}.hostname`, host, dns1123Label(host)));
  return faults;
};

/** Faults of a slice; of a changed one, endpoints that stayed as they were are left alone. */
export const endpointSliceFaults = (object: KubeObject, old?: KubeObject): Fault[] => {
  const type = textAt(object, 'addressType');
  const endpoints = listAt(object, 'endpoints');
  const isKept = old !== undefined && sameValue(object.endpoints, old.endpoints);
  const faults =
    endpoints.length > endpointsMax
      ? [tooMany('endpoints', endpoints.length, endpointsMax)]
      : endpoints.flatMap((endpoint, index) => endpointFaults(endpoint, type, `endpoints[${index}]`));
  return [...typeFaults(type), ...portFaults(object), ...(isKept ? [] : faults)];
};

/** Faults of a changed slice: its address type stays. */
export const endpointSliceUpdateFaults = (object: KubeObject, old: KubeObject): Fault[] => [
  ...endpointSliceFaults(object, old),
  ...unchanged({ addressType: at(object, 'addressType') ?? '' }, old, 'addressType', sameValue, 'addressType'),
];
