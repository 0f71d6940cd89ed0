/** @module Conditions of a status, one of each type. */
import { timeText } from '../lib/time-text.ts';
import type { ClusterCondition } from './cluster.ts';

/** The conditions with this one in its place; its transition time moves only when its status does. */
export const withCondition = (
  conditions: readonly ClusterCondition[] | undefined,
  next: Omit<ClusterCondition, 'lastTransitionTime'>,
  nowMs: number,
): readonly ClusterCondition[] => {
  const given = conditions ?? [];
  const old = given.find(({ type }) => type === next.type);
  const entry = { ...next, lastTransitionTime: old?.status === next.status ? old.lastTransitionTime : timeText(nowMs) };
  return old === undefined ? [...given, entry] : given.map((condition) => (condition.type === next.type ? entry : condition));
};
