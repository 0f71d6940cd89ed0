/** @module Faults of LimitRanges (kubernetes `ValidateLimitRange`). */
import { duplicate, type Fault, forbidden, invalid, invalidEach, qualifiedName, required } from '../../names/index.ts';
import type { KubeObject } from '../../object.ts';
import { compareQuantity, type Quantity, quantityOf } from '../../quantity/index.ts';
import { readQuantity } from '../amounts.ts';
import { hasAt, listAt, objectAt, textAt } from '../read.ts';
import { containerResourceNameFaults, isOvercommitAllowed, resourceNameFaults } from './resources.ts';

const types = ['Pod', 'Container', 'PersistentVolumeClaim'];
const fields = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

type Amounts = Readonly<Record<(typeof fields)[number], Quantity | undefined>>;

const noAmounts: Amounts = {
  max: undefined,
  min: undefined,
  default: undefined,
  defaultRequest: undefined,
  maxLimitRequestRatio: undefined,
};
const nanosPerUnit = 1_000_000_000n;

const typeFaults = (type: string, field: string): Fault[] => {
  const faults = invalidEach(field, type, qualifiedName(type));
  if (faults.length > 0 || type.includes('/') || types.includes(type)) return faults;
  return [invalid(field, type, 'must be a standard limit type or fully qualified')];
};

/** `amount` may not be above `limit`; the fault is told of `field` and quotes `quoted`. */
const above = (
  amount: Quantity | undefined,
  limit: Quantity | undefined,
  field: string,
  quoted: Quantity | undefined,
  words: [string, string],
) =>
  amount !== undefined && limit !== undefined && compareQuantity(amount, limit) > 0
    ? [invalid(field, quoted?.text ?? '', `${words[0]} value ${amount.text} is greater than ${words[1]} value ${limit.text}`)]
    : [];

const ratioFaults = ({ max, min, maxLimitRequestRatio: ratio }: Amounts, field: string): Fault[] => {
  if (ratio === undefined) return [];
  const faults = compareQuantity(ratio, quantityOf(1)) < 0 ? [invalid(field, ratio.text, `ratio ${ratio.text} is less than 1`)] : [];
  if (min === undefined || max === undefined || min.nanos === 0n) return faults;
  if (ratio.nanos * min.nanos <= max.nanos * nanosPerUnit) return faults;
  const most = Number(max.nanos) / Number(min.nanos);
  return [...faults, invalid(field, ratio.text, `ratio ${ratio.text} is greater than max/min = ${most.toFixed(6)}`)];
};

const amountFaults = (name: string, amounts: Amounts, path: string): Fault[] => {
  const at = (field: string): string => `${path}.${field}[${name}]`;
  const { max, min, default: limit, defaultRequest: request } = amounts;
  const faults = [
    ...above(min, max, at('min'), min, ['min', 'max']),
    ...above(min, request, at('defaultRequest'), request, ['min', 'default request']),
    ...above(request, max, at('defaultRequest'), request, ['default request', 'max']),
    ...above(request, limit, at('defaultRequest'), request, ['default request', 'default limit']),
    ...above(min, limit, at('default'), min, ['min', 'default']),
    ...above(limit, max, at('default'), max, ['default', 'max']),
    ...ratioFaults(amounts, at('maxLimitRequestRatio')),
  ];
  if (isOvercommitAllowed(name) || limit === undefined || request === undefined || compareQuantity(limit, request) === 0) return faults;
  const text = `default value ${limit.text} must equal to defaultRequest value ${request.text} in ${name}`;
  return [...faults, invalid(at('defaultRequest'), request.text, text)];
};

const itemFaults = (limit: unknown, path: string, isSecond: boolean): Fault[] => {
  const type = textAt(limit, 'type');
  const isPod = type === 'Pod';
  const nameFaults = isPod || type === 'Container' ? containerResourceNameFaults : resourceNameFaults;
  const names = (field: string): Fault[] =>
    Object.keys(objectAt(limit, field)).flatMap((name) => nameFaults(name, `${path}.${field}[${name}]`));
  const isUnlimited = type === 'PersistentVolumeClaim' && !hasAt(limit, 'min', 'storage') && !hasAt(limit, 'max', 'storage');
  return [
    ...typeFaults(type, `${path}.type`),
    ...(isSecond ? [duplicate(`${path}.type`, type)] : []),
    ...['max', 'min'].flatMap(names),
    ...(isPod ? podFaults(limit, path) : defaultFields.flatMap(names)),
    ...(isUnlimited ? [required(`${path}.limits`, unlimitedText)] : []),
    ...names('maxLimitRequestRatio'),
    ...comparedFaults(limit, path, isPod ? fields.filter((field) => !defaultFields.includes(field)) : fields),
  ];
};

const defaultFields: readonly string[] = ['default', 'defaultRequest'];
const unlimitedText = 'either minimum or maximum storage value is required, but neither was provided';

const podFaults = (limit: unknown, path: string): Fault[] =>
  defaultFields
    .filter((field) => Object.keys(objectAt(limit, field)).length > 0)
    .map((field) => forbidden(`${path}.${field}`, "may not be specified when `type` is 'Pod'"));

const comparedFaults = (limit: unknown, path: string, used: readonly (typeof fields)[number][]): Fault[] => {
  const resources = new Set(used.flatMap((field) => Object.keys(objectAt(limit, field))));
  return [...resources].flatMap((name) => {
    const amounts: { -readonly [field in keyof Amounts]: Amounts[field] } = { ...noAmounts };
    for (const field of used) amounts[field] = readQuantity(objectAt(limit, field)[name]);
    return amountFaults(name, amounts, path);
  });
};

/** Faults of the limits: each type once, names that are resources, and amounts that are in order. */
export const limitRangeFaults = (object: KubeObject): Fault[] => {
  const seen = new Set<string>();
  return listAt(object, 'spec', 'limits').flatMap((limit, index) => {
    const type = textAt(limit, 'type');
    const isSecond = seen.has(type);
    seen.add(type);
    return itemFaults(limit, `spec.limits[${index}]`, isSecond);
  });
};
