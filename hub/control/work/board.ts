/** @module What was sent to each cluster and what came back, by work id. In memory; rebuilt from the broker at start. */
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import type { StatusItem } from '../../../shared/wire/index.ts';
import type { PublishedWork } from '../../fleet/port.ts';
import { keyOfAnswer, keyOfWorkId } from '../kinds.ts';

/** One object in one cluster. */
export type BoardEntry = {
  seq: number;
  op: 'apply' | 'withdraw';
  fingerprint: string | undefined;
  /** Why it could not be sent. */
  problem: string | undefined;
  /** Replicas that were sent; undefined = sent by an earlier run of the hub, or without replicas. */
  replicas?: number | undefined;
  /** It was sent as one that runs in one cluster at a time. */
  isSingleton?: boolean;
  /** An earlier run sent it, and it was taken for what is wanted. */
  isAssumed?: boolean;
  /** Sent by a journal of which this one is an older copy: what it says is not what this hub wants. */
  isForeign?: boolean;
};

/** Fingerprint of what the broker does not hold any more as it was sent: whatever it was is sent again. */
export const damaged = 'damaged';

/** True when the cluster has answered a withdrawal, this one or a later, that its copy is gone. */
export const isWithdrawn = ({ op, seq }: Pick<BoardEntry, 'op' | 'seq'>, answer: StatusItem | undefined): boolean =>
  op === 'withdraw' && answer?.phase === 'Withdrawn' && answer.seq >= seq;

/** What was last rendered of an object; `placement` as {@link placementMark} says it. */
export type Rendered = { readonly generation: number; readonly placement: string };

/** Changes when the Placement says something else of where the object goes; '' without one. */
export const placementMark = (placement: Pick<StoredPlacement, 'metadata'> | undefined): string =>
  placement === undefined ? '' : `${placement.metadata.uid}#${placement.metadata.generation}`;

/** The board. */
export type Board = {
  /** True when what the broker holds has been read. */
  readonly isRead: () => boolean;
  /** `isForeign`: the revision is of a journal of which ours is an older copy. */
  readonly load: (published: readonly PublishedWork[], isForeign: (revision: number) => boolean) => void;
  readonly sent: (id: string) => ReadonlyMap<string, BoardEntry>;
  readonly put: (id: string, cluster: string, entry: BoardEntry) => void;
  readonly drop: (id: string, cluster: string) => void;
  readonly dropCluster: (cluster: string) => readonly string[];
  /** The newest answer of a cluster about an object. */
  readonly answer: (id: string, cluster: string) => StatusItem | undefined;
  readonly putAnswer: (item: StatusItem) => void;
  /** Clusters that say the object is withdrawn though nothing is sent to them: what was forgotten was said once more. */
  readonly strays: (id: string) => readonly string[];
  readonly rendered: (id: string) => Rendered | undefined;
  readonly putRendered: (id: string, rendered: Rendered) => void;
  readonly ids: () => readonly string[];
  /** The key of the object of a work id; of an id that is a hash only an answer tells it. Undefined = not known. */
  readonly keyOf: (id: string) => StorageKey | undefined;
  /** Highest seq that was sent to a cluster. */
  readonly newestSeqTo: (cluster: string) => number;
};

const nothing: ReadonlyMap<string, BoardEntry> = new Map();

/** An empty board. */
export const createBoard = (): Board => {
  const entries = new Map<string, Map<string, BoardEntry>>();
  const answers = new Map<string, Map<string, StatusItem>>();
  const rendered = new Map<string, Rendered>();
  let isRead = false;
  const drop = (id: string, cluster: string): void => {
    entries.get(id)?.delete(cluster);
    answers.get(id)?.delete(cluster);
    if (entries.get(id)?.size === 0) {
      entries.delete(id);
      rendered.delete(id);
    }
    if (answers.get(id)?.size === 0) answers.delete(id);
  };
  const put = (id: string, cluster: string, entry: BoardEntry): void => {
    const known = entries.get(id) ?? new Map<string, BoardEntry>();
    known.set(cluster, entry);
    entries.set(id, known);
  };
  return {
    isRead: () => isRead,
    load: (published, isForeign) => {
      for (const { cluster, id, seq, op, revision } of published) {
        const known = entries.get(id)?.get(cluster);
        if (known !== undefined && known.seq >= seq) continue;
        put(id, cluster, {
          seq,
          op,
          fingerprint: undefined,
          problem: undefined,
          ...(isForeign(revision ?? seq) ? { isForeign: true } : {}),
        });
      }
      isRead = true;
    },
    sent: (id) => entries.get(id) ?? nothing,
    put,
    drop,
    dropCluster: (cluster) => {
      const touched = [...entries].filter(([, clusters]) => clusters.has(cluster)).map(([id]) => id);
      for (const id of touched) drop(id, cluster);
      return touched;
    },
    answer: (id, cluster) => answers.get(id)?.get(cluster),
    putAnswer: (item) => {
      const known = answers.get(item.id) ?? new Map<string, StatusItem>();
      const old = known.get(item.cluster);
      if (old !== undefined && item.seq < old.seq) return;
      known.set(item.cluster, item);
      answers.set(item.id, known);
    },
    strays: (id) =>
      [...(answers.get(id) ?? [])]
        .filter(([cluster, { phase }]) => phase === 'Withdrawn' && entries.get(id)?.has(cluster) !== true)
        .map(([cluster]) => cluster),
    rendered: (id) => rendered.get(id),
    putRendered: (id, next) => {
      rendered.set(id, next);
    },
    ids: () => [...entries.keys()],
    keyOf: (id) => {
      const key = keyOfWorkId(id);
      const [said] = key === undefined ? (answers.get(id)?.values() ?? []) : [];
      return said === undefined ? key : keyOfAnswer(said);
    },
    newestSeqTo: (cluster) => [...entries.values()].reduce((newest, known) => Math.max(newest, known.get(cluster)?.seq ?? 0), 0),
  };
};
