/** @module `npm run bench -- NAME [--json] [--quick]`: runs one benchmark of this folder; lists them when none is named. */
import { readdirSync } from 'node:fs';
import type { BenchModule } from './lib/bench.ts';
import { benchCommand } from './lib/command.ts';

const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'index.ts')
  .map((file) => file.slice(0, -'.ts'.length))
  .sort();

const load = async (name: string): Promise<BenchModule> => (await import(new URL(`./${name}.ts`, import.meta.url).href)) as BenchModule;

await benchCommand({ names, load, print: (text) => void process.stdout.write(text) }).parseAsync();
