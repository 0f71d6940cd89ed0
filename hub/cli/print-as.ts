/** @module The form in which an answer is told: lines for people, JSON or YAML for scripts, which get an answer when something is wrong too. */
import { stringify } from 'yaml';
import { messageOf } from '../../shared/lib/message-of.ts';
import type { CliContext } from './context.ts';

/** Prints JSON or YAML as asked for, else the lines. */
export const printAs = (
  context: Pick<CliContext, 'print'>,
  answer: object,
  output: string | undefined,
  lines: () => readonly string[],
): void => {
  if (output === 'json') context.print(JSON.stringify(answer, null, 2));
  else if (output === 'yaml') context.print(stringify(answer).trimEnd());
  else for (const line of lines()) context.print(line);
};

/** Runs a command. Where JSON is asked for and it fails, `{"error"}` is printed, so that what reads it finds JSON always. @throws what it throws */
export const withJsonErrors = async <T>(context: Pick<CliContext, 'print'>, isJson: boolean, run: () => Promise<T>): Promise<T> => {
  try {
    return await run();
  } catch (error) {
    if (isJson) context.print(JSON.stringify({ error: messageOf(error) }));
    throw error;
  }
};
