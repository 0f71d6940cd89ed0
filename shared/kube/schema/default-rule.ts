/** @module Defaults that depend on something, as `builtin/data/defaults.json` says them. */
import { sameJson } from '../../lib/same-json.ts';
import { isObject, type JsonObject, own } from './json.ts';

/** A condition on one field, a dotted path below the struct. '' and an empty list count as absent. */
export type RuleCondition = {
  readonly field: string;
  readonly equals?: unknown;
  readonly in?: readonly unknown[];
  readonly absent?: boolean;
  readonly present?: boolean;
};

/** `default` fills whatever passes through the server, `create` happens once, when the object is made. */
export type DefaultStage = 'default' | 'create';

/**
 * For structs of `definition`: when all conditions hold, fill what is absent from `set`; or let the hand-written function called `name` do
 * what data cannot say.
 */
export type DefaultRule = {
  readonly definition: string;
  readonly stage: DefaultStage;
  readonly when?: readonly RuleCondition[];
  readonly set?: JsonObject;
  readonly name?: string;
};

/** True for what counts as not set. */
export const isAbsent = (value: unknown): boolean =>
  value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);

const valueAt = (struct: JsonObject, path: string): unknown => {
  let value: unknown = struct;
  for (const part of path.split('.')) value = isObject(value) ? own(value, part) : undefined;
  return value;
};

/** True when a condition holds for a struct. */
export const conditionHolds = (struct: JsonObject, when: RuleCondition): boolean => {
  const value = valueAt(struct, when.field);
  if (when.in !== undefined) return when.in.some((one) => sameJson(one, value));
  if ('equals' in when) return sameJson(value, when.equals);
  return when.absent === true ? isAbsent(value) : !isAbsent(value);
};
