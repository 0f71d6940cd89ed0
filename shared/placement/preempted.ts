/** @module Who gave way to whom, told once. */
import type { WorkloadRef } from '../api/index.ts';
import { listed } from '../lib/listed.ts';
import { refText } from './workload-fields.ts';

/** Replicas that gave way to a workload of higher priority. */
export type Preempted = {
  readonly victim: WorkloadRef;
  readonly by: WorkloadRef;
  readonly cluster: string;
  readonly replicas: number;
  /** Nodes that they leave, as far as that is known. */
  readonly nodes: readonly string[];
};

/** One entry for each that gave way, to whom and where: what is all or nothing gives way in part first and then with the rest. */
export const summed = (preempted: readonly Preempted[]): Preempted[] => {
  const sums = new Map<string, Preempted>();
  for (const one of preempted) {
    const key = `${refText(one.victim)} ${refText(one.by)} ${one.cluster}`;
    const before = sums.get(key);
    // Where those of a part leave from is not known, neither is it of the sum.
    const isKnown = one.nodes.length > 0 && before?.nodes.length !== 0;
    const nodes = isKnown ? [...new Set([...(before?.nodes ?? []), ...one.nodes])] : [];
    sums.set(key, { ...one, replicas: one.replicas + (before?.replicas ?? 0), nodes });
  }
  return [...sums.values()];
};

/** Nodes that are named. */
const nodesMax = 3;

/** `2 of low in a on node-1`; without `of` it is not said whose they are. */
export const preemptedText = ({ cluster, replicas, nodes }: Omit<Preempted, 'victim' | 'by'>, of?: string): string =>
  `${replicas}${of === undefined ? '' : ` of ${of}`} in ${cluster}${nodes.length === 0 ? '' : ` on ${listed(nodes, nodesMax)}`}`;
