/** @module What checkers and clients may see of the world: who runs, who serves, and who could reach whom. */
import type { Membership } from '../../shared/wire/mesh.ts';
import type { ClientSight } from './check/client-check.ts';
import type { MeshSight } from './check/mesh-check.ts';
import type { SingletonSight } from './check/singleton-check.ts';
import type { ClientWorld } from './clients.ts';
import { type Faults, withdrawMsMax } from './faults.ts';
import { failoverSpec } from './founding.ts';
import type { Member } from './model/member-api.ts';
import { types } from './model/member-runtime.ts';
import type { Mesh } from './model/mesh.ts';
import { clusterOf, endpointsIn, importedIn } from './model/web.ts';
import type { AgentRun } from './runs.ts';
import { startMs, type World } from './world.ts';

/** What is looked at. */
export type Scene = {
  readonly world: World;
  readonly mesh: Mesh;
  readonly members: ReadonlyMap<string, Member>;
  readonly agents: ReadonlyMap<string, AgentRun>;
  /** The membership that the hub gave last. */
  readonly hubMembership: () => Membership | undefined;
  readonly faults: () => Faults;
};

/** Both ways are open. */
const isOpen = ({ world, mesh: { network } }: Scene, from: string, to: string): boolean => {
  const atMs = world.nowMs() - startMs;
  return network.isOpen(from, to, atMs) && network.isOpen(to, from, atMs);
};

const hasGateway = ({ mesh }: Scene, cluster: string): boolean => mesh.gateways.get(cluster) !== 'gone';

const reaches = (scene: Scene, from: string, to: string): boolean => from === to || (hasGateway(scene, to) && isOpen(scene, from, to));

const endpointsOf = ({ members }: Scene, cluster: string): readonly string[] => {
  const store = members.get(cluster)?.store;
  return store === undefined ? [] : endpointsIn(store);
};

const isAwake = ({ agents }: Scene, cluster: string): boolean => agents.get(cluster)?.process.isAwake() === true;
const isStarved = ({ agents }: Scene, cluster: string): boolean => agents.get(cluster)?.process.isStarved() === true;

/** For the checker of singletons. */
export const singletonSightOf = (scene: Scene): SingletonSight => ({
  serves: (cluster, seq) => {
    const run = scene.agents.get(cluster);
    if (run === undefined || !run.process.isAwake() || scene.members.get(cluster)?.apiUp !== true) return false;
    const lease = run.leases?.lease();
    return run.leases === undefined || (lease?.isHeld === true && seq > lease.fence);
  },
  isThere: (cluster, kind, name) =>
    kind !== 'Deployment' || scene.members.get(cluster)?.store.get(types.deployments, 'shop', name) !== undefined,
});

/** For the checker of the mesh. */
export const meshSightOf = (scene: Scene): MeshSight => ({
  clusters: [...scene.members.keys()],
  limit: failoverSpec.limits,
  bearsLoad: (by, cluster) => {
    const membership = by === 'hub' ? scene.hubMembership() : scene.mesh.membershipOf(by);
    return membership?.members.some((member) => member.name === cluster && member.capacity > 0) === true;
  },
  // What answers once in a while only is no false alarm, whoever is to blame.
  isUp: (cluster) => hasGateway(scene, cluster) && !isStarved(scene, cluster),
  isAwake: (cluster) => isAwake(scene, cluster),
  isGone: (cluster) => !hasGateway(scene, cluster) && !scene.agents.has(cluster),
  isOpen: (from, to) => !scene.mesh.liars.has(from) && isOpen(scene, from, to),
});

/** For the checker of clients. */
export const clientSightOf = (scene: Scene): ClientSight => ({
  clusters: [...scene.members.keys()],
  serves: (cluster) => endpointsOf(scene, cluster).length > 0,
  reaches: (from, to) => reaches(scene, from, to),
  isAble: (cluster) => isAwake(scene, cluster) && scene.members.get(cluster)?.apiUp === true,
  isQuick: (cluster) => !isStarved(scene, cluster),
  boundMs: withdrawMsMax(scene.faults()),
});

/** What clients can do. */
export const clientWorldOf = (scene: Scene): ClientWorld => ({
  clusters: [...scene.members.keys()],
  endpoints: (cluster) => {
    const store = scene.members.get(cluster)?.store;
    return store === undefined ? undefined : importedIn(store);
  },
  ask: (from, server, name) => (reaches(scene, from, server) ? scene.agents.get(server)?.names?.ask(name) : undefined),
  answers: (from, address) => {
    const to = clusterOf(address);
    const own = endpointsOf(scene, to);
    if (address.startsWith('10.')) return own.includes(address) && reaches(scene, from, to);
    return own.length > 0 && hasGateway(scene, to) && reaches(scene, from, to);
  },
  isThere: (cluster) => hasGateway(scene, cluster) || scene.members.get(cluster)?.apiUp === true || scene.agents.has(cluster),
});
