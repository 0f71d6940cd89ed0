/**
 * @module Child processes that cannot outlive us: started with a log file, stopped by signal, and killed by a guard when we die without a word.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A running part of a member. */
export type Child = {
  readonly name: string;
  readonly pid: number;
  readonly logFile: string;
  /** True until the process has ended. */
  isRunning(): boolean;
  /** Sends a signal; does nothing when the process has ended. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after `graceMs` (0: at once); resolves when the process has ended. */
  stop(graceMs?: number): Promise<void>;
  /** The end of its log, for error messages. */
  logTail(): string;
};

const graceMsDefault = 5_000;
const logTailCharsMax = 3_000;

/** Whether a process of this id exists. */
export const processIsAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/**
 * A shell that reads "add PID" and "del PID" from us, and kills what is left when our end of the pipe closes.
 * Exit handlers cover an ordinary end; only this covers SIGKILL.
 */
const guardScript = `trap '' INT TERM HUP
pids=
while read -r verb pid; do
  case $verb in
    add) pids="$pids $pid" ;;
    del) left=; for p in $pids; do [ "$p" = "$pid" ] || left="$left $p"; done; pids=$left ;;
  esac
done
for p in $pids; do kill -KILL "$p" 2>/dev/null; done`;

const running = new Set<ChildProcess>();
let guard: ChildProcess | undefined;

const tellGuard = (verb: 'add' | 'del', pid: number): void => {
  if (!guard) {
    guard = spawn('sh', ['-c', guardScript], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    guard.unref();
    guard.stdin?.on('error', () => {});
    process.on('exit', () => {
      for (const child of running) child.kill('SIGKILL');
    });
  }
  const pipe = guard.stdin;
  pipe?.write(`${verb} ${pid}\n`);
  // The pipe must not keep our event loop alive: closing it at our end is the guard's signal.
  if (pipe && 'unref' in pipe && typeof pipe.unref === 'function') pipe.unref();
};

/**
 * Starts `command` with its output appended to `logFile`.
 * @throws when the file cannot be executed.
 */
export const startChild = async (
  name: string,
  command: string,
  args: readonly string[],
  options: { logFile: string; cwd: string; env?: NodeJS.ProcessEnv },
): Promise<Child> => {
  const fd = openSync(options.logFile, 'a');
  const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['ignore', fd, fd], detached: false });
  closeSync(fd);
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  await new Promise<void>((started, failed) => {
    child.once('spawn', started);
    child.once('error', (cause) => failed(new Error(`cannot start ${name} (${command})`, { cause })));
  });
  const pid = child.pid ?? 0;
  running.add(child);
  tellGuard('add', pid);
  child.once('exit', () => {
    running.delete(child);
    tellGuard('del', pid);
  });
  const isRunning = (): boolean => child.exitCode === null && child.signalCode === null;
  return {
    name,
    pid,
    logFile: options.logFile,
    isRunning,
    signal: (signal) => void (isRunning() && child.kill(signal)),
    stop: async (graceMs = graceMsDefault) => {
      if (!isRunning()) return;
      if (graceMs === 0) child.kill('SIGKILL');
      child.kill('SIGTERM');
      child.kill('SIGCONT');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await ended;
      clearTimeout(timer);
    },
    logTail: () => readFileSync(options.logFile, 'utf8').slice(-logTailCharsMax),
  };
};

/** Runs a command to its end and gives what it printed; rejects when it cannot be started or `signal` ends it. */
export const runToEnd = (
  command: string,
  args: readonly string[],
  options: { cwd: string; env?: NodeJS.ProcessEnv; signal?: AbortSignal },
): Promise<{ code: number; stdout: string; stderr: string }> =>
  new Promise((done, failed) => {
    const { cwd, env = process.env, signal } = options;
    const child = spawn(command, args, { cwd, env, signal, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', failed);
    child.once('close', (code) => done({ code: code ?? -1, stdout, stderr }));
  });
