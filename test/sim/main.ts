/** @module `npm run sim -- --seeds A-B [--past] [--json] [--verbose]`: runs seeds, each until it has settled, and says which broke a rule. */
import { Command, InvalidArgumentError } from 'commander';
import { optionsOf, pastSeeds, type Range, seedsOf } from './past-seeds.ts';
import { runSeed, type SeedOptions, type SeedResult } from './run-seed.ts';
import { createTally } from './tally.ts';

const readRange = (text: string): Range => {
  const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range = { from: Number(from), to: Number(to ?? from) };
  if (from === undefined || range.to < range.from) throw new InvalidArgumentError('write two numbers such as 1-200, or one');
  return range;
};

const write = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const tell = (result: SeedResult): void => {
  write(`seed ${result.seed} broke a rule: ${result.broken?.rule}`);
  write(`  ${result.broken?.message}`);
  write(`  faults: ${result.faults}`);
  write('  last events:');
  for (const line of result.tail) write(`    ${line}`);
  write(`  replay: npm run sim -- --seeds ${result.seed}-${result.seed} --verbose`);
};

/** Runs a seed, and again where both runs must agree byte for byte. */
const runOnce = async (seed: number, options: SeedOptions, twice: boolean, verbose: boolean): Promise<SeedResult> => {
  const result = await runSeed(seed, { ...options, ...(verbose ? { print: write } : {}) });
  if (!twice || result.broken !== undefined) return result;
  const again = await runSeed(seed, options);
  if (again.hash === result.hash) return result;
  return {
    ...result,
    broken: {
      rule: 'same seed, same bytes',
      message: `two runs differ: ${result.hash} (${result.events} events) and ${again.hash} (${again.events})`,
    },
  };
};

/** One seed in so many is run twice. */
const twiceEvery = 20;

type Options = { readonly seeds?: Range; readonly past?: boolean; readonly json?: boolean; readonly verbose?: boolean };

const main = async ({ seeds: range, ...options }: Options): Promise<boolean> => {
  const past = pastSeeds();
  const given = new Map(past.map((one) => [one.seed, optionsOf(one)]));
  const startedMs = performance.now();
  const tally = createTally();
  const seeds = seedsOf(range, options.past === true ? past : []);
  for (const seed of seeds) {
    const result = await runOnce(seed, given.get(seed) ?? {}, seed % twiceEvery === 0 || seeds.length === 1, options.verbose === true);
    tally.add(result);
    if (result.broken !== undefined) tell(result);
  }
  const seconds = Math.max(0.001, (performance.now() - startedMs) / 1000);
  if (options.json === true) process.stdout.write(`${JSON.stringify(tally.document())}\n`);
  else for (const line of tally.lines(seconds)) write(line);
  return tally.failed().length === 0;
};

const program = new Command('sim')
  .description('Runs the shipped loops of hub and agents under virtual time and faults, and checks rules after every event.')
  .option('--seeds <A-B>', 'seeds to run, such as 1-200, or one', readRange)
  .option('--past', 'run those that failed once as well, or alone: they are kept in test/sim/seeds')
  .option(
    '--json',
    'print one JSON document: {"seeds":N,"failed":[],"verdicts":{…},"false":0,"singletonOverlaps":0,"events":N,"clients":{…}}',
  )
  .option('--verbose', 'print the faults of each seed and every event (to stderr)')
  .parse();
const options = program.opts<Options>();
if (options.seeds === undefined && options.past !== true) program.error("error: nothing to run: write '--seeds A-B', '--past' or both");
process.exitCode = (await main(options)) ? 0 : 1;
