/** @module Keeps aggregated ClusterRoles up to date with the roles that their selectors choose. */
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import { aggregated } from '../../../shared/kube/rbac/index.ts';
import { isStatus } from '../../../shared/kube/status-error.ts';
import { prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';

/** The loop that runs. */
export type AggregationLoop = { readonly close: () => void };

const CLUSTER_ROLES = { group: 'rbac.authorization.k8s.io', version: 'v1', resource: 'clusterroles' } as const;

/** Passes before giving up until the next change: roles that aggregate each other settle in as many passes as the chain is long. */
const PASSES_MAX = 10;

/** Gathers changes that come together. */
const DELAY_MS = 50;

/** Brings all aggregated roles up to date, then keeps them so until closed. */
export const startAggregation = async (
  store: Pick<Store, 'list' | 'watch' | 'revision'>,
  client: Pick<KubeClient, 'update'>,
  env: RuntimeEnv,
): Promise<AggregationLoop> => {
  let cancel: (() => void) | undefined;
  let closed = false;
  const prefix = prefixOf(CLUSTER_ROLES.group, CLUSTER_ROLES.resource);

  const settle = async (): Promise<void> => {
    for (let pass = 0; pass < PASSES_MAX && !closed; pass++) if (!(await aggregateOnce(store, client, prefix))) return;
  };
  const schedule = (): void => {
    cancel ??= env.setTimer(DELAY_MS, () => {
      cancel = undefined;
      settle().catch((error: unknown) => env.log.warn('an aggregated ClusterRole could not be brought up to date', { error }));
    });
  };
  const stop = store.watch(prefix, store.revision(), schedule);
  await settle();
  return {
    close: () => {
      closed = true;
      stop();
      cancel?.();
    },
  };
};

/** One pass over all roles; true when something was written. */
const aggregateOnce = async (store: Pick<Store, 'list'>, client: Pick<KubeClient, 'update'>, prefix: string): Promise<boolean> => {
  const roles = store.list(prefix).map(({ object }) => object);
  let changed = false;
  for (const role of roles) {
    const next = aggregated(role, roles);
    if (next === role) continue;
    changed = true;
    try {
      await client.update(CLUSTER_ROLES, structuredClone(next));
    } catch (error) {
      // Someone else wrote it or took it away: the next pass looks again.
      if (!isStatus(error, 'Conflict') && !isStatus(error, 'NotFound')) throw error;
    }
  }
  return changed;
};
