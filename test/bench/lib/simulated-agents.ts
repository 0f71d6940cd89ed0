/**
 * @module Many agents in one process: each with the agent's own link over a connection of its own (keys, join, TLS, JWT, hello, beats,
 * reports), over a member that is only told of. Run as a program; the settings are JSON in SIMULATED_AGENTS.
 */
import { readFileSync } from 'node:fs';
import { type AgentLink, startLink } from '../../../agent/link/index.ts';
import { type CapacityReport, emptyReport } from '../../../shared/capacity/index.ts';
import discovery from '../../../shared/kube/builtin/data/discovery.json' with { type: 'json' };
import { silentLog } from '../../../shared/lib/index.ts';
import { nodeEnv } from '../../../shared/node/index.ts';
import type { ServedApi } from '../../../shared/wire/index.ts';

/** Which agents to play. */
export type SimulatedAgents = {
  readonly hubUrl: string;
  readonly hubCaFile: string;
  /** A token for each hundred. */
  readonly tokens: readonly string[];
  /** Number of the first. */
  readonly first: number;
};

/** Agents that join with one token. */
export const agentsPerToken = 100;

/** As an agent whose member does not change. */
const reportEveryMs = 30_000;
const joinsAtOnce = 8;
const nodes = 10;

const reportOf = (seq: number): CapacityReport => {
  const resourceNames = ['cpu', 'ephemeral-storage', 'memory'];
  const allocatable = [8_000, 100_000, 32_000];
  const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64', 'node.kubernetes.io/instance-type': 'general-8' };
  const column = (value: number): number[] => Array.from({ length: nodes }, () => value);
  return {
    ...emptyReport,
    epoch: 1,
    seq,
    observedAtMs: Date.now(),
    sources: { nodes: String(seq), pods: String(seq) },
    resourceNames,
    groups: [{ id: 0, labels, taints: [], ready: true, unschedulable: false, allocatable, runtimeHandlers: [] }],
    nodes: {
      names: Array.from({ length: nodes }, (_, node) => `node-${node}`),
      group: column(0),
      podsFree: column(100),
      free: allocatable.map(column),
    },
  };
};

/** What a Kubernetes of today serves. */
const servedApis = (): ServedApi[] =>
  Object.entries(discovery.resources).flatMap(([groupVersion, resources]) =>
    resources
      .filter(({ name }) => !name.includes('/'))
      .map(({ name, kind, namespaced }) => ({ groupVersion, kind, resource: name, namespaced })),
  );

const startOne = async (settings: SimulatedAgents, hubCa: string, index: number, apis: readonly ServedApi[]): Promise<void> => {
  let kept: string | undefined;
  const link: AgentLink = await startLink({
    env: nodeEnv(silentLog),
    cluster: `sim-${String(settings.first + index).padStart(4, '0')}`,
    hubUrl: settings.hubUrl,
    hubCa,
    token: settings.tokens[Math.floor(index / agentsPerToken)] ?? '',
    labels: { 'hanse.dev/provider': 'simulated' },
    kubernetesVersion: () => 'v1.36.0',
    keyStore: {
      place: 'memory',
      removal: 'end the process',
      load: async () => kept,
      save: async (text) => {
        kept = text;
      },
    },
  });
  link.setBeat(() => ({ api: { reachable: true } }));
  link.setHello(() => ({ agentVersion: '0.1.0', kubernetesVersion: 'v1.36.0', apis, runtimeClasses: [], labels: {} }));
  await new Promise<void>((resolve) => {
    const look = (): void => {
      if (link.state().phase === 'Connected') resolve();
    };
    link.onState(look);
    look();
  });
  let seq = 0;
  const report = (): void => {
    link.publishReport(reportOf(seq++));
    setTimeout(report, reportEveryMs * (0.5 + Math.random()));
  };
  report();
};

if (import.meta.main) {
  const settings = JSON.parse(process.env.SIMULATED_AGENTS ?? '') as SimulatedAgents;
  const hubCa = readFileSync(settings.hubCaFile, 'utf8');
  const count = settings.tokens.length * agentsPerToken;
  const apis = servedApis();
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < count) await startOne(settings, hubCa, next++, apis);
  };
  await Promise.all(Array.from({ length: joinsAtOnce }, lane));
  process.stdout.write(`${count} agents are connected\n`);
}
