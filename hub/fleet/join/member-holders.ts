/** @module Which Cluster stands for which member: by the UID of the member's namespace kube-system, whatever the Clusters are called. */
import { type Cluster, clusterCondition, clusters, doubleCondition } from '../../../shared/api/cluster.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { keyOf, partsOf, prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import { hubName } from '../../../shared/wire/mesh.ts';

/** Follows the Clusters. */
export type MemberHolders = {
  /**
   * Another Cluster that stands for this member; undefined = none. Of two it is the one that was approved first, of two in the same second the
   * one that was heard of first, so that one of them stays. A Cluster that is being deleted stands for nothing, nor does one that is not
   * approved: what an agent says of itself is believed when it has been let in. The hub's own API is nobody's member: then it is {@link hubName}.
   */
  readonly holder: (clusterUID: string, but: string) => string | undefined;
  /** The agent of a Cluster was cut off for what it said of its member: remembered as long as the Cluster says so. */
  readonly refused: (cluster: string, clusterUID: string) => void;
  /** What {@link MemberHolders.refused} remembers: an agent that asks to join may leave out for which member. */
  readonly refusedUID: (cluster: string) => string | undefined;
  readonly stop: () => void;
};

type Held = { readonly name: string; readonly clusterUID: string; readonly approvedAt: string };

const ownNamespace = keyOf('', 'namespaces', '', 'kube-system');

/** After every time: the condition follows the approval. */
const notYet = '~';

const heldBy = (object: KubeObject): Held | undefined => {
  const { metadata, spec, status } = object as unknown as Cluster;
  if (metadata.deletionTimestamp !== undefined || spec.admission !== 'Approved' || status?.clusterUID === undefined) return undefined;
  const approved = clusterCondition(object, 'Approved');
  const approvedAt = approved?.status === 'True' ? approved.lastTransitionTime : notYet;
  return { name: metadata.name, clusterUID: status.clusterUID, approvedAt };
};

const isEarlier = (a: Held, b: Held): boolean => compareText(a.approvedAt, b.approvedAt) < 0;

/** Begins with the Clusters there are. */
export const followMemberHolders = (store: Store): MemberHolders => {
  const byName = new Map<string, Held>();
  const byUid = new Map<string, Map<string, Held>>();
  const refused = new Map<string, string>();
  const set = (name: string, held: Held | undefined): void => {
    const before = byName.get(name);
    // Who stays keeps its place among those that were heard of.
    if (before !== undefined && before.clusterUID !== held?.clusterUID) {
      const others = byUid.get(before.clusterUID);
      others?.delete(name);
      if (others?.size === 0) byUid.delete(before.clusterUID);
    }
    byName.delete(name);
    if (held === undefined) return;
    byName.set(name, held);
    byUid.set(held.clusterUID, (byUid.get(held.clusterUID) ?? new Map()).set(name, held));
  };
  const prefix = prefixOf(clusters.group, clusters.resource);
  const revision = store.revision();
  for (const { object } of store.list(prefix)) set(object.metadata.name, heldBy(object));
  const stop = store.watch(prefix, revision, (change) => {
    const { name } = partsOf(change.key);
    if (change.op === 'delete' || doubleCondition(change.current.object) === undefined) refused.delete(name);
    set(name, change.op === 'delete' ? undefined : heldBy(change.current.object));
  });
  return {
    holder: (clusterUID, but) => {
      if (store.get(ownNamespace)?.object.metadata.uid === clusterUID) return hubName;
      let first: Held | undefined;
      for (const held of byUid.get(clusterUID)?.values() ?? []) if (first === undefined || isEarlier(held, first)) first = held;
      return first === undefined || first.name === but ? undefined : first.name;
    },
    refused: (cluster, clusterUID) => void refused.set(cluster, clusterUID),
    refusedUID: (cluster) => refused.get(cluster),
    stop,
  };
};
