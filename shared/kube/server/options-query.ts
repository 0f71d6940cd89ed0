/** @module Query parameters of each verb, checked as a Kubernetes API server checks them. */
import { notSupported } from '../names/index.ts';
import type { StatusCause } from '../status-error.ts';
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
    force: force === null ? undefined : booleanOf(force, 'force'),
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

const managerFaults = (manager: string): StatusCause[] => {
  const faults: StatusCause[] = [];
  if (new TextEncoder().encode(manager).length > MANAGER_BYTES_MAX) {
    faults.push({
      reason: 'FieldValueTooLong',
      message: `Too long: may not be more than ${MANAGER_BYTES_MAX} bytes`,
      field: 'fieldManager',
    });
  }
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f]/.test(manager)) {
    faults.push({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${JSON.stringify(manager)}: should only contain printable characters`,
      field: 'fieldManager',
    });
  }
  return faults;
};

/** A boolean parameter, as Go's strconv reads it; throws 400 on anything else. */
export const booleanOf = (text: string, name: string): boolean => {
  if (/^(1|t|true|T|TRUE|True)$/.test(text)) return true;
  if (/^(0|f|false|F|FALSE|False|)$/.test(text)) return false;
  throw badRequest(`invalid value for query parameter ${name}: ${JSON.stringify(text)} is no boolean`);
};

/** A whole number parameter; undefined when absent or empty; throws 400 on anything else. */
export const integerOf = (query: URLSearchParams, name: string): number | undefined => {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (!/^-?\d{1,15}$/.test(text)) throw badRequest(`invalid value for query parameter ${name}: ${JSON.stringify(text)} is no whole number`);
  return Number(text);
};

/** A resourceVersion parameter or field: '' when absent; throws 400 when it is no number. */
export const versionOf = (text: string): number | undefined => {
  if (text === '') return undefined;
  if (!/^\d{1,15}$/.test(text)) throw badRequest(`Invalid value: ${JSON.stringify(text)}: a resourceVersion is a whole number`);
  return Number(text);
};
