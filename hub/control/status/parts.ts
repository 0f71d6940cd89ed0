/** @module Small sums over the statuses that members report of one object. */
import { transitionTime } from '../../../shared/kube/condition.ts';
import { bag, bags } from '../kinds.ts';

/** One cluster's report of the object. */
export type Part = {
  readonly cluster: string;
  /** The member object's `.status`; undefined = nothing reported yet. */
  readonly status: { readonly [field: string]: unknown } | undefined;
  /** The member's controllers have seen what the hub wants now. */
  readonly isCurrent: boolean;
};

/** What an aggregation knows besides the parts. */
export type Whole = {
  readonly spec: { readonly [field: string]: unknown };
  readonly generation: number;
  /** The hub object's own status before. */
  readonly before: { readonly [field: string]: unknown };
  /** Clusters that shall not have it any more and still run it, until its replacement is ready. */
  readonly leaving: readonly Part[];
  /** Replicas that no cluster took. */
  readonly unplaced: number;
  /** The newest generation was placed and every part is current. */
  readonly isCurrent: boolean;
  /** RFC 3339. */
  readonly now: string;
};

/** A meta/v1-like condition as workload kinds have them. */
export type WorkloadCondition = {
  readonly [field: string]: unknown;
  readonly type: string;
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
};

/** A number of a part, 0 when absent. */
export const numberOf = (part: Part, field: string): number => {
  const value = part.status?.[field];
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
};

/** The sum of a field over all parts. */
export const sumField = (parts: readonly Part[], field: string): number => parts.reduce((sum, part) => sum + numberOf(part, field), 0);

/** Sums of several fields; sums of 0 are left out, as Go leaves them out, unless named in `always`. */
export const sumFields = (
  parts: readonly Part[],
  names: readonly string[],
  always: readonly string[] = [],
): { readonly [field: string]: number } =>
  Object.fromEntries(
    names.map((name) => [name, sumField(parts, name)] as const).filter(([name, sum]) => sum !== 0 || always.includes(name)),
  );

/** The generation that the sum speaks of: the newest when all is current, else what was said before. */
export const observedGeneration = (whole: Whole): { readonly observedGeneration: number } => {
  const before = whole.before.observedGeneration;
  return { observedGeneration: whole.isCurrent ? whole.generation : typeof before === 'number' ? before : 0 };
};

/** A part's condition of a type. */
export const conditionOf = (part: Part, type: string): { readonly [field: string]: unknown } | undefined =>
  bags(part.status?.conditions).find((condition) => condition.type === type);

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** What parts say of a condition, as `eu-west: message; …`. */
export const messagesOf = (parts: readonly Part[], type: string): string =>
  parts
    .map((part) => ({ part, condition: conditionOf(part, type) }))
    .filter(({ condition }) => condition !== undefined)
    .map(({ part, condition }) => `${part.cluster}: ${text(condition?.message) || text(condition?.reason)}`)
    .join('; ');

/** The condition with its times: the transition moves only when the status does. */
export const timed = (whole: Whole, condition: WorkloadCondition, timeFields: readonly string[] = []): WorkloadCondition => {
  const old = bags(whole.before.conditions).find(({ type }) => type === condition.type);
  const isSaid = old?.status === condition.status && old?.reason === condition.reason && old?.message === condition.message;
  const times = Object.fromEntries(timeFields.map((field) => [field, isSaid ? (old?.[field] ?? whole.now) : whole.now]));
  return { ...condition, ...times, lastTransitionTime: transitionTime(old, condition.status, whole.now) };
};

/** A map inside a part's status. */
export const bagOf = (part: Part, field: string): { readonly [field: string]: unknown } => bag(part.status?.[field]);
