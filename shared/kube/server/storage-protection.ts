/**
 * @module Lets deleted claims and volumes go when nobody uses them any more: takes away the finalizers that the kinds' strategies give them
 * (kubernetes `controller/volume/pvcprotection`, `controller/volume/pvprotection`).
 */
import type { KubeObject } from '../object.ts';
import { isStatus } from '../status-error.ts';
import { keyOf, partsOf } from '../storage/index.ts';
import type { ServerContext } from './context.ts';
import { keyQueue } from './key-queue.ts';
import type { Loop } from './loop.ts';

const CLAIMS = '/persistentvolumeclaims/';
const VOLUMES = '/persistentvolumes/';
const PODS = '/pods/';
const FINALIZERS: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};
const FINISHED: readonly string[] = ['Succeeded', 'Failed'];

/** Starts the loop; the answer stops it. Keys are those of the store. */
export const startStorageProtection = (loop: Loop): (() => void) => {
  const { server } = loop;
  const { store } = server;
  const queue = keyQueue(server.env, 'storage protection', (key) => release(loop, key));
  const addDeleted = (prefix: string): void => {
    for (const { key, object } of store.list(prefix)) if (object.metadata.deletionTimestamp !== undefined) queue.add(key);
  };
  const stop = store.watch('', store.revision(), ({ key }) => {
    if (key.startsWith(CLAIMS)) {
      queue.add(key);
      addDeleted(VOLUMES);
    } else if (key.startsWith(VOLUMES)) queue.add(key);
    else if (key.startsWith(PODS)) addDeleted(`${CLAIMS}${partsOf(key).namespace}/`);
  });
  addDeleted(CLAIMS);
  addDeleted(VOLUMES);
  return () => {
    stop();
    queue.stop();
  };
};

const release = async ({ server, client }: Loop, key: string): Promise<void> => {
  const { resource, namespace, name } = partsOf(key);
  const object = server.store.get(keyOf('', resource, namespace, name))?.object;
  const finalizer = FINALIZERS[resource] ?? '';
  const { deletionTimestamp, finalizers = [] } = object?.metadata ?? { name: '' };
  if (object === undefined || deletionTimestamp === undefined || !finalizers.includes(finalizer)) return;
  if (resource === 'persistentvolumes' ? isBound(object) : isMounted(server, object)) return;
  const rest = finalizers.filter((one) => one !== finalizer);
  try {
    await client.update({ group: '', version: 'v1', resource }, { ...object, metadata: { ...object.metadata, finalizers: rest } });
  } catch (error) {
    if (!isStatus(error, 'NotFound')) throw error;
  }
};

const isBound = (volume: KubeObject): boolean => (volume['status'] as { phase?: string } | undefined)?.phase === 'Bound';

/** True while a pod that has not ended names the claim. */
const isMounted = (server: ServerContext, claim: KubeObject): boolean => {
  const { name, namespace = '' } = claim.metadata;
  return server.store.list(`${PODS}${namespace}/`).some(({ object }) => {
    const spec = object['spec'] as { volumes?: readonly { persistentVolumeClaim?: { claimName?: string } }[] } | undefined;
    const phase = (object['status'] as { phase?: string } | undefined)?.phase ?? '';
    return !FINISHED.includes(phase) && (spec?.volumes ?? []).some((volume) => volume.persistentVolumeClaim?.claimName === name);
  });
};
