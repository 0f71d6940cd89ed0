/** @module The command line of the benchmarks: one subcommand each, with the flags that all share and those that one declares for itself. */
import { Command } from 'commander';
import type { BenchModule, BenchOptions, BenchResult } from './bench.ts';
import { asJson, asText } from './print.ts';

/** What the command works on. */
export type Benchmarks = {
  readonly names: readonly string[];
  /** Reads one benchmark, which none of the others need. */
  readonly load: (name: string) => Promise<BenchModule>;
  readonly print: (text: string) => void;
};

type SharedFlags = Partial<BenchOptions> & { readonly json?: boolean };

/** The command; without a name it lists them. What no benchmark of that name has is refused with its usage, before anything starts. */
export const benchCommand = ({ names, load, print }: Benchmarks): Command => {
  const loaded = new Map<string, BenchModule>();
  const program = new Command('npm run bench --')
    .usage('NAME [options]')
    .description('Runs one benchmark and prints its table, with the goals that its figures are held to.')
    .option('--json', 'print one JSON document instead')
    .option('--quick', 'a fraction of the work, to see that it runs')
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError()
    .allowExcessArguments()
    .hook('preSubcommand', async (_program, command) => {
      const benchmark = await load(command.name());
      loaded.set(command.name(), benchmark);
      for (const option of benchmark.options ?? []) command.addOption(option);
    })
    .action(() => {
      const [name] = program.args;
      if (name !== undefined) program.error(`error: there is no benchmark ${name}`);
      print(program.helpInformation());
    });
  for (const name of names)
    program
      .command(name)
      .allowExcessArguments(false)
      .action(async (_own: object, command: Command) => {
        const { json = false, quick = false, ...own } = command.optsWithGlobals<SharedFlags>();
        const result: BenchResult | undefined = await loaded.get(name)?.run({ quick, ...own });
        if (result !== undefined) print(json ? asJson(name, result) : asText(result));
      });
  return program;
};
