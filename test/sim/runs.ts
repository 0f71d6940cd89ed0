/** @module What runs of the product in a simulation, each in a process of its own that may die. */
import type { Agent } from '../../agent/agent.ts';
import type { Leases } from '../../shared/health/index.ts';
import type { OpenStore } from '../../shared/kube/storage/index.ts';
import type { startHubLoops } from './hub-loops.ts';
import type { HubApi } from './model/hub-api.ts';
import type { NameServer } from './model/name-server.ts';
import type { Process } from './process.ts';

/** A hub that runs; undefined parts are still starting. */
export type HubRun = {
  readonly process: Process;
  store: OpenStore | undefined;
  api: HubApi | undefined;
  loops: ReturnType<typeof startHubLoops> | undefined;
};

/** An agent that runs. */
export type AgentRun = {
  readonly process: Process;
  readonly agent: Agent;
  readonly leases: Leases | undefined;
  readonly names: NameServer | undefined;
};
