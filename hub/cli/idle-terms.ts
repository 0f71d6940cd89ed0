/** @module Terms of a policy that match no cluster: most often a label that is written otherwise. Pure. */
import { type Cluster, clusterLabels, compileSelector, labelsOfCluster, type PolicySpec } from '../../shared/api/index.ts';
import type { LabelSelectorObject } from '../../shared/kube/selectors/index.ts';
import { matchesLabels } from '../../shared/kube/selectors/index.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { listed } from '../../shared/lib/listed.ts';

type Term = { readonly name: string; readonly clusterSelector?: LabelSelectorObject | undefined };

const termsOf = ({ tiers = [], replicaScheduling = {}, preferredClusters = [], overrides = [] }: PolicySpec): readonly Term[] => {
  const numbered = (field: string, rules: readonly { readonly clusterSelector?: LabelSelectorObject }[]): Term[] =>
    rules.map(({ clusterSelector }, at) => ({ name: `${field}[${at}]`, clusterSelector }));
  return [
    ...tiers.map(({ name, clusterSelector }) => ({ name: `tier ${name}`, clusterSelector })),
    // Those that the strategy does not use are told as unused when the policy is applied.
    ...(replicaScheduling.strategy === 'Weighted' ? numbered('replicaScheduling.weights', replicaScheduling.weights ?? []) : []),
    ...numbered('replicaScheduling.bounds', replicaScheduling.bounds ?? []),
    ...numbered('preferredClusters', preferredClusters),
    ...numbered('overrides', overrides),
  ];
};

/** Labels that an agent finds out; before it has told them nobody knows. */
const learnt: readonly string[] = [clusterLabels.provider, clusterLabels.region, clusterLabels.zone];

const keysOf = ({ matchLabels = {}, matchExpressions = [] }: LabelSelectorObject): readonly string[] => [
  ...Object.keys(matchLabels),
  ...matchExpressions.map(({ key }) => key),
];

const mayMatch = (selector: LabelSelectorObject, cluster: Cluster): boolean => {
  const labels = labelsOfCluster(cluster);
  const isUntold = (key: string): boolean => cluster.status?.labels === undefined && learnt.includes(key) && labels[key] === undefined;
  return keysOf(selector).some(isUntold) || matchesLabels(compileSelector(selector), labels);
};

/** Values of one label that are named. */
const valuesMax = 8;

/** `(hanse.dev/provider is aws, gcp)`: what the clusters have of the labels that are asked for. */
const valuesText = (selector: LabelSelectorObject, clusters: readonly Cluster[]): string => {
  const found = [...new Set(keysOf(selector))].map((key) => {
    const values = new Set(clusters.flatMap((cluster) => labelsOfCluster(cluster)[key] ?? []));
    return values.size === 0 ? `no cluster has ${key}` : `${key} is ${listed([...values].sort(compareText), valuesMax)}`;
  });
  return found.length === 0 || clusters.length === 0 ? '' : ` (${found.join('; ')})`;
};

/** `tier idc matches no cluster`, with what there is, for each term of which that is certain. */
export const idleTerms = (spec: PolicySpec, clusters: readonly Cluster[]): string[] =>
  termsOf(spec).flatMap(({ name, clusterSelector }) =>
    clusterSelector === undefined || clusters.some((cluster) => mayMatch(clusterSelector, cluster))
      ? []
      : [`${name} matches no cluster${valuesText(clusterSelector, clusters)}`],
  );
