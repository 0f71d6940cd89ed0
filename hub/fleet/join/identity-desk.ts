/** @module Hears which member each agent answers for, and sees to it that no member counts twice. */
import type { Cluster } from '../../../shared/api/cluster.ts';
import { clusters } from '../../../shared/api/cluster.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import { withCondition } from '../../../shared/kube/condition.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { makeKeyedQueue } from '../../../shared/wire/keyed-queue.ts';
import type { FleetBus, TellEvent } from '../port.ts';
import type { Credentials } from './credentials.ts';
import { clusterTakenText } from './decide.ts';
import { decideIdentity, type IdentityDecision } from './identity.ts';
import type { MemberHolders } from './member-holders.ts';
import { change, getCluster } from './objects.ts';

export type IdentityDeskOptions = {
  readonly env: RuntimeEnv;
  readonly client: KubeClient;
  readonly store: Store;
  readonly bus: Pick<FleetBus, 'onHello'>;
  readonly credentials: Pick<Credentials, 'revoke'>;
  readonly holders: MemberHolders;
  readonly tell: TellEvent;
};

const writesAtOnceMax = 4;
const namesMax = 100_000;

/** Listens to hellos until it is stopped. */
export const startIdentityDesk = (options: IdentityDeskOptions): (() => void) => {
  const { env, store, bus, holders } = options;
  const decide = (cluster: Cluster, clusterUID: string | undefined): IdentityDecision => {
    const holder = clusterUID === undefined ? undefined : holders.holder(clusterUID, cluster.metadata.name);
    return decideIdentity({ cluster, clusterUID, holder, nowMs: env.nowMs() });
  };
  const queue = makeKeyedQueue<{ readonly clusterUID: string | undefined }>({
    env,
    inFlightMax: writesAtOnceMax,
    keysMax: namesMax,
    send: async (name, { clusterUID }) => {
      const cluster = await getCluster(options.client, name);
      const decision = cluster === undefined ? undefined : decide(cluster, clusterUID);
      if (cluster === undefined || decision === undefined || decision.do === 'nothing') return;
      if (decision.do === 'cutOff') return cutOff(options, cluster, decision);
      const edit = (current: Cluster): Cluster | undefined => {
        const now = decide(current, clusterUID);
        return now.do === 'write' ? { ...current, status: now.status } : undefined;
      };
      await change<Cluster>(options.client, clusters, name, edit, 'status');
      if (decision.changedFrom === undefined) return;
      const message = `another cluster answers: the UID of kube-system was ${decision.changedFrom} and is ${clusterUID}`;
      env.log.warn('the agent of a cluster answers for another member than before', {
        cluster: name,
        before: decision.changedFrom,
        clusterUID,
      });
      options.tell(cluster as unknown as KubeObject, { type: 'Warning', reason: 'IdentityChanged', message });
    },
    onRetry: (name, attempt, error) =>
      env.log.warn('what an agent says of its member could not be noted and is tried again', {
        cluster: name,
        attempt,
        error: String(error),
      }),
  });
  const stopHellos = bus.onHello(({ message: { cluster: name, clusterUID } }) => {
    const stored = store.get(keyOf(clusters.group, clusters.resource, '', name))?.object as unknown as Cluster | undefined;
    if (stored !== undefined && decide(stored, clusterUID).do !== 'nothing') void queue.put(name, { clusterUID });
  });
  return () => {
    stopHellos();
    queue.stop();
  };
};

/** The agent loses its credential and is told why when it asks for another; the Cluster says it too. */
const cutOff = async (
  { env, client, credentials, holders, tell }: IdentityDeskOptions,
  cluster: Cluster,
  { holder, clusterUID }: Extract<IdentityDecision, { do: 'cutOff' }>,
): Promise<void> => {
  const { name } = cluster.metadata;
  const key = cluster.status?.agent?.publicKey;
  if (key === undefined) return;
  const message = clusterTakenText(holder, name);
  const finding = { type: 'JoinRefused', status: 'True', reason: 'ClusterTaken', message } as const;
  const edit = (current: Cluster): Cluster => ({
    ...current,
    status: { ...current.status, conditions: withCondition(current.status?.conditions, finding, env.nowMs()) },
  });
  await change<Cluster>(client, clusters, name, edit, 'status');
  holders.refused(name, clusterUID);
  await credentials.revoke(name, key);
  env.log.warn('cut off the agent of a member that is joined under another name already', { cluster: name, holder });
  tell(cluster as unknown as KubeObject, { type: 'Warning', reason: 'ClusterTaken', message });
};
