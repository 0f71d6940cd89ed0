/** @module The hub's loops as the simulator starts them. */
import type { FleetBus } from '../../hub/fleet/port.ts';
import type { Store } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/env.ts';

/** What the loops are given. */
export type HubParts = { readonly env: RuntimeEnv; readonly store: Store; readonly bus: FleetBus };

/** Loops that run. */
export type HubLoops = { readonly pending: () => number };

/** Starts them. */
export const startHubLoops = (parts: HubParts): HubLoops => {
  void parts;
  return { pending: () => 0 };
};
