/**
 * @module Which policy holds for an object: a namespaced one before a cluster-scoped one, then the higher priority, then a selector by
 * name before one by labels before one for the whole kind, then the first by name (facts `karmada.md` §1.3).
 */
import { matchesLabels } from '../kube/selectors/index.ts';
import type { CompiledPolicy, CompiledResource } from './compiled-policy.ts';

/** Joined policies kept for each policy; beyond it they are made anew. */
const joinedMax = 64;

/** What a policy is matched against. */
export type Selected = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
};

/** How closely a selector names the object: 3 by name, 2 by labels, 1 by kind, 0 not at all. */
const closeness = (selector: CompiledResource, object: Selected): number => {
  if (selector.kind !== object.kind || selector.apiVersion !== object.apiVersion) return 0;
  if (selector.namespace !== undefined && selector.namespace !== object.namespace) return 0;
  if (selector.name !== undefined) return selector.name === object.name ? 3 : 0;
  if (selector.labels === undefined) return 1;
  return matchesLabels(selector.labels, object.labels) ? 2 : 0;
};

const closest = (policy: CompiledPolicy, object: Selected): number =>
  policy.resources.reduce((best, selector) => Math.max(best, closeness(selector, object)), 0);

const winnerOf = (policies: readonly CompiledPolicy[], object: Selected): CompiledPolicy | undefined => {
  let best: CompiledPolicy | undefined;
  let bestCloseness = 0;
  for (const policy of policies) {
    if (policy.namespace !== '' && policy.namespace !== object.namespace) continue;
    const close = closest(policy, object);
    if (close === 0) continue;
    if (best === undefined || goesBefore(policy, close, best, bestCloseness)) {
      best = policy;
      bestCloseness = close;
    }
  }
  return best;
};

/** Policies joined with residencies from above, by those residencies: the same parts give the same policy again. */
const joined = new WeakMap<CompiledPolicy, Map<string, CompiledPolicy>>();

/** The policy bound by the residencies of those that rank above it. */
const boundBy = (policy: CompiledPolicy, above: readonly CompiledPolicy[]): CompiledPolicy => {
  const residencies = above.flatMap((other) => other.residencies);
  if (residencies.length === 0) return policy;
  const known = joined.get(policy) ?? new Map<string, CompiledPolicy>();
  joined.set(policy, known);
  const key = JSON.stringify(residencies);
  const made = known.get(key) ?? { ...policy, residencies: [...policy.residencies, ...residencies] };
  if (known.size >= joinedMax) known.clear();
  known.set(key, made);
  return made;
};

/**
 * The policy that holds for the object; undefined when none matches. The order of `policies` does not matter.
 * A ClusterPlacementPolicy that matches too ranks above a PlacementPolicy as to residency: where data may be is not for a namespace to widen.
 */
export const policyFor = (policies: readonly CompiledPolicy[], object: Selected): CompiledPolicy | undefined => {
  const winner = winnerOf(policies, object);
  if (winner === undefined || winner.namespace === '') return winner;
  const above = policies.filter((policy) => policy.namespace === '' && policy.residencies.length > 0 && closest(policy, object) > 0);
  return above.length === 0
    ? winner
    : boundBy(
        winner,
        above.toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0)),
      );
};

const goesBefore = (policy: CompiledPolicy, close: number, best: CompiledPolicy, bestClose: number): boolean => {
  const scope = Number(policy.namespace !== '') - Number(best.namespace !== '');
  if (scope !== 0) return scope > 0;
  if (policy.priority !== best.priority) return policy.priority > best.priority;
  if (close !== bestClose) return close > bestClose;
  return policy.name < best.name;
};
