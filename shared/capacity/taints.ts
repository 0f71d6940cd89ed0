/** @module Taints and tolerations as the scheduler reads them; for nodes and, with the same rules, for clusters. */

/** A taint of a node or of a cluster. */
export type TaintLike = { readonly key: string; readonly value?: string; readonly effect: string };

/** A toleration of a pod or of a policy. */
export type TolerationLike = {
  readonly key?: string;
  readonly operator?: string;
  readonly value?: string;
  readonly effect?: string;
  readonly tolerationSeconds?: number;
};

/** True when the toleration covers the taint (core/v1 Toleration.ToleratesTaint: an empty operator is Equal, an empty effect all effects). */
export const tolerates = (toleration: TolerationLike, taint: TaintLike): boolean => {
  if ((toleration.effect ?? '') !== '' && toleration.effect !== taint.effect) return false;
  if ((toleration.key ?? '') !== '' && toleration.key !== taint.key) return false;
  if (toleration.operator === 'Exists') return true;
  if ((toleration.key ?? '') === '') return false;
  return (toleration.operator || 'Equal') === 'Equal' && (toleration.value ?? '') === (taint.value ?? '');
};

/** The first taint with one of these effects that no toleration covers. */
export const untolerated = <T extends TaintLike>(
  taints: readonly T[],
  tolerations: readonly TolerationLike[],
  effects: readonly string[],
): T | undefined =>
  taints.find((taint) => effects.includes(taint.effect) && !tolerations.some((toleration) => tolerates(toleration, taint)));

/** `key=value:Effect`, or `key:Effect` without a value. */
export const taintText = (taint: TaintLike): string => `${taint.key}${(taint.value ?? '') === '' ? '' : `=${taint.value}`}:${taint.effect}`;
