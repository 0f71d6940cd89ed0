/** @module Provider, region and zone of a cluster, as the clouds' own controllers wrote them on its nodes. */

/** What is read of a node. `providerId` is `spec.providerID`, such as `aws:///eu-west-1a/i-0123`. */
export type LabelledNode = { readonly labels: Readonly<Record<string, string>>; readonly providerId: string };

/** The clouds' own names for themselves and the usual ones. */
const providerNames: Readonly<Record<string, string>> = { gce: 'gcp', qcloud: 'tencent', huaweicloud: 'huawei' };

const providerOf = (providerId: string): string | undefined => {
  const prefix = /^([a-z0-9][a-z0-9.-]*):\/\//.exec(providerId)?.[1];
  return prefix === undefined ? undefined : (providerNames[prefix] ?? prefix);
};

const agreed = (values: readonly (string | undefined)[]): string | undefined => {
  const [first] = values;
  return first !== undefined && first !== '' && values.every((value) => value === first) ? first : undefined;
};

/** Labels for the cluster; what not all nodes agree on is left out. */
export const learntLabels = (nodes: readonly LabelledNode[]): Readonly<Record<string, string>> => {
  const learnt: Record<string, string> = {};
  const provider = agreed(nodes.map(({ providerId }) => providerOf(providerId)));
  if (provider !== undefined) learnt['hanse.dev/provider'] = provider;
  for (const key of ['topology.kubernetes.io/region', 'topology.kubernetes.io/zone']) {
    const value = agreed(nodes.map(({ labels }) => labels[key]));
    if (value !== undefined) learnt[key] = value;
  }
  return learnt;
};
