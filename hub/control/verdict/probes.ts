/**
 * @module Where the others look at a cluster from outside: what its operator wrote, and what its agent tells of its API server, or where
 * nothing else is known of the load balancers of exported services. Pure.
 */
import type { Cluster } from '../../../shared/api/index.ts';
import type { ProbeAddress } from '../../../shared/wire/mesh.ts';

const isLoopback = (url: string): boolean => {
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
};

/**
 * An answer says that the cluster lives; no answer of one that beats says nothing, for the load balancer of a service without ready pods
 * answers nobody either. Only a gateway that the operator names can be found dead by itself.
 */
const sign = (url: string): ProbeAddress => ({ role: 'APIServer', url });

/**
 * What is written, and the API server, which a gateway is no substitute for: where agent and gateway die together it alone shows that the
 * cluster lives. An operator who names an API server knows better how it is reached; who writes an empty list wants no looks, and no verdict
 * by them. A load balancer is the cloud's, and may outlive the cluster: it counts where nothing else is known.
 */
const probesOf = ({ spec, status }: Cluster, isUsable: (url: string) => boolean): readonly ProbeAddress[] => {
  const { apiServer, services = [] } = status?.addresses ?? {};
  const api = apiServer !== undefined && isUsable(apiServer) ? [sign(`${apiServer}/readyz`)] : [];
  const { probes } = spec;
  if (probes === undefined) return apiServer === undefined ? services.filter(isUsable).map(sign) : api;
  const isWhole = probes.length === 0 || probes.some(({ role, url }) => role === 'APIServer' || url === api[0]?.url);
  return isWhole ? probes : [...probes, ...api];
};

/**
 * The probes of each of these clusters, by name. Of what agents tell an address counts that others can have: loopback only where no API
 * server is anywhere else, and all run on one machine; none that is told twice, as private networks have the same ones and the answer may be another's.
 */
export const probesIn = (clusters: readonly Cluster[]): ReadonlyMap<string, readonly ProbeAddress[]> => {
  const told = clusters.flatMap(({ status }) => status?.addresses?.apiServer ?? status?.addresses?.services ?? []);
  const isOneMachine = clusters.every(({ status }) => isLoopback(status?.addresses?.apiServer ?? 'tcp://localhost'));
  const times = new Map<string, number>();
  for (const url of told) times.set(url, (times.get(url) ?? 0) + 1);
  const isUsable = (url: string): boolean => times.get(url) === 1 && (isOneMachine || !isLoopback(url));
  return new Map(clusters.map((cluster) => [cluster.metadata.name, probesOf(cluster, isUsable)]));
};
