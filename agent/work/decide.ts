/** @module The agent's work as a pure core: what happened in, what to do out. The same function runs in the agent and in the simulator. */
import type { Env } from '../../shared/lib/index.ts';
import { unreachable } from '../../shared/lib/index.ts';
import type { StatusItem, WorkItem } from '../../shared/wire/index.ts';
import { workItemsMax } from '../../shared/wire/index.ts';
import type { ApiFailure } from '../cluster/index.ts';
import { applyDecided, onLease, onWeights, renew, renewOwn, touch } from './again.ts';
import { addressToApply, failed, onApplied, onNamespaceReady, onRead, settle, startApply, terminatingReason } from './apply.ts';
import { isCalm } from './drift.ts';
import { needsRecord, noteEnd } from './job-end.ts';
import { isOlder, type Live } from './live.ts';
import type { Look, WorkEffect, WorkInput } from './messages.ts';
import { flushHeld, publish, publishAgain, publishAll } from './publish.ts';
import { isBusy, moveTo, noteAnswer, pump, type Step, wakeWaiting } from './queue.ts';
import { createEntry, type Entry, isOver, targetOf, type WorkState } from './state.ts';
import { waitsForUnknown } from './unknown.ts';
import { printOf } from './weights.ts';
import { addressToWithdraw, forget, gone, onDeleted, onReadForWithdraw, onReleased, startWithdraw } from './withdraw.ts';

/** Withdrawn items remembered; beyond it the oldest are forgotten. */
const WITHDRAWN_MAX = 10_000;

/** Advances the state by one input and says what to do, in order. */
export const decide = (state: WorkState, input: WorkInput, env: Env): WorkEffect[] => {
  const step: Step = { state, env, effects: [] };
  take(step, input);
  wakeWaiting(step);
  flushHeld(step);
  pump(step, start);
  return step.effects;
};

const take = (step: Step, input: WorkInput): void => {
  switch (input.on) {
    case 'Loaded':
      onLoaded(step, input);
      return;
    case 'Item':
      step.state.hubIds?.add(input.item.id);
      onItem(step, input.item, false);
      return;
    case 'FullReading':
      onFullReading(step, input.ids);
      return;
    case 'Served':
      step.state.served = new Map(input.apis.map((api) => [`${api.groupVersion} ${api.kind}`, api]));
      step.state.stale = new Set(input.stale);
      wakeUnserved(step);
      return;
    case 'Observed':
      onObserved(step, input);
      return;
    case 'Vanished':
      onVanished(step, input);
      return;
    case 'Lease':
      onLease(step, input.lease);
      return;
    case 'Weights':
      onWeights(step, input.weights);
      return;
    case 'WeightsLack':
      step.state.weightsLack = input.why;
      return;
    case 'Outdated':
      onOutdated(step, input);
      return;
    case 'Wanted':
      publishAll(step);
      return;
    case 'Tick':
      return;
    default:
      onAnswer(step, input);
  }
};

const onLoaded = (step: Step, input: Extract<WorkInput, { on: 'Loaded' }>): void => {
  if (input.failure !== undefined) notRecorded(step, input.failure.message);
  for (const item of input.items) onItem(step, item, true);
  for (const end of input.ends ?? []) onKeptEnd(step, end);
  step.state.loaded = true;
};

/** What a Job came to before the restart. */
const onKeptEnd = ({ state }: Step, end: StatusItem): void => {
  const entry = state.entries.get(end.id);
  if (entry === undefined || entry.item.seq !== end.seq) return;
  entry.end = end;
  entry.recordedEnd = end.seq;
  entry.appliedSeq = end.seq;
};

const notRecorded = (step: Step, why: string): void => {
  if (step.state.unrecorded !== undefined) return;
  step.state.unrecorded = why;
  const message = 'desired state cannot be kept in the cluster: after a restart the agent waits for the hub';
  step.effects.push({ do: 'log', level: 'warn', message, fields: { why } });
};

