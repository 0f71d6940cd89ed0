/** @module Label selectors: a list of conditions that all must hold, from strings, maps or LabelSelector objects. */
import {
  type Fault,
  forbidden,
  goQuote,
  invalid,
  invalidEach,
  labelValue,
  type Parsed,
  qualifiedName,
  required,
  validateLabels,
} from '../names/index.ts';
import { type Labels, meets, type Operator, type Requirement, requirementFault, requirementText } from './requirement.ts';

/** Conditions that all must hold; none = everything. `nothing` selects no object at all. */
export type LabelSelector = { readonly requirements: readonly Requirement[]; readonly nothing?: true };

/** One line of `matchExpressions`. */
export type LabelExpression = { readonly key: string; readonly operator: string; readonly values?: readonly string[] };

/** meta/v1 LabelSelector. */
export type LabelSelectorObject = {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly LabelExpression[];
};

/** Selects every object. */
export const everything: LabelSelector = { requirements: [] };
/** Selects no object. */
export const nothing: LabelSelector = { requirements: [], nothing: true };

const operators: Readonly<Record<string, Operator>> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };

const byKey = (a: Requirement, b: Requirement): number => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);

/** True when the object with these labels is selected. */
export const matchesLabels = (selector: LabelSelector, labels: Labels | undefined): boolean =>
  selector.nothing !== true && selector.requirements.every((requirement) => meets(requirement, labels ?? {}));

/** A selector of exactly these labels; an empty map selects everything. */
export const selectorFromMap = (labels: Labels | undefined): LabelSelector => ({
  requirements: Object.entries(labels ?? {})
    .map(([key, value]): Requirement => ({ key, operator: '=', values: [value] }))
    .sort(byKey),
});

/** The selector of a LabelSelector object: absent selects nothing, an empty one everything (meta/v1 LabelSelectorAsSelector). */
export const selectorFromObject = (object: LabelSelectorObject | null | undefined): Parsed<LabelSelector> => {
  if (object === null || object === undefined) return { ok: true, value: nothing };
  const requirements = [...selectorFromMap(object.matchLabels).requirements];
  for (const { key, operator, values } of object.matchExpressions ?? []) {
    const known = Object.hasOwn(operators, operator) ? operators[operator] : undefined;
    if (known === undefined) return { ok: false, message: `${goQuote(operator)} is not a valid label selector operator` };
    requirements.push({ key, operator: known, values: [...new Set(values ?? [])].sort() });
  }
  for (const requirement of requirements) {
    const message = requirementFault(requirement);
    if (message !== undefined) return { ok: false, message };
  }
  return { ok: true, value: { requirements: requirements.sort(byKey) } };
};

/** The selector as a string that {@link parseLabelSelector} reads; '' for everything. */
export const labelSelectorText = (selector: LabelSelector): string => selector.requirements.map(requirementText).join(',');

/** A LabelSelector object as the columns of a table show it: `<none>` when empty (meta/v1 FormatLabelSelector). */
export const labelSelectorCell = (object: LabelSelectorObject | null | undefined): string => {
  const parsed = selectorFromObject(object);
  if (!parsed.ok) return '<error>';
  const text = labelSelectorText(parsed.value);
  return text === '' ? '<none>' : text;
};

const validateExpression = (expression: LabelExpression, field: string): Fault[] => {
  const { key, operator, values = [] } = expression;
  const faults: Fault[] = [];
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) faults.push(required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0) faults.push(forbidden(`${field}.values`, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else faults.push(invalid(`${field}.operator`, operator ?? '', 'not a valid selector operator'));
  faults.push(...invalidEach(`${field}.key`, key ?? '', qualifiedName(key ?? '')));
  values.forEach((value, index) => {
    faults.push(...invalidEach(`${field}.values[${index}]`, value, labelValue(value)));
  });
  return faults;
};

/** Faults of a LabelSelector object, `field` being its path. */
export const validateLabelSelector = (object: LabelSelectorObject | null | undefined, field: string): Fault[] => [
  ...validateLabels(object?.matchLabels, `${field}.matchLabels`),
  ...(object?.matchExpressions ?? []).flatMap((expression, index) => validateExpression(expression, `${field}.matchExpressions[${index}]`)),
];
