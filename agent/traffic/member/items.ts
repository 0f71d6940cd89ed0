/** @module What is kept of the member's objects, found by key, by the service they belong to, and by the service they were made for. */

import type { OwnedResource } from '../canonical.ts';
import type { SeenSlice } from '../report.ts';
import { type Item, type OwnObject, ownerOf } from './item.ts';
import { isOwned, type SourceName, sources } from './sources.ts';

/** One of our own objects. */
export type OwnedItem = { readonly resource: OwnedResource; readonly key: string; readonly object: OwnObject };

/** The items. Keys are `namespace/name`. */
export type Items = {
  readonly of: (name: SourceName) => ReadonlyMap<string, Item>;
  /** Takes an item, or its end (undefined); an own object older than the one that is kept is left out. */
  readonly set: (name: SourceName, key: string, item: Item | undefined) => void;
  /** These are all items of the source. */
  readonly replace: (name: SourceName, items: ReadonlyMap<string, Item>) => void;
  readonly slicesOf: (service: string) => readonly SeenSlice[];
  /** Our own objects by the service that they were made for. */
  readonly ownOf: (service: string) => readonly OwnedItem[];
  /** Services that own objects. */
  readonly owners: () => ReadonlySet<string>;
};

const versionNumber = (version: string | undefined): bigint | undefined =>
  version !== undefined && /^\d+$/.test(version) ? BigInt(version) : undefined;

const isOlder = (item: Item | undefined, before: Item | undefined): boolean => {
  const [old, next] = [versionNumber(before?.own?.version), versionNumber(item?.own?.version)];
  return old !== undefined && next !== undefined && next < old;
};

/** Values in groups; a group without any is none. */
const createGroups = <Value>() => {
  const groups = new Map<string, Map<string, Value>>();
  return {
    put: (group: string, id: string, value: Value): void => {
      const members = groups.get(group) ?? new Map<string, Value>();
      groups.set(group, members);
      members.set(id, value);
    },
    remove: (group: string, id: string): void => {
      groups.get(group)?.delete(id);
      if (groups.get(group)?.size === 0) groups.delete(group);
    },
    of: (group: string): readonly Value[] => [...(groups.get(group)?.values() ?? [])],
    names: (): ReadonlySet<string> => new Set(groups.keys()),
  };
};

/** Keeps none yet. `onChange`: an item is another than before; undefined = there is none. */
export const createItems = (onChange: (name: SourceName, key: string, item: Item | undefined, before: Item | undefined) => void): Items => {
  const items = new Map<SourceName, Map<string, Item>>(sources.map(({ name }) => [name, new Map()]));
  const slices = createGroups<SeenSlice>();
  const owned = createGroups<OwnedItem>();
  const of = (name: SourceName): Map<string, Item> => items.get(name) ?? new Map();

  const index = (name: SourceName, key: string, item: Item | undefined, before: Item | undefined): void => {
    if (before?.slice !== undefined) slices.remove(before.slice.service, key);
    if (item?.slice !== undefined) slices.put(item.slice.service, key, item.slice);
    if (!isOwned(name)) return;
    const id = `${name} ${key}`;
    const [was, is] = [ownerOf(key, before), ownerOf(key, item)];
    if (was !== undefined && was !== is) owned.remove(was, id);
    if (is !== undefined && item?.own !== undefined) owned.put(is, id, { resource: name, key, object: item.own });
  };
  const set = (name: SourceName, key: string, item: Item | undefined): void => {
    const list = of(name);
    const before = list.get(key);
    if (item === undefined && before === undefined) return;
    // A watch may tell late what a write has already answered.
    if (isOlder(item, before)) return;
    if (item === undefined) list.delete(key);
    else list.set(key, item);
    index(name, key, item, before);
    if (JSON.stringify(before) !== JSON.stringify(item)) onChange(name, key, item, before);
  };

  return {
    of,
    set,
    replace: (name, fresh) => {
      for (const key of [...of(name).keys()]) if (!fresh.has(key)) set(name, key, undefined);
      for (const [key, item] of fresh) set(name, key, item);
    },
    slicesOf: slices.of,
    ownOf: owned.of,
    owners: owned.names,
  };
};
