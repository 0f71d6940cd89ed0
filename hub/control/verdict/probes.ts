/**
 * @module Where the others look at a cluster from outside: what its operator wrote; where that is absent, what its agent tells of its API
 * server, or of the load balancers of exported services. Pure.
 */
import type { Cluster } from '../../../shared/api/index.ts';
import type { ProbeAddress } from '../../../shared/wire/mesh.ts';

const isLoopback = (url: string): boolean => {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
};

/** A load balancer is the cloud's, and may outlive the cluster: it counts where the agent tells no API server. */
const toldBy = ({ status }: Cluster): readonly string[] => {
  const { apiServer, services = [] } = status?.addresses ?? {};
  return apiServer === undefined ? services : [apiServer];
};

/**
 * An answer says that the cluster lives; no answer of one that beats says nothing, for the load balancer of a service without ready pods
 * answers nobody either. Only a gateway that the operator names can be found dead by itself.
 */
const probeOf = (url: string): ProbeAddress => ({ role: 'APIServer', url });

/**
 * The probes of each of these clusters, by name. Of what agents tell an address counts that others can have: loopback only where no API
 * server is anywhere else, and all run on one machine; none that is told twice, as private networks have the same ones and the answer may be another's.
 */
export const probesIn = (clusters: readonly Cluster[]): ReadonlyMap<string, readonly ProbeAddress[]> => {
  const told = clusters.flatMap(toldBy);
  const isOneMachine = clusters.every(({ status }) => isLoopback(status?.addresses?.apiServer ?? 'tcp://localhost'));
  const times = new Map<string, number>();
  for (const url of told) times.set(url, (times.get(url) ?? 0) + 1);
  const isUsable = (url: string): boolean => times.get(url) === 1 && (isOneMachine || !isLoopback(url));
  return new Map(clusters.map((cluster) => [cluster.metadata.name, cluster.spec.probes ?? toldBy(cluster).filter(isUsable).map(probeOf)]));
};
