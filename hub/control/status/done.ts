/** @module What counts of a Job besides what is said by clusters that have a part of it: parts that ended, and those that wait unheard. Pure. */
import { type DoneCluster, isServing, type PartProgress, type StayingCluster, type StoredPlacement } from '../../../shared/api/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { doneOf, type HeardProgress, raisedDone } from '../placement/job-done.ts';

/** What counts, and what of it is to be written. */
export type DoneLook = {
  readonly done: PartProgress;
  /** Undefined = what is written stands. */
  readonly write: readonly DoneCluster[] | undefined;
};

/** Nothing counts besides. */
export const nothingDone: DoneLook = { done: { succeeded: 0, failed: 0 }, write: undefined };

/** Looks at an object's Placement; `staying` as it stays now. */
export const lookAtDone = (
  placement: Pick<StoredPlacement, 'spec' | 'status'>,
  staying: readonly StayingCluster[],
  heard: HeardProgress,
): DoneLook => {
  const before = placement.status?.done ?? [];
  const waiting = staying.filter((entry) => !isServing(entry) && (entry.completions ?? entry.succeeded ?? entry.failed) !== undefined);
  if (before.length === 0 && waiting.length === 0) return nothingDone;
  const parts = new Set([...placement.spec.clusters, ...staying].map(({ name }) => name));
  const ended = raisedDone(before, (name) => parts.has(name), heard);
  const all: readonly PartProgress[] = [...ended, ...waiting.map((part) => doneOf(part, heard))];
  const sum = (field: keyof PartProgress): number => all.reduce((total, entry) => total + entry[field], 0);
  return {
    done: { succeeded: sum('succeeded'), failed: sum('failed') },
    write: sameJson(ended, before) ? undefined : ended,
  };
};
