/** @module Faults of NetworkPolicies (kubernetes `apis/networking/validation`). */
import { type Fault, forbidden, invalid, invalidEach, notSupported, portName, portNumber, required } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { validateLabelSelector } from '../../selectors/index.ts';
import { at, hasAt, isJson, listAt, namesAt, objectAt, textAt } from '../read.ts';
import { cidrFaults, containsCidr } from './addresses.ts';

const protocols = ['TCP', 'UDP', 'SCTP'];
const policyTypes = ['Ingress', 'Egress'];

const portFaults = (port: unknown, field: string): Fault[] => {
  const protocol = at(port, 'protocol') ?? undefined;
  const [number, end] = [at(port, 'port') ?? undefined, at(port, 'endPort') ?? undefined];
  const faults: Fault[] =
    typeof protocol === 'string' && !protocols.includes(protocol) ? [notSupported(`${field}.protocol`, protocol, protocols)] : [];
  if (number === undefined) {
    return end === undefined ? faults : [...faults, invalid(`${field}.endPort`, end, 'may not be specified when `port` is not specified')];
  }
  if (typeof number === 'string') {
    if (end !== undefined) faults.push(invalid(`${field}.endPort`, end, 'may not be specified when `port` is non-numeric'));
    return [...faults, ...invalidEach(`${field}.port`, number, portName(number))];
  }
  faults.push(...invalidEach(`${field}.port`, number, portNumber(Number(number))));
  if (typeof end !== 'number') return faults;
  if (end < Number(number)) faults.push(invalid(`${field}.endPort`, number, 'must be greater than or equal to `port`'));
  return [...faults, ...invalidEach(`${field}.endPort`, end, portNumber(end))];
};

const blockFaults = (block: unknown, field: string): Fault[] => {
  const cidr = textAt(block, 'cidr');
  if (cidr === '') return [required(`${field}.cidr`)];
  const faults = cidrFaults(cidr, `${field}.cidr`);
  if (faults.length > 0) return faults;
  return namesAt(block, 'except').flatMap((except, index) => {
    const path = `${field}.except[${index}]`;
    const own = cidrFaults(except, path);
    if (own.length > 0) return own;
    return containsCidr(cidr, except) ? [] : [invalid(path, except, 'must be a strict subset of `cidr`')];
  });
};

const peerFaults = (peer: unknown, field: string): Fault[] => {
  const named = ['podSelector', 'namespaceSelector', 'ipBlock'].filter((name) => hasAt(peer, name));
  const faults = ['podSelector', 'namespaceSelector'].flatMap((name) =>
    hasAt(peer, name) ? validateLabelSelector(objectAt(peer, name), `${field}.${name}`) : [],
  );
  if (named.includes('ipBlock')) faults.push(...blockFaults(at(peer, 'ipBlock'), `${field}.ipBlock`));
  if (named.length === 0) faults.push(required(field, 'must specify a peer'));
  const isMixed = named.length > 1 && named.includes('ipBlock');
  return isMixed ? [...faults, forbidden(field, 'may not specify both ipBlock and another peer')] : faults;
};

const rulesFaults = (object: KubeObject, direction: string, peers: string): Fault[] =>
  listAt(object, 'spec', direction).flatMap((rule, index) => {
    const path = `spec.${direction}[${index}]`;
    return [
      ...listAt(rule, 'ports').flatMap((port, at) => portFaults(port, `${path}.ports[${at}]`)),
      ...listAt(rule, peers).flatMap((peer, at) => peerFaults(isJson(peer) ? peer : {}, `${path}.${peers}[${at}]`)),
    ];
  });

/** Faults of a policy. */
export const networkPolicyFaults = (object: KubeObject): Fault[] => {
  const types = namesAt(object, 'spec', 'policyTypes');
  const faults = [
    ...validateLabelSelector(objectAt(object, 'spec', 'podSelector'), 'spec.podSelector'),
    ...rulesFaults(object, 'ingress', 'from'),
    ...rulesFaults(object, 'egress', 'to'),
  ];
  if (types.length > policyTypes.length)
    return [...faults, invalid('spec.policyTypes', types, 'may not specify more than two policyTypes')];
  const unknown = types.flatMap((type, index) =>
    policyTypes.includes(type) ? [] : [notSupported(`spec.policyTypes[${index}]`, type, policyTypes)],
  );
  return [...faults, ...unknown];
};
