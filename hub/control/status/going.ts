/** @module What the deletion of a placed object waits for: clusters that have not said that their copy is gone. */
import type { StoredPlacementStatus } from '../../../shared/api/index.ts';
import { withCondition } from '../../../shared/kube/condition.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { Directory } from '../cluster/directory.ts';
import { isWaitedFor } from '../cluster/liveness.ts';
import { workIdOf } from '../kinds.ts';
import { type Board, isWithdrawn } from '../work/board.ts';
import type { AppliedChange } from './applied.ts';

/** A cluster that is waited for, and what it says of it. */
export type Awaited = { readonly cluster: string; readonly says: string | undefined };

/** A deletion that is over sooner is not spoken of. */
export const goingShownAfterMs = 3_000;
/** Clusters named one by one. */
const namedMax = 16;

/** The clusters that the deletion of the object at this key waits for, in name order; not those that are lost or were not seen yet. */
export const awaitedOf = (
  { board, directory }: { readonly board: Board; readonly directory: Pick<Directory, 'has' | 'isMember' | 'liveness'> },
  key: StorageKey,
): readonly Awaited[] => {
  const id = workIdOf(key);
  return [...board.sent(id)]
    .flatMap(([cluster, entry]): Awaited[] => {
      if (!directory.has(cluster) || !directory.isMember(cluster) || !isWaitedFor(directory.liveness(cluster))) return [];
      const answer = board.answer(id, cluster);
      if (isWithdrawn(entry, answer)) return [];
      return [{ cluster, says: answer?.seq === entry.seq ? answer.message : undefined }];
    })
    .sort((a, b) => compareText(a.cluster, b.cluster));
};

const textOf = (awaited: readonly Awaited[]): string => {
  const named = awaited.slice(0, namedMax).map(({ cluster, says }) => (says === undefined ? cluster : `${cluster} (${says})`));
  const more = awaited.length > namedMax ? `, and ${awaited.length - namedMax} more` : '';
  return `it is being deleted, and waits for ${named.join(', ')}${more} to let go of it; a cluster that is lost, or whose Cluster is deleted, is waited for no more`;
};

/** What is to be said: the change, undefined when nothing is new, and in how many ms to look again. */
export type GoingLook = { readonly change?: AppliedChange; readonly againMs?: number };

/** What is written of a placed object that is being deleted. */
export const lookAtGoing = (
  { key, object }: { readonly key: StorageKey; readonly object: KubeObject },
  awaited: readonly Awaited[],
  before: Pick<StoredPlacementStatus, 'conditions'> | undefined,
  nowMs: number,
): GoingLook => {
  if (awaited.length === 0) return {};
  const leftMs = Date.parse(object.metadata.deletionTimestamp ?? '') + goingShownAfterMs - nowMs;
  if (leftMs > 0) return { againMs: leftMs };
  const old = before?.conditions?.find(({ type }) => type === 'Applied');
  const next = { type: 'Applied', status: 'Unknown', reason: 'Withdrawing', message: textOf(awaited) } as const;
  if (old?.reason === next.reason && old.message === next.message) return {};
  const { reason, message } = next;
  return {
    change: {
      conditions: withCondition(before?.conditions, next, nowMs),
      failures: [],
      staying: [],
      events: [{ about: key, event: { type: 'Normal', reason, message } }],
    },
  };
};
