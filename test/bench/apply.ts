/** @module From the POST of a Deployment at the hub until three members have it, as a user sees it over HTTPS; and where the time goes. */
import { fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { joinToken } from '../../deploy/local/joined-member.ts';
import { cloudClusters } from '../../deploy/local/playground/clouds.ts';
import { waitUntil } from '../../deploy/local/wait.ts';
import { startHub } from '../../hub/main.ts';
import { clusters } from '../../shared/api/cluster.ts';
import type { Cluster } from '../../shared/api/index.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import { type ApplyClient, type ApplyTimes, startApplyClient } from './lib/apply-client.ts';
import type { Call, MemberCalls } from './lib/apply-stages.ts';
import { type BenchOptions, type BenchResult, type Cell, percentile } from './lib/bench.ts';
import { type MemberProcess, startMemberProcess } from './lib/member-process.ts';

const TURNS = 300;
/** Unmeasured turns, so that compiled code and open connections are what is measured. */
const WARM_UP = 10;
/** Keeps members small: the smallest has room for 220 pods. */
const TURNS_BETWEEN_CLEARINGS = 50;
/** One Deployment goes straight to a member after so many turns: the floor of what is measured. */
const TURNS_BETWEEN_DIRECT = 5;
const TURNS_BETWEEN_WORDS = 25;
const MEMBERS = 3;
const FSYNCS = 100;

/** One turn: what its user saw, what the agents did for it, and the CPU time that it took of each process until all members had it. */
type Turn = ApplyTimes & {
  readonly ready: number;
  readonly calls: readonly MemberCalls[];
  /** The client is in it too. */
  readonly hubCpuMs: number;
  readonly memberCpuMs: readonly number[];
};
type Measured = { readonly turns: readonly Turn[]; readonly direct: readonly number[] };

/** Each Deployment is ready everywhere before the next is sent, so that a turn measures itself alone. */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const root = join(import.meta.dirname, '..', '..', '.cache');
  mkdirSync(root, { recursive: true });
  const dataDir = mkdtempSync(join(root, 'bench-apply-'));
  try {
    const fsyncs = fsyncTimes(dataDir);
    return resultOf(await measure(dataDir, quick ? 30 : TURNS), fsyncs);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
};

const readyMsMax = 120_000;

/** The hub in this process; each member with its agent in one of its own, as on machines of their own. */
const measure = async (dataDir: string, count: number): Promise<Measured> => {
  const env = nodeEnv(silentLog);
  const kubeconfig = join(dataDir, 'kubeconfig');
  const hub = await startHub({
    dataDir: join(dataDir, 'hub'),
    host: '127.0.0.1',
    port: 0,
    advertise: [],
    nats: { port: 0 },
    kubeconfig,
    env,
  });
  const members: MemberProcess[] = [];
  try {
    const connection = { client: hub.client, server: hub.url, caPem: hub.caPem };
    const clusters = cloudClusters(MEMBERS);
    const folderOf = (name: string): string => join(dataDir, 'members', name);
    for (const cluster of clusters) {
      const token = await joinToken(connection, cluster);
      members.push(
        await startMemberProcess({ cluster, dataDir: folderOf(cluster.name), hub: { server: hub.url, caPem: hub.caPem }, token }),
      );
    }
    for (const { name } of clusters)
      await waitUntil(`cluster ${name} to be ready`, async () => (await isReady(hub.client, name)) || undefined, { withinMs: readyMsMax });
    const kubeconfigs = clusters.map(({ name }) => [name, join(folderOf(name), 'kubeconfig')] as const);
    const client = await startApplyClient({ hub: kubeconfig, members: Object.fromEntries(kubeconfigs) });
    try {
      for (let turn = 0; turn < WARM_UP; turn++) await oneTurn(client, members, `warm-${turn}`);
      return await takeTurns(client, members, count);
    } finally {
      await client.close();
    }
  } finally {
    await Promise.all(members.map((member) => member.stop()));
    await hub.stop();
  }
};

const isReady = async (client: KubeClient, name: string): Promise<boolean> => {
  const cluster = (await client.get({ ...clusters, name })) as Cluster | undefined;
  return cluster?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;
};

const takeTurns = async (client: ApplyClient, members: readonly MemberProcess[], count: number): Promise<Measured> => {
  const turns: Turn[] = [];
  const direct: number[] = [];
  const startedMs = performance.now();
  for (let turn = 0; turn < count; turn++) {
    if (turn % TURNS_BETWEEN_CLEARINGS === 0) await client.clear();
    turns.push(await oneTurn(client, members, `web-${turn}`));
    if (turn % TURNS_BETWEEN_DIRECT === 0) direct.push(await client.direct(`direct-${turn}`));
    // A long measurement on a busy machine must not look like one that hangs.
    if ((turn + 1) % TURNS_BETWEEN_WORDS === 0)
      process.stderr.write(`${turn + 1} of ${count} after ${Math.round((performance.now() - startedMs) / 1_000)} s\n`);
  }
  return { turns, direct };
};

const oneTurn = async (client: ApplyClient, members: readonly MemberProcess[], name: string): Promise<Turn> => {
  await Promise.all(members.map((member) => member.begin(name)));
  const before = process.cpuUsage();
  const times = await client.apply(name);
  const hubCpuMs = milliseconds(process.cpuUsage(before));
  const memberTurns = await Promise.all(members.map((member) => member.turn()));
  const ready = await client.ready();
  return {
    ...times,
    ready,
    calls: memberTurns.flatMap(({ calls }) => calls ?? []),
    hubCpuMs,
    memberCpuMs: memberTurns.map(({ cpuMs }) => cpuMs),
  };
};

const milliseconds = ({ user, system }: NodeJS.CpuUsage): number => (user + system) / 1_000;

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

const resultOf = ({ turns, direct }: Measured, fsyncs: readonly number[]): BenchResult => {
  const row = (step: string, of: (one: Turn) => number): readonly Cell[] => rowOf(step, turns.map(of));
  const calls = turns.flatMap((turn) => turn.calls);
  const took = ({ sentAtMs, answeredAtMs }: Call): number => answeredAtMs - sentAtMs;
  const present = turns.map((one) => one.present);
  return {
    title: `POST of a Deployment at the hub until ${MEMBERS} members have it, ${turns.length} one after the other; hub and client in one process, each member with its agent in one of its own; load ${loadavg()[0]?.toFixed(1)}`,
    columns: ['step', 'p50 ms', 'p99 ms'],
    rows: [
      row('POST until the Deployment is in all members', (one) => one.present),
      row('  POST until the hub answers', ({ answered }) => answered),
      row('  POST until the placement is decided, stored and seen', ({ placed }) => placed),
      row('  then rendered, signed, through the broker, verified: the last agent calls', (one) => lastOf(one, heard) - one.placed),
      row('  then the last record is kept; the look into the member beside it', (one) => lastOf(one, recorded) - lastOf(one, heard)),
      row('  then the last apply is stored and seen', (one) => one.present - lastOf(one, recorded)),
      rowOf(
        "one agent's call that keeps the record",
        calls.map(({ record }) => took(record)),
      ),
      rowOf(
        "one agent's look",
        calls.flatMap(({ look }) => (look === undefined ? [] : [took(look)])),
      ),
      rowOf(
        "one agent's apply",
        calls.map(({ apply }) => took(apply)),
      ),
      rowOf('POST straight to one member until its watch shows it (the floor)', direct),
      rowOf('one fsync of this disk', fsyncs),
      row("POST until the hub's status says that all copies are ready (pods take 300 to start)", ({ ready }) => ready),
      row("CPU time of the hub's and the client's process until the Deployment is in all members", ({ hubCpuMs }) => hubCpuMs),
      rowOf(
        "CPU time of a member's process until then: its API, its controllers, its agent",
        turns.flatMap(({ memberCpuMs }) => memberCpuMs),
      ),
    ],
    goals: [
      { name: 'POST until present in all members, p50', value: percentile(present, 50), unit: 'ms', bound: 'max', goal: 60 },
      { name: 'POST until present in all members, p99', value: percentile(present, 99), unit: 'ms', bound: 'max', goal: 250 },
    ],
  };
};

const heard = ({ record }: MemberCalls): number => record.sentAtMs;
const recorded = ({ record }: MemberCalls): number => record.answeredAtMs;

/** When the last member came to a step, in ms since the POST. */
const lastOf = ({ calls, begunAtMs }: Turn, step: (calls: MemberCalls) => number): number => Math.max(...calls.map(step)) - begunAtMs;

const rowOf = (step: string, samples: readonly number[]): readonly Cell[] => [step, percentile(samples, 50), percentile(samples, 99)];
