/** @module A program in a process of its own, as a user would run it: what it says, how much memory it holds, its end. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A program that runs. */
export type Child = {
  readonly pid: number;
  /** Resolves with the first line of its output that matches. Rejects when the program ends first. */
  readonly line: (pattern: RegExp) => Promise<string>;
  /** Ends it as Ctrl-C would; resolves when it has ended. */
  readonly stop: () => Promise<void>;
};

/** What a process holds of memory, in MB (10^6 bytes). */
export type Memory = { readonly rssMB: number; readonly peakMB: number };

const lineMsMax = 600_000;
const stopMsMax = 30_000;

/** Starts `node ARGS` without a shell; `env` is added to ours. */
export const startChild = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Child => {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let tell: () => void = () => undefined;
  const hear = (chunk: string): void => {
    output += chunk;
    tell();
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  void ended.then(() => tell());
  return {
    pid: child.pid ?? 0,
    line: (pattern) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`${args.join(' ')} did not say ${pattern}: ${output}`)), lineMsMax);
        tell = () => {
          const found = output.split('\n').find((line) => pattern.test(line));
          if (found === undefined && child.exitCode === null && child.signalCode === null) return;
          clearTimeout(timer);
          tell = () => undefined;
          if (found === undefined) reject(new Error(`${args.join(' ')} ended: ${output}`));
          else resolve(found);
        };
        tell();
      }),
    stop: () => stop(child, ended),
  };
};

const stop = async (child: ChildProcess, ended: Promise<void>): Promise<void> => {
  child.kill('SIGTERM');
  const cutOff = setTimeout(() => child.kill('SIGKILL'), stopMsMax);
  await ended;
  clearTimeout(cutOff);
};

/** Waits, then reads a process's memory a few times; answers the middle one. */
export const settledMemory = async (pid: number, settleMs: number): Promise<Memory> => {
  await sleep(settleMs);
  const samples: Memory[] = [];
  for (let sample = 0; sample < 5; sample++) {
    samples.push(memoryOf(pid));
    await sleep(1_000);
  }
  return samples.toSorted((a, b) => a.rssMB - b.rssMB)[2] ?? memoryOf(pid);
};

/** Process ids of the children of a process. */
export const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

const memoryOf = (pid: number): Memory => {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const megabytes = (field: string): number => (Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) * 1024) / 1_000_000;
  return { rssMB: megabytes('VmRSS'), peakMB: megabytes('VmHWM') };
};
