/** @module What the hub keeps of members' kinds in its store, out of the API's sight: documents by hash, and which cluster names which. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import { keyOf, prefixOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import type { ClusterKind } from './merge.ts';

const group = 'internal.hanse.dev';
const apiVersion = `${group}/v1`;

/** All that is kept begins so; no loop over objects of users cares for it. */
export const internalPrefix = `${group}/`;

/** Where a document is. */
export const documentKey = (hash: string): StorageKey => keyOf(group, 'kinddocuments', '', hash);
/** Where the kinds of a cluster are. */
export const clusterKey = (cluster: string): StorageKey => keyOf(group, 'clusterkinds', '', cluster);

/** A document as it is kept: its sorted JSON, unread. */
export const documentObject = (hash: string, text: string): KubeObject => ({
  apiVersion,
  kind: 'KindDocument',
  metadata: { name: hash },
  text,
});

/** The kinds of a cluster as they are kept. */
export const clusterObject = (cluster: string, kinds: readonly ClusterKind[]): KubeObject => ({
  apiVersion,
  kind: 'ClusterKinds',
  metadata: { name: cluster },
  kinds: kinds.map(({ group: ofGroup, version, resource, hash }) => `${ofGroup}/${version}/${resource} ${hash}`),
});

/** The text of a kept document. */
export const keptText = (store: Store, hash: string): string | undefined => {
  const text = store.get(documentKey(hash))?.object.text;
  return typeof text === 'string' ? text : undefined;
};

/** Hashes of all documents kept. */
export const keptHashes = (store: Store): readonly string[] =>
  store.list(prefixOf(group, 'kinddocuments')).map(({ object }) => object.metadata.name);

/** The kinds of each cluster as they were kept. */
export const keptClusters = (store: Store): ReadonlyMap<string, readonly ClusterKind[]> =>
  new Map(store.list(prefixOf(group, 'clusterkinds')).map(({ object }) => [object.metadata.name, kindsOf(object.kinds)]));

const kindsOf = (lines: unknown): readonly ClusterKind[] =>
  (Array.isArray(lines) ? lines.map(String) : []).flatMap((line) => {
    const [path = '', hash = ''] = line.split(' ');
    const [ofGroup = '', version = '', resource = ''] = path.split('/');
    return hash === '' ? [] : [{ group: ofGroup, version, resource, hash }];
  });
