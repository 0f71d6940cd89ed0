/** @module The hub's part of the `hanse` command. */
import { Command, InvalidArgumentError, Option } from 'commander';
import { decisionsDefault } from '../../shared/api/index.ts';
import { collectLabel } from '../../shared/node/index.ts';
import { admit } from './approve.ts';
import type { CliContext } from './context.ts';
import { detectors } from './detectors.ts';
import { type DrainOptions, drain } from './drain.ts';
import { calmMsDefault, idleMsDefault } from './drain-watch.ts';
import { type ExplainOptions, explain } from './explain.ts';
import { type FitOptions, runFit } from './fit.ts';
import { durationSeconds } from './flags.ts';
import { hubCommand } from './hub.ts';
import { type PlanOptions, runPlan } from './plan.ts';
import { tokenCreate, tokenDelete, tokenList } from './token.ts';
import { topGpu } from './top.ts';
import { userTokenCommand } from './user-token.ts';
import { runWhatIf, type WhatIfOptions } from './what-if.ts';

export { type CliContext, type HubConnection, UsageError } from './context.ts';
export { hubPortDefault, portNumber } from './hub.ts';
export { createToken, type MadeToken } from './token.ts';

const wholeNumber = (text: string): number => {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted');
  return Number(text);
};

const kubeconfigOption = (): Option =>
  new Option(
    '--kubeconfig <file>',
    "the hub's kubeconfig (default: $HANSE_HUB_KUBECONFIG, else .hanse/kubeconfig, else .hanse/hub/kubeconfig, else $KUBECONFIG)",
  );

type CreateFlags = {
  kubeconfig?: string;
  ttl?: number;
  uses?: number;
  autoApprove?: string[] | true;
  label: Record<string, string>;
  output?: string;
};

const tokenCommand = (context: CliContext): Command => {
  const token = new Command('token').description('make, list and delete the tokens that clusters join with');
  token
    .command('create [name]')
    .description('make a token and print the command that joins a cluster with it')
    .addOption(kubeconfigOption())
    .addOption(new Option('--ttl <duration>', 'how long clusters may join with it (default: 1h)').argParser(durationSeconds))
    .addOption(new Option('--uses <count>', 'how many clusters may join with it (default: 1)').argParser(wholeNumber))
    .option('--auto-approve [patterns...]', 'admit without `hanse approve`: all clusters, or those whose name matches, such as eu-*')
    .addOption(new Option('--label <key=value>', 'label put on the clusters; may be repeated').argParser(collectLabel).default({}, 'none'))
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['text', 'token', 'json']).default('text'))
    .action((name: string | undefined, { ttl, uses, label: labels, ...flags }: CreateFlags) =>
      tokenCreate(context, {
        ...flags,
        labels,
        ...(name === undefined ? {} : { name }),
        ...(ttl === undefined ? {} : { ttlSeconds: ttl }),
        ...(uses === undefined ? {} : { uses }),
      }),
    );
  token
    .command('list')
    .description('list the tokens')
    .addOption(kubeconfigOption())
    .action(({ kubeconfig }: { kubeconfig?: string }) => tokenList(context, kubeconfig));
  token
    .command('delete <names...>')
    .description('delete tokens; clusters that joined with them stay')
    .addOption(kubeconfigOption())
    .action((names: string[], { kubeconfig }: { kubeconfig?: string }) => tokenDelete(context, kubeconfig, names));
  return token;
};

const admissionCommand = (context: CliContext, word: 'approve' | 'deny'): Command =>
  new Command(word)
    .argument('<clusters...>')
    .description(
      word === 'approve' ? 'let clusters in that asked to join' : 'refuse clusters that asked to join, or cut off ones that are in',
    )
    .addOption(kubeconfigOption())
    .action((names: string[], { kubeconfig }: { kubeconfig?: string }) =>
      admit(context, kubeconfig, names, word === 'approve' ? 'Approved' : 'Denied'),
    );

const drainCommand = (context: CliContext): Command =>
  new Command('drain')
    .argument('<cluster>')
    .description('empty a cluster: what runs there is started elsewhere first, and nothing new comes')
    .addOption(kubeconfigOption())
    .addOption(new Option('--max-unavailable <count|share>', 'replicas of each workload that may be missing meanwhile, such as 1 or 25%'))
    .addOption(new Option('--undo', 'let the cluster take replicas again'))
    .addOption(new Option('--no-wait', 'do not wait until it is empty'))
    .addOption(
      new Option('--timeout <duration>', 'how long to wait, such as 10m; 0s = for ever, whatever stays').argParser(durationSeconds),
    )
    .addHelpText(
      'after',
      `
What finds no other place stays where it is and is told with the reason. Without --timeout the command ends when nothing else has been left
for ${calmMsDefault / 1_000} seconds, or when nothing at all has left for ${idleMsDefault / 1_000} seconds, as where replacements do not get ready. The drain itself goes on in the hub until it is undone.

Exit code: 0 = the cluster is empty (or, with --undo and --no-wait, it was told so), 1 = it is not, or could not be told, 130 = Ctrl-C.`,
    )
    .action((name: string, { timeout, ...flags }: DrainOptions & { readonly timeout?: number }) =>
      drain(context, name, { ...flags, ...(timeout === undefined ? {} : { timeoutSeconds: timeout }) }),
    );

const explainCommand = (context: CliContext): Command =>
  new Command('explain')
    .argument('<target...>', 'TYPE/NAME, such as deployment/web')
    .description('tell why each cluster got what it got')
    .addOption(kubeconfigOption())
    .addOption(new Option('-n, --namespace <name>', 'namespace of the object').default('default'))
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['text', 'json']).default('text'))
    .addOption(new Option('--history', 'list the decisions of the past, newest first, and what each of them changed'))
    .addOption(new Option('--limit <count>', `how many of them (default: ${decisionsDefault})`).argParser(wholeNumber))
    .addOption(new Option('--at <time|revision>', 'the decision that held then, with its reasons; with --history those up to then'))
    .action((words: string[], flags: ExplainOptions) => explain(context, words, flags));

