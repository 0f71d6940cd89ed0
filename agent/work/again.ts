/** @module What has its turn again though its work is the same: leases and weights change, what we made drifts. */
import type { Lease } from '../../shared/health/index.ts';
import { assert } from '../../shared/lib/index.ts';
import type { ImportWeights } from '../../shared/traffic/index.ts';
import type { WorkItem } from '../../shared/wire/index.ts';
import { touchDelayMs } from './drift.ts';
import { isSingleton } from './lease.ts';
import { isBusy, markTried, moveTo, type Step } from './queue.ts';
import type { Entry } from './state.ts';
import { decidedOf, decidesTheSame, hasWeights } from './weights.ts';

/** The entry has its turn with this work, whatever became of it before. */
export const renew = (step: Step, entry: Entry, item: WorkItem): void => {
  markTried(step, entry, true);
  moveTo(step, entry, 'Settled');
  entry.item = item;
  entry.attempt = 0;
  markTried(step, entry, false);
  moveTo(step, entry, 'Queued');
};

/** As {@link renew}, where it may be the same work: what is changed then is our own doing, and no drift. */
export const renewOwn = (step: Step, entry: Entry, item: WorkItem): void => {
  entry.isOwnChange = true;
  renew(step, entry, item);
};

/** Every singleton is applied again, with or without its replicas; a pause for a silent API server does not keep it. */
export const onLease = (step: Step, lease: Lease): void => {
  const { state } = step;
  state.lease = lease;
  state.pausedUntilMs = 0;
  for (const entry of state.entries.values()) {
    if (!isSingleton(entry.item)) continue;
    if (isBusy(entry)) entry.next ??= entry.item;
    else renewOwn(step, entry, entry.item);
  }
};

/** What waited for the first weights has its turn; later, what traffic begins or ceases to decide. */
export const onWeights = (step: Step, weights: ImportWeights): void => {
  const { state } = step;
  const before = state.weights;
  state.weights = weights;
  if (before !== undefined && decidesTheSame(before, weights)) return;
  for (const entry of state.entries.values())
    if (before === undefined && entry.stage === 'Waiting' && hasWeights(entry.item)) moveTo(step, entry, 'Queued');
    else applyDecided(step, entry);
};

/** Applies again what traffic decides other rules of than at the last apply: what it ceases to decide is as the hub says. */
export const applyDecided = (step: Step, entry: Entry): void => {
  if (entry.stage !== 'Settled' || entry.item.op !== 'apply' || entry.outcome?.phase !== 'Applied') return;
  if (decidedOf(entry.item, step.state.weights) !== entry.decided) touch(step, entry);
};

/** Applies again what was applied before, at once or, in a fight, later. */
export const touch = (step: Step, entry: Entry): void => {
  assert(entry.stage === 'Settled', 'only a settled entry drifts');
  const delayMs = touchDelayMs(entry, step.env);
  if (delayMs === 0) {
    moveTo(step, entry, 'Queued');
    return;
  }
  entry.dueMs = step.env.monotonicMs() + delayMs;
  moveTo(step, entry, 'Waiting');
};
