/** @module `hanse fit`: how many replicas of a shape a dump of a cluster holds; it needs no hub. */

import { type ExactFit, fitDump } from '../../shared/capacity/index.ts';
import { bagOf, isBag } from '../../shared/lib/fields.ts';
import { messageOf } from '../../shared/lib/message-of.ts';
import { type CliContext, UsageError } from './context.ts';
import { readFiles, readJson } from './fit-input.ts';
import { shapeIn, splitShape } from './fit-shape.ts';
import { withJsonErrors } from './print-as.ts';
import { tableLines } from './table.ts';

/** Options of {@link runFit}. */
export type FitOptions = { readonly filename?: readonly string[]; readonly batch?: string; readonly output?: string };

/** The answer as it is printed with `-o json`; counts are exact whole numbers of any size. */
const answerOf = ({ total, exact, nodes, refusals, doubts }: ExactFit): object => ({
  total,
  exact,
  nodes,
  refusals,
  ...(doubts.length === 0 ? {} : { doubts }),
});

const rawJson = (digits: string): unknown => (JSON as unknown as { rawJSON: (text: string) => unknown }).rawJSON(digits);
const toJson = (value: unknown, indent?: number): string =>
  JSON.stringify(value, (_key, item: unknown) => (typeof item === 'bigint' ? rawJson(String(item)) : item), indent);

/** The lines for people. */
export const fitLines = ({ total, exact, nodes, refusals, doubts }: ExactFit): string[] => {
  const taking = nodes.filter(({ count }) => count > 0n);
  const refused = Object.entries(refusals).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  return [
    `${exact ? '' : 'at least '}${total} replica${total === 1n ? '' : 's'} on ${taking.length} of ${nodes.length} nodes`,
    ...(exact
      ? []
      : [doubts.length === 0 ? "an estimate: the kubelet's own choice of zones decides" : `an estimate: ${doubts.join('; ')}`]),
    ...(taking.length === 0
      ? []
      : [
          '',
          ...tableLines(
            ['NODE', 'FITS', 'BOUND BY'],
            taking.map(({ name, count, bound }) => [name, String(count), bound]),
          ),
        ]),
    ...(refused.length === 0
      ? []
      : [
          '',
          ...tableLines(
            ['REFUSED BY', 'NODES'],
            refused.map(([reason, count]) => [reason, String(count)]),
          ),
        ]),
  ];
};

/** One case of a batch; whatever is wrong with it is told in its place. */
const caseResult = (one: unknown, at: number): object => {
  const { name = `case ${at}`, objects, pod } = bagOf(one);
  if (!isBag(one)) return { name, error: `cases[${at}]: an object with name, objects and pod is wanted` };
  if (!Array.isArray(objects)) return { name, error: `cases[${at}].objects: a list of Kubernetes objects is wanted` };
  try {
    const answer = fitDump(objects, shapeIn(pod, `cases[${at}].pod`));
    return answer.ok ? { name, ...answerOf(answer.value) } : { name, error: `cases[${at}]: ${answer.message}` };
  } catch (error) {
    if (error instanceof UsageError) return { name, error: error.message };
    return { name, error: `cases[${at}]: ${messageOf(error)}` };
  }
};

/** The results of `--batch`. @throws UsageError when the file has no list of cases. */
export const batchResults = (document: unknown): { readonly results: readonly object[] } => {
  const { cases } = bagOf(document);
  if (!Array.isArray(cases)) throw new UsageError('--batch wants {"cases":[{"name","objects":[…],"pod":{…}}]}');
  return { results: cases.map(caseResult) };
};

const countAndPrint = async (context: Pick<CliContext, 'print'>, options: FitOptions): Promise<void> => {
  if (options.batch !== undefined) return context.print(toJson(batchResults(await readJson(options.batch))));
  const paths = options.filename ?? [];
  if (paths.length === 0) throw new UsageError('say what to count: -f DUMP… -f pod.yaml, or --batch CASES.json');
  const { objects, shape } = splitShape(await readFiles(paths));
  const answer = fitDump(objects, shape);
  if (!answer.ok) throw new UsageError(answer.message);
  if (answer.value.nodes.length === 0)
    throw new UsageError('no Node is in the dump: add -f with what kubectl get nodes,pods -A -o json prints');
  if (options.output === 'json') context.print(toJson(answerOf(answer.value), 2));
  else for (const line of fitLines(answer.value)) context.print(line);
};

/** Prints how many replicas fit. @throws UsageError when files cannot be read or counted; a batch tells each bad case in its place. */
export const runFit = (context: Pick<CliContext, 'print'>, options: FitOptions): Promise<void> =>
  withJsonErrors(context, options.output === 'json' || options.batch !== undefined, () => countAndPrint(context, options));
