/**
 * @module Which policy holds for an object: a namespaced one before a cluster-scoped one, then the higher priority, then a selector by
 * name before one by labels before one for the whole kind, then the first by name (facts `karmada.md` §1.3).
 */
import { matchesLabels } from '../kube/selectors/index.ts';
import { compareText } from '../lib/compare-text.ts';
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

const scopeText = (policy: CompiledPolicy): string => (policy.namespace === '' ? 'is cluster-wide' : 'is of the namespace');
const closenessTexts: Readonly<Record<number, string>> = { 3: 'by name', 2: 'by labels', 1: 'by kind' };

/** What decides between two policies that both select an object: below 0 when `a` holds, with why `b` does not, in words. */
const precedence = (
  a: CompiledPolicy,
  closeA: number,
  b: CompiledPolicy,
  closeB: number,
): { readonly sign: number; readonly why: () => string } => {
  const scope = Number(b.namespace !== '') - Number(a.namespace !== '');
  if (scope !== 0) return { sign: scope, why: () => `it ${scopeText(b)}, ${a.id} ${scopeText(a)}` };
  if (a.priority !== b.priority)
    return { sign: b.priority - a.priority, why: () => `its priority is ${b.priority}, that of ${a.id} ${a.priority}` };
  if (closeA !== closeB)
    return { sign: closeB - closeA, why: () => `it selects ${closenessTexts[closeB]}, ${a.id} ${closenessTexts[closeA]}` };
  return { sign: a.name < b.name ? -1 : 1, why: () => `of equal rank, and ${a.name} comes before ${b.name}` };
};

const goesBefore = (policy: CompiledPolicy, close: number, best: CompiledPolicy, bestClose: number): boolean =>
  precedence(policy, close, best, bestClose).sign < 0;

/** A policy that selects an object and does not hold for it. */
export type Rival = { readonly policy: CompiledPolicy; readonly why: string };

/** The policies that select the object too, by id, each with why it does not hold. */
export const rivalsOf = (policies: readonly CompiledPolicy[], object: Selected): Rival[] => {
  const winner = winnerOf(policies, object);
  if (winner === undefined) return [];
  return policies
    .filter(
      (policy) => policy !== winner && (policy.namespace === '' || policy.namespace === object.namespace) && closest(policy, object) > 0,
    )
    .sort((a, b) => compareText(a.id, b.id))
    .map((policy) => ({ policy, why: precedence(winner, closest(winner, object), policy, closest(policy, object)).why() }));
};

/** How far a selector is from the object: what differs, the nearest first. */
const distances = ['namespace', 'name', 'labels', 'version', 'kind'] as const;

/** The policy that comes nearest to selecting an object that none selects, and how it fails, in words. */
export const nearestPolicy = (policies: readonly CompiledPolicy[], object: Selected): Rival | undefined => {
  const misses = policies.flatMap((policy) => policy.resources.map((selector) => ({ policy, ...missOf(policy, selector, object) })));
  const [nearest] = misses
    .filter(({ isOutside, by }) => !isOutside || by === 'namespace')
    .sort((a, b) => distances.indexOf(a.by) - distances.indexOf(b.by) || compareText(a.policy.id, b.policy.id));
  return nearest === undefined ? undefined : { policy: nearest.policy, why: nearest.why };
};

type Miss = { readonly by: (typeof distances)[number]; readonly why: string; readonly isOutside: boolean };

const missOf = (policy: CompiledPolicy, selector: CompiledResource, object: Selected): Miss => {
  const within = policy.namespace === '' ? selector.namespace : policy.namespace;
  const isOutside = within !== undefined && within !== object.namespace;
  const miss = (by: Miss['by'], why: string): Miss => ({ by, why, isOutside });
  if (selector.kind !== object.kind) return miss('kind', `it selects kind ${selector.kind}`);
  if (selector.apiVersion !== object.apiVersion) return miss('version', `it selects ${selector.kind} of ${selector.apiVersion}`);
  if (selector.name !== undefined && selector.name !== object.name)
    return miss('name', `it selects the ${selector.kind} of the name ${selector.name}`);
  if (selector.labels !== undefined && !matchesLabels(selector.labels, object.labels))
    return miss('labels', `its labelSelector asks for other labels than the ${selector.kind} has`);
  return miss('namespace', `it governs namespace ${within}`);
};
