/** @module Faults of containers (kubernetes `validateContainers`, `validateInitContainers`). */
import {
  configMapKey,
  dns1123Label,
  duplicate,
  envVarName,
  type Fault,
  forbidden,
  invalid,
  invalidEach,
  notFound,
  notSupported,
  portName,
  portNumber,
  required,
  subdomainName,
} from '../../names/index.ts';
import { at, hasAt, listAt, numberAt, objectAt, textAt } from '../read.ts';
import { lifecycleFaults, lifecycleFields } from './probes.ts';
import { resourceFaults } from './resources.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];
const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const messagePolicies = ['File', 'FallbackToLogsOnError'];
const envSources = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'];
const noEnvSourceText = 'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';

/** One of `supported`, or required when absent. */
const choice = (value: string, field: string, supported: readonly string[]): Fault[] => {
  if (value === '') return [required(field)];
  return supported.includes(value) ? [] : [notSupported(field, value, supported)];
};

const portFaults = (container: unknown, field: string): Fault[] => {
  const names = new Set<string>();
  return listAt(container, 'ports').flatMap((port, index) => {
    const path = `${field}[${index}]`;
    const name = textAt(port, 'name');
    const faults = name === '' ? [] : invalidEach(`${path}.name`, name, portName(name));
    if (name !== '' && faults.length === 0 && names.has(name)) faults.push(duplicate(`${path}.name`, name));
    names.add(name);
    const number = numberAt(port, 'containerPort');
    faults.push(...(number === 0 ? [required(`${path}.containerPort`)] : invalidEach(`${path}.containerPort`, number, portNumber(number))));
    const host = numberAt(port, 'hostPort');
    if (host !== 0) faults.push(...invalidEach(`${path}.hostPort`, host, portNumber(host)));
    return [...faults, ...choice(textAt(port, 'protocol'), `${path}.protocol`, protocols)];
  });
};

const keyRefFaults = (reference: unknown, field: string): Fault[] => {
  const name = textAt(reference, 'name');
  const key = textAt(reference, 'key');
  return [
    ...invalidEach(`${field}.name`, name, subdomainName(name, false)),
    ...(key === '' ? [required(`${field}.key`)] : invalidEach(`${field}.key`, key, configMapKey(key))),
  ];
};

const envSourceFaults = (variable: unknown, field: string): Fault[] => {
  if (!hasAt(variable, 'valueFrom')) return [];
  const from = objectAt(variable, 'valueFrom');
  const set = envSources.filter((name) => hasAt(from, name));
  const faults: Fault[] = [];
  if (set.includes('fieldRef') && textAt(from, 'fieldRef', 'fieldPath') === '') faults.push(required(`${field}.fieldRef.fieldPath`));
  if (set.includes('resourceFieldRef') && textAt(from, 'resourceFieldRef', 'resource') === '') {
    faults.push(required(`${field}.resourceFieldRef.resource`));
  }
  for (const name of ['configMapKeyRef', 'secretKeyRef']) {
    if (set.includes(name)) faults.push(...keyRefFaults(from[name], `${field}.${name}`));
  }
  if (set.length === 0) faults.push(invalid(field, '', noEnvSourceText));
  else if (textAt(variable, 'value') !== '') faults.push(invalid(field, '', 'may not be specified when `value` is not empty'));
  else if (set.length > 1) faults.push(invalid(field, '', 'may not have more than one field specified at a time'));
  return faults;
};

const envFaults = (container: unknown, field: string): Fault[] =>
  listAt(container, 'env').flatMap((variable, index) => {
    const path = `${field}[${index}]`;
    const name = textAt(variable, 'name');
    const faults = name === '' ? [required(`${path}.name`)] : invalidEach(`${path}.name`, name, envVarName(name));
    return [...faults, ...envSourceFaults(variable, `${path}.valueFrom`)];
  });

