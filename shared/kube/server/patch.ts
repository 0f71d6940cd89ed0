/** @module PATCH: JSON patch, merge patch, strategic merge patch, and server-side apply, on the object or a subresource. */
import { applyConfiguration, invalidObjectType, withManagedFields } from '../apply/index.ts';
import type { KubeObject } from '../object.ts';
import { unfitPatch } from '../patch/index.ts';
import { type ConformReader, conform, goPrint, isObject, jsonWord, unknownFieldText } from '../schema/index.ts';
import type { StatusError } from '../status-error.ts';
import type { Stored } from '../storage/index.ts';
import { admitted } from './admission.ts';
import { type Body, type Call, keyFor, managerOf } from './call.ts';
import { retryWrite, type ServerContext } from './context.ts';
import { createObject } from './create.ts';
import { asKind, mediaTypeOf, parseBody, settled, told, typeMetaFault } from './decode.ts';
import { badRequest, conflict, invalid, noSuchResource, notFound, unsupportedPatch } from './errors.ts';
import { asConfigured, defaulted, patchedBy, patchFaults } from './machinery.ts';
import { trackContext, trackedUpdate } from './managed.ts';
import { inNamespace, withName } from './metadata.ts';
import { type WriteQuery, writeQuery } from './options-query.ts';
import type { Result } from './result.ts';
import { SCALE, scaleOf, withAppliedScale, withScale } from './scale.ts';
import { change, checkVersionText, separated } from './update.ts';

const APPLY = 'application/apply-patch+yaml';
const STRATEGIC = 'application/strategic-merge-patch+json';
const PATCHES: readonly string[] = ['application/json-patch+json', 'application/merge-patch+json', STRATEGIC];

/** Changes the object by a patch, or creates it by an apply. */
export const patch = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const mediaType = mediaTypeOf(body.contentType);
  if (mediaType === APPLY) return apply(server, call, body);
  if (!PATCHES.includes(mediaType)) throw unsupportedPatch();
  if (mediaType === STRATEGIC && !call.type.strategicMerge) throw unsupportedPatch();
  const query = writeQuery(call.query, 'PatchOptions');
  return retryWrite(server, call, async () => {
    // A missing object is told before a malformed patch.
    const stored = storedOf(server, call);
    const target = readPatch(call, body, mediaType, query);
    const outcome = await change(server, call, stored, query, (old) =>
      call.subresource === 'scale' ? patchedScale(server, call, old, target) : patchedObject(server, call, old, stored, target),
    );
    return outcome === 'conflict' ? 'again' : { done: inScaleForm(server, call, outcome) };
  });
};

const readPatch = (call: Call, body: Body, mediaType: string, query: WriteQuery): PatchTarget => {
  const { value, faults } = parseBody(body, query.fieldValidation !== 'Ignore', (why) =>
    badRequest(mediaType === STRATEGIC ? why : `error decoding patch: ${why}`),
  );
  const manager = managerOf(query.fieldManager, call.userAgent);
  return { mediaType, value, faults: [...faults, ...patchFaults(mediaType, value)], query, manager };
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
  const { type } = call;
  const { faults, query } = target;
  const refuse = (why: string): StatusError => patchFault(patched, target, why);
  const settle = (object: KubeObject, by: ConformReader): KubeObject =>
    settled(server, call, type, object, query.fieldValidation, { faults, refuse, by, sorts: true });
  // The converter makes a typed object of the map, whatever that says of its type.
  if (target.mediaType === STRATEGIC) return settle(asKind(type, { ...(patched as object), apiVersion: '', kind: '' }), 'converter');
  if (!isObject(patched)) {
    if (!Array.isArray(patched)) throw unfitPatch('the object became no object');
    throw refuse(`couldn't get version/kind; json parse error: ${typeMetaFault(patched)}`);
  }
  const { apiVersion, kind } = patched;
  if (type.strategicMerge && apiVersion === undefined) return versionless(call, patched, target, refuse);
  const wanted = asKind(type, {});
  const isOther = apiVersion !== wanted.apiVersion || kind !== wanted.kind;
  if (isOther && !(type.strategicMerge && apiVersion === wanted.apiVersion && kind === undefined))
    throw refuse(
      apiVersion === undefined || kind === undefined
        ? `the object has no ${apiVersion === undefined ? 'apiVersion' : 'kind'} any more`
        : `the object became a ${String(kind)} of ${String(apiVersion)}`,
    );
  return settle(asKind(type, patched), 'decoder');
};

/** A real API server takes an object without apiVersion for one of its inner version, in which no field has a name; so it has none either. */
const versionless = (call: Call, patched: object, { faults, query }: PatchTarget, refuse: (why: string) => StatusError): KubeObject => {
  const unknown = Object.keys(patched).filter((field) => field !== 'kind');
  told(call, [...faults, ...unknown.sort().map(unknownFieldText)], query.fieldValidation, refuse);
  return withName(call, asKind(call.type, {}));
};

/** Tells what the patch made (of a strategic merge: the patch), as a real API server does. */
const patchFault = (patched: unknown, { mediaType, value }: PatchTarget, why: string): StatusError => {
  const text = mediaType === STRATEGIC ? goPrint(value) : JSON.stringify(patched);
  return invalid({ group: '', kind: '' }, '', [
    { reason: 'FieldValueInvalid', message: `Invalid value: ${JSON.stringify(text)}: ${why}`, field: 'patch' },
  ]);
};

