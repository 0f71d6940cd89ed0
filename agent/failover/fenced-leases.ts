/** @module The leases of singletons; with the first singleton the member is taught to refuse stale writes by itself. */
import type { Leases } from '../../shared/health/index.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { installFencePolicy } from './fence-policy.ts';

/** Leases as those who run singletons have them. */
export type FencedLeases = Pick<Leases, 'setNeeded' | 'lease' | 'onLease'> & {
  /** Ends what is still tried of the teaching; what the member has learnt stays. */
  readonly stop: () => void;
};

/** Leases that nobody needed yet. */
export const fencedLeases = (leases: Leases, client: KubeClient, env: RuntimeEnv): FencedLeases => {
  let endFence: (() => void) | undefined;
  return {
    setNeeded: (isNeeded) => {
      if (isNeeded) endFence ??= installFencePolicy(client, env);
      leases.setNeeded(isNeeded);
    },
    lease: leases.lease,
    onLease: leases.onLease,
    stop: () => endFence?.(),
  };
};
