/** @module Keeps each Cluster's credentials as its object says: approved, denied, or deleted and therefore revoked. */
import type { Cluster } from '../../../shared/api/cluster.ts';
import { clusterCondition, clusters, revokeFinalizer } from '../../../shared/api/cluster.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import { withCondition } from '../../../shared/kube/condition.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import type { FleetBus } from '../port.ts';
import { approvedCondition } from './approval.ts';
import type { Credentials } from './credentials.ts';
import { change } from './objects.ts';

export type ClusterLoopOptions = {
  readonly env: RuntimeEnv;
  readonly client: KubeClient;
  readonly credentials: Credentials;
  readonly bus: Pick<FleetBus, 'forgetCluster'>;
  /** Removes the consumer that the cluster read its work through. */
  readonly closeWork: (cluster: string) => Promise<void>;
};

/** The loop. */
export type ClusterLoop = {
  /** Reconciles one Cluster; rejects to be called again. */
  readonly reconcile: (name: string, object: KubeObject | undefined) => Promise<void>;
  /** What was opened at the broker may be gone: it is opened again when the Clusters are next reconciled. */
  readonly brokerCameBack: () => void;
};

/** A new loop. */
export const makeClusterLoop = (options: ClusterLoopOptions): ClusterLoop => {
  const { env, credentials } = options;
  /** The key last seen of each cluster: a Cluster whose finalizer was removed by force is revoked by it. */
  const keys = new Map<string, string>();
  /** Clusters whose place at the broker was made sure of since the hub connected to it: it may have lost it before. */
  const opened = new Set<string>();
  const reconcile: ClusterLoop['reconcile'] = async (name, object) => {
    const cluster = object as Cluster | undefined;
    const key = cluster?.status?.agent?.publicKey;
    const before = keys.get(name);
    if (before !== undefined && before !== key) {
      await revokeIfLive(credentials, name, before);
      env.log.info('revoked the agent of a cluster that left', { cluster: name });
    }
    if (cluster === undefined) {
      keys.delete(name);
      opened.delete(name);
      return;
    }
    if (cluster.metadata.deletionTimestamp !== undefined) return release(options, cluster);
    if (key === undefined) return;
    keys.set(name, key);
    if (cluster.spec.admission === 'Approved' && !opened.has(name)) {
      await credentials.open(name);
      opened.add(name);
    }
    await follow(options, cluster, key);
  };
  return { reconcile, brokerCameBack: () => opened.clear() };
};

const revokeIfLive = async (credentials: Credentials, cluster: string, key: string): Promise<void> => {
  if (!credentials.isRevoked(key, cluster)) await credentials.revoke(cluster, key);
};

/** The Cluster may go only when its agent is cut off and what it was sent is gone. */
const release = async ({ env, client, credentials, bus, closeWork }: ClusterLoopOptions, cluster: Cluster): Promise<void> => {
  const { name, finalizers = [] } = cluster.metadata;
  if (!finalizers.includes(revokeFinalizer)) return;
  const key = cluster.status?.agent?.publicKey;
  if (key !== undefined) {
    await credentials.revoke(name, key);
    env.log.info('revoked the agent of a deleted cluster', { cluster: name });
  }
  const purged = await bus.forgetCluster(name);
  if (!purged.ok) throw new Error(purged.message);
  await closeWork(name);
  const withoutOurs = (current: Cluster): Cluster => ({
    ...current,
    metadata: { ...current.metadata, finalizers: (current.metadata.finalizers ?? []).filter((finalizer) => finalizer !== revokeFinalizer) },
  });
  await change<Cluster>(client, clusters, name, withoutOurs);
};

/** The condition Approved follows the admission; what was approved once and no longer is loses its credential first. */
const follow = async ({ env, client, credentials }: ClusterLoopOptions, cluster: Cluster, key: string): Promise<void> => {
  const { name } = cluster.metadata;
  const admission = cluster.spec.admission ?? 'Pending';
  const wanted = approvedCondition(name, admission);
  const held = clusterCondition(cluster, 'Approved');
  if (held?.reason === wanted.reason && held.status === wanted.status) return;
  if (admission !== 'Approved' && held?.status === 'True') {
    await credentials.revoke(name, key);
    env.log.info('revoked the agent of a cluster that is no longer approved', { cluster: name, admission });
  }
  const edit = (current: Cluster): Cluster | undefined => {
    if ((current.spec.admission ?? 'Pending') !== admission) return undefined;
    return { ...current, status: { ...current.status, conditions: withCondition(current.status?.conditions, wanted, env.nowMs()) } };
  };
  await change<Cluster>(client, clusters, name, edit, 'status');
};
