/** @module The path of an item that should go: looked up, deleted only if it is ours, and reported when it is really gone. */
import { isMadeByEveryCluster } from '../../shared/api/own-objects.ts';
import type { ObjectAddress } from '../../shared/kube/client/port.ts';
import type { ServedApi, WorkItem } from '../../shared/wire/index.ts';
import type { ApiFailure } from '../cluster/index.ts';
import { addressOf, failed, terminatingReason, terminatingText } from './apply.ts';
import type { Live } from './live.ts';
import type { Look } from './messages.ts';
import { conclude } from './publish.ts';
import { markTried, moveTo, noteAnswer, retryLater, type Step } from './queue.ts';
import { type Entry, targetOf } from './state.ts';

/** An object that lingers is looked at again after this, in case its end was not seen. */
const GOING_CHECK_MS = 2_000;
/** Looks after which a deletion that does not end is told. */
const GOING_CHECKS = 5;

/** What has to be read before the entry is withdrawn; undefined = nobody serves it. */
export const addressToWithdraw = (step: Step, { item }: Entry): ObjectAddress | undefined =>
  servedAs(step, item) === undefined ? undefined : addressOf(item);

const servedAs = (step: Step, { ref }: WorkItem): ServedApi | undefined => step.state.served?.get(`${ref.apiVersion} ${ref.kind}`);

/** Begins with an entry whose record is kept; `look` = the object was read meanwhile. */
export const startWithdraw = (step: Step, entry: Entry, look?: Look): void => {
  const { item } = entry;
  const served = servedAs(step, item);
  if (served === undefined && step.state.stale.has(item.ref.apiVersion)) {
    const message = `the server of ${item.ref.apiVersion} in this cluster does not answer: mend its APIService`;
    conclude(step, entry, { seq: item.seq, phase: 'Failed', reason: 'KindUnknown', message });
    retryLater(step, entry);
    return;
  }
  // A kind that is gone took its objects along.
  if (served === undefined) {
    gone(step, entry);
    return;
  }
  moveTo(step, entry, 'Reading');
  if (look === undefined) step.effects.push({ do: 'read', id: item.id, op: entry.op, address: addressOf(item) });
  else onReadForWithdraw(step, entry, look.found, undefined);
};

/** Resources whose pods would run on, without anybody who counts them. */
const withPods: ReadonlySet<string> = new Set(['deployments', 'statefulsets', 'daemonsets', 'replicasets', 'jobs', 'cronjobs', 'pods']);

/**
 * What was there before us is somebody's own: we only take our name off it. A workload goes all the same: what moves to another cluster would
 * run twice.
 */
const runsPods = ({ ref }: WorkItem): boolean => withPods.has(ref.resource);

/** The object to delete was looked up. */
export const onReadForWithdraw = (step: Step, entry: Entry, found: Live | undefined, failure: ApiFailure | undefined): void => {
  if (failure !== undefined) {
    failed(step, entry, 'get', failure);
    return;
  }
  noteAnswer(step, true);
  if (found === undefined) {
    gone(step, entry);
    return;
  }
  if (found.workId !== entry.item.id) {
    gone(step, entry, { reason: 'NotOwned', message: 'an object of this name is not ours and was left in place' });
    return;
  }
  entry.live = found;
  if (found.deleting) {
    wait(step, entry);
    return;
  }
  if ((found.workSeq ?? 0) > entry.item.seq) {
    gone(step, entry, { reason: 'NewerApplied', message: `newer work (seq ${found.workSeq}) keeps the object` });
    return;
  }
  const { item } = entry;
  const address = addressOf(item);
  moveTo(step, entry, 'Deleting');
  const isOurs = found.created && !isMadeByEveryCluster({ ...address, kind: item.ref.kind });
  step.effects.push({ do: isOurs || runsPods(item) ? 'delete' : 'release', id: item.id, op: entry.op, address, uid: found.uid });
};

/** True when the member did what it was asked; else this try is over. */
const isDone = (step: Step, entry: Entry, verb: 'delete' | 'patch', failure: ApiFailure | undefined): boolean => {
  if (failure === undefined) {
    noteAnswer(step, true);
    return true;
  }
  if (failure.status === 404) gone(step, entry);
  // Somebody wrote it meanwhile, or another object took the name: look again whose it is.
  else if (failure.status === 409) retryLater(step, entry);
  else failed(step, entry, verb, failure);
  return false;
};

/** What stays was released, or not. */
export const onReleased = (step: Step, entry: Entry, failure: ApiFailure | undefined): void => {
  if (isDone(step, entry, 'patch', failure))
    gone(step, entry, { reason: 'Released', message: 'it existed before Hanse and was left in place as it is' });
};

/** The deletion was accepted, or not. */
export const onDeleted = (step: Step, entry: Entry, failure: ApiFailure | undefined): void => {
  if (isDone(step, entry, 'delete', failure)) wait(step, entry);
};

const wait = (step: Step, entry: Entry): void => {
  entry.attempt += 1;
  entry.dueMs = step.env.monotonicMs() + GOING_CHECK_MS * Math.min(entry.attempt, 15);
  moveTo(step, entry, 'Going');
  markTried(step, entry, true);
  if (entry.attempt < GOING_CHECKS || entry.live === undefined) return;
  conclude(step, entry, { seq: entry.item.seq, phase: 'Failed', reason: terminatingReason, message: terminatingText(entry.live) });
};

/** It is gone, or was never ours: done. The entry stays, so that older work of the same id cannot bring it back. */
export const gone = (step: Step, entry: Entry, why?: { reason: string; message: string }): void => {
  entry.live = undefined;
  entry.baseline = undefined;
  entry.attempt = 0;
  entry.appliedSeq = Math.max(entry.appliedSeq, entry.item.seq);
  moveTo(step, entry, 'Settled');
  markTried(step, entry, true);
  conclude(step, entry, { seq: entry.item.seq, phase: 'Withdrawn', ...why });
  // Kept from before a restart, and the hub has dropped its record since: nobody asks about it any more.
  if (step.state.hubIds?.has(entry.item.id) === false) forget(step, entry);
};

/** Drops an entry and its record in the cluster. */
export const forget = (step: Step, entry: Entry): void => {
  const { id, ref } = entry.item;
  step.state.entries.delete(id);
  step.state.held.delete(id);
  if (step.state.byTarget.get(targetOf(ref)) === id) step.state.byTarget.delete(targetOf(ref));
  if (entry.recordedSeq > 0) step.effects.push({ do: 'forget', id });
};
