/** @module How much memory an agent holds in a cluster of 5,000 nodes and 20,000 pods, with pods that change all the time. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { bundleAgent } from '../../deploy/agent/bundle.ts';
import { openKubeconfig } from '../../deploy/local/connect.ts';
import runtime from '../../deploy/local/runtime.json' with { type: 'json' };
import { waitUntil } from '../../deploy/local/wait.ts';
import { createToken } from '../../hub/cli/index.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import type { BenchOptions, BenchResult } from './lib/bench.ts';
import { settledMemory, startChild } from './lib/child.ts';
import type { PagedCluster } from './lib/paged-apiserver.ts';

const root = join(import.meta.dirname, '..', '..');
const hanse = join(root, 'deploy', 'local', 'hanse.ts');
const GOAL_MB = 100;
const readMsMax = 300_000;

/** CPU seconds of a process so far. */
const cpuSeconds = (pid: number): number => {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) / 100;
};

/** RSS as Linux tells it, after the whole was read and while 100 pods a second change their status and ten move. */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const cluster: PagedCluster = quick
    ? { nodes: 500, pods: 2_000, statusChangesPerSecond: 10, movesPerSecond: 1 }
    : { nodes: 5_000, pods: 20_000, statusChangesPerSecond: 100, movesPerSecond: 10 };
  mkdirSync(join(root, '.cache'), { recursive: true });
  const folder = mkdtempSync(join(root, '.cache', 'bench-inventory-'));
  const hub = startChild([hanse, 'hub', '--data-dir', join(folder, 'hub'), '--port', '0', '--log-level', 'warn']);
  const server = startChild([join(import.meta.dirname, 'lib', 'paged-apiserver.ts')], { PAGED_APISERVER: JSON.stringify(cluster) });
  try {
    const port = /\d+$/.exec(await server.line(/^serving on \d+/))?.[0] ?? '';
    await hub.line(/^kubeconfig of the admin: /);
    const { api, access } = await openKubeconfig(join(folder, 'hub', 'kubeconfig'), nodeEnv(silentLog));
    const connection = { client: api, server: access.server, caPem: access.ca ?? '', close: () => api.close() };
    const caFile = join(folder, 'ca.pem');
    writeFileSync(caFile, connection.caPem);
    const kubeconfig = join(folder, 'member.json');
    writeFileSync(kubeconfig, memberKubeconfig(port));
    const file = join(folder, 'agent.mjs');
    await bundleAgent(file);
    const { token } = await createToken(connection, { autoApprove: true });
    const agent = startChild([...runtime.agent.flags, file], {
      ...runtime.agent.env,
      HANSE_CLUSTER: 'large',
      HANSE_HUB: connection.server,
      HANSE_HUB_CA: caFile,
      HANSE_TOKEN: token,
      HANSE_KUBECONFIG: kubeconfig,
      HANSE_KEY_FILE: join(folder, 'agent.json'),
    });
    try {
      const startedMs = Date.now();
      await waitUntil('the hub to know all nodes', async () => ((await nodesTold(api)) === cluster.nodes ? true : undefined), {
        withinMs: readMsMax,
        everyMs: 500,
        why: () => 'the agent has not told all',
      });
      const toldSeconds = (Date.now() - startedMs) / 1_000;
      await sleep(quick ? 5_000 : 30_000);
      const before = cpuSeconds(agent.pid);
      const memory = await settledMemory(agent.pid, 10_000);
      const busy = ((cpuSeconds(agent.pid) - before) / 15) * 1_000;
      return {
        title: `Agent with ${cluster.nodes} nodes and ${cluster.pods} pods, ${cluster.statusChangesPerSecond + cluster.movesPerSecond} pod changes a second`,
        columns: ['figure', 'value'],
        rows: [
          ['RSS, MB', memory.rssMB],
          ['peak RSS (first reading), MB', memory.peakMB],
          ['milli-CPU while pods change', Math.round(busy)],
          ['seconds until the hub knew all nodes', toldSeconds],
        ],
        goals: [{ name: 'RSS', value: memory.rssMB, unit: 'MB', bound: 'max', goal: GOAL_MB }],
      };
    } finally {
      await agent.stop();
      await api.close();
    }
  } finally {
    await Promise.all([hub.stop(), server.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
};

const memberKubeconfig = (port: string): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'm',
    clusters: [{ name: 'm', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'm', user: {} }],
    contexts: [{ name: 'm', context: { cluster: 'm', user: 'm' } }],
  });

const nodesTold = async (api: Awaited<ReturnType<typeof openKubeconfig>>['api']): Promise<number> => {
  const { items } = await api.list({ group: 'hanse.dev', version: 'v1alpha1', resource: 'clusters' });
  return (items[0]?.status as { nodes?: { total?: number } } | undefined)?.nodes?.total ?? 0;
};
