/** @module Whether a workload runs in one cluster at a time. */
import { effectiveFailover, type FailoverPolicySpec } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Store } from '../../../shared/kube/storage/index.ts';
import type { CompiledPolicy } from '../../../shared/placement/index.ts';
import { storedPolicy } from '../verdict/membership-loop.ts';
import { tellsReady } from '../work/replicas.ts';

/** True for class `Singleton`: as the workload's policy says, else as the FailoverPolicy does. */
export const isSingletonClass = (policy: CompiledPolicy | undefined, failover: FailoverPolicySpec | undefined): boolean =>
  (policy?.failover.class ?? effectiveFailover(failover).replicas.class) === 'Singleton';

/** True for an object that is kept to one cluster at a time: only kinds that tell how many of them are ready can be. */
export const runsAlone = (store: Pick<Store, 'get'>, object: KubeObject, policy: CompiledPolicy | undefined): boolean =>
  tellsReady(object) && isSingletonClass(policy, storedPolicy(store)?.spec);
