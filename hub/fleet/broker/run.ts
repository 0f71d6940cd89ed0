/** @module Runs a command to its end and keeps the tail of what it said. */
import { spawn } from 'node:child_process';

/** How a command ended; `output` is the last 8,000 characters of both streams. `code` is null when it could not start or was killed. */
export type RunResult = { readonly code: number | null; readonly output: string };

const outputCharsMax = 8_000;

/** Never rejects: a command that cannot start is a result too. Killed after `timeoutMs`. */
export const run = (
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; cwd?: string; timeoutMs: number },
): Promise<RunResult> =>
  new Promise((resolve) => {
    const child = spawn(command, args, {
      env: options.env ?? process.env,
      cwd: options.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-outputCharsMax);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: null, output: `${output}${error.message}` }));
    child.on('close', (code) => resolve({ code, output }));
  });
