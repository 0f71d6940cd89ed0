/** @module Which kinds are served now: kinds come and go while the server runs, as members report what they serve. */
import { compareText } from '../../lib/compare-text.ts';
import { assert } from '../../lib/index.ts';
import type { ResourceType } from '../resource.ts';
import { groupPriority } from './group-priorities.ts';
import { compareVersions } from './version-order.ts';

/** One group and its versions, the preferred one first. */
export type ServedGroup = { readonly name: string; readonly versions: readonly string[] };

/** A changeable set of served kinds. */
export type ResourceTypeRegistry = {
  /** Adds kinds; one of the same group, version and resource is replaced. */
  readonly add: (types: readonly ResourceType[]) => void;
  readonly remove: (group: string, version: string, resource: string) => void;
  readonly get: (group: string, version: string, resource: string) => ResourceType | undefined;
  readonly byKind: (group: string, version: string, kind: string) => ResourceType | undefined;
  /** The kinds of one group and version, by resource name. */
  readonly in: (group: string, version: string) => readonly ResourceType[];
  /** One type a stored resource: its storage version. What garbage collection and namespace deletion go through. */
  readonly stored: () => readonly ResourceType[];
  readonly all: () => readonly ResourceType[];
  /** Groups in the order clients should prefer them; core ('') is among them when served. */
  readonly groups: () => readonly ServedGroup[];
  /** Grows with each change; caches of derived documents key on it. */
  readonly generation: () => number;
  /** Calls `listener` after each change; the answer ends that. */
  readonly onChange: (listener: () => void) => () => void;
};

/** A registry that begins with `initial`. */
export const createRegistry = (initial: readonly ResourceType[] = []): ResourceTypeRegistry => {
  const types = new Map<string, ResourceType>();
  let generation = 0;
  let sorted: readonly ResourceType[] | undefined;
  let storedTypes: readonly ResourceType[] | undefined;

  const listeners = new Set<() => void>();
  const changed = (): void => {
    generation += 1;
    sorted = undefined;
    storedTypes = undefined;
    for (const listener of listeners) listener();
  };
  const add = (added: readonly ResourceType[]): void => {
    for (const type of added) {
      assert(type.resource !== '' && !type.resource.includes('/'), `resource name ${type.resource} of ${type.kind}`);
      types.set(`${type.group}/${type.version}/${type.resource}`, type);
    }
    changed();
  };
  const all = (): readonly ResourceType[] => {
    sorted ??= [...types.values()].sort(compareTypes);
    return sorted;
  };
  add(initial);
  return {
    add,
    remove: (group, version, resource) => {
      types.delete(`${group}/${version}/${resource}`);
      changed();
    },
    get: (group, version, resource) => types.get(`${group}/${version}/${resource}`),
    byKind: (group, version, kind) => all().find((type) => type.kind === kind && type.group === group && type.version === version),
    in: (group, version) => all().filter((type) => type.group === group && type.version === version),
    stored: () => {
      storedTypes ??= all().filter((type) => isStored(type));
      return storedTypes;
    },
    all,
    groups: () => {
      const groups = Map.groupBy(all(), (type) => type.group);
      return [...groups].map(([name, members]) => ({ name, versions: [...new Set(members.map((type) => type.version))] }));
    },
    generation: () => generation,
    onChange: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
};

/** Kinds that keep objects (reviews do not) in the version and group they are kept in. */
const isStored = (type: ResourceType): boolean =>
  type.verbs.includes('list') &&
  (type.conversion === undefined ||
    (type.conversion.storageVersion === type.version && (type.conversion.storageGroup ?? type.group) === type.group));

/** Group priority, group, version (preferred first), resource. */
const compareTypes = (a: ResourceType, b: ResourceType): number =>
  groupPriority(b.group) - groupPriority(a.group) ||
  compareText(a.group, b.group) ||
  compareVersions(a.version, b.version) ||
  compareText(a.resource, b.resource);
