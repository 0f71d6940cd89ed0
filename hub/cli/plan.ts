/** @module `hanse plan`: what would move, why and at what cost, before anything is written. */
import type { PlanObjectRef, PlanReviewSpec } from '../../shared/api/index.ts';
import { StatusError } from '../../shared/kube/status-error.ts';
import { isBag } from '../../shared/lib/fields.ts';
import { messageOf } from '../../shared/lib/message-of.ts';
import { type DumpedCluster, makePlan, type PlanAnswer, planAnswer, planExitCode, readPlanObjects } from '../../shared/plan/index.ts';
import { type CliContext, UsageError, withHub } from './context.ts';
import { readFiles, readJson } from './fit-input.ts';
import { fleetOfWords, planOffline } from './plan-fleet.ts';
import { planLines } from './plan-text.ts';
import { printAs, withJsonErrors } from './print-as.ts';
import { runScenarios } from './scenarios.ts';

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
  /** Files with objects that would be deleted. */
  readonly delete?: readonly string[];
  /** A folder of scenarios. */
  readonly test?: string;
  readonly kubeconfig?: string;
};

/** What planning needs of the world. */
export type PlanContext = Pick<CliContext, 'print' | 'nowMs' | 'isColoured'>;

/** What is wrong, with the path of the case that it is in. */
const inCase = (message: string, at: number): string => `cases[${at}]${message.startsWith('objects[') ? '.' : ': '}${message}`;

/** One case of a batch; whatever is wrong with it is told in its place. */
const caseResult = (one: unknown, at: number, nowMs: number): object => {
  if (!isBag(one)) return { name: `case ${at}`, error: `cases[${at}]: an object with name, clusters and objects is wanted` };
  const { name = `case ${at}`, clusters, objects } = one;
  if (!isBag(clusters)) return { name, error: `cases[${at}].clusters: a map of cluster names to lists of objects is wanted` };
  if (!Array.isArray(objects)) return { name, error: `cases[${at}].objects: a list of objects is wanted` };
  const dumps: [string, DumpedCluster][] = [];
  for (const [cluster, dump] of Object.entries(clusters)) {
    // A List is what kubectl prints of a member.
    if (!Array.isArray(dump) && !isBag(dump)) return { name, error: `cases[${at}].clusters.${cluster}: a list of objects is wanted` };
    dumps.push([cluster, { dump: Array.isArray(dump) ? dump : [dump] }]);
  }
  try {
    const plan = planOffline({ clusters: Object.fromEntries(dumps), objects }, { nowMs });
    return plan.ok ? { name, ...planAnswer(plan.value) } : { name, error: inCase(plan.message, at) };
  } catch (error) {
    return { name, error: `cases[${at}]: ${messageOf(error)}` };
  }
};

/** The results of `--batch`. @throws UsageError when the file has no list of cases. */
export const planBatch = (document: unknown, nowMs: number): { readonly results: readonly object[] } => {
  const cases = isBag(document) ? document.cases : undefined;
  if (!Array.isArray(cases)) throw new UsageError('--batch wants {"cases":[{"name","clusters":{"NAME":[…]},"objects":[…]}]}');
  return { results: cases.map((one, at) => caseResult(one, at, nowMs)) };
};

/** Prints a plan in the form asked for; answers the exit code. */
export const printPlan = (
  context: PlanContext,
  answer: PlanAnswer,
  { output, all = false }: Pick<PlanOptions, 'output' | 'all'>,
): 0 | 2 => {
  printAs(context, answer, output, () => planLines(answer, { isWhole: all, isColoured: context.isColoured === true }));
  return planExitCode(answer);
};

const planReviews = { group: 'hanse.dev', version: 'v1alpha1', resource: 'planreviews' };

/** What the hub finds wrong, without the name of the review around it. */
const refusalText = (error: StatusError): string =>
  (error.status.details?.causes ?? [])
    .map(({ field = '', message = '' }) => (field === '' || field === 'spec' ? message : `${field}: ${message}`))
    .join('; ');

/** Asks the hub for a plan. @throws UsageError when what is asked is wrong */
export const askHub = (context: CliContext, kubeconfig: string | undefined, spec: PlanReviewSpec): Promise<unknown> =>
  withHub(context, kubeconfig, async ({ client }) => {
    const review = { apiVersion: 'hanse.dev/v1alpha1', kind: 'PlanReview', metadata: { name: '' }, spec };
    try {
      const { status } = await client.create(planReviews, review);
      return status;
    } catch (error) {
      if (error instanceof StatusError && error.reason === 'Invalid') throw new UsageError(refusalText(error) || error.message);
      throw error;
    }
  });

/** Lists opened: a review holds objects. */
const opened = (documents: readonly unknown[]): unknown[] =>
  documents.flatMap((document) => {
    if (Array.isArray(document)) return opened(document);
    const isList = isBag(document) && typeof document.kind === 'string' && document.kind.endsWith('List') && Array.isArray(document.items);
    return isList ? opened(document.items as unknown[]) : [document];
  });

/** The objects of files. @throws UsageError */
export const objectsOf = async (paths: readonly string[] | undefined): Promise<unknown[]> =>
  opened((await readFiles(paths ?? [])).flatMap(({ documents }) => documents));

/** The objects of files by name, for what would be deleted. @throws UsageError */
const deletionsOf = async (paths: readonly string[] | undefined): Promise<PlanObjectRef[]> => {
  const read = readPlanObjects(await objectsOf(paths));
  if (!read.ok) throw new UsageError(`--delete: ${read.message}`);
  const { policyObjects, workloads, clusters } = read.value;
  return [...policyObjects, ...workloads, ...clusters.values()].map(({ apiVersion, kind, metadata: { namespace = '', name = '' } }) => ({
    apiVersion,
    kind,
    namespace,
    name,
  }));
};

const offlineAnswer = async (options: PlanOptions, nowMs: number): Promise<PlanAnswer> => {
  if (options.delete !== undefined) throw new UsageError('--delete asks the hub; offline, leave the objects out of the files');
  return planAnswer(makePlan(await fleetOfWords(options), { nowMs }));
};

const planOnHub = async (context: CliContext, options: PlanOptions): Promise<PlanAnswer> => {
  if (options.cluster !== undefined) throw new UsageError('--cluster gives the dump of a cluster: say --offline too');
  const [objects, deletions] = [await objectsOf(options.filename), await deletionsOf(options.delete)];
  return (await askHub(context, options.kubeconfig, { objects, deletions, all: options.all === true })) as PlanAnswer;
};

const planAndPrint = async (context: CliContext, options: PlanOptions): Promise<0 | 1 | 2> => {
  const nowMs = context.nowMs();
  if (options.test !== undefined) return runScenarios(context, options.test, options.output);
  if (options.batch !== undefined) {
    context.print(JSON.stringify(planBatch(await readJson(options.batch), nowMs)));
    return 0;
  }
  if ((options.filename ?? []).length + (options.delete ?? []).length === 0) {
    throw new UsageError('say what to plan: -f FILES with policies, workloads or Clusters, or --delete FILES');
  }
  const answer = options.offline === true ? await offlineAnswer(options, nowMs) : await planOnHub(context, options);
  return printPlan(context, answer, options);
};

/**
 * Prints what would be decided; answers the exit code: 0 all placed, 2 something unplaced.
 *
 * @throws UsageError when the plan cannot be made; a batch tells each bad case in its place.
 */
export const runPlan = (context: CliContext, options: PlanOptions): Promise<0 | 1 | 2> =>
  withJsonErrors(context, options.output === 'json' || options.batch !== undefined, () => planAndPrint(context, options));
