/** @module PUT, and the common end of every change: kept fields, generation, validation, compare-and-set, removal at the last finalizer. */
import { sameJson } from '../../lib/same-json.ts';
import type { KubeObject } from '../object.ts';
import { storedValue } from '../schema/index.ts';
import type { Stored } from '../storage/index.ts';
import { admitted } from './admission.ts';
import { type Body, type Call, fromStorage, isStorageVersion, keyFor, managerOf } from './call.ts';
import { commitOne, retryWrite, type ServerContext } from './context.ts';
import { create } from './create.ts';
import { decodeObject } from './decode.ts';
import { conflict, invalid, notFound, serverError } from './errors.ts';
import { storageForm } from './machinery.ts';
import { trackedUpdate } from './managed.ts';
import { inNamespace, keptMetadata, tidyMetadata, withName } from './metadata.ts';
import { type WriteQuery, writeQuery } from './options-query.ts';
import type { Result } from './result.ts';
import { updateFaults } from './validation.ts';

/** Replaces the object, or its status. */
export const update = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const query = writeQuery(call.query, 'UpdateOptions');
  const sent = withName(call, inNamespace(call, decodeObject(server, call, call.type, body, query.fieldValidation)));
  const { resourceVersion = '' } = sent.metadata;
  const unconditional = isUnset(resourceVersion);
  return retryWrite(server, call, async () => {
    const stored = server.store.get(keyFor(call.type, call.namespace, call.name));
    if (stored === undefined && call.type.strategy.allowCreateOnUpdate !== true) throw notFound(call.type, call.name);
    checkVersionText(resourceVersion);
    if (stored === undefined) return { done: await createInstead(server, call, body, sent) };
    checkPreconditions(call, sent, stored);
    const manager = managerOf(query.fieldManager, call.userAgent);
    const outcome = await change(server, call, stored, query, (old) => {
      const next = separated(call, sent, old);
      return trackedUpdate(server, call.type, { live: old, next, manager, subresource: call.subresource });
    });
    if (outcome !== 'conflict') return { done: outcome };
    if (!unconditional) throw conflict(call.type, call.name);
    return 'again';
  });
};

