/** @module How many replicas of a workload a cluster was told to have, and how many of them it says to be ready. */
import type { StoredPlacement, UnreadyCluster } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import { fencedReason, type StatusItem } from '../../../shared/wire/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { isDead, type Liveness } from '../cluster/liveness.ts';
import { bag, bags, groupKind, workIdOf } from '../kinds.ts';
import type { Board, BoardEntry } from './board.ts';

/** Kinds that say how many of their replicas are ready. */
const kinds: ReadonlySet<string> = new Set(['apps/Deployment', 'apps/StatefulSet', 'apps/ReplicaSet']);

/** True for an object, or a reference to one, of a kind that says how many of its replicas are ready. */
export const tellsReady = (object: Pick<KubeObject, 'apiVersion' | 'kind'>): boolean => kinds.has(groupKind(object));

/** A count of an answer; one that is 0 is left out by the cluster. */
export const countOf = (item: StatusItem | undefined, field: 'replicas' | 'readyReplicas'): number => {
  const value = item?.status?.[field];
  return typeof value === 'number' ? value : 0;
};

/**
 * Replicas that a cluster was told to have. Of a record of an earlier run only the answer to it, or to a later one, tells, and not when a fence
 * stopped them. Undefined = withdrawn, not known, or an object that has none.
 */
export const replicasTold = (entry: BoardEntry, answer: StatusItem | undefined): number | undefined => {
  if (entry.op === 'withdraw') return undefined;
  if (entry.isAssumed !== true && entry.replicas !== undefined) return entry.replicas;
  if (answer === undefined || answer.seq < entry.seq || answer.reason === fencedReason) return undefined;
  // It was applied a moment ago, and nothing is said of it yet.
  if (answer.phase === 'Applied' && answer.status === undefined) return undefined;
  return tellsReady(answer.ref) ? countOf(answer, 'replicas') : undefined;
};

/** Replicas that a cluster was told to have of the object of a work id; undefined = not known, as before the board has been read. */
export type Told = (workId: string, cluster: string) => number | undefined;

/** What the board knows of it; of what is withdrawn, or was never sent, nothing. */
export const toldBy =
  (board: Pick<Board, 'isRead' | 'sent' | 'answer'>): Told =>
  (workId, cluster) => {
    if (!board.isRead()) return undefined;
    const entry = board.sent(workId).get(cluster);
    return entry === undefined || entry.op === 'withdraw' ? 0 : replicasTold(entry, board.answer(workId, cluster));
  };

/** What conditions of a workload tell of replicas that are not ready, the most telling first. */
const tellingConditions: readonly { readonly type: string; readonly status: string }[] = [
  { type: 'ReplicaFailure', status: 'True' },
  { type: 'Progressing', status: 'False' },
  { type: 'Available', status: 'False' },
];

const conditionTexts = (answer: StatusItem): string[] => {
  const conditions = bags(bag(answer.status).conditions);
  const telling = tellingConditions
    .map(({ type, status }) => conditions.find((one) => one.type === type && one.status === status))
    .find((one) => one !== undefined);
  const text = telling?.message ?? telling?.reason;
  return typeof text === 'string' && text !== '' ? [text] : [];
};

/** What is looked at to tell which replicas are not ready. */
export type ReadySources = { readonly board: Pick<Board, 'answer'>; readonly directory: Pick<Directory, 'get' | 'liveness'> };

/** What its state alone says of replicas that are not ready; undefined where the cluster tells it itself. */
const whySilent = (state: Liveness): string | undefined => {
  switch (state.is) {
    case 'Dead':
      return state.replicas === 'Held'
        ? 'the cluster is taken for dead; its condition Ready says why its replicas stay'
        : 'the cluster is dead or cut off';
    case 'Heard':
    case 'Returning':
      return undefined;
    default:
      return 'the cluster is not heard';
  }
};

/** Why replicas are not ready, as far as it is known. */
const whyUnready = ({ directory }: ReadySources, id: string, cluster: string, answer: StatusItem | undefined): string | undefined => {
  const silent = whySilent(directory.liveness(cluster));
  if (silent !== undefined) return silent;
  if (answer === undefined) return 'the cluster has not answered yet';
  if (answer.phase !== 'Applied') return answer.message ?? answer.reason;
  const pending = directory.get(cluster)?.report?.present[id]?.pending ?? 0;
  const nowhere = pending === 0 ? [] : [`${pending} pod${pending === 1 ? ' is' : 's are'} bound to no node`];
  return [...nowhere, ...conditionTexts(answer)].join('; ') || undefined;
};

/** Clusters in which not all replicas that are placed there are ready, by name. */
export const unreadyOf = (
  sources: ReadySources,
  key: StorageKey,
  object: KubeObject,
  placement: Pick<StoredPlacement, 'spec'>,
): readonly UnreadyCluster[] => {
  if (!tellsReady(object)) return [];
  const id = workIdOf(key);
  return placement.spec.clusters.flatMap(({ name, replicas = 0 }): UnreadyCluster[] => {
    const answer = sources.board.answer(id, name);
    const ready = isDead(sources.directory.liveness(name)) ? 0 : Math.min(replicas, countOf(answer, 'readyReplicas'));
    if (ready === replicas) return [];
    const why = whyUnready(sources, id, name, answer);
    return [{ name, replicas, ready, ...(why === undefined ? {} : { why }) }];
  });
};
