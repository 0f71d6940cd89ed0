/** @module Clusters for which an object cannot be made, because an override of its policy does not fit it. Pure. */
import type { KubeObject } from '../kube/object.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import { overrideObject, readByRules } from './override.ts';

/** Why an object cannot be made for a cluster with these labels; undefined where it can. */
export type Misfits = (clusterLabels: Readonly<Record<string, string>>) => string | undefined;

/**
 * Tells for which clusters an object cannot be made; undefined where the policy patches nothing, as nothing but a patch can fail. `read` answers
 * the object that the overrides change, `decided` is as {@link overrideObject} has it.
 */
export const misfitsOf = (
  { overrides }: Pick<CompiledPolicy, 'overrides'>,
  read: () => KubeObject,
  decided: readonly string[],
): Misfits | undefined => {
  if (!overrides.some(({ patch }) => patch !== undefined)) return undefined;
  return readByRules(overrides, (clusterLabels) => {
    const made = overrideObject(read(), overrides, clusterLabels, decided);
    return made.ok ? undefined : made.message;
  });
};
