/** @module From the POST of a Deployment at the hub until three members have it, as a user sees it over HTTPS; and where the time goes. */
import { fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { startFederation } from '../../deploy/local/federation.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { type ApplyTimes, startApplyClient } from './lib/apply-client.ts';
import { type BenchOptions, type BenchResult, type Cell, percentile } from './lib/bench.ts';

const TURNS = 300;
/** Unmeasured turns, so that compiled code and open connections are what is measured. */
const WARM_UP = 10;
/** Keeps members small: the smallest has room for 220 pods. */
const TURNS_BETWEEN_CLEARINGS = 50;
const MEMBERS = 3;
const FSYNCS = 100;

/** Each Deployment is ready everywhere before the next is sent, so that a turn measures itself alone. */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const root = join(import.meta.dirname, '..', '..', '.cache');
  mkdirSync(root, { recursive: true });
  const dataDir = mkdtempSync(join(root, 'bench-apply-'));
  try {
    const fsyncs = fsyncTimes(dataDir);
    const times = await measure(dataDir, quick ? 30 : TURNS);
    return resultOf(times, fsyncs);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
};

const measure = async (dataDir: string, turns: number): Promise<ApplyTimes[]> => {
  const federation = await startFederation({ dataDir, members: MEMBERS, port: 0, env: nodeEnv(silentLog) });
  const kubeconfigs = federation.clusters.map(({ name }) => [name, join(dataDir, 'members', name, 'kubeconfig')] as const);
  try {
    const client = await startApplyClient({ hub: federation.hub.kubeconfig, members: Object.fromEntries(kubeconfigs) });
    try {
      for (let turn = 0; turn < WARM_UP; turn++) await client.apply(`warm-${turn}`);
      const times: ApplyTimes[] = [];
      for (let turn = 0; turn < turns; turn++) {
        if (turn % TURNS_BETWEEN_CLEARINGS === 0) await client.clear();
        times.push(await client.apply(`web-${turn}`));
      }
      return times;
    } finally {
      await client.close();
    }
  } finally {
    await federation.stop();
  }
};

/** How long this disk takes to make 4 KB durable: every write of an API server waits for it. */
const fsyncTimes = (directory: string): number[] => {
  const file = openSync(join(directory, 'fsync'), 'w');
  return Array.from({ length: FSYNCS }, () => {
    const started = performance.now();
    writeSync(file, Buffer.alloc(4_096, 1));
    fsyncSync(file);
    return performance.now() - started;
  });
};

const resultOf = (times: readonly ApplyTimes[], fsyncs: readonly number[]): BenchResult => {
  const row = (step: string, of: (one: ApplyTimes) => number): readonly Cell[] => rowOf(step, times.map(of));
  const present = times.map((one) => one.present);
  return {
    title: `POST of a Deployment at the hub until ${MEMBERS} members have it, ${times.length} one after the other; load ${loadavg()[0]?.toFixed(1)}`,
    columns: ['step', 'p50 ms', 'p99 ms'],
    rows: [
      row('POST until the Deployment is in all members', ({ present: all }) => all),
      row('  POST until the hub answers', ({ answered }) => answered),
      row('  POST until the placement is decided and stored', ({ placed }) => placed),
      row('  then until all agents have recorded the work in their member', ({ placed, recorded }) => recorded - placed),
      row('  then until all members have the Deployment', ({ recorded, present: all }) => all - recorded),
      row("POST until the hub's status says that all copies are ready", ({ ready }) => ready),
      rowOf('one fsync of this disk', fsyncs),
    ],
    goals: [
      { name: 'POST until present in all members, p50', value: percentile(present, 50), unit: 'ms', bound: 'max', goal: 60 },
      { name: 'POST until present in all members, p99', value: percentile(present, 99), unit: 'ms', bound: 'max', goal: 250 },
    ],
  };
};

const rowOf = (step: string, samples: readonly number[]): readonly Cell[] => [step, percentile(samples, 50), percentile(samples, 99)];
