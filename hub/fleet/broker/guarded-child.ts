/** @module A child process that cannot outlive this one, not even after SIGKILL. */
import { type ChildProcess, spawn } from 'node:child_process';

/** A running child. */
export type GuardedChild = {
  readonly pid: number;
  /** Resolves when it has ended, with how. */
  readonly ended: Promise<string>;
  /** SIGTERM, then SIGKILL after `graceMs`; resolves when it has ended. */
  stop(graceMs: number): Promise<void>;
};

/**
 * The guard holds the read end of a pipe of ours. When we end without a word the pipe closes and it ends the child; one line means
 * "all is well, go". It ignores the terminal's signals, because Ctrl-C reaches every process of the group.
 */
const guardScript = 'trap "" INT TERM HUP; read -r word || { kill -TERM "$0"; sleep 5; kill -KILL "$0"; } 2>/dev/null';

/** Starts `command` in a process group of its own; `onLine` gets each line it writes. @throws Error when it cannot be executed. */
export const startGuardedChild = async (
  command: string,
  args: readonly string[],
  onLine: (line: string) => void,
): Promise<GuardedChild> => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  forEachLine(child, onLine);
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
  const pid = child.pid ?? 0;
  const guard = spawn('sh', ['-c', guardScript, String(pid)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true });
  guard.stdin.on('error', () => undefined);
  const ended = new Promise<string>((resolve) => {
    child.once('close', (code, signal) => {
      guard.stdin.end('ended\n');
      resolve(signal === null ? `exit code ${code}` : `signal ${signal}`);
    });
  });
  const stop = async (graceMs: number): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
    await ended;
    clearTimeout(timer);
  };
  return { pid, ended, stop };
};

/** A line above this is cut; the server's own lines are far shorter. */
const lineCharsMax = 4_096;

const forEachLine = (child: ChildProcess, onLine: (line: string) => void): void => {
  for (const stream of [child.stdout, child.stderr]) {
    let held = '';
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (held + chunk).split('\n');
      held = (lines.pop() ?? '').slice(0, lineCharsMax);
      for (const line of lines) onLine(line.slice(0, lineCharsMax));
    });
  }
};