/** 500 of a resourceVersion that is no number: a real API server takes it for a fault of its own. */
export const checkVersionText = (text: string): void => {
  if (!/^\d*$/.test(text)) throw serverError(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
};

/** '' and '0' both mean that nothing is expected. */
const isUnset = (version: string | undefined): boolean => version === undefined || version === '' || version === '0';

const createInstead = async (server: ServerContext, call: Call, body: Body, sent: KubeObject): Promise<Result> => {
  if (call.subresource !== '') throw notFound(call.type, call.name);
  if (!isUnset(sent.metadata.resourceVersion)) throw notFound(call.type, call.name);
  return create(server, call, body);
};

const checkPreconditions = (call: Call, sent: KubeObject, stored: Stored): void => {
  const uid = sent.metadata.uid ?? '';
  if (uid !== '' && uid !== stored.object.metadata.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.object.metadata.uid ?? ''}`;
    throw conflict(call.type, call.name, why);
  }
  const version = sent.metadata.resourceVersion;
  if (isUnset(version)) {
    if (call.type.strategy.allowUnconditionalUpdate !== false) return;
    // A real API server names the resource here, not the kind.
    throw invalid({ group: call.type.group, kind: call.type.resource }, call.name, [
      { reason: 'FieldValueInvalid', message: 'Invalid value: 0: must be specified for an update', field: 'metadata.resourceVersion' },
    ]);
  }
  if (version !== String(stored.revision)) throw conflict(call.type, call.name);
};

/** A write of the object leaves status alone; a write of the status leaves all else alone. */
export const separated = (call: Call, next: KubeObject, old: KubeObject): KubeObject => {
  if (call.subresource === 'status') {
    const { managedFields } = next.metadata;
    const metadata = { ...old.metadata, ...(managedFields === undefined ? {} : { managedFields }) };
    return withStatus({ ...old, metadata }, next['status']);
  }
  return call.type.hasStatus ? withStatus(next, old['status']) : next;
};

const withStatus = (object: KubeObject, status: unknown): KubeObject => {
  const { status: _, ...rest } = object;
  return status === undefined ? (rest as KubeObject) : ({ ...rest, status } as KubeObject);
};

/**
 * Finishes a change of `stored`: `next` makes the new object (with its managedFields) from the old one, both in the version of the call.
 * Nothing is written when nothing changed or on dry run. Answers `conflict` when someone else wrote first.
 */
export const change = async (
  server: ServerContext,
  call: Call,
  stored: Stored,
  query: Pick<WriteQuery, 'dryRun'>,
  next: (old: KubeObject) => KubeObject,
): Promise<Result | 'conflict'> => {
  const { type } = call;
  const old = fromStorage(type, stored.object);
  const wanted = next(old);
  const admission = { operation: 'UPDATE', object: wanted, old, dryRun: query.dryRun } as const;
  const prepared = prepare(server, call, await admitted(server, call, admission), old);
  const faults = updateFaults(server, type, prepared, old, call.subresource);
  if (faults.length > 0) throw invalid(type, call.name, faults);
  for (const text of type.strategy.warnings?.(prepared, old) ?? []) call.warn(text);
  const isStored = type.conversion === undefined || isStorageVersion(type);
  if (isSame(isStored ? storageForm(server, type, prepared) : prepared, old))
    return { kind: 'object', code: 200, type, object: old, ...(type.conversion === undefined ? { json: stored.json } : {}) };
  if (query.dryRun) return { kind: 'object', code: 200, type, object: isStored ? storageForm(server, type, prepared) : prepared };
  const key = stored.key;
  const finished = isFinished(prepared);
  const object = storageForm(server, type, prepared);
  const written = await commitOne(server, { op: finished ? 'delete' : 'put', key, expected: stored.revision, object, by: call.user.name });
  if (written === 'conflict') return 'conflict';
  return { kind: 'object', code: 200, type, object: written === 'gone' ? prepared : fromStorage(type, written.object) };
};

/** Finalizing and binding set what the kind's strategy keeps everyone else from changing. */
const isOwnRule = (call: Call): boolean => call.subresource !== 'finalize' && call.subresource !== 'binding';

/** The last finalizer of an object that is being deleted has gone. */
const isFinished = (object: KubeObject): boolean => {
  const { deletionTimestamp, deletionGracePeriodSeconds = 0, finalizers = [] } = object.metadata;
  if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0) return false;
  const spec = object['spec'] as { finalizers?: readonly string[] } | undefined;
  return object.kind !== 'Namespace' || object.apiVersion !== 'v1' || (spec?.finalizers ?? []).length === 0;
};

const prepare = (server: ServerContext, call: Call, wanted: KubeObject, old: KubeObject): KubeObject => {
  const { type } = call;
  const kept = { ...wanted, metadata: tidyMetadata(keptMetadata(wanted.metadata, old.metadata)) };
  const context = { nowMs: server.env.nowMs(), user: call.user };
  const byStrategy = isOwnRule(call) && call.subresource !== 'status';
  const prepared = byStrategy ? (type.strategy.prepareForUpdate?.(kept, old, context) ?? kept) : kept;
  const { generation } = old.metadata;
  const differs = !sameBesidesMetadata(storedValue(server.schemas().node(type.schemaName), prepared), old);
  const counts = byStrategy ? (type.strategy.countsChange?.(prepared, old, differs) ?? differs) : differs;
  if (generation === undefined || !counts) return prepared;
  return { ...prepared, metadata: { ...prepared.metadata, generation: generation + 1 } };
};

/** True when neither spec nor any other field but metadata and status differs. */
const sameBesidesMetadata = (next: KubeObject, old: KubeObject): boolean => {
  const { metadata: _m, status: _s, ...left } = next;
  const { metadata: _n, status: _t, ...right } = old;
  return sameJson(left, right);
};

/** True when nothing differs but the times of managedFields. */
const isSame = (next: KubeObject, old: KubeObject): boolean => sameJson(timeless(next), timeless(old));

const timeless = (object: KubeObject): KubeObject => {
  const entries = object.metadata.managedFields;
  if (entries === undefined) return object;
  const managedFields = entries.map(({ time: _, ...entry }) => entry);
  return { ...object, metadata: { ...object.metadata, managedFields } };
};
