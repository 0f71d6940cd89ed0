/** @module Faults of Ingresses (kubernetes `apis/networking/validation`). */
import {
  type Fault,
  invalid,
  invalidEach,
  labelName,
  notSupported,
  portName,
  portNumber,
  required,
  subdomainName,
  wildcardSubdomain,
} from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { at, hasAt, listAt, namesAt, numberAt, textAt } from '../read.ts';
import { isIp } from './addresses.ts';

const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];
const badSequences = ['//', '/./', '/../', '%2f', '%2F'];
const badSuffixes = ['/..', '/.'];
const classAnnotation = 'kubernetes.io/ingress.class';
const absoluteText = 'must be an absolute path';

const servicePortFaults = (backend: unknown, field: string): Fault[] => {
  const [name, number] = [textAt(backend, 'service', 'port', 'name'), numberAt(backend, 'service', 'port', 'number')];
  if (name !== '' && number !== 0) return [invalid(field, '', 'cannot set both port name & port number')];
  if (name !== '') return invalidEach(`${field}.service.port.name`, name, portName(name));
  if (number !== 0) return invalidEach(`${field}.service.port.number`, number, portNumber(number));
  return [required(field, 'port name or number is required')];
};

const resourceFaults = (backend: unknown, field: string): Fault[] =>
  ['kind', 'name'].filter((name) => textAt(backend, 'resource', name) === '').map((name) => required(`${field}.resource.${name}`));

const backendFaults = (backend: unknown, field: string): Fault[] => {
  const [service, resource] = [hasAt(backend, 'service'), hasAt(backend, 'resource')];
  if (service && resource) return [invalid(field, '', 'cannot set both resource and service backends')];
  if (resource) return resourceFaults(backend, field);
  if (!service) return [invalid(field, '', 'resource or service backend is required')];
  const name = textAt(backend, 'service', 'name');
  const path = `${field}.service.name`;
  const faults = name === '' ? [required(path)] : invalidEach(path, name, labelName(name, false));
  return [...faults, ...servicePortFaults(backend, field)];
};

const pathTextFaults = (type: string, text: string, field: string): Fault[] => {
  if (type === 'ImplementationSpecific') return text === '' || text.startsWith('/') ? [] : [invalid(field, text, absoluteText)];
  const faults: Fault[] = text.startsWith('/') ? [] : [invalid(field, text, absoluteText)];
  for (const part of badSequences) if (text.includes(part)) faults.push(invalid(field, text, `must not contain '${part}'`));
  for (const end of badSuffixes) if (text.endsWith(end)) faults.push(invalid(field, text, `cannot end with '${end}'`));
  return faults;
};

const pathFaults = (path: unknown, field: string): Fault[] => {
  if (!hasAt(path, 'pathType')) return [required(`${field}.pathType`, 'pathType must be specified')];
  const type = textAt(path, 'pathType');
  const faults = pathTypes.includes(type)
    ? pathTextFaults(type, textAt(path, 'path'), `${field}.path`)
    : [notSupported(`${field}.pathType`, type, pathTypes)];
  return [...faults, ...backendFaults(at(path, 'backend'), `${field}.backend`)];
};

const nameFaults = (host: string, field: string): Fault[] =>
  invalidEach(field, host, host.includes('*') ? wildcardSubdomain(host) : subdomainName(host, false));

const ruleFaults = (rule: unknown, field: string): Fault[] => {
  const host = textAt(rule, 'host');
  const faults = isIp(host) ? [invalid(`${field}.host`, host, 'must be a DNS name, not an IP address')] : [];
  if (host !== '') faults.push(...nameFaults(host, `${field}.host`));
  if (!hasAt(rule, 'http')) return faults;
  const paths = listAt(rule, 'http', 'paths');
  if (paths.length === 0) return [...faults, required(`${field}.http.paths`)];
  return [...faults, ...paths.flatMap((path, index) => pathFaults(path, `${field}.http.paths[${index}]`))];
};

const tlsFaults = (tls: unknown, field: string): Fault[] => {
  const secret = textAt(tls, 'secretName');
  return [
    ...namesAt(tls, 'hosts').flatMap((host, index) => nameFaults(host, `${field}.hosts[${index}]`)),
    ...(secret === '' ? [] : invalidEach(`${field}.secretName`, secret, subdomainName(secret, false))),
  ];
};

/** Faults of an Ingress. */
export const ingressFaults = (object: KubeObject): Fault[] => {
  const rules = listAt(object, 'spec', 'rules');
  const [hasDefault, className] = [hasAt(object, 'spec', 'defaultBackend'), at(object, 'spec', 'ingressClassName') ?? undefined];
  const isEmpty = rules.length === 0 && !hasDefault;
  return [
    ...(isEmpty ? [invalid('spec', at(object, 'spec', 'rules') ?? null, 'either `defaultBackend` or `rules` must be specified')] : []),
    ...(hasDefault ? backendFaults(at(object, 'spec', 'defaultBackend'), 'spec.defaultBackend') : []),
    ...rules.flatMap((rule, index) => ruleFaults(rule, `spec.rules[${index}]`)),
    ...listAt(object, 'spec', 'tls').flatMap((tls, index) => tlsFaults(tls, `spec.tls[${index}]`)),
    ...(typeof className === 'string' ? invalidEach('spec.ingressClassName', className, subdomainName(className, false)) : []),
  ];
};

/** Faults of a new Ingress: its class by annotation and by field are one. */
export const newIngressFaults = (object: KubeObject): Fault[] => {
  const [annotation, className] = [object.metadata.annotations?.[classAnnotation], at(object, 'spec', 'ingressClassName')];
  const differs = annotation !== undefined && typeof className === 'string' && annotation !== className;
  const text = 'must match `ingressClassName` when both are specified';
  return [...ingressFaults(object), ...(differs ? [invalid(`annotations.${classAnnotation}`, annotation, text)] : [])];
};
