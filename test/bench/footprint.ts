/** @module How much memory the parts hold: hub alone, with 100 and 1,000 agents; an agent as one file; a playground; each a process of its own. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleAgent } from '../../deploy/agent/bundle.ts';
import { openKubeconfig } from '../../deploy/local/connect.ts';
import runtime from '../../deploy/local/runtime.json' with { type: 'json' };
import { waitUntil } from '../../deploy/local/wait.ts';
import { createToken, type HubConnection } from '../../hub/cli/index.ts';
import { clusters } from '../../shared/api/cluster.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import type { BenchOptions, BenchResult, Cell, Goal } from './lib/bench.ts';
import { type Child, childrenOf, type Memory, settledMemory, startChild } from './lib/child.ts';
import { agentsPerToken, type SimulatedAgents } from './lib/simulated-agents.ts';

const root = join(import.meta.dirname, '..', '..');
const hanse = join(root, 'deploy', 'local', 'hanse.ts');
const FLEETS = [100, 1_000];
const HUB_GOAL_MB = 250;
const AGENT_GOAL_MB = 90;
const readyMsMax = 300_000;

type Runtime = { readonly flags: readonly string[]; readonly env: Readonly<Record<string, string>> };
type Row = { readonly name: string; readonly memory: Memory };

/**
 * RSS as Linux tells it (VmRSS), some time after the process has nothing more to do; peak = VmHWM. Garbage is left to V8, as for users. The hub
 * that counts is not the first: the first start of a version compiles the TypeScript, and keeps Node's compiler for as long as it runs.
 */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache', 'bench-footprint-'));
  const settleMs = quick ? 2_000 : 15_000;
  try {
    const rows: Row[] = [
      await withHub(folder, async ({ child }) => ({ name: firstHubRow, memory: await settledMemory(child.pid, settleMs) })),
    ];
    const hubs = await hubRows(folder, quick ? FLEETS.slice(0, 1) : FLEETS, settleMs);
    rows.push(...hubs, ...(await memberRows(folder, settleMs)), ...(await startRows(folder, settleMs)));
    return resultOf(rows, `hub with ${quick ? FLEETS[0] : FLEETS.at(-1)} agents`, settleMs);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

const resultOf = (rows: readonly Row[], largest: string, settleMs: number): BenchResult => {
  const goal = (name: string, bound: number): Goal => ({
    name: `${name}, RSS`,
    value: rows.find((row) => row.name === name)?.memory.rssMB ?? Number.NaN,
    unit: 'MB',
    bound: 'max',
    goal: bound,
  });
  return {
    title: `Memory of each process, with the settings it is started with, ${settleMs / 1000} s after the last thing it had to do`,
    columns: ['process', 'RSS MB', 'peak MB'],
    rows: rows.map(({ name, memory }): readonly Cell[] => [name, memory.rssMB, memory.peakMB]),
    goals: [goal(largest, HUB_GOAL_MB), goal(agentRow, AGENT_GOAL_MB)],
  };
};

const firstHubRow = 'hub, no agents, first start of this run';
const agentRow = 'agent as one file, with the settings of its first line';

/** A hub that runs, and a way to speak to it. */
type RunningHub = { readonly child: Child; readonly connection: HubConnection; readonly caFile: string };

const withHub = async <T>(folder: string, use: (hub: RunningHub) => Promise<T>): Promise<T> => {
  const dataDir = mkdtempSync(join(folder, 'hub-'));
  const child = startChild(
    [...runtime.hub.flags, hanse, 'hub', '--data-dir', dataDir, '--port', '0', '--log-level', 'error'],
    runtime.hub.env,
  );
  try {
    await child.line(/^kubeconfig of the admin: /);
    const { api, access } = await openKubeconfig(join(dataDir, 'kubeconfig'), nodeEnv(silentLog));
    const caFile = join(dataDir, 'hub-ca.pem');
    writeFileSync(caFile, access.ca ?? '');
    const raw = (path: string, accept: string): Promise<unknown> => api.raw(path, accept);
    const connection = { client: api, raw, server: access.server, caPem: access.ca ?? '', close: () => api.close() };
    try {
      return await use({ child, connection, caFile });
    } finally {
      await api.close();
    }
  } finally {
    await child.stop();
  }
};

const hubRows = (folder: string, fleets: readonly number[], settleMs: number): Promise<Row[]> =>
  withHub(folder, async (hub) => {
    const rows: Row[] = [{ name: 'hub, no agents', memory: await settledMemory(hub.child.pid, settleMs) }];
    const players: Child[] = [];
    let joined = 0;
    try {
      for (const fleet of fleets) {
        players.push(await startAgents(hub, joined, fleet - joined));
        joined = fleet;
        await allReady(hub, fleet);
        rows.push({ name: `hub with ${fleet} agents`, memory: await settledMemory(hub.child.pid, settleMs) });
        const [broker] = childrenOf(hub.child.pid);
        if (broker !== undefined) rows.push({ name: `  its nats-server`, memory: await settledMemory(broker, 0) });
      }
    } finally {
      await Promise.all(players.map((player) => player.stop()));
    }
    return rows;
  });

const startAgents = async ({ connection, caFile }: RunningHub, first: number, count: number): Promise<Child> => {
  const tokens: string[] = [];
  for (let made = 0; made < count; made += agentsPerToken) {
    tokens.push((await createToken(connection, { autoApprove: true, uses: agentsPerToken })).token);
  }
  const settings: SimulatedAgents = { hubUrl: connection.server, hubCaFile: caFile, tokens, first };
  const program = join(import.meta.dirname, 'lib', 'simulated-agents.ts');
  const child = startChild([program], { SIMULATED_AGENTS: JSON.stringify(settings) });
  try {
    await child.line(/agents are connected$/);
  } catch (error) {
    await child.stop();
    throw error;
  }
  return child;
};

const allReady = async ({ connection }: RunningHub, count: number): Promise<void> => {
  let ready = 0;
  const look = async (): Promise<true | undefined> => {
    const { items } = await connection.client.list(clusters);
    ready = items.filter(({ status }) => {
      const conditions = (status as { conditions?: readonly { type: string; status: string }[] } | undefined)?.conditions ?? [];
      return conditions.some((condition) => condition.type === 'Ready' && condition.status === 'True');
    }).length;
    return ready === count ? true : undefined;
  };
  await waitUntil(`${count} clusters to be ready`, look, { withinMs: readyMsMax, everyMs: 1_000, why: () => `${ready} are` });
};

/** A playground member alone, then an agent of its own process beside it. */
const memberRows = (folder: string, settleMs: number): Promise<Row[]> =>
  withHub(folder, async ({ connection, caFile }) => {
    const dataDir = mkdtempSync(join(folder, 'member-'));
    const member = startChild(
      [...runtime.hub.flags, hanse, 'playground', '--members', '1', '--data-dir', dataDir, '--port', '0'],
      runtime.hub.env,
    );
    try {
      const [cluster = '', , kubeconfig = ''] = (await member.line(/ {2}\/.*kubeconfig$/)).split(/ +/);
      const file = join(folder, 'agent.mjs');
      await bundleAgent(file);
      const { token } = await createToken(connection, { autoApprove: true });
      const settings = {
        HANSE_CLUSTER: cluster,
        HANSE_HUB: connection.server,
        HANSE_HUB_CA: caFile,
        HANSE_TOKEN: token,
        HANSE_KUBECONFIG: kubeconfig,
        HANSE_KEY_FILE: join(dataDir, 'agent.json'),
      };
      const measure = async ({ flags, env }: Runtime): Promise<Memory> => {
        const agent = startChild([...flags, file], { ...settings, ...env });
        try {
          await agent.line(/"msg":"Connected: /);
          await allReady({ child: agent, connection, caFile }, 1);
          return await settledMemory(agent.pid, settleMs);
        } finally {
          await agent.stop();
        }
      };
      return [
        { name: agentRow, memory: await measure(runtime.agent) },
        { name: '  the same without them', memory: await measure({ flags: [], env: {} }) },
        { name: 'one playground member', memory: await settledMemory(member.pid, 0) },
      ];
    } finally {
      await member.stop();
    }
  });

const startRows = async (folder: string, settleMs: number): Promise<Row[]> => {
  const dataDir = mkdtempSync(join(folder, 'start-'));
  const child = startChild([...runtime.hub.flags, hanse, 'start', '--data-dir', dataDir, '--port', '0'], runtime.hub.env);
  try {
    await child.line(/^Hanse is running/);
    return [{ name: 'npm start: hub, three members, three agents', memory: await settledMemory(child.pid, settleMs) }];
  } finally {
    await child.stop();
  }
};
