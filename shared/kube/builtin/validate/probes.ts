/** @module Faults of probes and lifecycle hooks (kubernetes `validateProbe`, `validateHandler`). */
import { type Fault, forbidden, httpHeaderName, invalid, invalidEach, notSupported, portNumber, required } from '../../names/index.ts';
import { at, hasAt, listAt, numberAt, objectAt, textAt } from '../read.ts';
import { nonNegative, portFaults } from './numbers.ts';

const httpFaults = (action: unknown, field: string): Fault[] => {
  const faults: Fault[] = textAt(action, 'path') === '' ? [required(`${field}.path`)] : [];
  faults.push(...portFaults(at(action, 'port'), `${field}.port`));
  const scheme = textAt(action, 'scheme');
  if (scheme !== 'HTTP' && scheme !== 'HTTPS') faults.push(notSupported(`${field}.scheme`, scheme, ['HTTP', 'HTTPS']));
  for (const header of listAt(action, 'httpHeaders')) {
    const name = textAt(header, 'name');
    faults.push(...invalidEach(`${field}.httpHeaders`, name, httpHeaderName(name)));
  }
  return faults;
};

const actions: readonly (readonly [string, (action: unknown, field: string) => Fault[]])[] = [
  ['exec', (action, field) => (listAt(action, 'command').length === 0 ? [required(`${field}.command`)] : [])],
  ['httpGet', httpFaults],
  ['tcpSocket', (action, field) => portFaults(at(action, 'port'), `${field}.port`)],
  ['grpc', (action, field) => invalidEach(`${field}.port`, numberAt(action, 'port'), portNumber(numberAt(action, 'port')))],
  ['sleep', () => []],
];

const handlerFaults = (handler: unknown, field: string): Fault[] => {
  const set = actions.filter(([name]) => hasAt(handler, name));
  const [first, ...others] = set;
  if (first === undefined) return [required(field, 'must specify a handler type')];
  return [
    ...first[1](at(handler, first[0]), `${field}.${first[0]}`),
    ...others.map(([name]) => forbidden(`${field}.${name}`, 'may not specify more than 1 handler type')),
  ];
};

const numbers = ['initialDelaySeconds', 'timeoutSeconds', 'periodSeconds', 'successThreshold', 'failureThreshold'];
const graceField = 'terminationGracePeriodSeconds';

const probeFaults = (container: unknown, name: string, field: string): Fault[] => {
  if (!hasAt(container, name)) return [];
  const probe = objectAt(container, name);
  const path = `${field}.${name}`;
  const faults = [...handlerFaults(probe, path), ...nonNegative(probe, path, ...numbers)];
  if (hasAt(probe, graceField) && numberAt(probe, graceField) <= 0) {
    faults.push(invalid(`${path}.${graceField}`, numberAt(probe, graceField), 'must be greater than 0'));
  }
  if (name === 'readinessProbe') {
    if (hasAt(probe, graceField))
      faults.push(invalid(`${path}.${graceField}`, at(probe, graceField), 'must not be set for readinessProbes'));
  } else if (numberAt(probe, 'successThreshold') !== 1) {
    faults.push(invalid(`${path}.successThreshold`, numberAt(probe, 'successThreshold'), 'must be 1'));
  }
  return faults;
};

/** The fields of a container that only long-running containers may have. */
export const lifecycleFields: readonly string[] = ['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'];

/** Faults of a container's hooks and probes. */
export const lifecycleFaults = (container: unknown, field: string): Fault[] => [
  ...['postStart', 'preStop'].flatMap((hook) =>
    hasAt(container, 'lifecycle', hook) ? handlerFaults(at(container, 'lifecycle', hook), `${field}.lifecycle.${hook}`) : [],
  ),
  ...probeFaults(container, 'livenessProbe', field),
  ...probeFaults(container, 'readinessProbe', field),
  ...probeFaults(container, 'startupProbe', field),
];
