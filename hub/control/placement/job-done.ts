/**
 * @module What is done of a Job whose parts leave their clusters: what a lost, emptied or left out cluster said last is kept, so that others do only
 * the rest and the hub goes on counting it. Pure.
 */
import type { DoneCluster, PartProgress, PlacedCluster, StoredPlacement } from '../../../shared/api/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';

/** What a cluster said last of its part; undefined = nothing. */
export type HeardProgress = (cluster: string) => PartProgress | undefined;

/** A part that a cluster was given, with what was known to be done of it when it began to wait. */
export type GivenPart = PlacedCluster & Partial<PartProgress>;

/** What is done of a part, as it is heard or was: never more than the part. */
export const doneOf = ({ name, completions, succeeded = 0, failed = 0 }: GivenPart, heard: HeardProgress): PartProgress => {
  const now = heard(name);
  return {
    succeeded: Math.min(completions ?? Number.MAX_SAFE_INTEGER, Math.max(succeeded, now?.succeeded ?? 0)),
    failed: Math.max(failed, now?.failed ?? 0),
  };
};

/** Completions that count though no cluster has them as its part any more. */
export const completionsDone = (placement: Pick<StoredPlacement, 'status'> | undefined): number =>
  (placement?.status?.done ?? []).reduce((sum, { succeeded }) => sum + succeeded, 0);

/** What counts of parts that ended, after those in `ended` have; clusters in name order. */
export const doneAfter = (before: readonly DoneCluster[], ended: readonly GivenPart[], heard: HeardProgress): readonly DoneCluster[] => {
  const done = new Map(before.map((entry) => [entry.name, entry]));
  for (const part of ended) {
    const { succeeded, failed } = doneOf(part, heard);
    const known = done.get(part.name) ?? { succeeded: 0, failed: 0 };
    if (succeeded + failed > 0)
      done.set(part.name, { name: part.name, succeeded: known.succeeded + succeeded, failed: known.failed + failed });
  }
  return [...done.values()].sort((a, b) => compareText(a.name, b.name));
};

/**
 * What counts of ended parts as their clusters are heard now: one that returns may have done more than it was known to. Others do that once more,
 * as their part cannot be changed; it counts once. A cluster that has a part again speaks of that one.
 */
export const raisedDone = (
  before: readonly DoneCluster[],
  hasPart: (cluster: string) => boolean,
  heard: HeardProgress,
): readonly DoneCluster[] =>
  before.map((entry) => {
    const now = hasPart(entry.name) ? undefined : heard(entry.name);
    if (now === undefined || (now.succeeded <= entry.succeeded && now.failed <= entry.failed)) return entry;
    return { ...entry, succeeded: Math.max(entry.succeeded, now.succeeded), failed: Math.max(entry.failed, now.failed) };
  });
