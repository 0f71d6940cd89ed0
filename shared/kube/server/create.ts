/** @module POST: a new object, with a name of its own or a generated one. */

import { timeText } from '../../lib/time-text.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { storedValue } from '../schema/index.ts';
import type { Stored } from '../storage/index.ts';
import { admitted } from './admission.ts';
import { type Body, type Call, fromStorage, keyFor, managerOf } from './call.ts';
import { commitOne, type ServerContext } from './context.ts';
import { decodeObject } from './decode.ts';
import { alreadyExists, invalid, serverError } from './errors.ts';
import { storageForm } from './machinery.ts';
import { trackedUpdate } from './managed.ts';
import { clientMetadata, countsGeneration, generatedName, inNamespace, tidyMetadata } from './metadata.ts';
import { type WriteQuery, writeQuery } from './options-query.ts';
import type { Result } from './result.ts';
import { createFaults } from './validation.ts';

/** Attempts to find a free generated name. */
const GENERATE_ATTEMPTS_MAX = 8;

/** Creates what the body holds. */
export const create = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const query = writeQuery(call.query, 'CreateOptions');
  const decoded = inNamespace(call, decodeObject(server, call, call.type, body, query.fieldValidation, 'create'));
  const virtual = server.virtual[`${call.type.group}/${call.type.version}/${call.type.resource}`];
  if (virtual !== undefined) {
    const answer = await virtual(decoded, { user: call.user, namespace: call.namespace, name: call.name });
    return { kind: 'object', code: 201, type: call.type, object: answer };
  }
  const admission = { operation: 'CREATE', object: decoded, old: undefined, dryRun: query.dryRun } as const;
  const object = await admitted(server, { ...call, name: decoded.metadata.name ?? '' }, admission);
  const owned = { ...object, metadata: ownedMetadata(server, call, object, query) };
  return createObject(server, call, owned, query, object.metadata.resourceVersion);
};

const ownedMetadata = (server: ServerContext, call: Call, object: KubeObject, query: WriteQuery): KubeObject['metadata'] =>
  trackedUpdate(server, call.type, {
    live: undefined,
    next: { ...withoutStatus(call.type, object), metadata: clientMetadata(object.metadata) },
    manager: managerOf(query.fieldManager, call.userAgent),
    subresource: '',
  }).metadata;

/** Stores a new object whose managedFields are settled; also what apply and PUT use for objects that are not there. */
export const createObject = async (
  server: ServerContext,
  call: Call,
  object: KubeObject,
  query: WriteQuery,
  sentVersion = '',
): Promise<Result> => {
  for (let attempt = 1; ; attempt++) {
    const prepared = prepare(server, call, object);
    const faults = createFaults(server, call.type, prepared);
    if (faults.length > 0) throw invalid(call.type, prepared.metadata.name ?? '', faults);
    for (const text of call.type.strategy.warnings?.(prepared, undefined) ?? []) call.warn(text);
    // Whoever names a version has the object from somewhere else; told only of what would be stored.
    if (!query.dryRun && sentVersion !== '' && sentVersion !== '0')
      throw serverError('resourceVersion should not be set on objects to be created');
    const name = prepared.metadata.name;
    const key = keyFor(call.type, call.namespace, name);
    const present = server.store.get(key);
    const generated = (object.metadata.name ?? '') === '' && attempt < GENERATE_ATTEMPTS_MAX;
    if (present !== undefined && generated) continue;
    if (present !== undefined) throw alreadyExists(call.type, name, present.object.metadata.deletionTimestamp !== undefined);
    if (query.dryRun) {
      return { kind: 'object', code: 201, type: call.type, object: storedValue(server.schemas().node(call.type.schemaName), prepared) };
    }
    const stored = await commitOne(server, {
      op: 'put',
      key,
      expected: 0,
      object: storageForm(server, call.type, prepared),
      by: call.user.name,
    });
    if (stored === 'conflict' && generated) continue;
    if (stored === 'conflict' || stored === 'gone') throw alreadyExists(call.type, name);
    return answer(call.type, stored);
  }
};

const answer = (type: ResourceType, stored: Stored): Result => ({
  kind: 'object',
  code: 201,
  type,
  object: fromStorage(type, stored.object),
});

/** Metadata, then what the kind's strategy does to a new object. */
const prepare = (server: ServerContext, call: Call, object: KubeObject): KubeObject => {
  const { type } = call;
  const metadata = clientMetadata(object.metadata);
  if ((metadata.name ?? '') === '' && (metadata.generateName ?? '') !== '') {
    metadata.name = generatedName(metadata.generateName ?? '', server.env.random);
  }
  const own = {
    uid: server.env.uuid(),
    creationTimestamp: timeText(server.env.nowMs()),
    ...(countsGeneration(type) ? { generation: 1 } : {}),
  };
  const fresh = { ...withoutStatus(type, object), metadata: tidyMetadata({ ...metadata, name: metadata.name ?? '', ...own }) };
  const context = { nowMs: server.env.nowMs(), user: call.user };
  return type.strategy.prepareForCreate?.(fresh, context) ?? fresh;
};

const withoutStatus = (type: ResourceType, object: KubeObject): KubeObject => {
  if (!type.hasStatus || object['status'] === undefined) return object;
  const { status: _, ...rest } = object;
  return rest as KubeObject;
};
