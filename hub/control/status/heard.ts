/** @module What clusters answered of one object: to what was sent last, and at all; read off the board. */
import type { StorageKey, Stored } from '../../../shared/kube/storage/index.ts';
import type { StatusItem } from '../../../shared/wire/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { isDead, type Liveness } from '../cluster/liveness.ts';
import { groupKind, workIdOf } from '../kinds.ts';
import type { Board } from '../work/board.ts';
import type { Answer } from './applied.ts';
import type { Part } from './parts.ts';
import { withoutServing } from './serving.ts';

/** An answer, and the newest that the cluster said even when it was about something sent before. */
export type Heard = Answer & { readonly full: StatusItem | undefined };

/** Answers of these clusters. */
export const heardOf = (board: Pick<Board, 'sent' | 'answer'>, { key, object }: Stored, clusters: readonly string[]): Heard[] => {
  const id = workIdOf(key);
  const subject = { key, kind: object.kind, name: object.metadata.name };
  return clusters.map((cluster) => {
    const entry = board.sent(id).get(cluster);
    const item = board.answer(id, cluster);
    // An answer to newer work than was sent is about what this hub does not know, and what it sent was refused.
    const isAnswer = item !== undefined && entry?.op === 'apply' && item.seq === entry.seq;
    return {
      cluster,
      subject,
      item: isAnswer ? item : undefined,
      full: item?.phase === 'Withdrawn' ? undefined : item,
      ...(entry?.problem === undefined ? {} : { problem: entry.problem }),
    };
  });
};

/** What is held down keeps its surplus for as long as that takes: it is on no way out. In doubt all is as it was. */
const isLeaving = ({ is }: Liveness): boolean => is === 'Heard' || is === 'Doubtful';

/** Clusters that still have the object and may let go of it, though none of these answers is theirs. */
export const leavingOf = (
  { board, directory }: { readonly board: Pick<Board, 'sent'>; readonly directory: Pick<Directory, 'has' | 'liveness'> },
  key: StorageKey,
  answers: readonly Heard[],
): readonly string[] => {
  const wanted = new Set(answers.map(({ cluster }) => cluster));
  return [...board.sent(workIdOf(key))]
    .flatMap(([cluster, { op }]) =>
      op === 'apply' && !wanted.has(cluster) && directory.has(cluster) && isLeaving(directory.liveness(cluster)) ? [cluster] : [],
    )
    .sort();
};

/** True when the member's own controllers have seen what was applied. */
const hasObserved = (item: StatusItem): boolean => {
  const observed = item.status?.observedGeneration;
  return typeof observed !== 'number' || item.generation === undefined || observed >= item.generation;
};

/** What a cluster's answer adds to the status of the whole; of one that is taken for dead nothing serves. */
export const partOf = ({ cluster, item, full }: Heard, directory: Pick<Directory, 'liveness'>): Part => ({
  cluster,
  status:
    full?.status === undefined || !isDead(directory.liveness(cluster)) ? full?.status : withoutServing(groupKind(full.ref), full.status),
  isCurrent: full !== undefined && item?.phase === 'Applied' && hasObserved(full),
});
