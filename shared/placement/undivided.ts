/** @module Workloads of which a part is not a part of the whole, and the policy that keeps each of them in one cluster. */
import { clusterLabels } from '../api/index.ts';
import type { KubeObject } from '../kube/object.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Refusal } from './prepare.ts';
import { bag, groupKind } from './workload-fields.ts';

/** True for a Job whose pods are told apart by an index (batch/v1, `completionMode: Indexed`): each part of it would begin with index 0 again. */
export const isIndexedJob = (object: KubeObject): boolean =>
  groupKind(object) === 'batch/Job' && bag(object.spec).completionMode === 'Indexed';

/** Why an Indexed Job is in one cluster, whatever its policy divides. */
export const indexedText = 'an Indexed Job is not divided: each part would begin with index 0';

/** What an Indexed Job lacks in a cluster that another one has it before. */
export const notDivided: Refusal = { reason: 'indexed', message: indexedText };

/** True for a policy that {@link keptWhole} has made: its only spread constraint is that rule, of which the user has written nothing. */
export const isKeptWhole = ({ beginsAnew }: CompiledPolicy): boolean => beginsAnew === true;

const wholeUnder = ({ bounds, ...policy }: CompiledPolicy): CompiledPolicy => ({
  ...policy,
  spread: [{ topologyKey: clusterLabels.cluster, maxDomains: 1, whenUnsatisfiable: 'DoNotSchedule' }],
  bounds: bounds.map((rule) => ({ ...rule, min: 0 })),
  beginsAnew: true,
});

/** Made once, as decisions keep by the identity of a policy what they found out about clusters. */
const known = new WeakMap<CompiledPolicy, CompiledPolicy>();

/**
 * The policy that the object is decided by. One that cannot be divided goes to one cluster: where it runs, with fewer replicas if it has to, else
 * the earliest tier with room and there the most room. What asks for several clusters (`spread`, minima of `bounds`) does not count for it; Duplicated is a whole one in each.
 */
export const keptWhole = (policy: CompiledPolicy, object: KubeObject): CompiledPolicy => {
  if (!isIndexedJob(object) || policy.strategy === 'Duplicated') return policy;
  const made = known.get(policy) ?? wholeUnder(policy);
  known.set(policy, made);
  return made;
};
