/** @module Which singletons may run here: those that the hub sent after the last fence against this cluster, while its lease is confirmed. */
import type { Lease } from '../../shared/health/index.ts';
import type { WorkItem } from '../../shared/wire/index.ts';

/** The lease of an agent that takes no part in finding out who died: nobody ever takes over from it by itself. */
export const noLeaseNeeded: Lease = { isHeld: true, fence: 0 };

/** True for work that needs the lease. */
export const isSingleton = (item: WorkItem): boolean => item.op === 'apply' && item.singleton === true;

/** True when the item must have no replicas now. */
export const isStopped = (item: WorkItem, lease: Lease | undefined): boolean =>
  isSingleton(item) && lease !== undefined && (!lease.isHeld || item.seq <= lease.fence);
