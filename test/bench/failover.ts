/**
 * @module What a failure costs: clusters, agents, broker and hub in network namespaces of their own, faults in the network between them, and
 * clients at every cluster. `npm run bench -- failover`, as root on Linux; two hours, or with `--quick` a quarter of one. A real cluster wants
 * two cores; where there are fewer, playground members take their place, and the table says how many.
 */
import { cpus } from 'node:os';
import { InvalidArgumentError, Option } from 'commander';
import { networkLack } from '../testbed/index.ts';
import type { BenchOptions, BenchResult, Cell, Goal } from './lib/bench.ts';
import { type Chosen, choose, everything } from './lib/failover/chosen.ts';
import { type Fault, vanishing } from './lib/failover/faults.ts';
import { type Lab, openLab, siteNames } from './lib/failover/lab.ts';
import { columns, type FaultRuns, falseMoves, goalsOf, loadNow, noneGoal, rowOf } from './lib/failover/rows.ts';
import { runFault, type Watching } from './lib/failover/run.ts';
import { type Soaked, soak } from './lib/failover/soak.ts';
import { requestsPerSecond } from './lib/failover/words.ts';

type Extent = Watching & { readonly vanishingRuns: number; readonly partialRuns: number; readonly soakMinutes: number };

const full: Extent = { vanishingRuns: 20, partialRuns: 3, soakMinutes: 60, quietMs: 15_000, movesMsMax: 30_000 };
const quick: Extent = { vanishingRuns: 6, partialRuns: 1, soakMinutes: 3, quietMs: 10_000, movesMsMax: 30_000 };
const soakRttMs = 80;

/** A real cluster keeps this many cores busy beside what is measured. */
const coresEach = 2;

/** How many of the clusters are real: as many as the machine bears, one at least; `HANSE_BENCH_REAL_CLUSTERS` says otherwise. */
const realClusters = (): number => {
  const given = process.env.HANSE_BENCH_REAL_CLUSTERS;
  if (given === undefined) return Math.min(siteNames.length, Math.max(1, Math.floor(cpus().length / coresEach)));
  if (!/^[0-5]$/.test(given)) throw new Error(`HANSE_BENCH_REAL_CLUSTERS=${given}: write a whole number from 0 to ${siteNames.length}`);
  return Number(given);
};

const clustersText = (real: number): string => {
  if (real === siteNames.length) return 'five clusters with real kube-apiservers';
  return `five clusters, ${real} with a real kube-apiserver and ${siteNames.length - real} of the playground (more are too heavy here)`;
};

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Runs a fault so many times, each on the next site. */
const repeat = async (lab: Lab, fault: Fault, times: number, watching: Watching): Promise<FaultRuns> => {
  await lab.setLinks(fault.rttMs);
  const runs: FaultRuns['runs'][number][] = [];
  const mayLeave: (string | undefined)[] = [];
  for (let turn = 0; turn < times; turn++) {
    const victim = lab.sites[turn % lab.sites.length];
    if (victim === undefined) break;
    mayLeave.push(fault.mayLeave?.(lab, victim));
    const run = await runFault(lab, fault, victim, watching);
    runs.push(run);
    say(`${fault.name}: ${victim.name} ${JSON.stringify(run)}, load ${loadNow().toFixed(1)}`);
  }
  return { fault, runs, mayLeave, load: loadNow() };
};

/** Broker and hub are killed for what needs them dead, once all agents have what they need without them, and started again. */
const withoutHub = async <T>(lab: Lab, work: () => Promise<T>): Promise<T> => {
  const { plant } = lab;
  await lab.calm(true);
  await plant.hub.strike('kill');
  await plant.broker.strike('kill');
  try {
    return await work();
  } finally {
    await plant.broker.strike('start');
    await plant.hub.strike('start');
  }
};

