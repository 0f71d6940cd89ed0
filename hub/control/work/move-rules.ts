/** @module How moves go where the policy of a workload does not say: by the FailoverPolicy, and by what is known of the clusters. */
import { effectiveFailover, type FailoverPolicySpec } from '../../../shared/api/index.ts';
import type { Directory } from '../cluster/directory.ts';
import type { EventRecorder } from '../events.ts';
import { isSingletonClass } from '../placement/singleton.ts';
import { budgetOf } from './drain.ts';
import type { Moves } from './moving.ts';

/** The rules as they are at each moment. */
export const moveRules = (options: {
  readonly failover: () => FailoverPolicySpec;
  readonly directory: Pick<Directory, 'get'>;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly isFenced: Moves['isFenced'];
}): Moves => {
  const { failover, directory, events, isFenced } = options;
  return {
    isSingleton: (policy) => isSingletonClass(policy, failover()),
    surplusMs: () => effectiveFailover(failover()).replicas.surplusSeconds * 1_000,
    onWait: (object, clusters) => {
      const message = `it begins in its new cluster when it has stopped in ${clusters.join(', ')}; a cluster that is not heard is waited for until the votes of the others have fenced it, or somebody deletes its Cluster`;
      events.record(object, { type: 'Normal', reason: 'SingletonWaits', message });
    },
    isFenced,
    fenceOf: (name) => directory.get(name)?.object?.status?.fence ?? 0,
    drainBudgetOf: (name, replicas) => {
      const drain = directory.get(name)?.object?.spec?.drain;
      return drain === undefined ? undefined : budgetOf(drain, replicas);
    },
  };
};
