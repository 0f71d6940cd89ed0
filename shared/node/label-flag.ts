/** @module A flag that takes one label and may be repeated. */
import { InvalidArgumentError } from 'commander';
import { keyValue } from '../lib/key-value.ts';

/** The labels with this one, `key=value`, besides. @throws InvalidArgumentError when it is written otherwise. */
export const collectLabel = (pair: string, labels: Readonly<Record<string, string>>): Record<string, string> => {
  const label = keyValue(pair);
  if (label === undefined) throw new InvalidArgumentError('write it as key=value');
  return { ...labels, [label[0]]: label[1] };
};
