/** @module PATCH: JSON patch, merge patch, strategic merge patch, and server-side apply, on the object or a subresource. */
import { applyConfiguration } from '../apply/index.ts';
import type { KubeObject } from '../object.ts';
import { conform, isObject } from '../schema/index.ts';
import type { Stored } from '../storage/index.ts';
import { admitted } from './admission.ts';
import { type Body, type Call, keyFor, managerOf } from './call.ts';
import { retryWrite, type ServerContext } from './context.ts';
import { createObject } from './create.ts';
import { asKind, mediaTypeOf, parseBody, settled } from './decode.ts';
import { badRequest, conflict, invalid, noSuchResource, notFound, unsupportedPatch } from './errors.ts';
import { defaulted, patchedBy, patchFaults } from './machinery.ts';
import { trackContext, trackedUpdate } from './managed.ts';
import { inNamespace, withName } from './metadata.ts';
import { type WriteQuery, writeQuery } from './options-query.ts';
import type { Result } from './result.ts';
import { SCALE, scaleOf, withAppliedScale, withScale } from './scale.ts';
import { change, separated } from './update.ts';

const APPLY = 'application/apply-patch+yaml';
const PATCHES: readonly string[] = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
];

/** Changes the object by a patch, or creates it by an apply. */
export const patch = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const mediaType = mediaTypeOf(body.contentType);
  if (mediaType === APPLY) return apply(server, call, body);
  if (!PATCHES.includes(mediaType)) throw unsupportedPatch();
  if (mediaType === 'application/strategic-merge-patch+json' && !call.type.strategicMerge) throw unsupportedPatch();
  const query = writeQuery(call.query, 'PatchOptions');
  const { value, faults } = parseBody(body, query.fieldValidation !== 'Ignore');
  const target: PatchTarget = {
    mediaType,
    value,
    faults: [...faults, ...patchFaults(mediaType, value)],
    query,
    manager: managerOf(query.fieldManager, call.userAgent),
  };
  return retryWrite(server, call, async () => {
    const stored = storedOf(server, call);
    const outcome = await change(server, call, stored, query, (old) =>
      call.subresource === 'scale' ? patchedScale(server, call, old, target) : patchedObject(server, call, old, stored, target),
    );
    return outcome === 'conflict' ? 'again' : { done: inScaleForm(server, call, outcome) };
  });
};

type PatchTarget = {
  readonly mediaType: string;
  readonly value: unknown;
  readonly faults: readonly string[];
  readonly query: WriteQuery;
  readonly manager: string;
};

const storedOf = (server: ServerContext, call: Call): Stored => {
  if (call.subresource === 'scale' && call.type.scale === undefined) throw noSuchResource();
  const stored = server.store.get(keyFor(call.type, call.namespace, call.name));
  if (stored === undefined) throw notFound(call.type, call.name);
  return stored;
};

const patchedObject = (server: ServerContext, call: Call, old: KubeObject, stored: Stored, target: PatchTarget): KubeObject => {
  const { type } = call;
  const patched = patchedBy(server, type.schemaName, target.mediaType, target.value, old);
  const object = settledPatch(server, call, patched, target);
  checkIdentity(call, object, old, stored);
  const next = separated(call, defaulted(server, type, object), old);
  return trackedUpdate(server, type, { live: old, next, manager: target.manager, subresource: call.subresource });
};

/** What a patch made of the object must still be an object of the kind; if not, the patch is at fault. */
const settledPatch = (server: ServerContext, call: Call, patched: unknown, target: PatchTarget): KubeObject => {
  if (isObject(patched)) {
    const { apiVersion, kind } = patched;
    const wanted = asKind(call.type, {});
    if (apiVersion !== wanted.apiVersion || kind !== wanted.kind)
      throw patchFault(patched, `the object became a ${String(kind)} of ${String(apiVersion)}`);
  }
  return settled(server, call, call.type, asKind(call.type, patched), target.query.fieldValidation, target.faults, (why) =>
    patchFault(patched, why),
  );
};

