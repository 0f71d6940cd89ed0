/** @module How many further replicas one node holds on its own: amounts, ports, shared GPUs, the kubelet's managers (facts `capacity.md` §2.3). */
import { boundName, countsBytes } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import { kubeletDoubts } from './kubelet-doubts.ts';
import type { NodeModel } from './node.ts';
import { type ZoneMemo, zoneCountOnce } from './numa/zone-count.ts';
import { portsClash } from './pod-terms.ts';
import { severalDoubt, severalShared } from './shared-by-plugin.ts';
import { vgpuCount, withoutRoomiest } from './vgpu.ts';

/** A node's own count, what refuses one more, and why it is an estimate, where that is known in words. */
export type OwnCount = { readonly count: bigint; readonly bound: string; readonly exact: boolean; readonly doubts: readonly string[] };

type Bounds = { count: bigint; bound: string; exact: boolean; readonly doubts: string[] };

const lower = (bounds: Bounds, count: bigint, bound: string): void => {
  if (count >= bounds.count) return;
  bounds.count = count;
  bounds.bound = bound;
};

const doubt = (bounds: Bounds, doubts: readonly string[]): void => {
  bounds.doubts.push(...doubts);
  bounds.exact &&= doubts.length === 0;
};

const byAmounts = (bounds: Bounds, node: NodeModel, demand: PodDemand, grainBytes: bigint): void => {
  let upper = bounds.count;
  for (const [resource, amount] of demand.requests) {
    const free = node.free.get(resource) ?? 0n;
    lower(bounds, free <= 0n ? 0n : free / amount, boundName(resource));
    const atMost = node.free.has(resource) && countsBytes(resource) ? free + grainBytes - 1n : free;
    const most = atMost <= 0n ? 0n : atMost / amount;
    if (most < upper) upper = most;
  }
  // Every kubelet tells these two: where one is missing the node was cut, and none is no answer.
  const cut = ['cpu', 'memory'].filter((resource) => demand.requests.has(resource) && !node.free.has(resource));
  doubt(
    bounds,
    cut.map((resource) => `Node ${node.name}: status.allocatable.${resource} is not told`),
  );
  if (upper !== bounds.count) bounds.exact = false;
};

/** One replica where the host ports are free; undefined when none are asked. */
const byPorts = (node: NodeModel, demand: PodDemand): bigint | undefined => {
  if (demand.ports.length === 0) return undefined;
  const taken = node.pods.some(({ kind }) => kind.ports.some((used) => demand.ports.some((port) => portsClash(used, port))));
  return taken ? 0n : 1n;
};

/** None where the device plugin may refuse what a container asks of its shared GPUs. */
const byPlugin = (bounds: Bounds, { name, labels }: NodeModel, demand: PodDemand): void => {
  const resource = severalShared(labels, demand);
  if (resource === undefined || bounds.count === 0n) return;
  lower(bounds, 0n, boundName(resource));
  doubt(bounds, [severalDoubt(name, labels, resource)]);
};

const byGpus = (bounds: Bounds, node: NodeModel, demand: PodDemand): void => {
  if (node.sharedGpus === undefined) {
    if (demand.needsVgpu) lower(bounds, 0n, 'gpu');
    else byPlugin(bounds, node, demand);
    return;
  }
  const [ask] = demand.vgpus;
  if (ask === undefined) return;
  const gpus = withoutRoomiest(node.sharedGpus, ask, node.untoldGpus ?? 0);
  const { count, exact } = vgpuCount(gpus, demand.vgpus, bounds.count);
  if (count < bounds.count) doubt(bounds, node.gpuDoubts ?? []);
  lower(bounds, count, 'gpu');
  if (!exact) doubt(bounds, [`Node ${node.name}: which of its shared GPUs several containers are given is HAMi's choice`]);
};

/**
 * The node's count, without what other nodes and the namespace say. Of several things that refuse one more the one is told that the
 * scheduler looks at first: ports, places, cpu, memory, other amounts. `grainBytes`: how finely amounts of bytes are known. `memo`: of this
 * demand's counts.
 */
export const ownCount = (node: NodeModel, demand: PodDemand, grainBytes: bigint, memo: ZoneMemo): OwnCount => {
  const places = node.podsFree > 0n ? node.podsFree : 0n;
  const bounds: Bounds = { count: byPorts(node, demand) ?? places, bound: 'ports', exact: true, doubts: [] };
  doubt(bounds, node.doubts);
  if (demand.ports.length === 0) bounds.bound = 'pods';
  lower(bounds, places, 'pods');
  byAmounts(bounds, node, demand, grainBytes);
  byGpus(bounds, node, demand);
  const zones = zoneCountOnce(memo, node, demand, bounds.count);
  if (!zones.exact) doubt(bounds, kubeletDoubts(node, demand, zones.doubt));
  lower(bounds, zones.count, 'numa');
  bounds.exact &&= zones.exact && (grainBytes === 1n || !asksOddBytes(demand, grainBytes) || node.zones.length === 0);
  return bounds;
};

/** True when memory is asked finer than it is known. */
const asksOddBytes = (demand: PodDemand, grainBytes: bigint): boolean =>
  demand.containers.some(({ requests }) => [...requests].some(([resource, amount]) => countsBytes(resource) && amount % grainBytes !== 0n));
