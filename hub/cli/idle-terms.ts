/** @module Terms of a policy that match no cluster: most often a label that is written otherwise. Pure. */
import { type Cluster, clusterLabels, compileSelector, type PolicySpec } from '../../shared/api/index.ts';
import type { LabelSelectorObject } from '../../shared/kube/selectors/index.ts';
import { matchesLabels } from '../../shared/kube/selectors/index.ts';

type Term = { readonly name: string; readonly clusterSelector?: LabelSelectorObject | undefined };

const termsOf = ({ tiers = [], replicaScheduling = {}, preferredClusters = [], overrides = [] }: PolicySpec): readonly Term[] => {
  const numbered = (field: string, rules: readonly { readonly clusterSelector?: LabelSelectorObject }[]): Term[] =>
    rules.map(({ clusterSelector }, at) => ({ name: `${field}[${at}]`, clusterSelector }));
  return [
    ...tiers.map(({ name, clusterSelector }) => ({ name: `tier ${name}`, clusterSelector })),
    ...numbered('replicaScheduling.weights', replicaScheduling.weights ?? []),
    ...numbered('replicaScheduling.bounds', replicaScheduling.bounds ?? []),
    ...numbered('preferredClusters', preferredClusters),
    ...numbered('overrides', overrides),
  ];
};

/** Labels that an agent may have found out although the Cluster does not have them. */
const learnt: readonly string[] = [clusterLabels.provider, clusterLabels.region, clusterLabels.zone];

const labelsOf = ({ metadata }: Cluster): Readonly<Record<string, string>> => ({
  ...metadata.labels,
  [clusterLabels.cluster]: metadata.name,
});

const mayMatch = (selector: LabelSelectorObject, cluster: Cluster): boolean => {
  const labels = labelsOf(cluster);
  const keys = [...Object.keys(selector.matchLabels ?? {}), ...(selector.matchExpressions ?? []).map(({ key }) => key)];
  return keys.some((key) => learnt.includes(key) && labels[key] === undefined) || matchesLabels(compileSelector(selector), labels);
};

/** `tier idc matches no cluster`, for each term of which that is certain. */
export const idleTerms = (spec: PolicySpec, clusters: readonly Cluster[]): string[] =>
  termsOf(spec).flatMap(({ name, clusterSelector }) =>
    clusterSelector === undefined || clusters.some((cluster) => mayMatch(clusterSelector, cluster)) ? [] : [`${name} matches no cluster`],
  );
