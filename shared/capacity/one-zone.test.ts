/** @module `requires.numa: SingleNode`: one rule for the hub, which counts on reports, and for plans on dumps. */
import { describe, expect, it } from 'vitest';
import { readDump } from './dump.ts';
import type { FitResult } from './fit.ts';
import { createModelRoom } from './model-room.ts';
import type { TopologyPolicy } from './node.ts';
import { type PodShape, podShapeOf } from './pod-shape.ts';
import type { NumaFacts } from './report.ts';
import { createRoom } from './room.ts';
import { reportOf } from './testing.ts';
import { zonedNode } from './testing-dump.ts';

const gpu = 'nvidia.com/gpu';

/** A node of 8 cores and 4 GPUs in so many zones. */
type Node = { readonly zones: number; readonly policy?: TopologyPolicy; readonly scope?: 'container' | 'pod'; readonly cpu?: 'none' };

const onReport = ({ zones, policy = 'none', scope = 'container', cpu }: Node, shape: PodShape): FitResult => {
  const report = reportOf([{ name: 'n', allocatable: { cpu: 8_000, memory: 65_536, [gpu]: 4 } }]);
  const total = report.resourceNames.map((name) => (name === 'cpu' ? 8_000 : name === gpu ? 4 : 65_536) / Math.max(1, zones));
  const all = Array.from({ length: zones }, (_, id) => ({ id, total }));
  const numa: NumaFacts = { policy, scope, cpuManager: cpu ?? 'static', memoryManager: 'None', options: [], zones: all };
  const groups = report.groups.map((group) => (zones === 0 ? group : { ...group, numa }));
  const zoneFree = all.map(() => total.map((amount) => [amount]));
  return createRoom({ ...report, groups, nodes: { ...report.nodes, ...(zones === 0 ? {} : { zoneFree }) } }, []).fit(shape);
};

const onDump = ({ zones, policy, scope, cpu }: Node, shape: PodShape): FitResult => {
  const each = { cpu: 8 / Math.max(1, zones), memoryGi: 64 / Math.max(1, zones), gpu: 4 / Math.max(1, zones) };
  const managers = { ...(policy && { policy }), ...(scope && { scope }), ...(cpu && { cpuManager: cpu }) };
  const objects = zonedNode(
    'n',
    Array.from({ length: Math.max(1, zones) }, () => each),
    managers,
  ).slice(0, zones === 0 ? 1 : 2);
  const dump = readDump(objects);
  if (!dump.ok) throw new Error(dump.message);
  return createModelRoom(dump.value.cluster, new Map()).fit(shape);
};

type Amounts = { readonly cpu: string; readonly gpus?: number; readonly isGuaranteed?: boolean };

const container = ({ cpu, gpus = 0, isGuaranteed = false }: Amounts): object => {
  const amounts = { cpu, memory: '1Gi' };
  const devices = gpus === 0 ? {} : { [gpu]: `${gpus}` };
  return { resources: isGuaranteed ? { limits: { ...amounts, ...devices } } : { requests: { ...amounts, ...devices }, limits: devices } };
};

const replicaOf = (...containers: readonly Amounts[]): PodShape => ({
  ...podShapeOf({ containers: containers.map(container) }),
  numaSingleNode: true,
});

const shapes = {
  devices: replicaOf({ cpu: '1', gpus: 1 }),
  'devices of both zones': replicaOf({ cpu: '1', gpus: 3 }),
  'exclusive cores': replicaOf({ cpu: '3', isGuaranteed: true }),
  'cores that are shared': replicaOf({ cpu: '1500m', isGuaranteed: true }),
  'nothing of zones': replicaOf({ cpu: '1' }),
  'cores of two containers': replicaOf({ cpu: '1', isGuaranteed: true }, { cpu: '1', isGuaranteed: true }),
  'cores beside a container without': replicaOf({ cpu: '1', isGuaranteed: true }, { cpu: '500m', isGuaranteed: true }),
};
type Takes = keyof typeof shapes;

const nodes: Readonly<Record<string, Node>> = {
  'no zones': { zones: 0 },
  none: { zones: 2, policy: 'none' },
  'best-effort': { zones: 2, policy: 'best-effort' },
  restricted: { zones: 2, policy: 'restricted' },
  single: { zones: 2, policy: 'single-numa-node' },
  'single by pod': { zones: 2, policy: 'single-numa-node', scope: 'pod' },
  'no exclusive cores': { zones: 2, policy: 'none', cpu: 'none' },
  'one zone': { zones: 1, policy: 'none' },
};

/** Replicas that each of the nodes takes, in their order. */
const counts: readonly (readonly [Takes, readonly number[]])[] = [
  ['devices', [0, 0, 0, 4, 4, 4, 0, 4]],
  ['devices of both zones', [0, 0, 0, 0, 0, 0, 0, 1]],
  ['exclusive cores', [0, 0, 0, 2, 2, 2, 2, 2]],
  ['cores that are shared', [5, 5, 5, 5, 5, 5, 5, 5]],
  ['nothing of zones', [8, 8, 8, 8, 8, 8, 8, 8]],
  ['cores of two containers', [0, 0, 0, 0, 0, 4, 4, 4]],
  ['cores beside a container without', [0, 0, 0, 5, 5, 5, 5, 5]],
];

describe.each([
  ['on a report', onReport],
  ['on a dump', onDump],
] as const)('devices and exclusive cores of a replica come from one zone, %s', (_, fitOn) => {
  it.each(counts)('%s', (takes, expected) => {
    const fits = Object.values(nodes).map((node) => fitOn(node, shapes[takes]));
    const named = (numbers: readonly number[]) => Object.fromEntries(Object.keys(nodes).map((name, at) => [name, numbers[at]]));
    expect(named(fits.map(({ count }) => count))).toEqual(named(expected));
    expect(fits.every(({ exact }) => exact)).toBe(true);
    // A node without room for want of one zone says so, with all of its room for pods free.
    const reasons = fits.flatMap(({ count, refusals }) => (count === 0 ? [refusals] : []));
    expect(reasons).toEqual(reasons.map(() => ({ numa: 1 })));
  });
});
