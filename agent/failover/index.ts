/** @module The agent's part in failover: who died, as the agents agree on it without the hub. */
export { partsOf } from './datagrams.ts';
export { type Failover, type FailoverOptions, startFailover, watchedBy } from './failover.ts';
export { keepFencePolicy } from './fence-policy.ts';
export { clusterMeshStore, fileMeshStore, type KeptMesh, type MeshStore } from './store.ts';
