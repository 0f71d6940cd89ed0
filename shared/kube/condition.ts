/** @module Conditions of a status, one of each type. */
import { timeText } from '../lib/time-text.ts';

/** meta/v1 Condition. */
export type Condition = {
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  /** CamelCase, never empty. */
  readonly reason: string;
  readonly message: string;
  readonly lastTransitionTime: string;
  readonly observedGeneration?: number;
};

/** A condition as any kind may have it; beside these fields come those of the kind. */
export type AnyCondition = { readonly type: string; readonly status: 'True' | 'False' | 'Unknown'; readonly lastTransitionTime?: string };
type Timed<C> = Omit<C, 'lastTransitionTime'> & { readonly lastTransitionTime: string };

/** When a condition came to its status: the time that is known where the status was the same before, else now. RFC 3339. */
export const transitionTime = (
  old: { readonly status?: unknown; readonly lastTransitionTime?: unknown } | undefined,
  status: AnyCondition['status'],
  now: string,
): string => (old?.status === status && typeof old.lastTransitionTime === 'string' ? old.lastTransitionTime : now);

/** The conditions with this one in its place; its transition time moves only when its status does. */
export const withCondition = <C extends AnyCondition>(
  conditions: readonly C[] | undefined,
  next: Omit<C, 'lastTransitionTime'> & Pick<AnyCondition, 'type' | 'status'>,
  nowMs: number,
): readonly (C | Timed<C>)[] => {
  const given = conditions ?? [];
  const old = given.find(({ type }) => type === next.type);
  const entry = { ...next, lastTransitionTime: transitionTime(old, next.status, timeText(nowMs)) };
  return old === undefined ? [...given, entry] : given.map((condition) => (condition.type === next.type ? entry : condition));
};