const envFromFaults = (container: unknown, field: string): Fault[] =>
  listAt(container, 'envFrom').flatMap((source, index) => {
    const path = `${field}[${index}]`;
    const prefix = textAt(source, 'prefix');
    const faults = prefix === '' ? [] : invalidEach(`${path}.prefix`, prefix, envVarName(prefix));
    const set = ['configMapRef', 'secretRef'].filter((name) => hasAt(source, name));
    for (const name of set) {
      const target = textAt(source, name, 'name');
      faults.push(...invalidEach(`${path}.${name}.name`, target, subdomainName(target, false)));
    }
    if (set.length === 0) faults.push(invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`'));
    if (set.length > 1) faults.push(invalid(path, '', 'may not have more than one field specified at a time'));
    return faults;
  });

const mountFaults = (container: unknown, field: string, volumes: ReadonlySet<string>): Fault[] => {
  const paths = new Set<string>();
  return listAt(container, 'volumeMounts').flatMap((mount, index) => {
    const path = `${field}[${index}]`;
    const name = textAt(mount, 'name');
    const mountPath = textAt(mount, 'mountPath');
    const faults: Fault[] = name === '' ? [required(`${path}.name`)] : [];
    if (!volumes.has(name)) faults.push(notFound(`${path}.name`, name));
    if (mountPath === '') faults.push(required(`${path}.mountPath`));
    if (paths.has(mountPath)) faults.push(invalid(`${path}.mountPath`, mountPath, 'must be unique'));
    paths.add(mountPath);
    const subPath = textAt(mount, 'subPath');
    if (subPath.startsWith('/')) faults.push(invalid(`${field}.subPath`, subPath, 'must be a relative path'));
    if (subPath.split('/').includes('..')) faults.push(invalid(`${field}.subPath`, subPath, "must not contain '..'"));
    return faults;
  });
};

const containerFaults = (container: unknown, field: string, volumes: ReadonlySet<string>): Fault[] => {
  const name = textAt(container, 'name');
  return [
    ...(name === '' ? [required(`${field}.name`)] : invalidEach(`${field}.name`, name, dns1123Label(name))),
    ...(textAt(container, 'image') === '' ? [required(`${field}.image`)] : []),
    ...choice(textAt(container, 'terminationMessagePolicy'), `${field}.terminationMessagePolicy`, messagePolicies),
    ...portFaults(container, `${field}.ports`),
    ...envFaults(container, `${field}.env`),
    ...envFromFaults(container, `${field}.envFrom`),
    ...mountFaults(container, `${field}.volumeMounts`, volumes),
    ...choice(textAt(container, 'imagePullPolicy'), `${field}.imagePullPolicy`, pullPolicies),
    ...resourceFaults(at(container, 'resources'), `${field}.resources`),
  ];
};

const hostPortFaults = (containers: readonly unknown[], field: string): Fault[] => {
  const taken = new Set<string>();
  return containers.flatMap((container, index) =>
    listAt(container, 'ports').flatMap((port, portIndex) => {
      const host = numberAt(port, 'hostPort');
      const key = `${textAt(port, 'protocol')}/${textAt(port, 'hostIP')}/${host}`;
      if (host === 0 || !taken.has(key)) {
        if (host !== 0) taken.add(key);
        return [];
      }
      return [duplicate(`${field}[${index}].ports[${portIndex}].hostPort`, key)];
    }),
  );
};

/** Faults of the regular containers: at least one, with names of their own. */
export const containersFaults = (containers: readonly unknown[], field: string, volumes: ReadonlySet<string>): Fault[] => {
  if (containers.length === 0) return [required(field)];
  const names = new Set<string>();
  const faults = containers.flatMap((container, index) => {
    const path = `${field}[${index}]`;
    const name = textAt(container, 'name');
    const own = containerFaults(container, path, volumes);
    if (names.has(name)) own.push(duplicate(`${path}.name`, name));
    names.add(name);
    return [...own, ...lifecycleFaults(container, path)];
  });
  return [...faults, ...hostPortFaults(containers, field)];
};

/** Faults of the init containers; only those that restart always may have probes. `taken`: names of regular containers. */
export const initContainersFaults = (
  containers: readonly unknown[],
  field: string,
  volumes: ReadonlySet<string>,
  taken: readonly string[],
): Fault[] => {
  const names = new Set(taken);
  return containers.flatMap((container, index) => {
    const path = `${field}[${index}]`;
    const name = textAt(container, 'name');
    const own = containerFaults(container, path, volumes);
    if (names.has(name)) own.push(duplicate(`${path}.name`, name));
    names.add(name);
    if (textAt(container, 'restartPolicy') === 'Always') return [...own, ...lifecycleFaults(container, path)];
    const wrong = lifecycleFields.filter((one) => hasAt(container, one));
    return [...own, ...wrong.map((one) => forbidden(`${path}.${one}`, 'may not be set for init containers without restartPolicy=Always'))];
  });
};
