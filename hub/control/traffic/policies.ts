/** @module Which TrafficPolicy a service is under, and what it says of each cluster. Pure. */
import {
  clusterLabels,
  compileSelector,
  hanseGroup,
  type TrafficPolicy,
  type TrafficPolicySpec,
  trafficDefaults,
} from '../../../shared/api/index.ts';
import { matchesLabels } from '../../../shared/kube/selectors/index.ts';
import { prefixOf } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { ClusterTerms } from '../../../shared/traffic/index.ts';
import type { TrafficDns } from '../../../shared/wire/index.ts';

/** Where the policies are. */
export const trafficPolicyPrefix = prefixOf(hanseGroup, 'trafficpolicies');

/**
 * The policy of a service: one that names it goes before one that selects it, then the oldest, then by name. `labels`: of its ServiceExport at
 * the hub.
 */
export const policyFor = (
  policies: readonly TrafficPolicy[],
  name: string,
  labels: Readonly<Record<string, string>>,
): TrafficPolicy | undefined => {
  const ranked = policies.flatMap((policy) => {
    const { services, serviceSelector } = policy.spec;
    if (services?.includes(name) === true) return [{ policy, rank: 0 }];
    return serviceSelector !== undefined && matchesLabels(compileSelector(serviceSelector), labels) ? [{ policy, rank: 1 }] : [];
  });
  ranked.sort(
    (a, b) =>
      a.rank - b.rank ||
      compareText(a.policy.metadata.creationTimestamp ?? '', b.policy.metadata.creationTimestamp ?? '') ||
      compareText(a.policy.metadata.name, b.policy.metadata.name),
  );
  return ranked[0]?.policy;
};

/** What a policy says of clusters, by their labels. */
export const termsOf = (
  spec: TrafficPolicySpec,
  labelsOf: (cluster: string) => Readonly<Record<string, string>>,
): ((cluster: string) => ClusterTerms) => {
  const tiers = (spec.tiers ?? []).map(({ clusterSelector }) => compileSelector(clusterSelector));
  const weights = spec.weights?.map(({ clusterSelector, weight }) => ({ selector: compileSelector(clusterSelector), weight }));
  return (cluster) => {
    const labels = { ...labelsOf(cluster), [clusterLabels.cluster]: cluster };
    const tier = tiers.findIndex((selector) => matchesLabels(selector, labels));
    const share = weights?.find(({ selector }) => matchesLabels(selector, labels))?.weight ?? 0;
    return { tier: tier < 0 ? tiers.length : tier, share: weights === undefined ? undefined : share };
  };
};

/** How names of the service are answered. `nameServers`: agents that serve names, with their addresses. */
export const dnsOf = (
  spec: TrafficPolicySpec,
  namespace: string,
  name: string,
  nameServers: TrafficDns['nameServers'],
): TrafficDns | undefined => {
  const { dns } = spec;
  if (dns === undefined) return undefined;
  return {
    zone: dns.zone,
    name: `${name}.${namespace}.${dns.zone}`,
    ttlSeconds: dns.ttlSeconds ?? trafficDefaults.dns.ttlSeconds,
    policy: dns.answers ?? trafficDefaults.dns.answers,
    nameServers,
    externalDns: dns.externalDNS ?? false,
  };
};
