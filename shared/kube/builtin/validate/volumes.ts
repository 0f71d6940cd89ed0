/** @module Faults of a pod's volumes (kubernetes `ValidateVolumes`). */
import { dns1123Label, duplicate, type Fault, forbidden, invalid, invalidEach, notSupported, required } from '../../names/index.ts';
import { at, hasAt, listAt, textAt } from '../read.ts';

const hostPathTypes = ['', 'BlockDevice', 'CharDevice', 'Directory', 'DirectoryOrCreate', 'File', 'FileOrCreate', 'Socket'];

const needs =
  (name: string) =>
  (source: unknown, field: string): Fault[] =>
    textAt(source, name) === '' ? [required(`${field}.${name}`)] : [];

const modeFaults = (source: unknown, field: string): Fault[] => {
  const mode = at(source, 'defaultMode');
  if (typeof mode !== 'number' || (mode >= 0 && mode <= 0o777)) return [];
  return [invalid(`${field}.defaultMode`, mode, 'must be a number between 0 and 0777 (octal), both inclusive')];
};

const itemFaults = (source: unknown, field: string): Fault[] =>
  listAt(source, 'items').flatMap((item, index) => [
    ...needs('key')(item, `${field}.items[${index}]`),
    ...needs('path')(item, `${field}.items[${index}]`),
  ]);

const fileFaults =
  (name: string) =>
  (source: unknown, field: string): Fault[] => [...needs(name)(source, field), ...modeFaults(source, field), ...itemFaults(source, field)];

const hostPathFaults = (source: unknown, field: string): Fault[] => {
  const path = textAt(source, 'path');
  if (path === '') return [required(`${field}.path`)];
  const faults = path.split('/').includes('..') ? [invalid(`${field}.path`, path, "must not contain '..'")] : [];
  const type = textAt(source, 'type');
  return hostPathTypes.includes(type) ? faults : [...faults, notSupported(`${field}.type`, type, hostPathTypes)];
};

const nfsFaults = (source: unknown, field: string): Fault[] => {
  const faults = [...needs('server')(source, field), ...needs('path')(source, field)];
  const path = textAt(source, 'path');
  return path !== '' && !path.startsWith('/') ? [...faults, invalid(`${field}.path`, path, 'must be an absolute path')] : faults;
};

const none = (): Fault[] => [];

/** Faults of a source by its field, in the order the API server looks at them. */
const sources: Readonly<Record<string, (source: unknown, field: string) => Fault[]>> = {
  emptyDir: none,
  hostPath: hostPathFaults,
  gitRepo: needs('repository'),
  gcePersistentDisk: needs('pdName'),
  awsElasticBlockStore: needs('volumeID'),
  secret: fileFaults('secretName'),
  nfs: nfsFaults,
  iscsi: needs('targetPortal'),
  glusterfs: needs('endpoints'),
  flocker: none,
  persistentVolumeClaim: needs('claimName'),
  rbd: needs('image'),
  cinder: needs('volumeID'),
  cephfs: none,
  quobyte: needs('registry'),
  downwardAPI: none,
  fc: none,
  flexVolume: needs('driver'),
  configMap: fileFaults('name'),
  azureFile: needs('secretName'),
  vsphereVolume: needs('volumePath'),
  photonPersistentDisk: needs('pdID'),
  portworxVolume: needs('volumeID'),
  azureDisk: needs('diskName'),
  storageos: none,
  projected: none,
  scaleIO: needs('gateway'),
  csi: needs('driver'),
  ephemeral: none,
  image: needs('reference'),
};

const sourceFaults = (volume: unknown, field: string): Fault[] => {
  const set = Object.keys(sources).filter((name) => hasAt(volume, name));
  const [first, ...others] = set;
  if (first === undefined) return [required(field, 'must specify a volume type')];
  return [
    ...(sources[first]?.(at(volume, first), `${field}.${first}`) ?? []),
    ...others.map((name) => forbidden(`${field}.${name}`, 'may not specify more than 1 volume type')),
  ];
};

/** Faults of a list of volumes, and the names of those without any: mounts may name only these. */
export const volumeFaults = (volumes: readonly unknown[], field: string): { faults: Fault[]; names: ReadonlySet<string> } => {
  const names = new Set<string>();
  const faults: Fault[] = [];
  volumes.forEach((volume, index) => {
    const path = `${field}[${index}]`;
    const name = textAt(volume, 'name');
    const own = sourceFaults(volume, path);
    own.push(...(name === '' ? [required(`${path}.name`)] : invalidEach(`${path}.name`, name, dns1123Label(name))));
    if (names.has(name)) own.push(duplicate(`${path}.name`, name));
    if (own.length === 0) names.add(name);
    faults.push(...own);
  });
  return { faults, names };
};