const onItem = (step: Step, item: WorkItem, kept: boolean): void => {
  const { state } = step;
  const known = state.entries.get(item.id);
  // Never older over newer; the same again is an echo.
  if (known !== undefined && item.seq <= (known.next ?? known.item).seq) {
    if (item.seq !== known.item.seq) return;
    if (kept) known.recordedSeq = item.seq;
    // The hub drops what it knows to be withdrawn: one that it sends again it does not know to be.
    else if (known.outcome?.phase === 'Withdrawn' && known.outcome.seq === item.seq) publishAgain(step, known);
    return;
  }
  if (known === undefined && state.entries.size >= workItemsMax) {
    step.effects.push({
      do: 'log',
      level: 'warn',
      message: 'a work item is refused: there are too many',
      fields: { id: item.id, workItemsMax },
    });
    return;
  }
  const entry = known ?? createEntry(item);
  state.entries.set(item.id, entry);
  state.byTarget.set(targetOf(item.ref), item.id);
  if (kept) entry.recordedSeq = item.seq;
  // Work under way ends first: its answer still belongs to the seq before.
  if (isBusy(entry)) {
    entry.next = item;
    return;
  }
  renew(step, entry, item);
};

/**
 * The hub does not know what is here: its data are an older copy, or its record is. It is told the status once more, and sends anew above it.
 * What was forgotten here had been withdrawn.
 */
const onOutdated = (step: Step, { id, ref, seq }: Extract<WorkInput, { on: 'Outdated' }>): void => {
  const entry = step.state.entries.get(id);
  if (entry !== undefined) {
    publishAgain(step, entry);
    return;
  }
  if (!step.state.loaded) return;
  const { cluster } = step.state;
  const message = 'newer work took it back; the hub must send it anew';
  const status: StatusItem = {
    v: 1,
    cluster,
    id,
    seq,
    ref,
    phase: 'Withdrawn',
    reason: 'NewerApplied',
    message,
    observedAtMs: step.env.nowMs(),
  };
  step.effects.push({ do: 'publish', status });
};

const start = (step: Step, entry: Entry): void => {
  const { item } = entry;
  if (waitsForUnknown(step, entry)) return;
  if (needsRecord(step, entry)) {
    moveTo(step, entry, 'Recording');
    const look = item.op === 'withdraw' ? addressToWithdraw(step, entry) : addressToApply(step, entry);
    const { id } = item;
    const end = isOver(entry) ? entry.end : undefined;
    step.effects.push({
      do: 'record',
      id,
      op: entry.op,
      item,
      ...(end === undefined ? {} : { end }),
      ...(look === undefined ? {} : { look }),
    });
    return;
  }
  proceed(step, entry);
};

/** The record is kept (or cannot be): the object's turn. */
const proceed = (step: Step, entry: Entry, look?: Look): void => {
  if (entry.item.op === 'withdraw') startWithdraw(step, entry, look);
  else startApply(step, entry, look);
};

type AnswerInput = Extract<WorkInput, { readonly op: number }>;

const onAnswer = (step: Step, input: AnswerInput): void => {
  const entry = step.state.entries.get(input.id);
  if (entry === undefined || entry.op !== input.op || !isBusy(entry)) return;
  answer(step, entry, input);
  if (!isBusy(entry)) followUp(step, entry);
};

/** What came while the operation was under way has its turn. */
const followUp = (step: Step, entry: Entry): void => {
  const { next, seen } = entry;
  entry.seen = undefined;
  entry.next = undefined;
  if (seen === 'vanished') vanished(step, entry);
  else if (seen !== undefined) observed(step, entry, seen);
  if (next !== undefined) renewOwn(step, entry, next);
  else applyDecided(step, entry);
};

const answer = (step: Step, entry: Entry, input: AnswerInput): void => {
  const withdrawn = entry.item.op === 'withdraw';
  switch (input.on) {
    case 'Recorded':
      onRecorded(step, entry, input.failure, input.look);
      return;
    case 'Read':
      if (withdrawn) onReadForWithdraw(step, entry, input.found, input.failure);
      else onRead(step, entry, input.found, input.failure);
      return;
    case 'Applied':
      onApplied(step, entry, input);
      return;
    case 'Released':
      onReleased(step, entry, input.failure);
      return;
    case 'NamespaceReady':
      onNamespaceReady(step, entry, input.failure);
      return;
    case 'Deleted':
      onDeleted(step, entry, input.failure);
      return;
    default:
      unreachable(input);
  }
};

