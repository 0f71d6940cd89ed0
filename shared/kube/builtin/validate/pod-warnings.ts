/** @module What the API server accepts in a pod but warns of (kubernetes `api/pod/warnings.go`). */
import { goQuote } from '../../names/index.ts';
import { at, hasAt, listAt, numberAt, textAt, textsAt } from '../read.ts';

const oldLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

/** The second of two variables of a name: the first may get lost, unless the second refers to it. */
const envWarnings = (container: unknown, field: string): string[] => {
  const seen = new Set<string>();
  return listAt(container, 'env').flatMap((variable, index) => {
    const name = textAt(variable, 'name');
    const again = seen.has(name) && !textAt(variable, 'value').includes(`$(${name})`);
    seen.add(name);
    return again ? [`${field}.env[${index}]: hides previous definition of ${goQuote(name)}, which may be dropped when using apply`] : [];
  });
};

const isSamePort = (a: unknown, b: unknown): boolean =>
  numberAt(a, 'containerPort') === numberAt(b, 'containerPort') &&
  textAt(a, 'protocol') === textAt(b, 'protocol') &&
  numberAt(a, 'hostPort') === numberAt(b, 'hostPort') &&
  textAt(a, 'hostIP') === textAt(b, 'hostIP');

const portWarnings = (container: unknown, field: string): string[] => {
  const ports = listAt(container, 'ports');
  return ports.flatMap((port, index) => {
    const first = ports.slice(0, index).findIndex((before) => isSamePort(before, port));
    return first >= 0 ? [`${field}.ports[${index}]: duplicate port definition with ${field}.ports[${first}]`] : [];
  });
};

const fractionalWarnings = (container: unknown, field: string): string[] =>
  ['limits', 'requests'].flatMap((part) =>
    ['memory', 'ephemeral-storage'].flatMap((resource) => {
      const value = at(container, 'resources', part, resource);
      const isFraction = typeof value === 'string' && value.endsWith('m');
      return isFraction
        ? [`${field}.resources.${part}[${resource}]: fractional byte value ${goQuote(value)} is invalid, must be an integer`]
        : [];
    }),
  );

/** Volume types that no longer do anything, and since when. */
const goneVolumes: readonly (readonly [string, string])[] = [
  ['photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

const volumeWarnings = (volume: unknown, field: string): string[] =>
  goneVolumes.filter(([name]) => hasAt(volume, name)).map(([name, text]) => `${field}.${name}: ${text}`);

/** Warnings of a pod's spec at `field`. */
export const podSpecWarnings = (spec: unknown, field: string): string[] => [
  ...Object.keys(textsAt(spec, 'nodeSelector'))
    .filter((key) => Object.hasOwn(oldLabels, key))
    .map((key) => `${field}.nodeSelector[${key}]: deprecated since v1.14; use ${goQuote(oldLabels[key] ?? '')} instead`),
  ...listAt(spec, 'volumes').flatMap((volume, index) => volumeWarnings(volume, `${field}.volumes[${index}]`)),
  ...['initContainers', 'containers'].flatMap((list) =>
    listAt(spec, list).flatMap((container, index) => {
      const path = `${field}.${list}[${index}]`;
      return [...fractionalWarnings(container, path), ...envWarnings(container, path), ...portWarnings(container, path)];
    }),
  ),
];
