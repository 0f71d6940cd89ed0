/** @module `hanse what-if`: what moves where when clusters are lost, emptied or grow, what does not fit, and who ends above which load. */
import type { PlanReviewSpec } from '../../shared/api/index.ts';
import { type Loss, lossOf, type Measure, makePlan, type PlanAnswer, planAnswer, settled, withLosses } from '../../shared/plan/index.ts';
import { type Paint, painter, type Tone } from './colour.ts';
import { type CliContext, UsageError } from './context.ts';
import { askHub, objectsOf, printPlan } from './plan.ts';
import { readAddedNodes } from './plan-case.ts';
import { fleetOfWords } from './plan-fleet.ts';
import { paintedTable } from './plan-text.ts';
import { printAs, withJsonErrors } from './print-as.ts';

/** Options of {@link runWhatIf}. */
export type WhatIfOptions = {
  readonly lose?: readonly string[];
  readonly drain?: readonly string[];
  readonly addNodes?: readonly string[];
  readonly every?: boolean;
  readonly filename?: readonly string[];
  readonly offline?: boolean;
  readonly cluster?: readonly string[];
  readonly all?: boolean;
  readonly output?: string;
  readonly kubeconfig?: string;
};

/** Every single loss, as `-o json` prints it. */
type LossesAnswer = { readonly losses: readonly Loss[] };

const measureWords: Readonly<Record<Measure, string>> = { cpuMilli: 'cpu', memoryMiB: 'memory', gpu: 'gpu', pods: 'pods' };

const shortText = ({ short }: Loss): string =>
  short.map(({ object, unplaced }) => `${object.kind.toLowerCase()}/${object.name} ${unplaced}`).join(', ');

const toneOf = ({ unplaced, replicas }: Loss): Tone | undefined => (unplaced > 0 ? 'bad' : replicas === 0 ? 'faint' : undefined);

/** The table of every single loss. */
export const lossLines = (losses: readonly Loss[], paint: Paint): string[] => {
  if (losses.length === 0) return ['no cluster to lose'];
  const rows = losses.map((loss) => ({
    cells: [
      loss.cluster,
      String(loss.objects),
      String(loss.replicas),
      String(loss.moved),
      String(loss.unplaced),
      loss.fullest === undefined ? '' : `${loss.fullest.cluster} ${measureWords[loss.fullest.measure]} ${loss.fullest.percent}%`,
      shortText(loss),
    ],
    tone: toneOf(loss),
  }));
  const safe = losses.filter(({ unplaced }) => unplaced === 0).length;
  return [
    ...paintedTable(['LOST', 'OBJECTS', 'REPLICAS', 'MOVED', 'UNPLACED', 'FULLEST AFTER', 'DOES NOT FIT'], rows, paint),
    '',
    paint(`${safe} of ${losses.length} clusters can be lost with nothing unplaced`, safe < losses.length ? 'bad' : undefined),
  ];
};

/** Scripts go by it: 0 = everything fits whatever is lost, 2 = something does not. */
const lossesExitCode = (losses: readonly Loss[]): 0 | 2 => (losses.some(({ unplaced }) => unplaced > 0) ? 2 : 0);

const offline = async (options: WhatIfOptions, nowMs: number): Promise<PlanAnswer | LossesAnswer> => {
  const { lose = [], drain = [], every = false, all = false } = options;
  const fleet = await fleetOfWords(options);
  const plan = makePlan(fleet, { nowMs });
  if (!every && lose.length + drain.length === 0) return planAnswer(plan, { isWhole: all });
  // What the files would place is in place before anything is lost.
  const rested = settled(fleet, plan);
  if (every) return { losses: rested.clusters.map(({ view }) => lossOf(rested, view.name, { nowMs })) };
  const after = withLosses(rested, { lose, drain });
  if (!after.ok) throw new UsageError(after.message);
  return planAnswer(makePlan(after.value, { nowMs }), { isWhole: all });
};

const online = async (context: CliContext, options: WhatIfOptions): Promise<PlanAnswer | LossesAnswer> => {
  if (options.cluster !== undefined) throw new UsageError('--cluster gives the dump of a cluster: say --offline too');
  const spec: PlanReviewSpec = {
    objects: await objectsOf(options.filename),
    lose: options.lose ?? [],
    drain: options.drain ?? [],
    addNodes: readAddedNodes(options.addNodes ?? []),
    everyLoss: options.every === true,
    all: options.all === true,
  };
  return (await askHub(context, options.kubeconfig, spec)) as PlanAnswer | LossesAnswer;
};

const supposeAndPrint = async (context: CliContext, options: WhatIfOptions): Promise<0 | 2> => {
  const { lose = [], drain = [], addNodes = [], every = false } = options;
  if (!every && lose.length + drain.length + addNodes.length === 0) {
    throw new UsageError('say what happens: --lose CLUSTER, --drain CLUSTER, --add-nodes CLUSTER=COUNTxcpu=…, or --every');
  }
  if (every && lose.length + drain.length > 0) throw new UsageError('--every tries each loss by itself; leave --lose and --drain out');
  const answer = options.offline === true ? await offline(options, context.nowMs()) : await online(context, options);
  if (!('losses' in answer)) return printPlan(context, answer, options);
  printAs(context, answer, options.output, () => lossLines(answer.losses, painter(context.isColoured === true)));
  return lossesExitCode(answer.losses);
};

/**
 * Prints what would be; answers the exit code: 0 all placed, 2 something unplaced.
 *
 * @throws UsageError when nothing is asked, or a cluster is not known.
 */
export const runWhatIf = (context: CliContext, options: WhatIfOptions): Promise<0 | 2> =>
  withJsonErrors(context, options.output === 'json', () => supposeAndPrint(context, options));
