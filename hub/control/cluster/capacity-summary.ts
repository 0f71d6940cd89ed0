/** @module What a Cluster's status says of its capacity: sums over ready nodes, what one node and one NUMA zone still hold, what is not known. Pure. */
import type { ClusterStatus } from '../../../shared/api/index.ts';
import type { CapacityReport } from '../../../shared/capacity/index.ts';
import { timeText } from '../../../shared/lib/time-text.ts';

type Amounts = Record<string, number>;

/** Pools at zero nodes and lines of what is not known that a status shows. */
const listedMax = 64;

const raise = (amounts: Amounts, resource: string, amount: number): void => {
  if (amount > (amounts[resource] ?? -1)) amounts[resource] = amount;
};

const add = (amounts: Amounts, resource: string, amount: number): void => {
  amounts[resource] = (amounts[resource] ?? 0) + amount;
};

/** Fields of a status that come from the report. */
export const capacityOf = (
  report: CapacityReport,
): Pick<ClusterStatus, 'nodes' | 'capacity' | 'gpus' | 'numa' | 'potential' | 'unsupported'> => {
  const groups = new Map(report.groups.map((group) => [group.id, group]));
  const sums: Readonly<Record<'allocatable' | 'free' | 'gpus' | 'policies', Amounts>> = {
    allocatable: {},
    free: {},
    gpus: {},
    policies: {},
  };
  const { allocatable, free, gpus, policies } = sums;
  const largest: { node: Amounts; zone: Amounts } = { node: {}, zone: {} };
  let ready = 0;
  for (const [node, id] of report.nodes.group.entries()) {
    const group = groups.get(id);
    if (group?.ready !== true) continue;
    ready += 1;
    for (const [column, name] of report.resourceNames.entries()) {
      const here = Math.max(0, report.nodes.free[column]?.[node] ?? 0);
      add(allocatable, name, group.allocatable[column] ?? 0);
      add(free, name, here);
      if (!group.unschedulable) raise(largest.node, name, here);
      for (const zone of report.nodes.zoneFree ?? []) {
        const inZone = zone[column]?.[node] ?? -1;
        if (inZone >= 0 && !group.unschedulable) raise(largest.zone, name, Math.min(here, inZone));
      }
    }
    if (group.gpu !== undefined) add(gpus, group.gpu.product, group.gpu.count);
    if (group.numa !== undefined) add(policies, group.numa.policy, 1);
  }
  const zoned = Object.values(policies).reduce((sum, count) => sum + count, 0);
  const potential = (report.potential ?? []).slice(0, listedMax).map(({ source, name, maxExtraNodes }) => ({
    source,
    name,
    ...(maxExtraNodes === undefined ? {} : { maxExtraNodes }),
  }));
  return {
    nodes: { total: report.nodes.group.length, ready },
    capacity: {
      allocatable,
      free,
      largestFreePerNode: largest.node,
      ...(Object.keys(largest.zone).length === 0 ? {} : { largestFreePerZone: largest.zone }),
      ...(report.gpuUse === undefined ? {} : { gpuUse: report.gpuUse }),
      observedAt: timeText(report.observedAtMs),
    },
    ...(Object.keys(gpus).length === 0 ? {} : { gpus }),
    ...(zoned === 0 ? {} : { numa: { nodes: zoned, policies } }),
    ...(potential.length === 0 ? {} : { potential }),
    ...(report.unsupported.length === 0 ? {} : { unsupported: report.unsupported.slice(0, listedMax) }),
  };
};

/** A status without what {@link capacityOf} says, so that nothing of an older report stays. */
export const withoutCapacity = ({
  nodes: _nodes,
  capacity: _capacity,
  gpus: _gpus,
  numa: _numa,
  potential: _potential,
  unsupported: _unsupported,
  ...rest
}: ClusterStatus): ClusterStatus => rest;
