/** @module A command whose reader has gone. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const hanse = join(import.meta.dirname, 'hanse.ts');
const plans = join(import.meta.dirname, 'examples', 'plans');

test('a command that nobody reads any more ends without a word, as one that SIGPIPE ended', async () => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', hanse, 'plan', '--test', plans], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let told = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    told += text;
  });
  const [code] = await once(child, 'close');
  expect({ code, told }).toEqual({ code: 141, told: '' });
});
