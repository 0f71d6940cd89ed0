/** @module The inventory against a real cluster of 500 nodes: it counts what kubectl counts, a change travels as a delta, and silent kubelets are told. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Agent, assembleAgent } from '../../agent/agent.ts';
import { httpClient, loadKubeconfig } from '../../agent/cluster/index.ts';
import { readersOf } from '../../agent/readers.ts';
import { type FakeLink, fakeLink } from '../../agent/testing/fake-link.ts';
import { createReportSender } from '../../shared/capacity/delta-send.ts';
import type { CapacityReport, NodeGroup } from '../../shared/capacity/report.ts';
import { silentLog } from '../../shared/lib/index.ts';
import { nodeEnv } from '../../shared/node/index.ts';
import { ensureTestbed, type Member, type NodeSpec, startMember, type Testbed, waitFor } from '../testbed/index.ts';

const nodeCount = 500;
const replicas = 60;

const nodes = Array.from(
  { length: nodeCount },
  (_, at): NodeSpec => ({
    name: `node-${String(at).padStart(3, '0')}`,
    labels: { pool: `pool-${at % 3}` },
    allocatable: { cpu: String(4 + (at % 5)), memory: `${16 + (at % 7)}Gi`, ...(at % 10 === 0 ? { 'nvidia.com/gpu': '4' } : {}) },
  }),
);

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', namespace: 'default' },
  spec: {
    replicas,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'c', image: 'none', resources: { requests: { cpu: '250m', memory: '1Gi' } } }] },
    },
  },
};

type Listed = { items: { spec: { nodeName?: string }; status: { phase?: string; allocatable?: Record<string, string> } }[] };

let dir: string;
let testbed: Testbed;
let member: Member;
let link: FakeLink;
let agent: Agent | undefined;

const kubectl = async (...args: string[]): Promise<Listed> => {
  const words = ['--kubeconfig', member.kubeconfig, 'get', ...args, '-o', 'json'];
  const { stdout } = await promisify(execFile)(testbed.tools.kubectl, words, { maxBuffer: 256 << 20 });
  return JSON.parse(stdout) as Listed;
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const freeOf = (report: CapacityReport, resource: string): number => sum(report.nodes.free[report.resourceNames.indexOf(resource)] ?? []);

const newest = (what: string, holds: (report: CapacityReport) => boolean): Promise<CapacityReport> =>
  waitFor(
    what,
    () => {
      const report = link.reports.at(-1);
      return report?.complete === true && holds(report) ? report : undefined;
    },
    { timeoutMs: 60_000 },
  );

beforeAll(async () => {
  testbed = await ensureTestbed();
  dir = await mkdtemp(join(tmpdir(), 'inventory-'));
  member = await startMember({ name: 'large', dataDir: dir, nodes, testbed });
  await member.call('POST', '/apis/apps/v1/namespaces/default/deployments', { body: deployment });
  await waitFor(
    'all pods to be bound',
    async () => {
      const { body } = await member.call('GET', '/api/v1/namespaces/default/pods');
      const pods = (body as Listed).items;
      return pods.length === replicas && pods.every(({ spec }) => spec.nodeName !== undefined);
    },
    { timeoutMs: 120_000 },
  );
  link = fakeLink('large');
  const env = nodeEnv(silentLog);
  const api = httpClient(await loadKubeconfig(member.kubeconfig, env));
  const readers = readersOf(api, { kubelets: true, inCluster: false });
  agent = assembleAgent({ api, link, env, agentVersion: 'test', readers, reportIntervalMs: 200 });
});

afterAll(async () => {
  await agent?.stop();
  await member?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('it counts what kubectl counts', async () => {
  const report = await newest('the report', ({ nodes: { group } }) => group.length === nodeCount);
  const [listed, pods] = await Promise.all([kubectl('nodes'), kubectl('pods', '-A')]);
  const bound = pods.items.filter(({ spec }) => spec.nodeName !== undefined).length;
  const offered = (resource: string): number[] =>
    listed.items.map(({ status }) => Number.parseInt(status.allocatable?.[resource] ?? '0', 10));
  expect(bound).toBe(replicas);
  expect(report.nodes.group.length).toBe(listed.items.length);
  expect(freeOf(report, 'cpu')).toBe(sum(offered('cpu')) * 1_000 - bound * 250);
  expect(freeOf(report, 'memory')).toBe((sum(offered('memory')) - bound) * 1_024);
  expect(freeOf(report, 'nvidia.com/gpu')).toBe(sum(offered('nvidia.com/gpu')));
  expect(sum(report.nodes.podsFree)).toBe(sum(offered('pods')) - bound);
});

/** Controllers are through with the nodes, and none of them changes by itself any more: the node lifecycle controller adds `beta` labels last. */
const isSettled = ({ nodes: { group }, groups }: CapacityReport): boolean => {
  const isDone = ({ ready, taints, labels }: NodeGroup): boolean =>
    ready && taints.length === 0 && labels['beta.kubernetes.io/os'] !== undefined && labels['beta.kubernetes.io/arch'] !== undefined;
  const settled = new Set(groups.filter(isDone).map(({ id }) => id));
  return group.length === nodeCount && group.every((id) => settled.has(id));
};

test('a node that changes becomes a delta of that node, and not a snapshot', async () => {
  const sender = createReportSender();
  const before = await newest('the report of settled nodes', isSettled);
  expect(sender.next(before).kind).toBe('snapshot');
  const path = '/api/v1/nodes/node-007/status';
  const { body } = await member.call('GET', path);
  const cpu = Number((body as Listed['items'][number]).status.allocatable?.cpu) - 1;
  const { status } = await member.call('PATCH', path, {
    body: { status: { allocatable: { cpu: String(cpu) } } },
    headers: { 'content-type': 'application/merge-patch+json' },
  });
  expect(status).toBe(200);
  const after = await newest('the change', (report) => freeOf(report, 'cpu') < freeOf(before, 'cpu'));
  const sent = sender.next(after);
  if (sent.kind !== 'delta') throw new Error('a snapshot was sent');
  expect(sent.rows.map(({ node }) => after.nodes.names[node])).toEqual(['node-007']);
  expect([sent.added, sent.removed]).toEqual([[], []]);
});

test('kubelets that cannot be reached are told as what is not known, and hold up nothing', async () => {
  const isTold = ({ unsupported }: CapacityReport): boolean =>
    unsupported.some((line) => line.startsWith('kubelet configuration of node-'));
  const report = await newest('the line', isTold);
  expect(report.unsupported.filter((line) => line.startsWith('kubelet')).join()).toMatch(/and \d+ more: /);
  expect(agent?.state().api).toEqual({ reachable: true });
});
