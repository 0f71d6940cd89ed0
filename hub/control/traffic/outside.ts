/** @module Where the load balancers of exported services let a cluster be looked at from outside, from what agents report of each service. */
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { ServiceReport } from '../../../shared/wire/index.ts';
import type { ServiceKey } from './answers.ts';

/** So many of a cluster are looked at: every other cluster looks at each of them. */
const addressesMax = 2;

/**
 * TCP ports of the service's load balancer. A Gateway has ports of its own, and what clouds put in front of one takes connections for a cluster
 * that is dead.
 */
const reachedAt = (report: ServiceReport | undefined): readonly string[] => {
  if (report?.viaGateway === true || report === undefined || typeof report.service === 'string') return [];
  const ports = report.service.ports.filter(({ protocol }) => protocol === 'TCP');
  return report.addresses
    .flatMap((host) => ports.map(({ port }) => `tcp://${host.includes(':') ? `[${host}]` : host}:${port}`))
    .filter((url) => URL.canParse(url));
};

/** What is known of all clusters. */
export type OutsideAddresses = {
  /** Takes what a cluster reports of a service; true when the service is reached elsewhere than before. */
  readonly take: (cluster: string, service: ServiceKey, report: ServiceReport | undefined) => boolean;
  /** What of the cluster is to be looked at. */
  readonly of: (cluster: string) => readonly string[];
};

/** Nothing was reported yet. */
export const createOutsideAddresses = (): OutsideAddresses => {
  const known = new Map<string, Map<ServiceKey, readonly string[]>>();
  return {
    take: (cluster, service, report) => {
      const services = known.get(cluster) ?? new Map<ServiceKey, readonly string[]>();
      known.set(cluster, services);
      const urls = reachedAt(report);
      const isSame = (services.get(service) ?? []).join() === urls.join();
      if (urls.length === 0) services.delete(service);
      else services.set(service, urls);
      return !isSame;
    },
    of: (cluster) => [...new Set([...(known.get(cluster)?.values() ?? [])].flat())].sort(compareText).slice(0, addressesMax),
  };
};
