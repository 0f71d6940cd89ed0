/** @module Who owns whom, by uid, kept from the stream of changes. */
import type { KubeObject, OwnerReference } from '../object.ts';
import type { Change, StorageKey, Stored } from '../storage/index.ts';

/** One object of the graph. */
export type Node = { readonly uid: string; readonly key: StorageKey; readonly object: KubeObject };

/** Objects and their dependents. */
export type OwnerGraph = {
  /** Takes a change in; answers the uids that should be looked at. */
  readonly take: (change: Change) => readonly string[];
  /** Takes an object that was there at the start. */
  readonly put: (stored: Stored) => void;
  readonly get: (uid: string) => Node | undefined;
  /** Objects that name this uid as an owner, in the order they came. */
  readonly dependentsOf: (uid: string) => readonly Node[];
  readonly uids: () => Iterable<string>;
};

/** An empty graph. */
export const createOwnerGraph = (): OwnerGraph => {
  const nodes = new Map<string, Node>();
  const dependents = new Map<string, Set<string>>();

  const unlink = (node: Node): void => {
    for (const { uid } of ownersOf(node.object)) {
      const set = dependents.get(uid);
      set?.delete(node.uid);
      if (set?.size === 0) dependents.delete(uid);
    }
  };
  const link = (node: Node): void => {
    for (const { uid } of ownersOf(node.object)) {
      const set = dependents.get(uid) ?? new Set<string>();
      dependents.set(uid, set.add(node.uid));
    }
  };
  const put = ({ key, object }: Stored): Node | undefined => {
    const { uid } = object.metadata;
    if (uid === undefined) return undefined;
    const before = nodes.get(uid);
    if (before !== undefined) unlink(before);
    const node: Node = { uid, key, object };
    nodes.set(uid, node);
    link(node);
    return node;
  };
  const interesting = (node: Node): boolean =>
    ownersOf(node.object).length > 0 ||
    (node.object.metadata.deletionTimestamp !== undefined && (node.object.metadata.finalizers ?? []).length > 0);

  return {
    put: (stored) => {
      put(stored);
    },
    take: (change) => {
      const { current } = change;
      if (change.op === 'put') {
        const node = put(current);
        if (node === undefined || !interesting(node)) return [];
        // An owner that waits for its dependents must look again when one of them changes.
        return [node.uid, ...ownersOf(node.object).map(({ uid }) => uid)];
      }
      const { uid } = current.object.metadata;
      const before = uid === undefined ? undefined : nodes.get(uid);
      if (uid === undefined || before === undefined) return [];
      unlink(before);
      nodes.delete(uid);
      return [...(dependents.get(uid) ?? []), ...ownersOf(before.object).map((owner) => owner.uid)];
    },
    get: (uid) => nodes.get(uid),
    dependentsOf: (uid) => [...(dependents.get(uid) ?? [])].flatMap((dependent) => nodes.get(dependent) ?? []),
    uids: () => nodes.keys(),
  };
};

/** The owner references of an object. */
export const ownersOf = (object: KubeObject): readonly OwnerReference[] => object.metadata.ownerReferences ?? [];
