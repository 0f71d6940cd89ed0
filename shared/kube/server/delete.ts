/** @module DELETE: at once, or marked and left to its finalizers, its kubelet or its namespace. */

import { timeText } from '../../lib/time-text.ts';
import { systemPriorityClasses } from '../builtin/system-priorities.ts';
import type { KubeObject } from '../object.ts';
import type { Status } from '../status-error.ts';
import type { Stored } from '../storage/index.ts';
import { admitted } from './admission.ts';
import { type Body, type Call, fromStorage, keyFor, prefixFor } from './call.ts';
import { commitOne, retryWrite, type ServerContext } from './context.ts';
import { type DeletePlan, deletePlan } from './delete-options.ts';
import { conflict, forbidden, notFound, preconditionFailed } from './errors.ts';
import { listOptions } from './list-options.ts';
import { filterOf } from './read.ts';
import type { Result } from './result.ts';

/** Finalizers that the garbage collector removes. */
export const ORPHAN = 'orphan';
export const FOREGROUND = 'foregroundDeletion';

const MS_PER_SECOND = 1_000;

/** Deletes one object. */
export const remove = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const plan = deletePlan(server, call, body);
  if (isSystemPriority(call)) throw forbidden(call.type, call.name, 'this is a system priority class and cannot be deleted');
  return removeBy(server, call, plan);
};

const isSystemPriority = ({ type, name }: Call): boolean =>
  type.group === 'scheduling.k8s.io' &&
  type.resource === 'priorityclasses' &&
  systemPriorityClasses.some(({ metadata }) => metadata.name === name);

/** Deletes one object by a plan that is read already. */
export const removeBy = (server: ServerContext, call: Call, plan: DeletePlan): Promise<Result> =>
  retryWrite(server, call, async () => {
    const stored = server.store.get(keyFor(call.type, call.namespace, call.name));
    if (stored === undefined) throw notFound(call.type, call.name);
    const old = fromStorage(call.type, stored.object);
    await admitted(server, call, { operation: 'DELETE', object: undefined, old, dryRun: plan.dryRun });
    checkPreconditions(call, plan, stored);
    const outcome = await removeOnce(server, call, plan, stored);
    return outcome === 'conflict' ? 'again' : { done: outcome };
  });

const checkPreconditions = (call: Call, plan: DeletePlan, stored: Stored): void => {
  const { uid } = stored.object.metadata;
  if (isNamespace(call)) {
    checkNamespacePreconditions(call, plan, stored);
    return;
  }
  if (plan.uid !== undefined && plan.uid !== uid) {
    const why = `the UID in the precondition (${plan.uid}) does not match the UID in record (${uid ?? ''}). The object might have been deleted and then recreated`;
    throw preconditionFailed(call.type, call.name, why);
  }
  if (plan.resourceVersion !== undefined && plan.resourceVersion !== String(stored.revision)) {
    const why = `the ResourceVersion in the precondition (${plan.resourceVersion}) does not match the ResourceVersion in record (${stored.revision}). The object might have been modified`;
    throw preconditionFailed(call.type, call.name, why);
  }
};

/** Namespaces have a deletion of their own, with words of its own. */
const checkNamespacePreconditions = (call: Call, plan: DeletePlan, stored: Stored): void => {
  const { uid = '' } = stored.object.metadata;
  if (plan.uid !== undefined && plan.uid !== uid)
    throw conflict(call.type, call.name, `Precondition failed: UID in precondition: ${plan.uid}, UID in object meta: ${uid}`);
  if (plan.resourceVersion === undefined || plan.resourceVersion === String(stored.revision)) return;
  const why = `Precondition failed: ResourceVersion in precondition: ${plan.resourceVersion}, ResourceVersion in object meta: ${stored.revision}`;
  throw conflict(call.type, call.name, why);
};

const removeOnce = async (server: ServerContext, call: Call, plan: DeletePlan, stored: Stored): Promise<Result | 'conflict'> => {
  const marked = markedForDeletion(server, call, plan, stored.object);
  const { key, revision: expected } = stored;
  if (marked === undefined) {
    if (!plan.dryRun) {
      const gone = await commitOne(server, { op: 'delete', key, expected, object: stored.object, by: call.user.name });
      if (gone === 'conflict') return 'conflict';
    }
    if (call.type.answersDeleted)
      return { kind: 'object', code: 200, type: call.type, object: fromStorage(call.type, lastForm(server, call, stored.object)) };
    return { kind: 'status', status: deletedStatus(call, stored.object) };
  }
  if (marked === stored.object || plan.dryRun)
    return { kind: 'object', code: 200, type: call.type, object: fromStorage(call.type, marked) };
  const written = await commitOne(server, { op: 'put', key, expected, object: marked, by: call.user.name });
  if (written === 'conflict') return 'conflict';
  return { kind: 'object', code: 200, type: call.type, object: fromStorage(call.type, written === 'gone' ? marked : written.object) };
};

