/** @module Which terms of a policy match no cluster. */
import { expect, it } from 'vitest';
import type { Cluster } from '../../shared/api/cluster.ts';
import { idleTerms } from './idle-terms.ts';

const cluster = (name: string, labels: Record<string, string>, learnt?: Record<string, string>): Cluster => ({
  apiVersion: 'hanse.dev/v1alpha1',
  kind: 'Cluster',
  metadata: { name, labels },
  spec: {},
  ...(learnt === undefined ? {} : { status: { labels: learnt } }),
});
const of = (labels: Record<string, string>) => ({ matchLabels: labels });

it('names each tier, weight, bound, preference and override that matches no cluster, and none of which that is not certain', () => {
  const clusters = [cluster('eu', { 'hanse.dev/provider': 'aws' }), cluster('us', { 'hanse.dev/provider': 'gcp' })];
  const spec = {
    resourceSelectors: [],
    tiers: [
      { name: 'idc', clusterSelector: of({ 'hanse.dev/provider': 'onprem' }) },
      { name: 'cloud', clusterSelector: of({ 'hanse.dev/provider': 'aws' }) },
      { name: 'here', clusterSelector: of({ 'hanse.dev/cluster': 'us' }) },
      // An agent may have found out the region though the Cluster does not say it.
      { name: 'near', clusterSelector: of({ 'topology.kubernetes.io/region': 'eu-west' }) },
      { name: 'rest' },
    ],
    replicaScheduling: { strategy: 'Weighted' as const, weights: [{ weight: 1 }, { clusterSelector: of({ size: 'large' }), weight: 2 }] },
    preferredClusters: [{ clusterSelector: of({ size: 'small' }), weight: 1 }],
    overrides: [{ clusterSelector: of({ 'hanse.dev/provider': 'azure' }) }],
  };
  expect(idleTerms(spec, clusters)).toEqual([
    'tier idc matches no cluster (hanse.dev/provider is aws, gcp)',
    'replicaScheduling.weights[1] matches no cluster (no cluster has size)',
    'preferredClusters[0] matches no cluster (no cluster has size)',
    'overrides[0] matches no cluster (hanse.dev/provider is aws, gcp)',
  ]);
  expect(idleTerms(spec, [])).toHaveLength(7);
});

it('goes by the labels that an agent has told it learnt, below those of the operator', () => {
  const region = 'topology.kubernetes.io/region';
  const clusters = [cluster('eu', {}, { [region]: 'eu-west' }), cluster('us', { [region]: 'us-east' }, { [region]: 'us' })];
  const tier = (value: string) => ({ name: value, clusterSelector: of({ [region]: value }) });
  expect(idleTerms({ resourceSelectors: [], tiers: [tier('eu-west'), tier('us-east'), tier('us')] }, clusters)).toEqual([
    'tier us matches no cluster (topology.kubernetes.io/region is eu-west, us-east)',
  ]);
});

it('is silent of weights that the strategy does not use', () => {
  const weights = [{ clusterSelector: of({ size: 'large' }), weight: 2 }];
  expect(idleTerms({ resourceSelectors: [], replicaScheduling: { strategy: 'Capacity', weights } }, [cluster('eu', {})])).toEqual([]);
});
