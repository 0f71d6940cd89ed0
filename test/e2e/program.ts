/** @module Programs as a user runs them: short ones to their end, long ones watched by what they print. */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { type Child, startChild, waitFor } from '../testbed/index.ts';

/** Where and in which environment programs run. */
export type Surroundings = { readonly cwd: string; readonly env: NodeJS.ProcessEnv };

/** How a short program ended; `code` is -1 when a signal ended it. */
export type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

const runMsMax = 120_000;
const outputBytesMax = 32 * 1024 ** 2;
const seenWithinMs = 60_000;

/** Runs a program to its end and gives what it said, however it ended; it is killed after two minutes. */
export const run = (command: string, args: readonly string[], { cwd, env }: Surroundings, input = ''): Promise<Ended> =>
  new Promise((resolve) => {
    const options = { cwd, env, timeout: runMsMax, killSignal: 'SIGKILL', maxBuffer: outputBytesMax } as const;
    const child = execFile(command, args, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : -1, stdout, stderr }),
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input);
  });

/** A program that goes on until it is ended. */
export type Program = {
  readonly child: Child;
  /** All that it has printed since it was started, both streams. */
  readonly output: () => Promise<string>;
  /** Waits until it prints something that matches and gives the match. @throws with its output, at once when it ends before. */
  readonly says: (pattern: RegExp, withinMs?: number) => Promise<RegExpMatchArray>;
  /** As a crash: SIGKILL; resolves when it is gone. */
  readonly crash: () => Promise<void>;
  /** As Ctrl-C by a service manager: SIGTERM. */
  readonly stop: () => Promise<void>;
};

/** Starts a program; it dies with this process whatever happens. */
export const startProgram = async (
  name: string,
  command: string,
  args: readonly string[],
  { cwd, env }: Surroundings,
  logFile: string,
): Promise<Program> => {
  const child = await startChild(name, command, args, { cwd, env, logFile });
  const output = (): Promise<string> => readFile(logFile, 'utf8');
  return {
    child,
    output,
    says: async (pattern, withinMs = seenWithinMs) => {
      const look = async (): Promise<RegExpMatchArray | 'ended' | undefined> => {
        const isRunning = child.isRunning();
        return (await output()).match(pattern) ?? (isRunning ? undefined : 'ended');
      };
      const seen = await waitFor(`${name} says ${pattern}`, look, { timeoutMs: withinMs }).catch(async (cause: unknown) => {
        throw new Error(`${name} did not say ${pattern}; it said:\n${await output()}`, { cause });
      });
      if (seen === 'ended') throw new Error(`${name} ended without saying ${pattern}; it said:\n${await output()}`);
      return seen;
    },
    crash: () => child.stop(0),
    stop: () => child.stop(),
  };
};

/** Whether somebody listens on this loopback port. */
export const isListening = async (port: number): Promise<boolean> => {
  const socket = connect({ host: '127.0.0.1', port });
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
};
