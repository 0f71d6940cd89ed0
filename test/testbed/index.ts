/** @module The testbed: real Kubernetes parts built from one go.mod, and member clusters of them on loopback. */
export { type ApiAnswer, type ApiCall, type ApiRequest, apiClient } from './api.ts';
export { type Child, processIsAlive, startChild } from './child.ts';
export { type Member, type MemberOptions, startMember } from './member.ts';
export { type LinkConditions, type LinkCounts, type Network, type NetworkNode, networkLack, startNetwork } from './network.ts';
export { applyNodes, type NodeSpec, nodeObject, type Taint } from './nodes.ts';
export { apiControllers, type PartName, partNames } from './parts.ts';
export { freePorts } from './ports.ts';
export { ensureTestbed, kubernetesVersion, type Log, type Testbed, testbedCacheDir } from './tools.ts';
export { waitFor } from './wait.ts';
