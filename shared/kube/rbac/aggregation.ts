/** @module Aggregated ClusterRoles: their rules are those of all ClusterRoles that their selectors choose (kubernetes `clusterroleaggregation`). */
import { sameJson } from '../../lib/same-json.ts';
import type { KubeObject } from '../object.ts';
import { type LabelSelector, type LabelSelectorObject, matchesLabels, selectorFromObject } from '../selectors/index.ts';

type AggregatedRole = KubeObject & {
  readonly aggregationRule?: { readonly clusterRoleSelectors?: readonly LabelSelectorObject[] };
  readonly rules?: readonly unknown[];
};

const selectorsOf = (role: KubeObject): LabelSelector[] | undefined => {
  const rule = (role as AggregatedRole).aggregationRule;
  if (rule === undefined || rule === null) return undefined;
  return (rule.clusterRoleSelectors ?? []).flatMap((object) => {
    const parsed = selectorFromObject(object);
    return parsed.ok ? [parsed.value] : [];
  });
};

const byName = (a: KubeObject, b: KubeObject): number =>
  a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0;

/**
 * The role as it should be: with the rules of all other `roles` that one of its selectors chooses, in the order of their names and each
 * rule once. The same object when nothing changes or when it does not aggregate.
 */
export const aggregated = (role: KubeObject, roles: readonly KubeObject[]): KubeObject => {
  const selectors = selectorsOf(role);
  if (selectors === undefined) return role;
  const chosen = roles
    .filter((other) => other.metadata.name !== role.metadata.name)
    .filter((other) => selectors.some((selector) => matchesLabels(selector, other.metadata.labels)))
    .sort(byName);
  const rules: unknown[] = [];
  for (const rule of chosen.flatMap((other) => (other as AggregatedRole).rules ?? [])) {
    if (!rules.some((known) => sameJson(known, rule))) rules.push(rule);
  }
  return sameJson(rules, (role as AggregatedRole).rules ?? []) ? role : { ...role, rules };
};
