/**
 * @module Which policy holds for an object: a namespaced one before a cluster-scoped one, then the higher priority, then a selector by
 * name before one by labels before one for the whole kind, then the first by name (facts `karmada.md` §1.3).
 */
import { matchesLabels } from '../kube/selectors/index.ts';
import type { CompiledPolicy, CompiledResource } from './compiled-policy.ts';

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

/** The policy that holds for the object; undefined when none matches. The order of `policies` does not matter. */
export const policyFor = (policies: readonly CompiledPolicy[], object: Selected): CompiledPolicy | undefined => {
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

const goesBefore = (policy: CompiledPolicy, close: number, best: CompiledPolicy, bestClose: number): boolean => {
  const scope = Number(policy.namespace !== '') - Number(best.namespace !== '');
  if (scope !== 0) return scope > 0;
  if (policy.priority !== best.priority) return policy.priority > best.priority;
  if (close !== bestClose) return close > bestClose;
  return policy.name < best.name;
};
