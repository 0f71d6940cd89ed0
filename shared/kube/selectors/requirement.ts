/** @module One condition of a label selector (apimachinery `labels.Requirement`). */
import { faultText, goJson, invalid, labelValue, qualifiedName } from '../names/index.ts';

/** The operators, as they are written; `exists` and `!` stand for a bare key and `!key`. */
export type Operator = '=' | '==' | '!=' | 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';

/** A condition on one key. `values` are sorted and without duplicates. */
export type Requirement = { readonly key: string; readonly operator: Operator; readonly values: readonly string[] };

/** Labels of an object. */
export type Labels = Readonly<Record<string, string>>;

const int64 = (text: string): bigint | undefined => {
  if (!/^[+-]?[0-9]{1,40}$/.test(text)) return undefined;
  const value = BigInt(text.replace(/^\+/, ''));
  return BigInt.asIntN(64, value) === value ? value : undefined;
};

/** The fault of a key, as the server prints it; `field` is `<nil>` in a selector string. */
export const keyFault = (key: string, field: string): string | undefined => {
  const messages = qualifiedName(key);
  return messages.length === 0 ? undefined : faultText(invalid(field, key, messages.join('; ')));
};

/** What the operator says of the number of values. */
const countFault = ({ operator, values }: Requirement): string | undefined => {
  const say = (detail: string): string => `values: Invalid value: ${goJson(values)}: ${detail}`;
  if (operator === 'in' || operator === 'notin') {
    return values.length === 0 ? say("for 'in', 'notin' operators, values set can't be empty") : undefined;
  }
  if (operator === 'exists' || operator === '!') {
    return values.length > 0 ? say('values set must be empty for exists and does not exist') : undefined;
  }
  if (operator === 'gt' || operator === 'lt') {
    return values.length === 1 ? undefined : say("for 'Gt', 'Lt' operators, exactly one value is required");
  }
  return values.length === 1 ? undefined : say('exact-match compatibility requires one single value');
};

/** All faults of a requirement in one text, or undefined. */
export const requirementFault = (requirement: Requirement): string | undefined => {
  const faults = [keyFault(requirement.key, 'key'), countFault(requirement)];
  requirement.values.forEach((value, index) => {
    if ((requirement.operator === 'gt' || requirement.operator === 'lt') && int64(value) === undefined) {
      faults.push(faultText(invalid(`values[${index}]`, value, "for 'Gt', 'Lt' operators, the value must be an integer")));
    }
  });
  requirement.values.forEach((value, index) => {
    const messages = labelValue(value);
    if (messages.length > 0) faults.push(faultText(invalid(`values[${index}][${requirement.key}]`, value, messages.join('; '))));
  });
  const said = [...new Set(faults.filter((fault) => fault !== undefined))];
  if (said.length === 0) return undefined;
  return said.length === 1 ? said[0] : `[${said.join(', ')}]`;
};

/** True when the labels meet the requirement. */
export const meets = ({ key, operator, values }: Requirement, labels: Labels): boolean => {
  const value = Object.hasOwn(labels, key) ? labels[key] : undefined;
  switch (operator) {
    case '=':
    case '==':
    case 'in':
      return value !== undefined && values.includes(value);
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    default: {
      const [left, right] = [int64(value ?? ''), int64(values[0] ?? '')];
      if (left === undefined || right === undefined) return false;
      return operator === 'gt' ? left > right : left < right;
    }
  }
};

/** The requirement as text, such as `tier in (a,b)`. */
export const requirementText = ({ key, operator, values }: Requirement): string => {
  if (operator === 'exists') return key;
  if (operator === '!') return `!${key}`;
  const list = values.join(',');
  if (operator === 'in' || operator === 'notin') return `${key} ${operator} (${list})`;
  return `${key}${operator === 'gt' ? '>' : operator === 'lt' ? '<' : operator}${list}`;
};
