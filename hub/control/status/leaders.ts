/** @module Workloads that bring an object along: they are told what becomes of it in their clusters. */
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { StorageKey, Store } from '../../../shared/kube/storage/index.ts';
import type { DependencyIndex } from '../dependencies/index.ts';
import { refOf } from '../kinds.ts';
import { placementOf } from '../placement/names.ts';

/** A workload that brings an object along. */
export type Leader = { readonly key: StorageKey; readonly placement: StoredPlacement };

/** The leaders, with what they were last told of each object that follows them. */
export type Leaders = {
  /** Workloads that bring the object along, and where they are. */
  readonly of: (key: StorageKey) => readonly Leader[];
  /** Brings the workloads back that the object follows, when what they must know of it is new. */
  readonly tell: (key: StorageKey, leaders: readonly Leader[], trouble: string) => void;
  /** True from when leaders were told of the object until it is written without any. */
  readonly isFollower: (key: StorageKey) => boolean;
  /** The object's status is as these leaders make it. */
  readonly noteWritten: (key: StorageKey, leaders: readonly Leader[]) => void;
  /** The object is gone from the hub. */
  readonly gone: (key: StorageKey, leaders: readonly Leader[]) => void;
};

/** Nobody was told anything yet. `wake`: the workload at the key is looked at again. */
export const createLeaders = (options: {
  readonly store: Store;
  readonly dependencies: Pick<DependencyIndex, 'dependents'>;
  readonly wake: (key: StorageKey) => void;
}): Leaders => {
  const { store, dependencies, wake } = options;
  const told = new Map<StorageKey, string>();
  const wakeAll = (leaders: readonly Leader[]): void => {
    for (const { key } of leaders) wake(key);
  };
  return {
    of: (key) =>
      [...dependencies.dependents(key)].sort().flatMap((leader) => {
        const object = store.get(leader)?.object;
        if (object === undefined || object.metadata.deletionTimestamp !== undefined) return [];
        const { placement } = placementOf(store, refOf(object));
        return placement === undefined ? [] : [{ key: leader, placement }];
      }),
    tell: (key, leaders, trouble) => {
      if (leaders.length === 0 || told.get(key) === trouble) return;
      told.set(key, trouble);
      wakeAll(leaders);
    },
    isFollower: (key) => told.has(key),
    noteWritten: (key, leaders) => {
      if (leaders.length === 0) told.delete(key);
    },
    gone: (key, leaders) => {
      if (told.delete(key)) wakeAll(leaders);
    },
  };
};
