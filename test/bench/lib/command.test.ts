/** @module What the command line of the benchmarks takes and refuses. */
import { CommanderError, Option } from 'commander';
import { expect, test } from 'vitest';
import type { BenchModule } from './bench.ts';
import { benchCommand } from './command.ts';

/** Two benchmarks, one with a flag of its own; gives what was run with, what was printed, and the exit code. */
const runWith = async (...args: string[]): Promise<{ ran: readonly unknown[]; text: string; code: number }> => {
  const ran: unknown[] = [];
  let text = '';
  const print = (more: string): void => {
    text += more;
  };
  const plain: BenchModule = {
    run: async (options) => {
      ran.push(options);
      return { title: 'A title', columns: [], rows: [], goals: [] };
    },
  };
  const load = async (name: string): Promise<BenchModule> =>
    name === 'own' ? { ...plain, options: [new Option('--runs <number>').argParser(Number)] } : plain;
  const program = benchCommand({ names: ['own', 'plain'], load, print });
  for (const command of [program, ...program.commands]) command.exitOverride().configureOutput({ writeOut: print, writeErr: print });
  const code = await program.parseAsync(args, { from: 'user' }).then(
    () => 0,
    (error: unknown) => (error instanceof CommanderError ? error.exitCode : Promise.reject(error)),
  );
  return { ran, text, code };
};

test('a benchmark gets the flags that all share and its own, wherever they stand', async () => {
  expect(await runWith('own', '--runs', '3', '--quick')).toEqual({ ran: [{ quick: true, runs: 3 }], text: 'A title\n\n\n\n', code: 0 });
  expect((await runWith('--quick', 'plain')).ran).toEqual([{ quick: true }]);
  expect(JSON.parse((await runWith('plain', '--json')).text)).toMatchObject({ name: 'plain', ok: true });
});

test('--help of a benchmark tells its flags and starts nothing', async () => {
  const { ran, text, code } = await runWith('own', '--help');
  expect(text).toMatch(/^Usage: npm run bench -- own \[options\]\n.*--runs <number>.*--json.*--quick/s);
  expect({ ran, code }).toEqual({ ran: [], code: 0 });
});

test('what a benchmark does not have is refused with its usage, and nothing starts', async () => {
  for (const args of [['plain', '--runs', '3'], ['own', '--rnus', '3'], ['own', 'plain'], ['nobody'], ['--runs', '3', 'own']]) {
    const { ran, text, code } = await runWith(...args);
    expect(text).toMatch(/^error: (?:unknown option '--r\w+'|too many arguments|there is no benchmark nobody).*\nUsage: npm run bench --/s);
    expect({ ran, code }).toEqual({ ran: [], code: 1 });
  }
});

test('without a name the benchmarks are listed', async () => {
  const { ran, text, code } = await runWith();
  expect(text).toMatch(/Commands:\n {2}own.*\n {2}plain/s);
  expect({ ran, code }).toEqual({ ran: [], code: 0 });
});
