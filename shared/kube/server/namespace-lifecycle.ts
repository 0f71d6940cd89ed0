/** @module Namespaces: those every server has, what a new one is given, and how one ends: first its content, then itself. */
import { sameJson } from '../../lib/same-json.ts';
import type { KubeClient } from '../client/port.ts';
import type { Condition } from '../condition.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { isStatus } from '../status-error.ts';
import { keyOf, partsOf } from '../storage/index.ts';
import { prefixFor } from './call.ts';
import type { ServerContext } from './context.ts';
import { specFinalizers } from './delete.ts';
import { keyQueue } from './key-queue.ts';
import { terminationConditions } from './namespace-conditions.ts';

/** Namespaces of every server. */
const STANDARD: readonly string[] = ['default', 'kube-node-lease', 'kube-public', 'kube-system'];
/** The finalizer in `spec` that only this loop removes. */
const KUBERNETES = 'kubernetes';

const NAMESPACES = { group: '', version: 'v1', resource: 'namespaces' } as const;
const PREFIX = '/namespaces/';
/** Where pods read the CA of their API server. */
const CA_CONFIG_MAP = 'kube-root-ca.crt';
/** What every namespace is given; made and mended anew when it is deleted or written over. */
const FURNITURE = new Set(['serviceaccounts/default', `configmaps/${CA_CONFIG_MAP}`]);
const CONFIG_MAPS = { ...NAMESPACES, resource: 'configmaps' } as const;

type Loop = { readonly server: ServerContext; readonly client: KubeClient; readonly caBundle: string | undefined };

/** Makes the standard namespaces and starts the loop; the answer stops it. */
export const startNamespaces = async (loop: Loop): Promise<() => void> => {
  const { server, client } = loop;
  if (server.registry.get('', 'v1', 'namespaces') === undefined) return () => undefined;
  for (const name of STANDARD) await unlessThere(client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
  const queue = keyQueue(server.env, 'namespaces', (name) => reconcile(loop, name));
  const { store } = server;
  const stop = store.watch('', store.revision(), (change) => {
    const { resource, namespace, name } = partsOf(change.key);
    if (change.key.startsWith(PREFIX)) queue.add(name);
    else if (FURNITURE.has(`${resource}/${name}`)) queue.add(namespace);
    else if (namespace !== '' && isTerminating(server, namespace)) queue.add(namespace);
  });
  for (const stored of store.list(PREFIX)) queue.add(stored.object.metadata.name);
  return () => {
    stop();
    queue.stop();
  };
};

const namespaceOf = (server: ServerContext, name: string): KubeObject | undefined =>
  server.store.get(keyOf('', 'namespaces', '', name))?.object;

const isTerminating = (server: ServerContext, name: string): boolean => namespaceOf(server, name)?.metadata.deletionTimestamp !== undefined;

const reconcile = async (loop: Loop, name: string): Promise<void> => {
  const namespace = namespaceOf(loop.server, name);
  if (namespace === undefined) return;
  if (namespace.metadata.deletionTimestamp === undefined) return furnish(loop, name);
  if (specFinalizers(namespace).includes(KUBERNETES)) return terminate(loop, namespace);
};

/** What clients wait for in a new namespace: its ServiceAccount and the CA, which is put right when somebody writes over it. */
const furnish = async ({ server, client, caBundle }: Loop, namespace: string): Promise<void> => {
  if (caBundle === undefined) return;
  const has = (resource: string, name: string): boolean => server.store.get(keyOf('', resource, namespace, name)) !== undefined;
  if (!has('serviceaccounts', 'default')) {
    const object = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default', namespace } };
    await unlessThere(client.create({ ...NAMESPACES, resource: 'serviceaccounts' }, object));
  }
  const data = { 'ca.crt': caBundle };
  const there = server.store.get(keyOf('', 'configmaps', namespace, CA_CONFIG_MAP))?.object;
  if (there === undefined) {
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: CA_CONFIG_MAP, namespace }, data };
    await unlessThere(client.create(CONFIG_MAPS, object));
  } else if (!sameJson(there['data'], data)) await client.update(CONFIG_MAPS, { ...there, data });
};

const unlessThere = async (write: Promise<unknown>): Promise<void> => {
  try {
    await write;
  } catch (error) {
    // It is there already, or its namespace began to end meanwhile.
    if (!isStatus(error, 'AlreadyExists') && !isStatus(error, 'Forbidden') && !isStatus(error, 'NotFound')) throw error;
  }
};

const terminate = async (loop: Loop, namespace: KubeObject): Promise<void> => {
  const { server, client } = loop;
  const { name } = namespace.metadata;
  const types = server.registry.stored().filter((type) => type.namespaced);
  for (const type of types) await deleteAll(loop, type, name);
  const left = types.map((type) => ({ type, objects: server.store.list(prefixFor(type, name)).map((stored) => stored.object) }));
  await tellConditions(loop, name, left);
  if (left.some(({ objects }) => objects.length > 0)) return;
  const current = namespaceOf(server, name);
  if (current === undefined) return;
  const finalizers = specFinalizers(current).filter((finalizer) => finalizer !== KUBERNETES);
  const finished = { ...current, spec: { ...(current['spec'] as object | undefined), finalizers } };
  await client.update(NAMESPACES, finished, { subresource: 'finalize' });
};

const deleteAll = async ({ server, client }: Loop, type: ResourceType, namespace: string): Promise<void> => {
  for (const { object } of server.store.list(prefixFor(type, namespace))) {
    const { name, deletionTimestamp } = object.metadata;
    if (deletionTimestamp !== undefined) continue;
    try {
      await client.delete(
        { group: type.group, version: type.version, resource: type.resource, namespace, name },
        { propagationPolicy: 'Background' },
      );
    } catch (error) {
      if (!isStatus(error, 'NotFound')) throw error;
    }
  }
};

const tellConditions = async (
  { server, client }: Loop,
  name: string,
  left: readonly { readonly type: ResourceType; readonly objects: readonly KubeObject[] }[],
): Promise<void> => {
  const current = namespaceOf(server, name);
  if (current === undefined) return;
  const status = (current['status'] ?? {}) as { conditions?: readonly Condition[] };
  const conditions = terminationConditions(left, status.conditions ?? [], server.env.nowMs());
  if (sameJson(conditions, status.conditions ?? [])) return;
  await client.update(NAMESPACES, { ...current, status: { ...status, phase: 'Terminating', conditions } }, { subresource: 'status' });
};
