/** @module The path of an item that should be here: recorded, read once, applied, kept as it is. */
import type { ObjectAddress } from '../../shared/kube/client/port.ts';
import { parseApiVersion } from '../../shared/kube/object.ts';
import { assert } from '../../shared/lib/index.ts';
import { choosingRight, fencedReason, unchosenReason, type WorkItem } from '../../shared/wire/index.ts';
import type { ApiFailure } from '../cluster/index.ts';
import { besideOf } from './beside.ts';
import { fightOf, noteTouch } from './drift.ts';
import { explainFailure, fieldConflicts, rivalText } from './failure.ts';
import { noteEnd } from './job-end.ts';
import { isStopped } from './lease.ts';
import type { Live } from './live.ts';
import { SYSTEM_NAMESPACE } from './marks.ts';
import type { Look, WorkInput } from './messages.ts';
import { judge } from './ownership.ts';
import { conclude } from './publish.ts';
import { markTried, moveTo, noteAnswer, retryLater, type Step } from './queue.ts';
import { faultOf, render } from './render.ts';
import { type Entry, isOver } from './state.ts';
import { decidedOf, printOf, weighed } from './weights.ts';

/** Calls without an answer, in a row, after which an object's status says so. */
const SILENT_ATTEMPTS = 4;

/** Where an item's object is in the member. */
export const addressOf = ({ ref }: WorkItem): ObjectAddress => ({
  ...parseApiVersion(ref.apiVersion),
  resource: ref.resource,
  name: ref.name,
  ...(ref.namespace === '' ? {} : { namespace: ref.namespace }),
});

/** Why the item can never be applied here as it is; undefined = it may be tried. */
const refusalOf = (step: Step, item: WorkItem): { reason: string; message: string } | undefined => {
  const fault = faultOf(item);
  if (fault !== undefined) return { reason: 'Malformed', message: fault };
  if (item.ref.namespace === SYSTEM_NAMESPACE || (item.ref.kind === 'Namespace' && item.ref.name === SYSTEM_NAMESPACE)) {
    return { reason: 'Protected', message: `namespace ${SYSTEM_NAMESPACE} is the agent's own: nothing is placed there` };
  }
  const served = step.state.served?.get(`${item.ref.apiVersion} ${item.ref.kind}`);
  if (served === undefined && step.state.stale.has(item.ref.apiVersion)) {
    return { reason: 'KindUnknown', message: `the server of ${item.ref.apiVersion} in this cluster does not answer: mend its APIService` };
  }
  if (served === undefined) {
    return {
      reason: 'KindNotServed',
      message: `this cluster does not serve ${item.ref.apiVersion} ${item.ref.kind}: install its CustomResourceDefinition there`,
    };
  }
  if (served.resource !== item.ref.resource || served.namespaced !== (item.ref.namespace !== '')) {
    const scope = served.namespaced ? 'namespaced' : 'cluster-scoped';
    return { reason: 'Malformed', message: `${item.ref.kind} is ${scope} and served as ${served.resource} here; the hub says otherwise` };
  }
  return undefined;
};

/** What a watch showed to be ours needs no look first: the uid in the apply makes sure that it still is. */
const isKnownOurs = ({ item, live }: Entry): boolean => live?.workId === item.id && !live.deleting;

/** What has to be read before the entry is applied; undefined = nothing, or it will not be applied. */
export const addressToApply = (step: Step, entry: Entry): ObjectAddress | undefined =>
  isKnownOurs(entry) || refusalOf(step, entry.item) !== undefined ? undefined : addressOf(entry.item);

/** Begins (or begins again) with an entry whose record is kept; `look` = the object was read meanwhile. */
export const startApply = (step: Step, entry: Entry, look?: Look): void => {
  const refusal = refusalOf(step, entry.item);
  if (refusal !== undefined) {
    if (refusal.reason === 'KindNotServed') step.effects.push({ do: 'discover' });
    fail(step, entry, refusal);
    return;
  }
  if (isKnownOurs(entry)) {
    apply(step, entry, false);
    return;
  }
  moveTo(step, entry, 'Reading');
  if (look === undefined) step.effects.push({ do: 'read', id: entry.item.id, op: entry.op, address: addressOf(entry.item) });
  else onRead(step, entry, look.found, undefined);
};