const onRecorded = (step: Step, entry: Entry, failure: ApiFailure | undefined, look: Look | undefined): void => {
  if (failure?.unreachable === true) {
    failed(step, entry, 'create', failure);
    return;
  }
  noteAnswer(step, true);
  if (failure?.status === 403) notRecorded(step, failure.message);
  else if (failure !== undefined) {
    // An older record must not come back after a restart: a deletion waits until it is overwritten, an apply goes on without one.
    if (entry.item.op === 'withdraw') {
      failed(step, entry, 'create', failure);
      return;
    }
    const { id, seq } = entry.item;
    if (entry.recordedSeq > 0 && entry.recordedSeq < seq) step.effects.push({ do: 'forget', id });
    const message = 'a work item cannot be kept in the cluster';
    step.effects.push({ do: 'log', level: 'warn', message, fields: { id, why: failure.message } });
  }
  const wasOver = isOver(entry);
  entry.recordedSeq = entry.item.seq;
  if (wasOver) entry.recordedEnd = entry.item.seq;
  // Of what is over and as it should be, nothing but its end was to be kept.
  if (wasOver && entry.live !== undefined && printOf(entry.live, step.state.weights) === entry.baseline) settle(step, entry);
  else proceed(step, entry, look);
};

const onFullReading = (step: Step, ids: readonly string[]): void => {
  const hubIds = new Set(ids);
  step.state.hubIds = hubIds;
  const withdrawn = [...step.state.entries.values()].filter(({ item, stage }) => item.op === 'withdraw' && stage === 'Settled');
  const excess = Math.max(0, withdrawn.length - WITHDRAWN_MAX);
  withdrawn.forEach((entry, index) => {
    // The hub has read that it is gone and dropped its record: so can we.
    if (!hubIds.has(entry.item.id) || index < excess) forget(step, entry);
  });
  // What is here and not at the hub it is told of: its data may be an older copy.
  for (const entry of step.state.entries.values()) if (entry.item.op === 'apply' && !hubIds.has(entry.item.id)) publishAgain(step, entry);
};

/** A kind may be served now that was not: those who wait for one are tried at once. */
const wakeUnserved = (step: Step): void => {
  for (const id of [...step.state.waiting]) {
    const entry = step.state.entries.get(id);
    if (entry?.outcome?.reason !== 'KindNotServed' || entry.stage !== 'Waiting') continue;
    if (step.state.served?.has(`${entry.item.ref.apiVersion} ${entry.item.ref.kind}`) === true) moveTo(step, entry, 'Queued');
  }
};

const entryAt = (step: Step, target: string): Entry | undefined => step.state.entries.get(step.state.byTarget.get(target) ?? '');

const onObserved = (step: Step, { target, live }: Extract<WorkInput, { on: 'Observed' }>): void => {
  const entry = entryAt(step, target);
  if (entry === undefined || live.workId !== entry.item.id) return;
  if (isBusy(entry)) entry.seen = live;
  else observed(step, entry, live);
};

const observed = (step: Step, entry: Entry, live: Live): void => {
  // Only what we applied is followed; before that, the answer to our own calls says more.
  if (entry.baseline === undefined) return;
  if (entry.live !== undefined && isOlder(live.resourceVersion, entry.live.resourceVersion)) return;
  // The mark of what we made may be taken off the object: it is put back, and what we made stays ours to delete.
  entry.live = { ...live, created: live.created || entry.live?.created === true };
  if (entry.outcome?.reason === 'DriftFight' && isCalm(entry, step.env))
    entry.outcome = { seq: entry.outcome.seq, phase: entry.outcome.phase };
  publish(step, entry);
  noteEnd(step, entry);
  const drifted = printOf(live, step.state.weights) !== entry.baseline;
  if (drifted && !live.deleting && entry.item.op === 'apply' && entry.stage === 'Settled') touch(step, entry);
};

const onVanished = (step: Step, { target, asOf }: Extract<WorkInput, { on: 'Vanished' }>): void => {
  const entry = entryAt(step, target);
  if (entry === undefined) return;
  // A full reading that began before our apply could not see it.
  if (asOf !== undefined && entry.live !== undefined && isOlder(asOf, entry.live.resourceVersion)) return;
  if (isBusy(entry)) entry.seen = 'vanished';
  else vanished(step, entry);
};

const vanished = (step: Step, entry: Entry): void => {
  if (entry.item.op === 'withdraw') {
    if (entry.stage === 'Going') gone(step, entry);
    return;
  }
  // The one before it is gone: there is room for ours.
  if (entry.stage === 'Waiting' && entry.outcome?.reason === terminatingReason) {
    entry.attempt = 0;
    moveTo(step, entry, 'Queued');
    return;
  }
  if (entry.baseline === undefined) return;
  if (isOver(entry)) {
    entry.live = undefined;
    return;
  }
  if (entry.stage !== 'Settled') return;
  entry.live = undefined;
  entry.rival = 'somebody who deletes it';
  touch(step, entry);
};
