/** @module Label and field selectors: reading, matching, printing. */
export {
  commonFields,
  exactFieldValue,
  type FieldSelector,
  type FieldTerm,
  fieldSelectorText,
  matchesFields,
  parseFieldSelector,
  unknownFieldText,
} from './field-selector.ts';
export {
  everything,
  type LabelExpression,
  type LabelSelector,
  type LabelSelectorObject,
  labelSelectorCell,
  labelSelectorText,
  matchesLabels,
  nothing,
  selectorFromMap,
  selectorFromObject,
  validateLabelSelector,
} from './label-selector.ts';
export { parseLabelSelector, selectorLengthMax } from './parse-labels.ts';
export type { Labels, Operator, Requirement } from './requirement.ts';
