/** @module RBAC's arithmetic: what one rule allows, and which rights of a role another set of rules does not hold. */
import type { Attributes } from '../server/options.ts';

/** rbac.authorization.k8s.io/v1 PolicyRule. */
export type PolicyRule = {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  /** `deployments`, `deployments/scale`, `*`, or `*` followed by a slash and a subresource. */
  readonly resources?: readonly string[];
  /** Empty or absent = every name. */
  readonly resourceNames?: readonly string[];
  /** Paths; a trailing `*` covers all below. */
  readonly nonResourceURLs?: readonly string[];
};

/** True when the rule allows what a request wants. */
export const allows = (
  rule: PolicyRule,
  { verb, isResource, path, group, resource, subresource, name }: Omit<Attributes, 'user'>,
): boolean => {
  if (!hasOrAll(rule.verbs, verb)) return false;
  if (!isResource) return (rule.nonResourceURLs ?? []).some((pattern) => coversPath(pattern, path));
  const target = subresource === '' ? resource : `${resource}/${subresource}`;
  const names = rule.resourceNames ?? [];
  return (
    hasOrAll(rule.apiGroups ?? [], group) &&
    (rule.resources ?? []).some((held) => coversResource(held, target)) &&
    (names.length === 0 || names.includes(name))
  );
};

/**
 * The rights of `wanted` that `held` does not cover, put together again by group and resource. Each right must be covered by one rule:
 * rights are taken apart as k8s.io/component-helpers `auth/rbac/validation` does.
 */
export const uncoveredRules = (held: readonly PolicyRule[], wanted: readonly PolicyRule[]): readonly PolicyRule[] =>
  compacted(wanted.flatMap(rightsOf).filter((right) => !held.some((rule) => covers(rule, right))));

/** As Kubernetes prints a rule in a refusal: `{APIGroups:[""], Resources:["secrets"], Verbs:["delete"]}`. */
export const ruleText = ({ verbs, apiGroups, resources, resourceNames, nonResourceURLs }: PolicyRule): string => {
  const fields: readonly [string, readonly string[] | undefined][] = [
    ['APIGroups', apiGroups],
    ['Resources', resources],
    ['NonResourceURLs', nonResourceURLs],
    ['ResourceNames', resourceNames],
    ['Verbs', verbs],
  ];
  const parts = fields.flatMap(([name, values = []]) =>
    values.length === 0 ? [] : [`${name}:[${values.map((value) => JSON.stringify(value)).join(' ')}]`],
  );
  return `{${parts.join(', ')}}`;
};

const hasOrAll = (values: readonly string[], value: string): boolean => values.includes('*') || values.includes(value);

const coversPath = (pattern: string, path: string): boolean =>
  pattern === '*' || pattern === path || (pattern.endsWith('*') && path.startsWith(pattern.slice(0, -1)));

const coversResource = (held: string, target: string): boolean => {
  if (held === '*' || held === target) return true;
  const slash = target.indexOf('/');
  return slash >= 0 && held === `*${target.slice(slash)}`;
};

/** One right: at most one group, one resource, one name or path, and one verb. */
const rightsOf = ({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule): PolicyRule[] => {
  const onResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) => {
        const right = { apiGroups: [group], resources: [resource], verbs: [verb] };
        return resourceNames.length === 0 ? [right] : resourceNames.map((name) => ({ ...right, resourceNames: [name] }));
      }),
    ),
  );
  return [...onResources, ...nonResourceURLs.flatMap((path) => verbs.map((verb) => ({ nonResourceURLs: [path], verbs: [verb] })))];
};

const covers = (rule: PolicyRule, right: PolicyRule): boolean => {
  const [verb = ''] = right.verbs;
  if (!hasOrAll(rule.verbs, verb)) return false;
  const [path] = right.nonResourceURLs ?? [];
  if (path !== undefined) return (rule.nonResourceURLs ?? []).some((pattern) => coversPath(pattern, path));
  const [group = '', resource = ''] = [right.apiGroups?.[0], right.resources?.[0]];
  const [name] = right.resourceNames ?? [];
  const names = rule.resourceNames ?? [];
  return (
    hasOrAll(rule.apiGroups ?? [], group) &&
    (rule.resources ?? []).some((held) => coversResource(held, resource)) &&
    (names.length === 0 || (name !== undefined && names.includes(name)))
  );
};

/** Rights on the same thing become one rule with all their verbs, in the order they came. */
const compacted = (rights: readonly PolicyRule[]): readonly PolicyRule[] => {
  const byThing = Map.groupBy(rights, ({ verbs: _, ...thing }) => JSON.stringify(thing));
  return [...byThing.values()].flatMap((same) => {
    const [first] = same;
    return first === undefined ? [] : [{ ...first, verbs: [...new Set(same.flatMap(({ verbs }) => verbs))] }];
  });
};