/** Tells what the patch made, as a real API server does. */
const patchFault = (patched: unknown, why: string) =>
  invalid({ group: '', kind: '' }, '', [
    { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(JSON.stringify(patched))}: ${why}`, field: 'patch' },
  ]);

const checkIdentity = (call: Call, object: KubeObject, old: KubeObject, stored: Stored): void => {
  withName(call, object);
  inNamespace(call, object);
  const { resourceVersion, uid } = object.metadata;
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== String(stored.revision))
    throw conflict(call.type, call.name);
  if (uid !== undefined && uid !== '' && uid !== old.metadata.uid) {
    const message = `Invalid value: ${JSON.stringify(uid)}: field is immutable`;
    throw invalid(call.type, call.name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.uid' }]);
  }
};

const patchedScale = (server: ServerContext, call: Call, old: KubeObject, target: PatchTarget): KubeObject => {
  const before = scaleOf(server, call.type, old);
  const patched = patchedBy(server, SCALE.schemaName, target.mediaType, target.value, before);
  if (!isObject(patched)) throw patchFault(patched, 'the Scale became no object');
  const { resourceVersion } = patched['metadata'] as { resourceVersion?: string };
  if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) throw conflict(call.type, call.name);
  return withScale(server, call.type, old, patched as KubeObject, target.manager);
};

/** The answer of a write to the scale subresource is the Scale. */
export const inScaleForm = (server: ServerContext, call: Call, result: Result): Result =>
  call.subresource === 'scale' && result.kind === 'object'
    ? { kind: 'object', code: result.code, type: call.type, object: scaleOf(server, call.type, result.object), foreign: true }
    : result;

const apply = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const query = writeQuery(call.query, 'PatchOptions', true);
  const { value } = parseBody(body);
  if (!isObject(value)) throw badRequest('the applied configuration is no object');
  const applied = withName(
    call,
    inNamespace(call, { ...(value as KubeObject), metadata: (value['metadata'] ?? {}) as KubeObject['metadata'] }),
  );
  return retryWrite(server, call, async () => {
    const stored = server.store.get(keyFor(call.type, call.namespace, call.name));
    if (stored === undefined) return { done: await applyNew(server, call, applied, query) };
    if (call.subresource === 'scale' && call.type.scale === undefined) throw noSuchResource();
    const { resourceVersion, uid } = applied.metadata;
    if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== String(stored.revision))
      throw conflict(call.type, call.name);
    if (uid !== undefined && uid !== '' && uid !== stored.object.metadata.uid) {
      const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${stored.object.metadata.uid ?? ''}`;
      throw conflict(call.type, call.name, why);
    }
    const by = { manager: query.fieldManager, force: query.force ?? false };
    const outcome = await change(server, call, stored, query, (old) =>
      call.subresource === 'scale'
        ? withAppliedScale(server, call.type, old, applied, by)
        : separated(call, appliedTo(server, call, old, applied, query), old),
    );
    return outcome === 'conflict' ? 'again' : { done: inScaleForm(server, call, outcome) };
  });
};

const appliedTo = (server: ServerContext, call: Call, live: KubeObject | undefined, applied: KubeObject, query: WriteQuery): KubeObject => {
  const context = trackContext(server, call.type, call.subresource);
  const result = applyConfiguration({ ...context, live, applied, manager: query.fieldManager, force: query.force ?? false });
  if (!result.ok) throw result.error;
  // What appliers make empty is as gone as it would be after a round trip through the kind's types.
  const { object } = conform(server.schemas().node(call.type.schemaName), result.object);
  return defaulted(server, call.type, object as KubeObject, live === undefined ? 'create' : 'default');
};

const applyNew = async (server: ServerContext, call: Call, applied: KubeObject, query: WriteQuery): Promise<Result> => {
  if (call.subresource !== '') throw notFound(call.type, call.name);
  if ((applied.metadata.uid ?? '') !== '')
    throw conflict(
      call.type,
      call.name,
      `uid mismatch: the provided object specified uid ${applied.metadata.uid}, and no existing object was found`,
    );
  const object = appliedTo(server, call, undefined, applied, query);
  const allowed = await admitted(server, call, { operation: 'CREATE', object, old: undefined, dryRun: query.dryRun });
  return createObject(server, call, allowed, query);
};
