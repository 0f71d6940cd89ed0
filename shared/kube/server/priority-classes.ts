/** @module The two PriorityClasses that every cluster has (kubernetes `registry/scheduling/rest`). */
import { systemPriorityClasses } from '../builtin/system-priorities.ts';
import { isStatus } from '../status-error.ts';
import { keyOf } from '../storage/index.ts';
import type { Loop } from './loop.ts';

const GROUP = 'scheduling.k8s.io';
const CLASSES = { group: GROUP, version: 'v1', resource: 'priorityclasses' } as const;

/** Makes those that are missing. */
export const ensurePriorityClasses = async ({ server, client }: Loop): Promise<void> => {
  if (server.registry.get(GROUP, 'v1', 'priorityclasses') === undefined) return;
  for (const object of systemPriorityClasses) {
    if (server.store.get(keyOf(GROUP, 'priorityclasses', '', object.metadata.name)) !== undefined) continue;
    try {
      await client.create(CLASSES, structuredClone(object), { fieldManager: 'kube-apiserver' });
    } catch (error) {
      if (!isStatus(error, 'AlreadyExists')) throw error;
    }
  }
};
