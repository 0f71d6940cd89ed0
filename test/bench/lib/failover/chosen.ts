/** @module Which faults are run: all of them, or those that a text on the command line names. */
import { InvalidArgumentError } from 'commander';
import { type Fault, partial, vanishing } from './faults.ts';

/** What is run. */
export type Chosen = {
  readonly faults: readonly Fault[];
  /** The long while of bursts of loss on every path. */
  readonly hasBursts: boolean;
};

/** What is run when nothing is chosen. */
export const everything: Chosen = { faults: [...vanishing, ...partial], hasBursts: true };

/** Stands for the bursts. The whole word only: an hour is not begun by a text that was meant for something else. */
const burstsWord = 'bursts';

/**
 * The faults whose name contains one of the texts, which commas divide; upper and lower case are one.
 * @throws InvalidArgumentError for a text that names nothing, with the names there are.
 */
export const choose = (texts: string): Chosen => {
  const wanted = texts.split(',').map((text) => text.trim().toLowerCase());
  const isNamed = (text: string, { name }: Fault): boolean => name.toLowerCase().includes(text);
  const names = [...everything.faults.map(({ name }) => name), burstsWord];
  for (const text of wanted)
    if (text === '' || (text !== burstsWord && !everything.faults.some((fault) => isNamed(text, fault))))
      throw new InvalidArgumentError(`"${text}" names no fault. There are:\n${names.map((name) => `  ${name}`).join('\n')}`);
  return {
    faults: everything.faults.filter((fault) => wanted.some((text) => isNamed(text, fault))),
    hasBursts: wanted.includes(burstsWord),
  };
};
