/** @module What a change of a stored object means to the loops. Pure. */

import { storedPlacement } from '../../shared/api/index.ts';
import { isFinishedJob } from '../../shared/kube/job-end.ts';
import type { Change } from '../../shared/kube/storage/index.ts';
import { sameJson } from '../../shared/lib/same-json.ts';
import { completionsTerm } from '../../shared/placement/index.ts';
import { placementFinalizer } from './placement/names.ts';
import { stayMark } from './work/staying.ts';

/** Fields that the hub keeps of an object, and those of its metadata. */
const kept: ReadonlySet<string> = new Set(['metadata', 'status']);
const keptMetadata: ReadonlySet<string> = new Set(['resourceVersion', 'managedFields', 'finalizers']);

/** True when all fields but some are equal; parts that a write left alone are the same values, and cost nothing. */
const isSameBut = (a: object, b: object, apart: ReadonlySet<string>): boolean => {
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const field in left) if (!apart.has(field) && !sameJson(left[field], right[field])) return false;
  for (const field in right) if (!apart.has(field) && left[field] === undefined && right[field] !== undefined) return false;
  return true;
};

/** True when more than status and bookkeeping changed: that the hub holds the object from now on is bookkeeping. */
export const isContentChange = (change: Change): boolean => {
  if (change.op === 'delete' || change.previous === undefined) return true;
  const [before, after] = [change.previous.object, change.current.object];
  return (
    !isSameBut(before, after, kept) ||
    !isSameBut(before.metadata, after.metadata, keptMetadata) ||
    !isSameHold(before.metadata.finalizers ?? [], after.metadata.finalizers ?? [])
  );
};

/** True when nothing but the hub's own finalizer was added. */
const isSameHold = (before: readonly string[], after: readonly string[]): boolean =>
  sameJson(before, after) ||
  (!before.includes(placementFinalizer) &&
    sameJson(
      before,
      after.filter((name) => name !== placementFinalizer),
    ));

/** True when clusters may have to be sent something else: what they answered, and why they were chosen, is nothing to them. */
export const movesWork = ({ op, previous, current }: Change): boolean => {
  if (op === 'delete' || previous === undefined) return true;
  const [before, after] = [storedPlacement(previous.object), storedPlacement(current.object)];
  return (
    !sameJson(before.spec, after.spec) ||
    !sameJson(before.status?.owed, after.status?.owed) ||
    before.status?.unplaced !== after.status?.unplaced ||
    (before.status?.binding === completionsTerm) !== (after.status?.binding === completionsTerm) ||
    stayMark(before.status) !== stayMark(after.status) ||
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.uid !== after.metadata.uid
  );
};

/** True when a decision was made about a newer generation of its object, whatever came of it. */
export const observesMore = ({ previous, current }: Change): boolean =>
  previous !== undefined &&
  storedPlacement(previous.object).status?.observedGeneration !== storedPlacement(current.object).status?.observedGeneration;

/** True when a Job has ended: its pods hold no room any more. */
export const hasFinished = ({ previous, current }: Change): boolean =>
  isFinishedJob(current.object) && previous !== undefined && !isFinishedJob(previous.object);