const fitCommand = (context: CliContext): Command =>
  new Command('fit')
    .description('count how many replicas of a shape a dump of a cluster holds; no hub is needed')
    .addOption(
      new Option(
        '-f, --filename <files...>',
        'what `kubectl get nodes,pods,… -A -o json` prints, and the shape: one Pod or anything with a pod template; - = standard input',
      ),
    )
    .addOption(
      new Option('--batch <file>', 'many cases at once: {"cases":[{"name","objects":[…],"pod":{…}}]}; prints JSON').conflicts('filename'),
    )
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['text', 'json']).default('text'))
    .addHelpText(
      'after',
      '\nExit code: 0 = counted (also when nothing fits; a batch tells each bad case in its place), 1 = nothing could be counted (with -o json or --batch {"error"} is printed).',
    )
    .action((flags: FitOptions) => runFit(context, flags));

const topCommand = (context: CliContext): Command => {
  const top = new Command('top').description('show what the clusters have and how much of it is free');
  top
    .command('gpu')
    .description('the GPUs of all clusters, by model, memory and cluster')
    .addOption(kubeconfigOption())
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['text', 'json']).default('text'))
    .action((flags: { kubeconfig?: string; output?: string }) => topGpu(context, flags));
  return top;
};

const repeated = (text: string, before: string[] | undefined): string[] => [...(before ?? []), text];
const separated = (text: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  ...text.split(',').filter((name) => name !== ''),
];

/** What `plan` and `what-if` have in common: where clusters are known from, and how the answer is told. */
const withPlanOptions = (command: Command): Command =>
  command
    .addOption(
      new Option('-f, --filename <files...>', 'policies, workloads, Clusters, PriorityClasses; offline Placements too; - = standard input'),
    )
    .addOption(new Option('--offline', 'ask no hub: clusters are known from --cluster and from Clusters in the files').default(false))
    .addOption(
      new Option(
        '--cluster <name=dump,label=value...>',
        'a cluster and what `kubectl get nodes,pods,… -A -o json` prints of it; may be repeated',
      ).argParser(repeated),
    )
    .addOption(new Option('--all', 'show what stays as it is too').default(false))
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['text', 'json', 'yaml']).default('text'))
    .addOption(kubeconfigOption());

const planCommand = (context: CliContext): Command =>
  withPlanOptions(
    new Command('plan').description('tell what policies, clusters and workloads in files would change, and why; nothing is written'),
  )
    .addOption(new Option('--delete <files...>', 'files with objects that would be deleted'))
    .addOption(
      new Option('--batch <file>', 'many cases at once: {"cases":[{"name","clusters":{"NAME":[…]},"objects":[…]}]}; prints JSON').conflicts(
        'filename',
      ),
    )
    .addOption(
      new Option(
        '--test <folder>',
        'run a folder of scenarios with what is expected of them; with -o json {"scenarios":[{"name","pass","difference"}]}',
      ).conflicts(['filename', 'batch']),
    )
    .addHelpText(
      'after',
      '\nExit code: 0 = all placed, 2 = something unplaced of what is asked about or changes (what was unplaced before and stays so is told and does not count, with --all or without), 1 = no plan could be made, or a scenario does not hold (a batch tells each bad case in its place, exit 0). Where no plan could be made, -o json and --batch print {"error"}.',
    )
    .action(async (flags: PlanOptions) => context.endWith(await runPlan(context, flags)));

const whatIfCommand = (context: CliContext): Command =>
  withPlanOptions(
    new Command('what-if').description('tell what would move, and what would not fit, if clusters were lost, emptied or grew'),
  )
    .addOption(new Option('--lose <clusters>', 'clusters that are gone, with commas between; may be repeated').argParser(separated))
    .addOption(
      new Option('--drain <clusters>', 'clusters that are emptied, as by `hanse drain`: what finds no other place stays').argParser(
        separated,
      ),
    )
    .addOption(
      new Option(
        '--add-nodes <cluster=COUNTxcpu=…>',
        'nodes to add: CLUSTER=COUNTxcpu=16,memory=64Gi[,nvidia.com/gpu=4][,label:KEY=VALUE][,taint:KEY=VALUE:EFFECT]; may be repeated',
      ).argParser(repeated),
    )
    .addOption(new Option('--every', 'every single loss at once, as one table').default(false))
    .addHelpText(
      'after',
      '\nExit code: 0 = all placed, 2 = something unplaced, 1 = nothing could be told (with -o json {"error"} is printed).',
    )
    .action(async (flags: WhatIfOptions) => context.endWith(await runWhatIf(context, flags)));

const detectorsCommand = (context: CliContext): Command =>
  new Command('detectors')
    .description('tell how often each detection profile would have suspected each cluster, and how soon it would have called its death')
    .addOption(kubeconfigOption())
    .addOption(new Option('-o, --output <form>', 'what to print').choices(['text', 'json']).default('text'))
    .action((flags: { kubeconfig?: string; output?: string }) => detectors(context, flags));

/** The commands of the hub's room. */
export const hubCommands = (context: CliContext): Command[] => [
  hubCommand(),
  tokenCommand(context),
  userTokenCommand(context),
  admissionCommand(context, 'approve'),
  admissionCommand(context, 'deny'),
  drainCommand(context),
  explainCommand(context),
  detectorsCommand(context),
  topCommand(context),
  fitCommand(context),
  planCommand(context),
  whatIfCommand(context),
];
