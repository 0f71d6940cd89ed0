/** @module Tells of copies of deleted objects that a lost cluster still has: the object went from the hub without waiting for it. */
import { partsOf, type StorageKey } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { listed, qualifiedName } from '../../../shared/lib/listed.ts';
import type { Directory } from '../cluster/directory.ts';
import { isWaitedFor } from '../cluster/liveness.ts';
import type { EventRecorder, EventText } from '../events.ts';
import { type KindCatalog, typeOfKey, workIdOf } from '../kinds.ts';
import { type Board, isWithdrawn } from '../work/board.ts';

/** Objects in one Event; the rest is counted. */
const namesMax = 8;

/** Objects are often deleted together, with their namespace or out of one file: one Event tells of all. */
const gatherMs = 500;

/** What copies are told from. */
export type LeftSources = {
  readonly env: Pick<RuntimeEnv, 'setTimer'>;
  readonly catalog: KindCatalog;
  readonly board: Pick<Board, 'sent' | 'answer'>;
  readonly directory: Pick<Directory, 'get' | 'has' | 'liveness'>;
  readonly events: Pick<EventRecorder, 'record'>;
};

/** Tells once of each copy. */
export type LeftTeller = {
  /** The object at this key is gone from the hub. */
  readonly look: (key: StorageKey) => void;
  /** There is an object at this key (again). */
  readonly forget: (key: StorageKey) => void;
  readonly stop: () => void;
};

/** What is told on the Cluster of these objects, as `KIND NAMESPACE/NAME`. */
export const leftEvent = (names: readonly string[]): EventText => {
  const message = `deleted while this cluster is not heard, which may still run it: ${listed(names, namesMax)}; it is withdrawn there when the cluster comes back`;
  return { type: 'Warning', reason: 'LeftBehind', message };
};

/** A teller that has told nothing yet. */
export const createLeftTeller = ({ env, catalog, board, directory, events }: LeftSources): LeftTeller => {
  /** Clusters told of by object; as many as the board has of objects that are gone. */
  const told = new Map<StorageKey, ReadonlySet<string>>();
  const gathered = new Map<string, string[]>();
  let cancel: (() => void) | undefined;

  const nameOf = (key: StorageKey): string => {
    const { resource, namespace, name } = partsOf(key);
    return `${typeOfKey(catalog, key)?.kind ?? resource} ${qualifiedName(namespace, name)}`;
  };
  const tell = (): void => {
    cancel = undefined;
    for (const [cluster, names] of gathered) {
      const object = directory.get(cluster)?.object;
      if (object !== undefined) events.record(object, leftEvent(names.sort()));
    }
    gathered.clear();
  };
  return {
    look: (key) => {
      const id = workIdOf(key);
      const left = [...board.sent(id)].flatMap(([cluster, entry]) =>
        directory.has(cluster) && !isWaitedFor(directory.liveness(cluster)) && !isWithdrawn(entry, board.answer(id, cluster))
          ? [cluster]
          : [],
      );
      const before = told.get(key);
      if (left.length === 0) told.delete(key);
      else told.set(key, new Set(left));
      for (const cluster of left) if (before?.has(cluster) !== true) gathered.set(cluster, [...(gathered.get(cluster) ?? []), nameOf(key)]);
      if (gathered.size > 0) cancel ??= env.setTimer(gatherMs, tell);
    },
    forget: (key) => {
      told.delete(key);
    },
    stop: () => cancel?.(),
  };
};
