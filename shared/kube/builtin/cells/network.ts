/** @module Rows of Services, endpoints, Ingress and policies of the network (kubernetes `printers.go`). */
import type { KubeObject } from '../../object.ts';
import type { TableCells } from '../../resource.ts';
import { labelSelectorCell } from '../../selectors/index.ts';
import { at, hasAt, listAt, namesAt, numberAt, objectAt, textAt } from '../read.ts';
import { ageCell, labelsCell, orNone, shortened, sortedSet } from './common.ts';

const itemsShown = 3;

/** Addresses of a load balancer; the server always prints wide rows, so nothing is cut. */
const balancerCell = (object: KubeObject): string => {
  const ingress = listAt(object, 'status', 'loadBalancer', 'ingress');
  return sortedSet(ingress.map((one) => textAt(one, 'ip') || textAt(one, 'hostname')).filter((text) => text !== ''));
};

const externalAddress = (service: KubeObject): string => {
  const external = namesAt(service, 'spec', 'externalIPs');
  switch (textAt(service, 'spec', 'type')) {
    case 'ClusterIP':
    case 'NodePort':
      return orNone(external.join(','));
    case 'LoadBalancer': {
      const balancer = balancerCell(service);
      const all = [...(balancer === '' ? [] : [balancer]), ...external].join(',');
      return all === '' ? '<pending>' : all;
    }
    case 'ExternalName':
      return textAt(service, 'spec', 'externalName');
    default:
      return '<unknown>';
  }
};

const portText = (port: unknown): string => {
  const nodePort = numberAt(port, 'nodePort');
  return `${numberAt(port, 'port')}${nodePort > 0 ? `:${nodePort}` : ''}/${textAt(port, 'protocol')}`;
};

export const serviceCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'spec', 'type'),
  orNone(textAt(object, 'spec', 'clusterIPs', 0)),
  externalAddress(object),
  orNone(listAt(object, 'spec', 'ports').map(portText).join(',')),
  ageCell(object, nowMs),
  labelsCell(at(object, 'spec', 'selector')),
];

const hostPort = (address: string, port: number): string => (address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`);

const endpointTexts = (object: KubeObject): string[] =>
  listAt(object, 'subsets').flatMap((subset) => {
    const addresses = listAt(subset, 'addresses').map((address) => textAt(address, 'ip'));
    const ports = listAt(subset, 'ports');
    if (ports.length === 0) return addresses;
    return ports.flatMap((port) => addresses.map((address) => hostPort(address, numberAt(port, 'port'))));
  });

export const endpointsCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  listAt(object, 'subsets').length === 0 ? '<none>' : shortened(endpointTexts(object), itemsShown),
  ageCell(object, nowMs),
];

const orUnset = (text: string): string => (text === '' ? '<unset>' : text);

const slicePort = (port: unknown): string =>
  hasAt(port, 'port') ? String(numberAt(port, 'port')) : hasAt(port, 'name') ? textAt(port, 'name') : '*';

export const endpointSliceCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  textAt(object, 'addressType'),
  orUnset(shortened(listAt(object, 'ports').map(slicePort), itemsShown)),
  orUnset(
    shortened(
      listAt(object, 'endpoints').flatMap((endpoint) => namesAt(endpoint, 'addresses')),
      itemsShown,
    ),
  ),
  ageCell(object, nowMs),
];

/** The first three rules' hosts; the rest is counted by rules. */
const hostsCell = (rules: readonly unknown[]): string => {
  const hosts = rules.map((rule) => textAt(rule, 'host')).filter((host) => host !== '');
  if (hosts.length === 0) return '*';
  const lastShown = rules.findIndex(
    (_, index) => rules.slice(0, index).filter((rule) => textAt(rule, 'host') !== '').length === itemsShown,
  );
  const more = lastShown >= 0 ? ` + ${rules.length - itemsShown} more...` : '';
  return `${hosts.slice(0, itemsShown).join(',')}${more}`;
};

export const ingressCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  hasAt(object, 'spec', 'ingressClassName') ? textAt(object, 'spec', 'ingressClassName') : '<none>',
  hostsCell(listAt(object, 'spec', 'rules')),
  balancerCell(object),
  listAt(object, 'spec', 'tls').length === 0 ? '80' : '80, 443',
  ageCell(object, nowMs),
];

const isDefaultClass = (object: KubeObject, key: string): boolean => object.metadata.annotations?.[key] === 'true';

export const ingressClassCells: TableCells = (object, nowMs) => {
  const parameters = objectAt(object, 'spec', 'parameters');
  const group = hasAt(parameters, 'apiGroup') ? `.${textAt(parameters, 'apiGroup')}` : '';
  return [
    `${object.metadata.name}${isDefaultClass(object, 'ingressclass.kubernetes.io/is-default-class') ? ' (default)' : ''}`,
    textAt(object, 'spec', 'controller'),
    hasAt(object, 'spec', 'parameters') ? `${textAt(parameters, 'kind')}${group}/${textAt(parameters, 'name')}` : '<none>',
    ageCell(object, nowMs),
  ];
};

export const networkPolicyCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  labelSelectorCell(objectAt(object, 'spec', 'podSelector')),
  ageCell(object, nowMs),
];

export const serviceCidrCells: TableCells = (object, nowMs) => [
  object.metadata.name,
  namesAt(object, 'spec', 'cidrs').join(','),
  ageCell(object, nowMs),
];

export const ipAddressCells: TableCells = (object) => {
  const parent = objectAt(object, 'spec', 'parentRef');
  const group = textAt(parent, 'group');
  const resource = `${textAt(parent, 'resource')}${group === '' ? '' : `.${group}`}`.toLowerCase();
  const path = [resource, textAt(parent, 'namespace'), textAt(parent, 'name')].filter((part) => part !== '').join('/');
  return [object.metadata.name, hasAt(object, 'spec', 'parentRef') ? path : '<none>'];
};
