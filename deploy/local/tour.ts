/** @module `npm run tour`: the whole story by itself, on throw-away data and free ports, through the same HTTPS doors that users take. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../shared/lib/message-of.ts';
import { interrupted, interruptedCode, nodeEnv, nodeLog } from '../../shared/node/index.ts';
import { openKubeconfig } from './connect.ts';
import { type Federation, startFederation } from './federation.ts';
import { type Placed, type Shares, type Teller, tellStory } from './tour-story.ts';

/** What `--json` prints. */
export type TourReport = {
  readonly ok: boolean;
  readonly steps: readonly { readonly name: string; readonly ms: number; readonly detail: string }[];
  readonly placements: Placed;
  readonly error?: string;
};

const members = 3;

/** Ends the waits of the tour at Ctrl-C, and says so. */
const endAtInterrupt = (): AbortSignal => {
  const end = new AbortController();
  void interrupted(['SIGINT', 'SIGTERM', 'SIGHUP']).then(() => {
    process.stderr.write('\nStopping …\n');
    end.abort();
  });
  return end.signal;
};

/** Runs steps one by one, keeps what each took in `steps`, and prints it unless all is printed at the end. */
const tellerOf = (steps: TourReport['steps'][number][], json: boolean): Teller => {
  const print = (name: string, time: string, text: string): void => {
    if (!json) process.stdout.write(`${name.padEnd(8)} ${time.padStart(7)}   ${text}\n`);
  };
  return async (name, work) => {
    const begunMs = performance.now();
    const { detail, value } = await work((text) => print(name, '…', text));
    const ms = Math.round(performance.now() - begunMs);
    steps.push({ name, ms, detail });
    print(name, `${(ms / 1000).toFixed(1)} s`, detail);
    return value;
  };
};

/** Where the data are thrown away: at the end, and at once when a second Ctrl-C ends the process; those of a tour that failed are kept. */
const makeThrowAwayDir = async (): Promise<string> => {
  const dataDir = await mkdtemp(join(tmpdir(), 'hanse-tour-'));
  process.once('exit', (code) => {
    if (code === 0 || code === interruptedCode) rmSync(dataDir, { recursive: true, force: true });
  });
  return dataDir;
};

/** Runs the tour; the process's exit code is 1 when it failed, and its data and log are kept then. */
export const tour = async ({ json }: { json: boolean }): Promise<void> => {
  const signal = endAtInterrupt();
  const dataDir = await makeThrowAwayDir();
  const logFile = join(dataDir, 'hanse.log');
  const env = nodeEnv(nodeLog({ level: 'info', format: 'json', file: logFile }));
  const steps: TourReport['steps'][number][] = [];
  const tell = tellerOf(steps, json);
  const placed: { -readonly [K in keyof Placed]: Shares } = {};
  let federation: Federation | undefined;
  let error: string | undefined;
  let isInterrupted = false;
  try {
    federation = await tell('start', async () => {
      const value = await startFederation({ dataDir, members, port: 0, env, signal });
      return { detail: `hub ${value.hub.url}, NATS ${value.hub.natsUrls.join(', ')}`, value };
    });
    const { api } = await openKubeconfig(federation.hub.kubeconfig, env);
    try {
      await tellStory({ federation, client: api, env, dataDir, signal }, tell, placed);
    } finally {
      await api.close();
    }
  } catch (cause) {
    isInterrupted = signal.aborted;
    error = isInterrupted ? 'interrupted' : messageOf(cause);
  }
  await federation?.stop();
  const report: TourReport = { ok: error === undefined, steps, placements: placed, ...(error === undefined ? {} : { error }) };
  if (json) process.stdout.write(`${JSON.stringify(report)}\n`);
  if (isInterrupted) process.stderr.write('Stopped; nothing is kept.\n');
  else if (error !== undefined && !json) process.stderr.write(`error: ${error}\nthe log is kept: ${logFile}\n`);
  process.exitCode = isInterrupted ? interruptedCode : error === undefined ? 0 : 1;
};
