/** @module What to send to which cluster for one object, and what to take back. Pure: production and simulator call the same. */

/** A record as it was last sent to a cluster. */
export type SentRecord = {
  readonly seq: number;
  readonly op: 'apply' | 'withdraw';
  /** Fingerprint of what was sent; undefined = sent by an earlier run of the hub. */
  readonly fingerprint: string | undefined;
  /** The cluster reported, for this or a later seq, that the object is gone. */
  readonly isWithdrawn: boolean;
  /** The cluster has newer work than this, which it will not take for it. */
  readonly isOvertaken?: boolean;
  /** The broker does not hold it any more as it was sent. */
  readonly isDamaged?: boolean;
  /** Of a journal of which the hub's is an older copy, about an object that the hub does not know. */
  readonly isForeign?: boolean;
};

/** What a decision about one object is made from. */
export type WorkInput = {
  /** Fingerprint of what each cluster should have. */
  readonly desired: ReadonlyMap<string, string>;
  readonly sent: ReadonlyMap<string, SentRecord>;
  /** Highest revision of all that the rendering was made from: a record of an earlier run with a lower seq is sent anew. */
  readonly inputRevision: number;
  /** The user deleted the object. */
  readonly isDeleted: boolean;
  /** On deletion copies stay in the clusters. */
  readonly orphans: boolean;
  /** The Cluster exists. */
  readonly isKnown: (cluster: string) => boolean;
  /** Nothing may be withdrawn: the cluster has not been heard, or came back and no fresh decision was made. */
  readonly isHeld: (cluster: string) => boolean;
  /** What the cluster answered is not what is wanted: a record of an earlier run may not be either, however new it is. */
  readonly isDoubtful?: (cluster: string) => boolean;
};

/** One thing to do. `keep` = an earlier run's record is what is wanted. */
export type WorkAction = { readonly do: 'publish' | 'withdraw' | 'forget' | 'keep'; readonly cluster: string };

/** What to do, and what stands in the way of letting a deleted object go. */
export type WorkOutput = {
  readonly actions: readonly WorkAction[];
  /** Clusters that still have, or may still have, a copy of a deleted object. */
  readonly remaining: readonly string[];
};

const toApply = (input: WorkInput, cluster: string, wanted: string): WorkAction[] => {
  const record = input.sent.get(cluster);
  if (record?.op === 'apply') {
    if (record.fingerprint === wanted) return [];
    if (record.fingerprint === undefined && record.seq >= input.inputRevision && input.isDoubtful?.(cluster) !== true)
      return [{ do: 'keep', cluster }];
  }
  return [{ do: 'publish', cluster }];
};

const toTakeBack = (input: WorkInput, cluster: string, record: SentRecord): WorkAction[] => {
  if (!input.isKnown(cluster) || (input.isDeleted && input.orphans)) return [{ do: 'forget', cluster }];
  // What the older copy knows nothing of nobody has deleted: it stays in the cluster, and the record of it goes.
  if (record.isForeign === true && record.op === 'apply') return [{ do: 'forget', cluster }];
  const isTakenBack = record.op === 'withdraw' && record.isDamaged !== true;
  if (isTakenBack && record.isWithdrawn) return [{ do: 'forget', cluster }];
  if (isTakenBack && record.isOvertaken !== true) return [];
  // What the user deleted is taken back at once; what the hub moved elsewhere only from a cluster that is heard.
  return input.isHeld(cluster) && !input.isDeleted ? [] : [{ do: 'withdraw', cluster }];
};

/** Decides for one object; clusters in name order. */
export const decideWork = (input: WorkInput): WorkOutput => {
  const clusters = [...new Set([...input.desired.keys(), ...input.sent.keys()])].sort();
  const actions = clusters.flatMap((cluster) => {
    const wanted = input.desired.get(cluster);
    const record = input.sent.get(cluster);
    if (wanted !== undefined) return toApply(input, cluster, wanted);
    return record === undefined ? [] : toTakeBack(input, cluster, record);
  });
  const forgotten = new Set(actions.filter((action) => action.do === 'forget').map(({ cluster }) => cluster));
  // A cluster that is not heard is not waited for: its record stays and is executed when it comes back.
  const remaining = [...input.sent.keys()]
    .filter((cluster) => !forgotten.has(cluster) && input.isKnown(cluster) && !input.isHeld(cluster))
    .sort();
  return { actions, remaining };
};
