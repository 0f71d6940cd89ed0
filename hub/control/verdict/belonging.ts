/**
 * @module What becomes of what was agreed on about a cluster that leaves the membership: who counts votes forgets it, and tells nobody. Pure but
 * for the records.
 */
import type { ClusterRecord } from '../cluster/directory.ts';

/**
 * Takes a new list of members; answers whose record changed. A death that is held is over for who is out: nothing goes by it. A verdict stays until
 * the cluster is back, as its replicas and the fence of its singletons go by it, and then votes find it anew.
 */
export const createBelonging = (): ((members: ReadonlySet<string>, records: readonly ClusterRecord[]) => readonly string[]) => {
  let before: ReadonlySet<string> | undefined;
  return (members, records) => {
    const known = before;
    before = members;
    return records.flatMap((record) => {
      const { name, observed, heldDeath } = record;
      const isBack = known !== undefined && members.has(name) && !known.has(name);
      if (isBack) record.observed = undefined;
      if (!members.has(name)) record.heldDeath = undefined;
      return record.observed === observed && record.heldDeath === heldDeath ? [] : [name];
    });
  };
};
