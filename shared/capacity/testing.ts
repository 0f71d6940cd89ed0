/** @module Builders of capacity reports for tests: nodes as plain amounts. */
import { emptyReport } from './empty-report.ts';
import type { CapacityReport, NodeGroup, NodeTaint } from './report.ts';

/** One node of a test report. `free` by resource name; absent = as allocatable. */
export type TestNode = {
  readonly name: string;
  readonly allocatable: Readonly<Record<string, number>>;
  readonly free?: Readonly<Record<string, number>>;
  readonly podsFree?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly taints?: readonly NodeTaint[];
  readonly unschedulable?: boolean;
};

/** A report of these nodes, each a group of its own. */
export const reportOf = (nodes: readonly TestNode[], more: Partial<CapacityReport> = {}): CapacityReport => {
  const resourceNames = [...new Set(nodes.flatMap((node) => Object.keys(node.allocatable)))].sort();
  const groups = nodes.map(
    (node, id): NodeGroup => ({
      id,
      labels: node.labels ?? {},
      taints: node.taints ?? [],
      ready: true,
      unschedulable: node.unschedulable ?? false,
      allocatable: resourceNames.map((name) => node.allocatable[name] ?? 0),
      runtimeHandlers: [],
    }),
  );
  return {
    ...emptyReport,
    epoch: 1,
    seq: 1,
    resourceNames,
    groups,
    nodes: {
      names: nodes.map((node) => node.name),
      group: nodes.map((_, id) => id),
      podsFree: nodes.map((node) => node.podsFree ?? 110),
      free: resourceNames.map((name) => nodes.map((node) => node.free?.[name] ?? node.allocatable[name] ?? 0)),
    },
    ...more,
  };
};