/** The object under our name was looked up. */
export const onRead = (step: Step, entry: Entry, found: Live | undefined, failure: ApiFailure | undefined): void => {
  if (failure !== undefined) {
    failed(step, entry, 'get', failure);
    return;
  }
  noteAnswer(step, true);
  if (found === undefined) {
    entry.live = undefined;
    if (isOver(entry)) settle(step, entry);
    else apply(step, entry, false);
    return;
  }
  const judgement = judge(entry.item, found);
  if (judgement.may === 'no') {
    entry.live = undefined;
    conclude(step, entry, { seq: entry.item.seq, phase: 'Conflict', reason: judgement.reason, message: judgement.message });
    retryLater(step, entry, CONFLICT_RETRY_MS);
    return;
  }
  if ((found.workSeq ?? 0) > entry.item.seq && found.workId === entry.item.id) {
    const message = `the cluster has newer work (seq ${found.workSeq}) than the hub sent (seq ${entry.item.seq}); the hub must send its newest again`;
    entry.live = found;
    conclude(step, entry, { seq: entry.item.seq, phase: 'Failed', reason: 'NewerApplied', message });
    moveTo(step, entry, 'Settled');
    markTried(step, entry, true);
    return;
  }
  if (found.deleting) {
    // What the one that goes says of itself is not the status of the one that is wanted; its end is waited for, not met by a backoff.
    entry.live = undefined;
    entry.baseline = undefined;
    watchKind(step, entry.item);
    fail(step, entry, { reason: terminatingReason, message: terminatingText(found) });
    return;
  }
  entry.live = found;
  apply(step, entry, judgement.force);
};

/** Somebody else's object is looked at again no more often than this. */
const CONFLICT_RETRY_MS = 10_000;

/** An object of our name is on its way out: ours is made when it is gone. */
export const terminatingReason = 'Terminating';

/** Words for an object on its way out. */
export const terminatingText = (live: Live): string =>
  live.finalizers.length === 0 ? 'the object is being deleted' : `the object is being deleted and waits for ${live.finalizers.join(', ')}`;

const apply = (step: Step, entry: Entry, force: boolean): void => {
  const { item, live } = entry;
  const { object } = item;
  assert(object !== undefined, 'an item to apply has an object');
  const rendered = render(
    { ...item, object },
    {
      created: live === undefined || live.created,
      ...(live === undefined ? {} : { uid: live.uid }),
      stopped: isStopped(item, step.state.lease),
    },
  );
  noteDecided(step, entry);
  moveTo(step, entry, 'Applying');
  step.effects.push({
    do: 'apply',
    id: item.id,
    op: entry.op,
    address: addressOf(item),
    object: weighed(rendered, step.state.weights, live),
    force,
    ...(item.leaving === undefined ? {} : { leaving: item.leaving }),
    ...(item.nominated === undefined ? {} : { nominated: item.nominated }),
  });
};

const isAppliedBefore = ({ item, appliedSeq, baseline }: Entry): boolean => appliedSeq === item.seq && baseline !== undefined;

/** Notes what traffic decides of what is applied now. Where that alone is new it counts among the applies that are slowed down: imports may come and go. */
const noteDecided = (step: Step, entry: Entry): void => {
  const decided = decidedOf(entry.item, step.state.weights);
  if (decided === entry.decided) return;
  entry.decided = decided;
  if (!isAppliedBefore(entry)) return;
  entry.isOwnChange = true;
  noteTouch(entry, step.env);
};

/** Why a singleton has no replicas. */
const stopOf = (step: Step, { item }: Entry): { reason?: string; message?: string } => {
  const { lease } = step.state;
  if (lease === undefined || !isStopped(item, lease)) return {};
  const message = lease.isHeld
    ? 'a singleton from before the cluster was given up: it stays stopped until the hub sends it anew'
    : 'a singleton whose lease too few other clusters confirm: it is stopped, so that it may begin elsewhere';
  return { reason: fencedReason, message };
};

/** Fewer replicas were asked for, and which of them went was left to chance. */
const unchosenOf = ({ unchosen }: Entry): { reason?: string; message?: string } =>
  unchosen === ''
    ? {}
    : {
        reason: unchosenReason,
        message: `which pods leave which node to make room could not be chosen: ${choosingRight} is forbidden to the agent (${unchosen}): grant it`,
      };

