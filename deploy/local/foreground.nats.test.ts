/** @module What programs in the foreground say at their end. */
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hanse-foreground-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

type Ended = { readonly out: string; readonly err: string; readonly code: number | null };

/** Runs a command until it has said this, interrupts it, and answers all that it said, and its exit code. */
const interruptedAfter = (line: RegExp, args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, TMPDIR: folder };
    const program = join(import.meta.dirname, 'hanse.ts');
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', program, ...args], { cwd: folder, env });
    let out = '';
    let err = '';
    let asked = false;
    const interrupt = (said: string): void => {
      if (asked || !line.test(said)) return;
      asked = true;
      child.kill('SIGINT');
    };
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
      interrupt(err);
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      interrupt(out);
    });
    child.on('close', (code) => resolve({ out, err, code }));
  });

test.each([
  ['playground', /Ctrl-C/, ['--members', '1', '--api-only']],
  ['hub', /kubeconfig/, ['--log-level', 'error']],
])('hanse %s that is interrupted says that it stops, and when it has', async (command, line, flags) => {
  const { out, code } = await interruptedAfter(line, [command, '--port', '0', ...flags]);
  expect(out).toMatch(/\nStopping …\nStopped\.\n$/);
  expect(code).toBe(0);
});

const kubeconfig = `apiVersion: v1
kind: Config
current-context: nobody
clusters: [{ name: nobody, cluster: { server: 'https://127.0.0.1:9' } }]
users: [{ name: nobody, user: { token: none } }]
contexts: [{ name: nobody, context: { cluster: nobody, user: nobody } }]
`;

test.each([
  ['that still waits for the CA of its hub', ['--ca-hash', `sha256:${'0'.repeat(64)}`]],
  ['that joins', []],
])('an agent %s and is interrupted says that it stops, and that what it applied runs on', async (_, trust) => {
  const file = join(folder, 'kubeconfig');
  await writeFile(file, kubeconfig);
  const flags = ['--hub', 'https://127.0.0.1:9', '--name', 'eu', '--token', `abcdef.${'a'.repeat(43)}`, '--kubeconfig', file];
  const { err, code } = await interruptedAfter(/hub/i, ['join', ...flags, ...trust, '--key-file', join(folder, 'eu.json')]);
  expect(err).toMatch(/stopping the agent\n.*the agent has stopped; what it applied runs on\n$/);
  expect(code).toBe(0);
});

test('a tour that is interrupted says so, and leaves nothing behind', async () => {
  const { err, code } = await interruptedAfter(/^start .*\njoin .*\n/m, ['tour']);
  expect({ err, code }).toEqual({ err: '\nStopping …\nStopped; nothing is kept.\n', code: 130 });
  expect((await readdir(folder)).filter((name) => name.startsWith('hanse-tour-'))).toEqual([]);
});
