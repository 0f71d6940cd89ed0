/** @module `npm run sim -- --seeds A-B [--json] [--verbose]`: runs seeds, each until it has settled, and says which broke a rule. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import type { Faults } from './faults.ts';
import { percentile } from './health/measure.ts';
import { runSeed, type SeedOptions, type SeedResult } from './run-seed.ts';

type Range = { readonly from: number; readonly to: number };

const readRange = (text: string): Range => {
  const [, from, to] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const range = { from: Number(from), to: Number(to ?? from) };
  if (from === undefined || range.to < range.from) throw new InvalidArgumentError('write two numbers such as 1-200, or one');
  return range;
};

/** A seed that failed once. It did so before what is named in `without` happened here, and none of that does while it runs. */
type PastSeed = { readonly seed: number; readonly why: string; readonly without?: readonly (keyof Faults)[] };

const optionsOf = ({ without = [] }: PastSeed): SeedOptions => ({
  faults: (drawn) => ({ ...drawn, ...Object.fromEntries(without.map((fault) => [fault, 0])) }),
});

/** Seeds that failed once, kept for ever: `test/sim/seeds/<seed>.json`. */
const pastSeeds = (): PastSeed[] =>
  readdirSync(join(import.meta.dirname, 'seeds'))
    .filter((name) => name.endsWith('.json'))
    .map((name) => JSON.parse(readFileSync(join(import.meta.dirname, 'seeds', name), 'utf8')) as PastSeed)
    .sort((a, b) => a.seed - b.seed);

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

const main = async (range: Range, options: { readonly json?: boolean; readonly verbose?: boolean }): Promise<boolean> => {
  const past = pastSeeds();
  const seeds = [
    ...new Set([
      ...Array.from({ length: range.to - range.from + 1 }, (_, at) => range.from + at),
      ...(range.from === range.to ? [] : past.map(({ seed }) => seed)),
    ]),
  ];
  const given = new Map(past.map((one) => [one.seed, optionsOf(one)]));
  const startedMs = performance.now();
  const failed: number[] = [];
  const tookMs: number[] = [];
  const recoverMs: number[] = [];
  let requests = 0;
  let lost = 0;
  let wrong = 0;
  let singletonOverlaps = 0;
  let events = 0;
  let slowestMs = 0;
  for (const seed of seeds) {
    const result = await runOnce(seed, given.get(seed) ?? {}, seed % twiceEvery === 0 || range.from === range.to, options.verbose === true);
    events += result.events;
    tookMs.push(...result.verdicts.tookMs);
    recoverMs.push(...result.clients.recoverMs);
    requests += result.clients.requests;
    lost += result.clients.lost;
    wrong += result.verdicts.false;
    singletonOverlaps += result.singletonOverlaps;
    slowestMs = Math.max(slowestMs, result.settledMs ?? 0);
    if (result.broken === undefined) continue;
    failed.push(seed);
    tell(result);
  }
  const seconds = Math.max(0.001, (performance.now() - startedMs) / 1000);
  tookMs.sort((a, b) => a - b);
  recoverMs.sort((a, b) => a - b);
  const clients = { requests, lost, p50RecoverMs: percentile(recoverMs, 50), p99RecoverMs: percentile(recoverMs, 99) };
  const verdicts = { p50Ms: percentile(tookMs, 50), p99Ms: percentile(tookMs, 99) };
  if (options.json === true)
    process.stdout.write(
      `${JSON.stringify({ seeds: range.to - range.from + 1, failed, verdicts, false: wrong, singletonOverlaps, events, clients })}\n`,
    );
  else {
    write(
      `${seeds.length} seeds, ${failed.length} failed, ${events} events in ${seconds.toFixed(1)} s (${(seeds.length / seconds).toFixed(1)} seeds/s)`,
    );
    write(
      `${tookMs.length} verdicts on clusters that died: p50 ${verdicts.p50Ms} ms, p99 ${verdicts.p99Ms} ms; ${wrong} on clusters that lived`,
    );
    write(
      `${requests} requests of clients, ${lost} lost; the last to a cluster that died: p50 ${clients.p50RecoverMs} ms after its death, p99 ${clients.p99RecoverMs} ms`,
    );
    write(`slowest to settle after healing: ${(slowestMs / 1000).toFixed(0)} s of virtual time`);
  }
  return failed.length === 0;
};

const program = new Command('sim')
  .description('Runs the shipped loops of hub and agents under virtual time and faults, and checks rules after every event.')
  .requiredOption('--seeds <A-B>', 'seeds to run, such as 1-200', readRange)
  .option(
    '--json',
    'print one JSON document: {"seeds":N,"failed":[],"verdicts":{…},"false":0,"singletonOverlaps":0,"events":N,"clients":{…}}',
  )
  .option('--verbose', 'print every event (to stderr)')
  .parse();
const { seeds, ...flags } = program.opts<{ seeds: Range; json?: boolean; verbose?: boolean }>();
process.exitCode = (await main(seeds, flags)) ? 0 : 1;
