/** @module Which Cluster stands for which member: by the UID of the member's namespace kube-system, whatever the Clusters are called. */
import type { Cluster } from '../../../shared/api/cluster.ts';
import { clusters } from '../../../shared/api/cluster.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { partsOf, prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';

/** Follows the Clusters. */
export type MemberHolders = {
  /**
   * Another Cluster that stands for this member; undefined = none. Of two that told the same UID at the same moment it is the one that
   * joined first, so that one of them stays. A Cluster that is being deleted stands for nothing.
   */
  readonly holder: (clusterUID: string, but: string) => string | undefined;
  readonly stop: () => void;
};

type Held = { readonly name: string; readonly clusterUID: string; readonly joinedAt: string };

const heldBy = (object: KubeObject): Held | undefined => {
  const { metadata, status } = object as unknown as Cluster;
  if (metadata.deletionTimestamp !== undefined || status?.clusterUID === undefined) return undefined;
  return { name: metadata.name, clusterUID: status.clusterUID, joinedAt: status.agent?.joinedAt ?? '' };
};

const isEarlier = (a: Held, b: Held): boolean => (compareText(a.joinedAt, b.joinedAt) || compareText(a.name, b.name)) < 0;

/** Begins with the Clusters there are. */
export const followMemberHolders = (store: Store): MemberHolders => {
  const byName = new Map<string, Held>();
  const byUid = new Map<string, Map<string, Held>>();
  const set = (name: string, held: Held | undefined): void => {
    const before = byName.get(name);
    const others = before === undefined ? undefined : byUid.get(before.clusterUID);
    others?.delete(name);
    if (before !== undefined && others?.size === 0) byUid.delete(before.clusterUID);
    byName.delete(name);
    if (held === undefined) return;
    byName.set(name, held);
    byUid.set(held.clusterUID, (byUid.get(held.clusterUID) ?? new Map()).set(name, held));
  };
  const prefix = prefixOf(clusters.group, clusters.resource);
  const revision = store.revision();
  for (const { object } of store.list(prefix)) set(object.metadata.name, heldBy(object));
  const stop = store.watch(prefix, revision, (change) => {
    set(partsOf(change.key).name, change.op === 'delete' ? undefined : heldBy(change.current.object));
  });
  return {
    holder: (clusterUID, but) => {
      let first: Held | undefined;
      for (const held of byUid.get(clusterUID)?.values() ?? []) if (first === undefined || isEarlier(held, first)) first = held;
      return first === undefined || first.name === but ? undefined : first.name;
    },
    stop,
  };
};
