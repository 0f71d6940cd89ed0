/** @module The hub's loops as the simulator starts them: the shipped wiring, over the kinds that every hub serves. */
import { type Control, type ControlOptions, startControl } from '../../hub/control/control.ts';
import type { Solver } from '../../hub/control/rebalance/solver.ts';
import type { FleetBus } from '../../hub/fleet/port.ts';
import { hanseTypes } from '../../shared/api/index.ts';
import { builtinTypes } from '../../shared/kube/builtin/index.ts';
import { createRegistry } from '../../shared/kube/server/registry.ts';
import type { Store } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/env.ts';

/** What the loops are given. */
export type HubParts = { readonly env: RuntimeEnv; readonly store: Store; readonly bus: FleetBus } & Pick<ControlOptions, 'mesh'>;

const catalog = createRegistry([...builtinTypes(), ...hanseTypes()]);

/** A solver whose time always runs out, as the real one's may: rounds go on without a bound, and nothing waits for a thread. */
const outOfTime: Solver = { solve: async () => undefined, stop: async () => undefined };

/** Starts them. */
export const startHubLoops = (parts: HubParts): Control => startControl({ ...parts, catalog, solver: outOfTime });