const soakRow = ({ minutes, others, requests, lost, wrong, falseDeaths, stalls }: Soaked): readonly Cell[] => [
  `bursts of loss on every path, ${minutes} min`,
  1,
  [...others].map(([cause, count]) => `${cause} ×${count}`).join(', ') || 'none',
  ...['-', '-', '-', '-', '-', '-'],
  requests,
  lost,
  wrong,
  '-',
  falseDeaths,
  stalls,
  loadNow().toFixed(1),
];

type Found = { readonly all: readonly FaultRuns[]; readonly soaked?: Soaked };

const measureAll = async (lab: Lab, extent: Extent, { faults, hasBursts }: Chosen): Promise<Found> => {
  const all: FaultRuns[] = [];
  for (const fault of faults) {
    const times = vanishing.includes(fault) ? extent.vanishingRuns : extent.partialRuns;
    const run = (): Promise<FaultRuns> => repeat(lab, fault, times, extent);
    all.push(fault.isAlone === true ? await withoutHub(lab, run) : await run());
  }
  if (!hasBursts) return { all };
  await lab.calm(true);
  return { all, soaked: await soak(lab, soakRttMs, extent.soakMinutes) };
};

const falseMovesGoal = (all: readonly FaultRuns[]): Goal =>
  noneGoal(
    'moves that no loss asked for, all faults together',
    all.reduce((sum, runs) => sum + falseMoves(runs), 0),
  );

const resultOf = ({ all, soaked }: Found, real: number): BenchResult => {
  const goals = [
    ...all.flatMap(goalsOf),
    ...(all.length === 0 ? [] : [falseMovesGoal(all)]),
    ...(soaked === undefined ? [] : [noneGoal(`false deaths in ${soaked.minutes} min of bursts on every path`, soaked.falseDeaths)]),
  ];
  return {
    title: [
      `What a failure costs: ${all.length} of ${everything.faults.length} faults; ${clustersText(real)}, an agent and a backend each, nats-server and hub, each in a network`,
      `namespace of its own on one machine of ${cpus().length} cores; ${requestsPerSecond} requests a second from every cluster, half by name, half by EndpointSlice.`,
      'All but the hub goes before what else runs on the machine (nice -10).',
      'Times are ms after the fault until the last cluster; a name that a resolver keeps adds its TTL (5 s here). Replicas go after 5 s (the default).',
      'Settings for the next trial: FailoverPolicy hold-down and half-life 1 s, window 10 s; TrafficPolicy hold-down 0, one step. `load`: of the machine, over a minute.',
    ].join('\n'),
    columns,
    rows: [...all.map(rowOf), ...(soaked === undefined ? [] : [soakRow(soaked)])],
    goals,
  };
};

const runsMax = 1_000;
const readRuns = (text: string): number => {
  const runs = Number(text);
  if (!/^\d+$/.test(text) || runs < 1 || runs > runsMax) throw new InvalidArgumentError(`a whole number from 1 to ${runsMax}`);
  return runs;
};

type FailoverOptions = BenchOptions & { readonly only?: Chosen; readonly runs?: number };

/** Which faults, and how often. */
export const options: readonly Option[] = [
  new Option(
    '--only <texts>',
    'run only the faults whose name contains one of these texts (between commas), `bursts` for the hour of bursts of loss',
  ).argParser(choose),
  new Option('--runs <number>', 'run each fault so many times').argParser(readRuns),
];

/** Measures. @throws Error when this machine can have no network of namespaces, or the laboratory does not come to rest. */
export const run = async ({ quick: isQuick, only = everything, runs }: FailoverOptions): Promise<BenchResult> => {
  const lack = networkLack();
  if (lack !== undefined) throw new Error(`there is no measuring failover here: ${lack}`);
  const usual = isQuick ? quick : full;
  const extent = runs === undefined ? usual : { ...usual, vanishingRuns: runs, partialRuns: runs };
  const real = realClusters();
  const lab = await openLab(siteNames, real);
  try {
    for (const site of lab.sites) await site.load();
    return resultOf(await measureAll(lab, extent, only), real);
  } finally {
    await lab.close();
  }
};
