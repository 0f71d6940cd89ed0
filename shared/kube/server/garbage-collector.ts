/** @module Garbage collection: what only dead owners hold is deleted; Foreground and Orphan deletions are worked off. */
import type { KubeClient, ObjectAddress } from '../client/port.ts';
import type { OwnerReference } from '../object.ts';
import { isStatus } from '../status-error.ts';
import { partsOf } from '../storage/index.ts';
import type { ServerContext } from './context.ts';
import { FOREGROUND, ORPHAN } from './delete.ts';
import { keyQueue } from './key-queue.ts';
import { createOwnerGraph, type Node, type OwnerGraph, ownersOf } from './owner-graph.ts';

type Collector = { readonly server: ServerContext; readonly client: KubeClient; readonly graph: OwnerGraph };

/** Starts the loop; the answer stops it. */
export const startGarbageCollector = ({ server, client }: { server: ServerContext; client: KubeClient }): (() => void) => {
  const graph = createOwnerGraph();
  const collector: Collector = { server, client, graph };
  const queue = keyQueue(server.env, 'garbage collection', (uid) => collect(collector, uid));
  const { store } = server;
  for (const stored of store.list('')) graph.put(stored);
  const stop = store.watch('', store.revision(), (change) => {
    for (const uid of graph.take(change)) queue.add(uid);
  });
  for (const uid of graph.uids()) queue.add(uid);
  return () => {
    stop();
    queue.stop();
  };
};

const collect = async (collector: Collector, uid: string): Promise<void> => {
  const node = collector.graph.get(uid);
  if (node === undefined) return;
  const { deletionTimestamp, finalizers = [] } = node.object.metadata;
  if (deletionTimestamp !== undefined && finalizers.includes(ORPHAN)) return orphanDependents(collector, node);
  if (deletionTimestamp !== undefined && finalizers.includes(FOREGROUND)) return deleteDependents(collector, node);
  if (deletionTimestamp === undefined && ownersOf(node.object).length > 0) return judgeOwners(collector, node);
};

/** Takes the reference out of each dependent, then lets the owner go. */
const orphanDependents = async (collector: Collector, owner: Node): Promise<void> => {
  for (const dependent of collector.graph.dependentsOf(owner.uid)) await dropOwners(collector, dependent, (uid) => uid === owner.uid);
  await dropFinalizer(collector, owner, ORPHAN);
};

/** Deletes the dependents; when no blocking one is left, the owner goes. */
const deleteDependents = async (collector: Collector, owner: Node): Promise<void> => {
  const dependents = collector.graph.dependentsOf(owner.uid);
  const blocking = dependents.filter((dependent) =>
    ownersOf(dependent.object).some((ref) => ref.uid === owner.uid && ref.blockOwnerDeletion === true),
  );
  if (blocking.length === 0) return dropFinalizer(collector, owner, FOREGROUND);
  for (const dependent of dependents) {
    if (dependent.object.metadata.deletionTimestamp === undefined) await judgeOwners(collector, dependent);
  }
};

/** A living owner keeps the object; dead and dying ones are dropped from it; without a living one it goes. */
const judgeOwners = async (collector: Collector, node: Node): Promise<void> => {
  const refs = ownersOf(node.object);
  const states = refs.map((ref) => stateOf(collector, node, ref));
  if (states.includes('alive')) {
    if (states.every((state) => state === 'alive')) return;
    const unwanted = new Set(refs.filter((_, index) => states[index] !== 'alive').map((ref) => ref.uid));
    return dropOwners(collector, node, (uid) => unwanted.has(uid));
  }
  const waited = states.includes('waiting');
  const hasDependents = collector.graph.dependentsOf(node.uid).length > 0;
  await deleteNode(collector, node, waited && hasDependents ? 'Foreground' : policyOf(node));
};

/** `waiting`: the owner is being deleted in the foreground and waits for this object. */
const stateOf = ({ graph }: Collector, node: Node, ref: OwnerReference): 'alive' | 'dead' | 'waiting' => {
  const owner = graph.get(ref.uid);
  if (owner === undefined) return 'dead';
  const { namespace, deletionTimestamp, finalizers = [] } = owner.object.metadata;
  const reachable = namespace === undefined || namespace === node.object.metadata.namespace;
  if (!reachable || owner.object.kind !== ref.kind || owner.object.metadata.name !== ref.name) return 'dead';
  return deletionTimestamp !== undefined && finalizers.includes(FOREGROUND) ? 'waiting' : 'alive';
};

const policyOf = (node: Node): 'Foreground' | 'Background' | 'Orphan' => {
  const { finalizers = [] } = node.object.metadata;
  if (finalizers.includes(ORPHAN)) return 'Orphan';
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background';
};

const addressOf = ({ server }: Collector, node: Node): ObjectAddress | undefined => {
  const { group, resource, namespace, name } = partsOf(node.key);
  const type = server.registry.stored().find((one) => one.resource === resource && (one.conversion?.storageGroup ?? one.group) === group);
  if (type === undefined) return undefined;
  return { group: type.group, version: type.version, resource, ...(type.namespaced ? { namespace } : {}), name };
};

const deleteNode = async (collector: Collector, node: Node, propagationPolicy: 'Foreground' | 'Background' | 'Orphan'): Promise<void> => {
  const address = addressOf(collector, node);
  if (address === undefined) return;
  const { resourceVersion } = node.object.metadata;
  const bound = { uid: node.uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  await unlessGone(collector, node, () => collector.client.delete(address, { propagationPolicy, preconditions: bound }));
};

const dropOwners = (collector: Collector, node: Node, unwanted: (uid: string) => boolean): Promise<void> => {
  const left = ownersOf(node.object).filter((ref) => !unwanted(ref.uid));
  return patchMetadata(collector, node, { ownerReferences: left.length === 0 ? null : left });
};

const dropFinalizer = (collector: Collector, node: Node, finalizer: string): Promise<void> => {
  const left = (node.object.metadata.finalizers ?? []).filter((name) => name !== finalizer);
  return patchMetadata(collector, node, { finalizers: left.length === 0 ? null : left });
};

const patchMetadata = async (collector: Collector, node: Node, metadata: object): Promise<void> => {
  const address = addressOf(collector, node);
  if (address === undefined) return;
  const { resourceVersion } = node.object.metadata;
  const body = { metadata: { ...metadata, uid: node.uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) } };
  await unlessGone(collector, node, () => collector.client.patch(address, 'application/merge-patch+json', body));
};

/** The object went meanwhile: fine. It changed meanwhile: its change brings it back into the queue. */
const unlessGone = async (collector: Collector, node: Node, act: () => Promise<unknown>): Promise<void> => {
  try {
    await act();
  } catch (error) {
    if (isStatus(error, 'NotFound')) return;
    if (isStatus(error, 'Conflict') && collector.graph.get(node.uid)?.object !== node.object) return;
    throw error;
  }
};
