/** @module Query parameters of each verb, checked as a Kubernetes API server checks them. */
import { goQuote, notSupported } from '../names/index.ts';
import type { StatusCause, StatusError } from '../status-error.ts';
import { badRequest, invalidOptions } from './errors.ts';

/** What to do about unknown and duplicate fields. */
export type FieldValidation = 'Ignore' | 'Warn' | 'Strict';

/** Parameters of create, update and patch. `fieldManager` is '' when not given. */
export type WriteQuery = {
  readonly dryRun: boolean;
  readonly fieldManager: string;
  readonly fieldValidation: FieldValidation;
  readonly force: boolean | undefined;
};

const FIELD_VALIDATIONS: readonly string[] = ['', 'Ignore', 'Strict', 'Warn'];
const MANAGER_BYTES_MAX = 128;

/** Parameters of a write; `kind` is the options kind the refusal names (`CreateOptions`). Throws 422. */
export const writeQuery = (
  query: URLSearchParams,
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  applying = false,
): WriteQuery => {
  const causes: StatusCause[] = [];
  const force = query.get('force');
  const fieldManager = query.get('fieldManager') ?? '';
  const fieldValidation = query.get('fieldValidation') ?? '';
  if (kind === 'PatchOptions' && force !== null && !applying) {
    causes.push({ reason: 'FieldValueForbidden', message: 'Forbidden: may not be specified for non-apply patch', field: 'force' });
  }
  if (applying && fieldManager === '') {
    causes.push({ reason: 'FieldValueRequired', message: 'Required value: is required for apply patch', field: 'fieldManager' });
  }
  causes.push(...managerFaults(fieldManager), ...dryRunFaults(query.getAll('dryRun')));
  if (!FIELD_VALIDATIONS.includes(fieldValidation)) causes.push(notSupported('fieldValidation', fieldValidation, FIELD_VALIDATIONS));
  if (causes.length > 0) throw invalidOptions(kind, causes, 'meta.k8s.io');
  return {
    dryRun: query.has('dryRun'),
    fieldManager,
    fieldValidation: fieldValidation === 'Strict' || fieldValidation === 'Ignore' ? fieldValidation : 'Warn',
    force: force === null ? undefined : booleanOf(force),
  };
};

/** Faults of `dryRun`: only `All` is known. */
export const dryRunFaults = (values: readonly string[]): StatusCause[] =>
  values.every((value) => value === 'All')
    ? []
    : [
        {
          reason: 'FieldValueNotSupported',
          message: `Unsupported value: ${JSON.stringify(values)}: supported values: "All"`,
          field: 'dryRun',
        },
      ];

/** All but letters, marks, numbers, punctuation, symbols and the plain space (Go `unicode.IsPrint`). */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u;

const managerFaults = (manager: string): StatusCause[] => {
  const faults: StatusCause[] = [];
  if (new TextEncoder().encode(manager).length > MANAGER_BYTES_MAX) {
    faults.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${MANAGER_BYTES_MAX} bytes`,
      field: 'fieldManager',
    });
  }
  const text = goQuote(manager);
  let position = 0;
  for (const char of manager) {
    if (UNPRINTABLE.test(char)) {
      const why = `invalid character U+${(char.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')} (at position ${position})`;
      faults.push({ reason: 'FieldValueInvalid', message: `Invalid value: ${text}: ${why}`, field: 'fieldManager' });
    }
    position += new TextEncoder().encode(char).length;
  }
  return faults;
};

/** A boolean parameter as the API server reads it: no text but `0` and `false` makes it false, and none is refused. */
export const booleanOf = (text: string): boolean => text !== '0' && text.toLowerCase() !== 'false';

/** A whole number parameter; undefined when absent. Throws 400, in the words of Go's strconv, on what is no int64. */
export const integerOf = (query: URLSearchParams, name: string): number | undefined => {
  const text = query.get(name);
  if (text === null) return undefined;
  const why = numberFault(text, /^[+-]?\d+$/, INT64_MIN, INT64_MAX);
  if (why !== undefined) throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
  return Number(text);
};

/** A resourceVersion as a number, undefined when it is ''; throws what `refuse` makes of the fault when it is none. */
export const versionOf = (text: string, refuse: (why: string) => StatusError): number | undefined => {
  if (text === '') return undefined;
  const why = numberFault(text, /^\d+$/, 0n, UINT64_MAX);
  if (why === undefined) return Number(text);
  const quoted = JSON.stringify(text);
  throw refuse(`resourceVersion: Invalid value: ${quoted}: strconv.ParseUint: parsing ${quoted}: ${why}`);
};

const INT64_MAX = 2n ** 63n - 1n;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;
/** Digits of the longest number; more are out of range without a look at them. */
const NUMBER_LENGTH_MAX = 40;

const numberFault = (text: string, syntax: RegExp, min: bigint, max: bigint): string | undefined => {
  if (!syntax.test(text)) return 'invalid syntax';
  if (text.length > NUMBER_LENGTH_MAX) return 'value out of range';
  const value = BigInt(text.replace(/^\+/, ''));
  return value < min || value > max ? 'value out of range' : undefined;
};