/** An object that might have been given time to end is marked before it goes, and so it is answered. */
const lastForm = (server: ServerContext, call: Call, object: KubeObject): KubeObject => {
  const { deletionTimestamp, generation } = object.metadata;
  if (call.type.strategy.graceSeconds === undefined || deletionTimestamp !== undefined) return object;
  const marked = { deletionTimestamp: timeText(server.env.nowMs()), deletionGracePeriodSeconds: 0 };
  const counted = generation === undefined ? {} : { generation: generation + 1 };
  return { ...object, metadata: { ...object.metadata, ...marked, ...counted } };
};

/** The object as it is while it goes; the same object when it is marked already; undefined when nothing keeps it. */
const markedForDeletion = (server: ServerContext, call: Call, plan: DeletePlan, object: KubeObject): KubeObject | undefined => {
  const finalizers = finalizersFor(plan, object.metadata.finalizers ?? [], call.type.strategy.orphansDependents === true);
  const grace = call.type.strategy.graceSeconds?.(object, plan.graceSeconds) ?? 0;
  const namespaceHeld = isNamespace(call) && specFinalizers(object).length > 0;
  if (finalizers.length === 0 && grace === 0 && !namespaceHeld) return undefined;
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, generation } = object.metadata;
  const sameFinalizers = JSON.stringify(finalizers) === JSON.stringify(object.metadata.finalizers ?? []);
  // A second request may shorten the grace, never lengthen it.
  if (deletionTimestamp !== undefined && sameFinalizers && grace >= deletionGracePeriodSeconds) return object;
  const { finalizers: _, ...metadata } = object.metadata;
  const first = deletionTimestamp === undefined;
  return {
    ...(isNamespace(call) ? withPhaseTerminating(object) : object),
    metadata: {
      ...metadata,
      ...(finalizers.length === 0 ? {} : { finalizers }),
      deletionTimestamp:
        first || grace < deletionGracePeriodSeconds ? timeText(server.env.nowMs() + grace * MS_PER_SECOND) : deletionTimestamp,
      // A real API server sets no grace for a namespace.
      ...(isNamespace(call) ? {} : { deletionGracePeriodSeconds: grace }),
      ...(first && generation !== undefined ? { generation: generation + 1 } : {}),
    },
  };
};

/** The propagation policy becomes a finalizer that the garbage collector works off. */
const finalizersFor = (plan: DeletePlan, present: readonly string[], orphans: boolean): string[] => {
  if (plan.propagation === 'default') {
    const isSaid = present.includes(ORPHAN) || present.includes(FOREGROUND);
    return orphans && !isSaid ? [...present, ORPHAN] : [...present];
  }
  const others = present.filter((name) => name !== ORPHAN && name !== FOREGROUND);
  if (plan.propagation === 'Orphan') return [...others, ORPHAN];
  return plan.propagation === 'Foreground' ? [...others, FOREGROUND] : others;
};

const isNamespace = (call: Call): boolean => call.type.group === '' && call.type.resource === 'namespaces';

/** A namespace is held by `spec.finalizers` as well. */
export const specFinalizers = (namespace: KubeObject): readonly string[] =>
  (namespace['spec'] as { finalizers?: readonly string[] } | undefined)?.finalizers ?? [];

const withPhaseTerminating = (namespace: KubeObject): KubeObject => ({
  ...namespace,
  status: { ...(namespace['status'] as object | undefined), phase: 'Terminating' },
});

const deletedStatus = (call: Call, object: KubeObject): Status => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Success',
  details: {
    name: call.name,
    ...(call.type.group === '' ? {} : { group: call.type.group }),
    kind: call.type.resource,
    ...(object.metadata.uid === undefined ? {} : { uid: object.metadata.uid }),
  },
  code: 200,
});

/** Deletes all of a collection that the selectors match; answers what there was. */
export const removeCollection = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const plan = deletePlan(server, call, body);
  const options = listOptions(call.query, false);
  const filter = filterOf(call);
  const matching = server.store
    .list(prefixFor(call.type, call.namespace))
    .filter((stored) => filter.matches(fromStorage(call.type, stored.object)));
  const chosen = options.limit > 0 ? matching.slice(0, options.limit) : matching;
  for (const stored of chosen) {
    const { name, namespace = '' } = stored.object.metadata;
    try {
      await removeBy(server, { ...call, name, namespace }, plan);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return { kind: 'list', type: call.type, items: chosen, metadata: { resourceVersion: String(server.store.revision()) } };
};

const isGone = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 404;