/** Nothing is left to do for the entry. */
export const settle = (step: Step, entry: Entry): void => {
  entry.attempt = 0;
  moveTo(step, entry, 'Settled');
  markTried(step, entry, true);
  conclude(step, entry, {
    seq: entry.item.seq,
    phase: 'Applied',
    ...besideOf(entry),
    ...unchosenOf(entry),
    ...fightOf(entry),
    ...stopOf(step, entry),
  });
};

/** The apply was answered. `seq` is the item's, which has not changed since: newer work waits for the answer. */
export const onApplied = (
  step: Step,
  entry: Entry,
  { live, failure, unchosen }: Pick<Extract<WorkInput, { readonly on: 'Applied' }>, 'live' | 'failure' | 'unchosen'>,
): void => {
  if (failure !== undefined) {
    applyFailed(step, entry, failure);
    return;
  }
  assert(live !== undefined, 'an apply that did not fail has an object');
  noteAnswer(step, true);
  const { weights } = step.state;
  const again = isAppliedBefore(entry);
  const isTouched = again && !entry.isOwnChange;
  const corrected = isTouched && (entry.live === undefined || printOf(entry.live, weights) !== printOf(live, weights));
  if (isTouched) noteTouch(entry, step.env);
  if (corrected) entry.corrections += 1;
  entry.isOwnChange = false;
  entry.live = live;
  entry.unchosen = unchosen?.message ?? '';
  entry.baseline = printOf(live, weights);
  entry.appliedSeq = Math.max(entry.appliedSeq, entry.item.seq);
  settle(step, entry);
  noteEnd(step, entry);
  watchKind(step, entry.item);
  if (entry.item.ref.kind === 'CustomResourceDefinition' && !again) step.effects.push({ do: 'discover' });
};

const applyFailed = (step: Step, entry: Entry, failure: ApiFailure): void => {
  const ours = entry.live?.workId === entry.item.id;
  if (fieldConflicts(failure).length > 0 && (ours || entry.item.adopt === 'Always')) {
    // On what is ours the hub's word stands: drift is set back, and who caused it is kept for the report.
    entry.rival = rivalText(failure);
    apply(step, entry, true);
    return;
  }
  if (failure.status === 404 && entry.item.ref.namespace !== '' && failure.kind === 'namespaces') {
    moveTo(step, entry, 'Namespacing');
    step.effects.push({ do: 'createNamespace', id: entry.item.id, op: entry.op, namespace: entry.item.ref.namespace });
    return;
  }
  if (failure.status === 409 && fieldConflicts(failure).length === 0) {
    // Another object took the name, or it was deleted meanwhile: look again.
    entry.live = undefined;
    retryLater(step, entry);
    return;
  }
  if (failure.status === 404) step.effects.push({ do: 'discover' });
  failed(step, entry, 'patch', failure);
};

/** The missing namespace was made, or could not be. */
export const onNamespaceReady = (step: Step, entry: Entry, failure: ApiFailure | undefined): void => {
  if (failure !== undefined) {
    failed(step, entry, 'create', failure);
    return;
  }
  noteAnswer(step, true);
  apply(step, entry, false);
};

const watchKind = (step: Step, item: WorkItem): void => {
  const { group, version } = parseApiVersion(item.ref.apiVersion);
  const key = `${group}/${item.ref.resource}`;
  if (step.state.watched.has(key)) return;
  step.state.watched.add(key);
  step.effects.push({ do: 'watch', type: { group, version, resource: item.ref.resource } });
};

/** Any operation failed: told when it is the object's fault, or when the API is silent for long. */
export const failed = (step: Step, entry: Entry, verb: Parameters<typeof explainFailure>[1], failure: ApiFailure): void => {
  noteAnswer(step, !failure.unreachable);
  if (failure.unreachable && entry.attempt < SILENT_ATTEMPTS) {
    retryLater(step, entry, failure.retryAfterMs);
    return;
  }
  const explained = explainFailure(entry.item, verb, failure);
  const phase = explained.reason === 'FieldManagerConflict' ? 'Conflict' : 'Failed';
  conclude(step, entry, { seq: entry.item.seq, phase, ...explained });
  retryLater(step, entry, failure.retryAfterMs);
};

const fail = (step: Step, entry: Entry, why: { reason: string; message: string }): void => {
  conclude(step, entry, { seq: entry.item.seq, phase: 'Failed', ...why });
  retryLater(step, entry);
};
