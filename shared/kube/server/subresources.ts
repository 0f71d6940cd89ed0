/** @module The smaller subresources: GET and PUT of scale, namespaces/finalize, pods/binding. */
import { apiVersionOf, type KubeObject, parseApiVersion } from '../object.ts';
import { conform } from '../schema/index.ts';
import { type Body, type Call, keyFor, managerOf } from './call.ts';
import { retryWrite, type ServerContext } from './context.ts';
import { decodeObject, parseBody, typeMetaFault } from './decode.ts';
import { badRequest, conflict, noSuchResource, notFound, serverError } from './errors.ts';
import { get } from './get.ts';
import { withName } from './metadata.ts';
import type { VirtualCreate } from './options.ts';
import { writeQuery } from './options-query.ts';
import { inScaleForm } from './patch.ts';
import type { Result } from './result.ts';
import { SCALE, withScale } from './scale.ts';
import { change } from './update.ts';

/** GET of the Scale. */
export const getScale = async (server: ServerContext, call: Call): Promise<Result> => inScaleForm(server, call, await get(server, call));

/** PUT of the Scale; its resourceVersion, when set, must still hold. */
export const updateScale = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const query = writeQuery(call.query, 'UpdateOptions');
  const scale = withName(call, sentScale(server, body));
  const expected = scale.metadata.resourceVersion ?? '';
  return retryWrite(server, call, async () => {
    const stored = server.store.get(keyFor(call.type, call.namespace, call.name));
    if (stored === undefined) throw notFound(call.type, call.name);
    if (expected !== '' && expected !== String(stored.revision)) throw conflict(call.type, call.name);
    const manager = managerOf(query.fieldManager, call.userAgent);
    const outcome = await change(server, call, stored, query, (old) => withScale(server, call.type, old, scale, manager));
    return outcome === 'conflict' ? 'again' : { done: inScaleForm(server, call, outcome) };
  });
};

/** The body as a Scale; other kinds and wrong types are refused as those of any body. */
const sentScale = (server: ServerContext, body: Body): KubeObject => {
  const { value } = parseBody(body);
  const fault = typeMetaFault(value);
  if (fault !== undefined) throw badRequest(`couldn't get version/kind; json parse error: ${fault}`);
  const refuse = (kind: string, version: string, why: string) =>
    badRequest(`${kind} in version "${version}" cannot be handled as a ${SCALE.kind}: ${why}`);
  const sent = (value ?? {}) as Partial<KubeObject>;
  const { kind = SCALE.kind, apiVersion = apiVersionOf(SCALE.group, SCALE.version) } = sent;
  const { version } = parseApiVersion(apiVersion);
  if (kind !== SCALE.kind || apiVersion !== apiVersionOf(SCALE.group, SCALE.version))
    throw refuse(kind, version, `no kind "${kind}" is registered for version "${apiVersion}" here`);
  const read = conform(server.schemas().node(SCALE.schemaName), sent as KubeObject);
  if (read.fault !== undefined) throw refuse(kind, version, read.fault);
  return { ...read.object, apiVersion, kind, metadata: (read.object['metadata'] ?? {}) as KubeObject['metadata'] };
};

/** PUT of `namespaces/finalize`: sets spec.finalizers; with the last one gone and a deletion asked for, so is the namespace. */
export const finalizeNamespace = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const query = writeQuery(call.query, 'UpdateOptions');
  const sent = withName(call, decodeObject(server, call, call.type, body, query.fieldValidation));
  const finalizers = (sent['spec'] as { finalizers?: string[] } | undefined)?.finalizers ?? [];
  return retryWrite(server, call, async () => {
    const stored = server.store.get(keyFor(call.type, '', call.name));
    if (stored === undefined) throw notFound(call.type, call.name);
    const outcome = await change(server, call, stored, query, (old) => {
      const { finalizers: _, ...spec } = (old['spec'] ?? {}) as { finalizers?: string[] };
      return { ...old, spec: finalizers.length === 0 ? spec : { ...spec, finalizers } };
    });
    return outcome === 'conflict' ? 'again' : { done: outcome };
  });
};

/** POST of `pods/binding`: gives a pod its node, once. */
export const bindPod = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const query = writeQuery(call.query, 'CreateOptions');
  if (call.type.group !== '' || call.type.resource !== 'pods') throw noSuchResource();
  const { value } = parseBody(body);
  const node = (value as { target?: { name?: unknown } } | null)?.target?.name;
  if (typeof node !== 'string' || node === '') {
    throw serverError('target.name: Required value');
  }
  return retryWrite(server, call, async () => {
    const stored = server.store.get(keyFor(call.type, call.namespace, call.name));
    if (stored === undefined) throw notFound(call.type, call.name);
    const assigned = (stored.object['spec'] as { nodeName?: string } | undefined)?.nodeName ?? '';
    if (assigned !== '') throw conflict(call.type, call.name, `pod ${call.name} is already assigned to node "${assigned}"`);
    if (stored.object.metadata.deletionTimestamp !== undefined)
      throw conflict(call.type, call.name, `pod ${call.name} is being deleted, cannot be assigned to a host`);
    const outcome = await change(server, call, stored, query, (old) => bound(old, node, server.env.nowMs()));
    if (outcome === 'conflict') return 'again';
    return { done: { kind: 'status', status: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 } } };
  });
};

/** POST of a Binding to the collection `bindings`. */
export const bindNamed = async (server: ServerContext, call: Call, body: Body): Promise<Result> => {
  const pods = server.registry.get('', 'v1', 'pods');
  if (pods === undefined) throw noSuchResource();
  const binding = decodeObject(server, call, call.type, body, 'Ignore');
  return bindPod(server, { ...call, type: pods, name: binding.metadata.name ?? '', subresource: 'binding' }, body);
};

/** POST of a subresource that keeps nothing, such as `serviceaccounts/token`: its owner's hook answers. */
export const createVirtual = async (call: Call, body: Body, virtual: VirtualCreate): Promise<Result> => {
  const { value } = parseBody(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw badRequest('the body is no object');
  const { user, namespace, name } = call;
  return {
    kind: 'object',
    code: 201,
    type: call.type,
    object: await virtual(value as KubeObject, { user, namespace, name }),
    foreign: true,
  };
};

const bound = (pod: KubeObject, nodeName: string, nowMs: number): KubeObject => {
  const status = (pod['status'] ?? {}) as { conditions?: { type: string }[] };
  const lastTransitionTime = new Date(nowMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
  const others = (status.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  return {
    ...pod,
    spec: { ...(pod['spec'] as object), nodeName },
    status: { ...status, conditions: [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime }] },
  };
};
