/** @module From a call to its verb: the one table of what can be done to which part of a resource. */
import { type Body, type Call, EMPTY_BODY } from './call.ts';
import { CONNECTS, connect } from './connect.ts';
import type { ServerContext } from './context.ts';
import { create } from './create.ts';
import { remove, removeCollection } from './delete.ts';
import { methodNotAllowed, noSuchResource } from './errors.ts';
import { evictPod } from './evict.ts';
import { get } from './get.ts';
import { list } from './list.ts';
import { patch } from './patch.ts';
import type { Result } from './result.ts';
import { bindNamed, bindPod, createVirtual, finalizeNamespace, getScale, updateScale } from './subresources.ts';
import { update } from './update.ts';
import { watch } from './watch.ts';

/** Does what `verb` says. Throws 404 for subresources the kind has not, 405 for verbs it has not. */
export const dispatch = (server: ServerContext, verb: string, call: Call, body: Body = EMPTY_BODY): Promise<Result> =>
  call.subresource === '' ? onObject(server, verb, call, body) : onSubresource(server, verb, call, body);

const onObject = (server: ServerContext, verb: string, call: Call, body: Body): Promise<Result> => {
  // POST goes to collections, PUT and PATCH to objects.
  const fits = verb === 'create' ? call.name === '' : verb === 'update' || verb === 'patch' ? call.name !== '' : true;
  const served = fits && call.type.verbs.includes(verb);
  const hasNamespace = !call.type.namespaced || call.namespace !== '' || verb === 'list' || verb === 'watch';
  if (!hasNamespace && call.name !== '') throw noSuchResource();
  if (!served || !hasNamespace) throw methodNotAllowed();
  switch (verb) {
    case 'get':
      return get(server, call);
    case 'list':
      return list(server, call);
    case 'watch':
      return watch(server, call);
    case 'create':
      return isBinding(call) ? bindNamed(server, call, body) : create(server, call, body);
    case 'update':
      return update(server, call, body);
    case 'patch':
      return patch(server, call, body);
    case 'delete':
      return remove(server, call, body);
    case 'deletecollection':
      return removeCollection(server, call, body);
    default:
      throw methodNotAllowed();
  }
};

/** A Binding keeps nothing: it binds the pod of its name. */
const isBinding = ({ type }: Call): boolean => type.group === '' && type.resource === 'bindings';

type Verb = (server: ServerContext, call: Call, body: Body) => Promise<Result>;

const SUBRESOURCES: Readonly<Record<string, Readonly<Record<string, Verb>>>> = {
  status: { get, update, patch },
  scale: { get: getScale, update: updateScale, patch },
  finalize: { update: finalizeNamespace },
  binding: { create: bindPod },
  eviction: { create: evictPod },
};

const onSubresource = (server: ServerContext, verb: string, call: Call, body: Body): Promise<Result> => {
  const { type, subresource } = call;
  const listed = type.subresources?.find(({ name }) => name === subresource);
  const virtual = server.virtual[`${type.group}/${type.version}/${type.resource}/${subresource}`];
  if (virtual !== undefined && call.name !== '') {
    if (verb !== 'create') throw methodNotAllowed();
    return createVirtual(call, body, virtual);
  }
  const isCore = (resource: string): boolean => type.group === '' && type.resource === resource;
  const there =
    (subresource === 'status' && type.hasStatus) ||
    (subresource === 'scale' && type.scale !== undefined) ||
    (subresource === 'finalize' && isCore('namespaces')) ||
    ((subresource === 'binding' || subresource === 'eviction') && isCore('pods')) ||
    (CONNECTS.has(subresource) && listed !== undefined);
  if (!there || call.name === '') throw noSuchResource();
  if (listed !== undefined && !listed.verbs.includes(verb)) throw methodNotAllowed();
  if (CONNECTS.has(subresource)) return readsObject(verb, subresource) ? get(server, call) : connect(server, call);
  const run = SUBRESOURCES[subresource]?.[verb];
  if (run === undefined) throw methodNotAllowed();
  return run(server, call, body);
};

/** The two that show the pod itself to who only reads. */
const readsObject = (verb: string, subresource: string): boolean =>
  verb === 'get' && (subresource === 'ephemeralcontainers' || subresource === 'resize');
