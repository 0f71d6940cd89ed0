/** @module What programs in the foreground say at their end. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-foreground-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a command until it has said this, interrupts it, and answers all that it said, and its exit code. */
const interruptedAfter = (line: string, args: readonly string[]): Promise<{ said: string; code: number | null }> =>
  new Promise((resolve) => {
    const env = { ...process.env, TMPDIR: folder };
    const child = spawn(process.execPath, [join(import.meta.dirname, 'hanse.ts'), ...args], { cwd: folder, env });
    let said = '';
    let asked = false;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (asked || !said.includes(line)) return;
      asked = true;
      child.kill('SIGINT');
    });
    child.on('close', (code) => resolve({ said, code }));
  });

test('a playground that is interrupted says that it stops, and when it has', async () => {
  const { said, code } = await interruptedAfter('Ctrl-C', ['playground', '--members', '1', '--port', '0', '--api-only']);
  expect(said).toMatch(/\nStopping …\nStopped\.\n$/);
  expect(code).toBe(0);
});
