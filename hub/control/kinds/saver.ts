/** @module Writes to the store what is known of members' kinds, so that the next start of the hub serves them at once. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey, Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { done, type Outcome, startController } from '../controller.ts';
import { commit, controlUser } from '../objects.ts';
import type { DocumentBook } from './document-book.ts';
import { clusterKey, clusterObject, documentKey } from './kept.ts';
import type { ClusterKind } from './merge.ts';

/** What is kept. */
export type KindSaverOptions = {
  readonly store: Store;
  readonly env: RuntimeEnv;
  readonly clusters: ReadonlyMap<string, readonly ClusterKind[]>;
  readonly documents: Pick<DocumentBook, 'wanted' | 'noteSaved'>;
};

/** A running saver. */
export type KindSaver = {
  /** What a cluster names is new. */
  readonly cluster: (name: string) => void;
  /** A document came, or is not needed any more. */
  readonly document: (hash: string) => void;
  readonly stop: () => Promise<void>;
};

/** Starts the saver. */
export const startKindSaver = ({ store, env, clusters, documents }: KindSaverOptions): KindSaver => {
  const wantedCluster = (name: string): KubeObject | undefined => {
    const known = clusters.get(name);
    return known === undefined || known.length === 0 ? undefined : clusterObject(name, known);
  };
  /** Brings one kept thing to what is known: `c NAME` or `d HASH`. */
  const save = async (key: string): Promise<Outcome> => {
    const name = key.slice(2);
    const isCluster = key.startsWith('c ');
    const at = isCluster ? clusterKey(name) : documentKey(name);
    const problem = await keep(store, at, isCluster ? wantedCluster(name) : documents.wanted(name));
    if (!isCluster && problem === undefined) documents.noteSaved(name);
    return problem ?? done;
  };
  const controller = startController({ name: 'member kinds', env, workers: 4, reconcile: save });
  return {
    cluster: (name) => controller.add(`c ${name}`),
    document: (hash) => controller.add(`d ${hash}`),
    stop: controller.stop,
  };
};

/** Writes what is wanted where it differs from what is kept. */
const keep = async (store: Store, key: StorageKey, wanted: KubeObject | undefined): Promise<Outcome | undefined> => {
  const stored = store.get(key);
  const expected = stored?.revision ?? 0;
  if (wanted === undefined)
    return stored === undefined ? undefined : commit(store, [{ op: 'delete', key, expected, object: stored.object, by: controlUser }]);
  const isSame = stored !== undefined && sameJson([stored.object.kinds, stored.object.text], [wanted.kinds, wanted.text]);
  return isSame ? undefined : commit(store, [{ op: 'put', key, expected, object: wanted, by: controlUser }]);
};
