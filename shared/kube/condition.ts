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

/** The conditions with this one in its place; its transition time moves only when its status does. */
export const withCondition = (
  conditions: readonly Condition[] | undefined,
  next: Omit<Condition, 'lastTransitionTime'>,
  nowMs: number,
): readonly Condition[] => {
  const given = conditions ?? [];
  const old = given.find(({ type }) => type === next.type);
  const entry = { ...next, lastTransitionTime: old?.status === next.status ? old.lastTransitionTime : timeText(nowMs) };
  return old === undefined ? [...given, entry] : given.map((condition) => (condition.type === next.type ? entry : condition));
};
