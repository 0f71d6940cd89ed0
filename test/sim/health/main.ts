/** @module Prints what detection is worth: a table of faults with the times of their verdicts, and false verdicts under bursts of losses. */
import { Command } from 'commander';
import { tableLines } from '../../../hub/cli/table.ts';
import { measureCalm, measureFault, percentile } from './measure.ts';
import { scenarios } from './scenarios.ts';

const program = new Command('health')
  .description('Runs the shipped detector under virtual time and faults.')
  .option('--runs <count>', 'runs of each fault', '30')
  .option('--rtt <list>', 'round trips in ms', '80,280')
  .option('--hours <hours>', 'hours of bursts', '1')
  .option('--only <text>', 'faults whose name has this in it', '')
  .parse();
const flags = program.opts<{ runs: string; rtt: string; hours: string; only: string }>();
const seeds = Array.from({ length: Number(flags.runs) }, (_, at) => at + 1);
const write = (line: string): void => void process.stdout.write(`${line}\n`);
let isBad = false;
for (const rttMs of flags.rtt.split(',').map(Number)) {
  const rows = scenarios
    .filter(({ name }) => name.includes(flags.only))
    .map((scenario) => {
      const result = measureFault(scenario, rttMs, seeds);
      for (const line of result.false) write(`FALSE ${scenario.name}: ${line}`);
      isBad ||= result.false.length > 0;
      const { tookMs, missing } = result;
      const time = (percent: number): string => (tookMs.length === 0 ? '-' : String(percentile(tookMs, percent)));
      return [scenario.name, scenario.wanted?.cause ?? 'none', time(50), time(99), time(100), String(missing), String(result.false.length)];
    });
  write(`\nround trip ${rttMs} ms, ${seeds.length} runs each`);
  for (const line of tableLines(['FAULT', 'VERDICT', 'P50 MS', 'P99 MS', 'MAX MS', 'MISSING', 'FALSE'], rows)) write(line);
  if (Number(flags.hours) === 0) continue;
  const calm = measureCalm(1, rttMs, Number(flags.hours) * 3_600_000);
  isBad ||= calm.false.length > 0;
  for (const line of calm.false) write(`FALSE bursts: ${line}`);
  write(
    `bursts (0.4 % of the time, mean 2.85 s) on every path for ${flags.hours} h: ${calm.false.length} false verdicts, ${calm.others} that move nothing, ${calm.events} events`,
  );
}
process.exitCode = isBad ? 1 : 0;
