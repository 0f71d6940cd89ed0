/** @module A label selector as a field of our kinds: its shape, and its compiled form. */
import {
  everything,
  type LabelSelector,
  type LabelSelectorObject,
  nothing,
  selectorFromObject,
  validateLabelSelector,
} from '../kube/selectors/index.ts';
import { fields, list, must, type Shape, text, textMap, word } from './shape.ts';

const expressionsMax = 256;
const valuesMax = 1024;

const requirement = fields('One requirement on a label.', {
  key: must(text('The label key.')),
  operator: must(word('How the key relates to the values: In, NotIn, Exists or DoesNotExist.', ['In', 'NotIn', 'Exists', 'DoesNotExist'])),
  values: list(
    'The values; not empty for In and NotIn, absent for Exists and DoesNotExist.',
    text('A label value.'),
    { type: 'atomic' },
    valuesMax,
  ),
});

/** The shape of a label selector field. */
export const labelSelectorShape = (description: string): Shape => {
  const shape = fields(
    description,
    {
      matchLabels: textMap('Label values that must be there, exactly.'),
      matchExpressions: list('Requirements that must all hold.', requirement, { type: 'atomic' }, expressionsMax),
    },
    (value, path) => validateLabelSelector(value as LabelSelectorObject, path),
  );
  return { ...shape, schema: { ...shape.schema, 'x-kubernetes-map-type': 'atomic' } };
};

/** The compiled selector: an absent one matches everything, one that cannot be read nothing. */
export const compileSelector = (selector: LabelSelectorObject | undefined): LabelSelector => {
  if (selector === undefined) return everything;
  const parsed = selectorFromObject(selector);
  return parsed.ok ? parsed.value : nothing;
};