const checkIdentity = (call: Call, object: KubeObject, old: KubeObject, stored: Stored): void => {
  inNamespace(call, object);
  withName(call, object);
  const { resourceVersion, uid } = object.metadata;
  checkVersionText(resourceVersion ?? '');
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== String(stored.revision))
    throw conflict(call.type, call.name);
  checkUid(call, uid, old);
};

/** A patch may say the uid that the object has; it cannot give it another one. */
const checkUid = (call: Call, uid: string | undefined, old: KubeObject): void => {
  if (uid === undefined || uid === '' || uid === old.metadata.uid) return;
  const message = `Invalid value: ${JSON.stringify(uid)}: field is immutable`;
  throw invalid(call.type, call.name, [{ reason: 'FieldValueInvalid', message, field: 'metadata.uid' }]);
};

const patchedScale = (server: ServerContext, call: Call, old: KubeObject, target: PatchTarget): KubeObject => {
  const before = scaleOf(server, call.type, old);
  const patched = patchedBy(server, SCALE.schemaName, target.mediaType, target.value, before);
  if (!isObject(patched)) throw patchFault(patched, target, 'the Scale became no object');
  const { object, unknown, fault } = conform(server.schemas().node(SCALE.schemaName), patched);
  if (fault !== undefined) throw patchFault(patched, target, fault);
  told(call, [...target.faults, ...unknown.map(unknownFieldText)], target.query.fieldValidation, (why) => patchFault(patched, target, why));
  const { resourceVersion } = (object['metadata'] ?? {}) as { resourceVersion?: string };
  if (resourceVersion !== undefined && resourceVersion !== before.metadata.resourceVersion) throw conflict(call.type, call.name);
  return withScale(server, call.type, old, object as KubeObject, target.manager);
};

/** The answer of a write to the scale subresource is the Scale; who owns its replicas is told of the object only. */
export const inScaleForm = (server: ServerContext, call: Call, result: Result): Result =>
  call.subresource === 'scale' && result.kind === 'object'
    ? {
        kind: 'object',
        code: result.code,
        type: call.type,
        object: withManagedFields(scaleOf(server, call.type, result.object), undefined),
        foreign: true,
      }
    : result;

const apply = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const query = writeQuery(call.query, 'PatchOptions', true);
  const applied = configurationOf(body);
  return retryWrite(server, call, async () => {
    const stored = server.store.get(keyFor(call.type, call.namespace, call.name));
    if (stored === undefined) return { done: await applyNew(server, call, applied, query) };
    if (call.subresource === 'scale' && call.type.scale === undefined) throw noSuchResource();
    const by = { manager: query.fieldManager, force: query.force ?? false };
    const outcome = await change(server, call, stored, query, (old) => {
      if (call.subresource === 'scale') return withAppliedScale(server, call.type, old, applied, by);
      const next = separated(call, appliedTo(server, call, old, applied, query), old);
      checkApplied(call, applied, stored);
      return next;
    });
    return outcome === 'conflict' ? 'again' : { done: inScaleForm(server, call, outcome) };
  });
};

/** What is applied, as it was sent. Throws 400 when it is no object; nothing at all counts as an empty one. */
const configurationOf = (body: Body): KubeObject => {
  const { value } = parseBody(body, false, (why) => badRequest(`error decoding YAML: ${why}`));
  if (value !== null && !isObject(value)) {
    const why = `json: cannot unmarshal ${jsonWord(value)} into Go value of type map[string]interface {}`;
    throw badRequest(`error decoding YAML: error unmarshaling JSON: while decoding JSON: ${why}`);
  }
  return (value ?? {}) as KubeObject;
};

const checkApplied = (call: Call, applied: KubeObject, stored: Stored): void => {
  const { resourceVersion = '', uid = '' } = (applied.metadata ?? {}) as Partial<KubeObject['metadata']>;
  if (resourceVersion !== '' && resourceVersion !== String(stored.revision)) throw conflict(call.type, call.name);
  checkUid(call, uid, stored.object);
};

const appliedTo = (server: ServerContext, call: Call, live: KubeObject | undefined, applied: KubeObject, query: WriteQuery): KubeObject => {
  // Without a live object nothing else says of which kind the configuration must be.
  if (live === undefined && typeof applied.kind === 'string' && applied.kind !== call.type.kind) throw invalidObjectType(applied);
  const context = trackContext(server, call.type, call.subresource);
  const result = applyConfiguration({ ...context, live, applied, manager: query.fieldManager, force: query.force ?? false });
  if (!result.ok) throw result.error;
  const next = inNamespace(call, asConfigured(server, call.type.schemaName, applied, result.object));
  withName(call, next);
  return defaulted(server, call.type, next, live === undefined ? 'create' : 'default');
};

const applyNew = async (server: ServerContext, call: Call, applied: KubeObject, query: WriteQuery): Promise<Result> => {
  if (call.subresource !== '') throw notFound(call.type, call.name);
  const object = appliedTo(server, call, undefined, applied, query);
  const { uid = '' } = object.metadata;
  if (uid !== '') {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`;
    throw conflict(call.type, call.name, why);
  }
  const allowed = await admitted(server, call, { operation: 'CREATE', object, old: undefined, dryRun: query.dryRun });
  return createObject(server, call, allowed, query);
};
