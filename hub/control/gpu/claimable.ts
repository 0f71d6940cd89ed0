/**
 * @module GPUs that drivers of Dynamic Resource Allocation offer to claims: whole ones, by model and node. A GPU of which a partition is held is
 * not free.
 */
import type { GpuPool } from '../../../shared/api/index.ts';
import type { CapacityReport, NodeGroup } from '../../../shared/capacity/index.ts';
import { modelName, type NodeGpus } from './model.ts';

/** GPUs of one model. */
export type ClaimableGpus = { readonly spec: GpuPool['spec']; readonly gpus: NodeGpus };

/** GPUs of a report for claims. */
export type Claimable = {
  /** On a node of this group; none of them is free where it takes no pods. */
  readonly of: (node: string, group: NodeGroup) => readonly ClaimableGpus[];
  /** Those that many nodes reach. */
  readonly ofMany: readonly ClaimableGpus[];
};

type Facts = NonNullable<CapacityReport['dra']>;
type Kind = Facts['kinds'][number];
type Pool = Facts['pools'][number];

/** `gpu.nvidia.com`, `gpu.amd.com`, `gpu.intel.com`, and others that are named so. */
const gpuDriver = /(^|[.-])gpus?([.-]|$)/;
/** What drivers call a whole one; partitions and those passed through to virtual machines are the same GPUs once more. */
const wholeTypes: readonly unknown[] = ['gpu', 'amdgpu'];

/** The model of a kind; undefined when it is no whole GPU. */
const specOf = ({ driver, attributes, capacity }: Kind): GpuPool['spec'] | undefined => {
  if (!gpuDriver.test(driver) || !wholeTypes.includes(attributes[`${driver}/type`] ?? 'gpu')) return undefined;
  const product = attributes[`${driver}/productName`] ?? attributes[`${driver}/model`];
  const vendor = ['nvidia', 'amd', 'intel'].find((word) => driver.includes(word)) ?? 'other';
  return { vendor, product: typeof product === 'string' ? product : '', memoryMiB: capacity[`${driver}/memory`] ?? 0 };
};

/** NUMA zone of a kind: the standard attribute (KEP-6072), or the driver's own; undefined = not told. */
const zoneOf = ({ driver, attributes }: Kind): number | undefined => {
  const zone = attributes['resource.kubernetes.io/numaNode'] ?? attributes[`${driver}/numaNode`] ?? attributes[`${driver}/numa`];
  return typeof zone === 'number' && zone >= 0 ? zone : undefined;
};

const isDrawn = ({ consumes }: Kind, { counters }: Pool): boolean =>
  Object.entries(consumes).some(([counter, amount]) => amount > (counters[counter] ?? 0));

type Sum = { readonly spec: GpuPool['spec']; total: number; free: number; readonly zones: Map<number, number> };

/** The GPUs of the pools of one node. */
const gpusIn = (pools: readonly Pool[], kinds: ReadonlyMap<number, Kind>): readonly ClaimableGpus[] => {
  const sums = new Map<string, Sum>();
  for (const pool of pools) {
    for (const { kind: id, total, free } of pool.devices) {
      const kind = kinds.get(id);
      const spec = kind === undefined ? undefined : specOf(kind);
      if (kind === undefined || spec === undefined) continue;
      const key = `${modelName(spec)} ${spec.memoryMiB}`;
      const sum = sums.get(key) ?? { spec, total: 0, free: 0, zones: new Map<number, number>() };
      sums.set(key, sum);
      const untaken = isDrawn(kind, pool) ? 0 : Math.max(0, free);
      sum.total += total;
      sum.free += untaken;
      const zone = zoneOf(kind);
      if (zone !== undefined) sum.zones.set(zone, (sum.zones.get(zone) ?? 0) + untaken);
    }
  }
  return [...sums.values()].map(({ spec, total, free, zones }) => ({
    spec,
    gpus: { total, free, inZone: zones.size === 0 ? undefined : Math.max(...zones.values()) },
  }));
};

/** The GPUs of a report that claims may have. */
export const claimableGpus = ({ dra }: CapacityReport): Claimable => {
  const kinds = new Map((dra?.kinds ?? []).map((kind) => [kind.id, kind]));
  const byNode = new Map<string, Pool[]>();
  for (const pool of dra?.pools ?? []) byNode.set(pool.node, [...(byNode.get(pool.node) ?? []), pool]);
  return {
    of: (node, { ready, unschedulable }) => {
      const found = gpusIn(node === '' ? [] : (byNode.get(node) ?? []), kinds);
      if (ready && !unschedulable) return found;
      return found.map(({ spec, gpus }) => ({ spec, gpus: { ...gpus, free: 0, inZone: gpus.inZone === undefined ? undefined : 0 } }));
    },
    ofMany: gpusIn(byNode.get('') ?? [], kinds),
  };
};
