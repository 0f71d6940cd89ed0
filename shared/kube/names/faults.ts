/** @module Faults of a field in the words of the Kubernetes API (apimachinery `field.Error`): each is a cause of a Status. */
import type { StatusCause } from '../status-error.ts';
import { goJson, goQuote, quotedList } from './text.ts';

/** A fault with everything said. */
export type Fault = { reason: string; message: string; field: string };

const valueText = (value: unknown): string => (typeof value === 'string' ? goQuote(value) : goJson(value));
const withDetail = (text: string, detail: string): string => (detail === '' ? text : `${text}: ${detail}`);

/** The value cannot be; it is quoted in the text. `undefined` prints as `null`. */
export const invalid = (field: string, value: unknown, detail: string): Fault => ({
  reason: 'FieldValueInvalid',
  message: withDetail(`Invalid value: ${valueText(value)}`, detail),
  field,
});

/** The field must be set. */
export const required = (field: string, detail = ''): Fault => ({
  reason: 'FieldValueRequired',
  message: withDetail('Required value', detail),
  field,
});

/** The field must not be set, or not changed. */
export const forbidden = (field: string, detail: string): Fault => ({
  reason: 'FieldValueForbidden',
  message: withDetail('Forbidden', detail),
  field,
});

/** The value is not one of `supported`, which is printed in the order given. */
export const notSupported = (field: string, value: unknown, supported: readonly string[]): Fault => ({
  reason: 'FieldValueNotSupported',
  message: withDetail(`Unsupported value: ${valueText(value)}`, supported.length === 0 ? '' : `supported values: ${quotedList(supported)}`),
  field,
});

/** The value is there a second time. */
export const duplicate = (field: string, value: unknown): Fault => ({
  reason: 'FieldValueDuplicate',
  message: `Duplicate value: ${valueText(value)}`,
  field,
});

/** What the field names does not exist. */
export const notFound = (field: string, value: unknown): Fault => ({
  reason: 'FieldValueNotFound',
  message: `Not found: ${valueText(value)}`,
  field,
});

/** The value has more than `bytesMax` bytes; the value itself is not printed. */
export const tooLong = (field: string, bytesMax: number): Fault => ({
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${bytesMax} ${bytesMax === 1 ? 'byte' : 'bytes'}`,
  field,
});

/** The list has `count` items and may have `countMax`. */
export const tooMany = (field: string, count: number, countMax: number): Fault => ({
  reason: 'FieldValueTooMany',
  message: `Too many: ${count}: must have at most ${countMax} ${countMax === 1 ? 'item' : 'items'}`,
  field,
});

/** A fault as one line: `spec.replicas: Invalid value: -1: must be …`. */
export const faultText = (fault: StatusCause): string => `${fault.field ?? ''}: ${fault.message ?? ''}`;

/** One `invalid` fault for each message. */
export const invalidEach = (field: string, value: unknown, messages: readonly string[]): Fault[] =>
  messages.map((message) => invalid(field, value, message));
