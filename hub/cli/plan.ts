/** @module `hanse plan`: what would move, why and at what cost, before anything is written. */
import { stringify } from 'yaml';
import { type DumpedCluster, type PlanAnswer, type PlanCase, planAnswer, planCase, planExitCode } from '../../shared/plan/index.ts';
import { type CliContext, UsageError } from './context.ts';
import { parseExactJson, readFiles, readText } from './fit-input.ts';
import { planLines } from './plan-text.ts';

/** Options of {@link runPlan}. */
export type PlanOptions = {
  readonly filename?: readonly string[];
  readonly offline?: boolean;
  /** `NAME=DUMP[,label=value…]`. */
  readonly cluster?: readonly string[];
  readonly batch?: string;
  readonly output?: string;
  /** Show what stays as it is too. */
  readonly all?: boolean;
};

/** What planning needs of the world. */
export type PlanContext = Pick<CliContext, 'print' | 'nowMs' | 'isColoured'>;

type Bag = { readonly [field: string]: unknown };
const isBag = (value: unknown): value is Bag => typeof value === 'object' && value !== null && !Array.isArray(value);
const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** `east=dump.json,topology.kubernetes.io/region=eu` in its parts. @throws UsageError */
export const parseCluster = (text: string): { readonly name: string; readonly path: string; readonly labels: Record<string, string> } => {
  const [head = '', ...rest] = text.split(',');
  const at = head.indexOf('=');
  if (at <= 0 || at === head.length - 1) throw new UsageError(`--cluster ${text}: write it as NAME=DUMP[,label=value…]`);
  const labels = rest.map((pair) => {
    const equals = pair.indexOf('=');
    if (equals <= 0) throw new UsageError(`--cluster ${text}: ${JSON.stringify(pair)} is no label=value`);
    return [pair.slice(0, equals), pair.slice(equals + 1)] as const;
  });
  return { name: head.slice(0, at), path: head.slice(at + 1), labels: Object.fromEntries(labels) };
};

/** The case that the words of the command line describe. @throws UsageError */
const caseOf = async (options: PlanOptions): Promise<PlanCase> => {
  const clusters: Record<string, { dump: unknown[]; labels: Record<string, string> }> = {};
  for (const text of options.cluster ?? []) {
    const { name, path, labels } = parseCluster(text);
    const [file] = await readFiles([path]);
    const known = clusters[name] ?? { dump: [], labels: {} };
    known.dump.push(...(file?.documents ?? []));
    Object.assign(known.labels, labels);
    clusters[name] = known;
  }
  const files = await readFiles(options.filename ?? []);
  return { clusters, objects: files.flatMap((file) => file.documents) };
};

/** One case of a batch; whatever is wrong with it is told in its place. */
const caseResult = (one: unknown, at: number, nowMs: number): object => {
  if (!isBag(one)) return { name: `case ${at}`, error: `cases[${at}]: an object with name, clusters and objects is wanted` };
  const { name = `case ${at}`, clusters = {}, objects = [] } = one;
  if (!isBag(clusters)) return { name, error: `cases[${at}].clusters: a map of cluster names to lists of objects is wanted` };
  if (!Array.isArray(objects)) return { name, error: `cases[${at}].objects: a list of objects is wanted` };
  const dumps: Record<string, DumpedCluster> = {};
  for (const [cluster, dump] of Object.entries(clusters)) {
    if (!Array.isArray(dump)) return { name, error: `cases[${at}].clusters.${cluster}: a list of objects is wanted` };
    dumps[cluster] = { dump };
  }
  try {
    const plan = planCase({ clusters: dumps, objects }, { nowMs });
    return plan.ok ? { name, ...planAnswer(plan.value) } : { name, error: plan.message };
  } catch (error) {
    return { name, error: `cases[${at}]: ${wordsOf(error)}` };
  }
};

/** The results of `--batch`. @throws UsageError when the file has no list of cases. */
export const planBatch = (document: unknown, nowMs: number): { readonly results: readonly object[] } => {
  const cases = isBag(document) ? document.cases : undefined;
  if (!Array.isArray(cases)) throw new UsageError('--batch wants {"cases":[{"name","clusters":{"NAME":[…]},"objects":[…]}]}');
  return { results: cases.map((one, at) => caseResult(one, at, nowMs)) };
};

const runBatch = async (path: string, nowMs: number): Promise<string> => {
  const text = await readText(path);
  let document: unknown;
  try {
    document = parseExactJson(text);
  } catch (error) {
    throw new UsageError(`${path}: no JSON: ${wordsOf(error)}`);
  }
  return JSON.stringify(planBatch(document, nowMs));
};

/** Prints an answer in the form asked for. */
export const printAnswer = (
  context: PlanContext,
  answer: PlanAnswer,
  { output, all = false }: Pick<PlanOptions, 'output' | 'all'>,
): void => {
  if (output === 'json') context.print(JSON.stringify(answer, null, 2));
  else if (output === 'yaml') context.print(stringify(answer).trimEnd());
  else for (const line of planLines(answer, { isWhole: all, isColoured: context.isColoured === true })) context.print(line);
};

/**
 * Prints what would be decided; answers the exit code: 0 all placed, 2 something unplaced.
 *
 * @throws UsageError when the plan cannot be made; a batch tells each bad case in its place.
 */
export const runPlan = async (context: PlanContext, options: PlanOptions): Promise<0 | 2> => {
  const nowMs = context.nowMs();
  if (options.batch !== undefined) {
    context.print(await runBatch(options.batch, nowMs));
    return 0;
  }
  if ((options.filename ?? []).length === 0) throw new UsageError('say what to plan: -f FILES with policies and workloads');
  const plan = planCase(await caseOf(options), { nowMs });
  if (!plan.ok) throw new UsageError(plan.message);
  const answer = planAnswer(plan.value);
  printAnswer(context, answer, options);
  return planExitCode(answer);
};
