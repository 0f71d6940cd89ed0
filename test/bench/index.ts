/** @module `npm run bench -- NAME [--json] [--quick]`: runs one benchmark of this folder; lists them when none is named. */
import { readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BenchModule } from './lib/bench.ts';
import { asJson, asText } from './lib/print.ts';

const namesOf = (): string[] =>
  readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'index.ts')
    .map((file) => file.slice(0, -'.ts'.length))
    .sort();

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean', default: false }, quick: { type: 'boolean', default: false } },
  });
  const names = namesOf();
  const [name] = positionals;
  if (name === undefined || !names.includes(name)) {
    const usage = `npm run bench -- NAME [--json] [--quick]\nNAME is one of: ${names.join(', ')}\n`;
    process[name === undefined ? 'stdout' : 'stderr'].write(name === undefined ? usage : `there is no benchmark ${name}\n${usage}`);
    return name === undefined ? 0 : 2;
  }
  const benchmark = (await import(new URL(`./${name}.ts`, import.meta.url).href)) as BenchModule;
  const result = await benchmark.run({ quick: values.quick });
  process.stdout.write(values.json ? asJson(name, result) : asText(result));
  return 0;
};

process.exitCode = await main();
