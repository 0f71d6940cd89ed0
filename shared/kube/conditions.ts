/** @module Conditions in the status of an object. */
import { listAt, textAt } from './builtin/read.ts';

/** The condition of this type, if any. */
export const conditionOf = (object: unknown, type: string): unknown =>
  listAt(object, 'status', 'conditions').find((condition) => textAt(condition, 'type') === type);

/** True when the condition of this type is `True`. */
export const isCondition = (object: unknown, type: string): boolean => textAt(conditionOf(object, type), 'status') === 'True';
