/** @module Storage keys: built and taken apart in one place. */
import { assert } from '../../lib/index.ts';
import type { StorageKey } from './port.ts';

/** Sorts after every key that begins with the same prefix: names hold ASCII only. */
const PAST_ALL = '\uffff';

/** The key of one object; `namespace` is '' for cluster-scoped kinds. */
export const keyOf = (group: string, resource: string, namespace: string, name: string): StorageKey =>
  `${group}/${resource}/${namespace}/${name}`;

/** The prefix of all objects of a resource, or of those in one namespace. */
export const prefixOf = (group: string, resource: string, namespace?: string): string =>
  namespace === undefined || namespace === '' ? `${group}/${resource}/` : `${group}/${resource}/${namespace}/`;

/** The parts of a key. */
export const partsOf = (key: StorageKey): { group: string; resource: string; namespace: string; name: string } => {
  const first = key.indexOf('/');
  const second = key.indexOf('/', first + 1);
  const third = key.indexOf('/', second + 1);
  assert(first >= 0 && second > first && third > second && !key.includes('/', third + 1), `bad key ${key}`);
  return {
    group: key.slice(0, first),
    resource: key.slice(first + 1, second),
    namespace: key.slice(second + 1, third),
    name: key.slice(third + 1),
  };
};

/** `<group>/<resource>/` of a key or prefix; undefined when the prefix is shorter than that. */
export const bucketOf = (keyOrPrefix: string): string | undefined => {
  const second = keyOrPrefix.indexOf('/', keyOrPrefix.indexOf('/') + 1);
  return second < 0 || keyOrPrefix.indexOf('/') < 0 ? undefined : keyOrPrefix.slice(0, second + 1);
};

/** The first key past all that begin with `prefix`. */
export const endOf = (prefix: string): string => prefix + PAST_ALL;

/** The least key greater than `key`. */
export const afterOf = (key: StorageKey): string => `${key}\u0000`;
