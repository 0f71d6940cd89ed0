/** @module Small worlds for properties of the ledger over a report, and every binding that a scheduler may come to in them. */
import fc from 'fast-check';
import { fitNodes } from './fit.ts';
import { type PodShape, podShapeOf } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';
import { bindingRules, defaultAsk } from './scheduler-score.ts';
import { reportOf } from './testing.ts';

/** A node of the small worlds. */
export type NodeCase = { readonly cpu: number; readonly zone: string; readonly isTainted: boolean };
/** What a pod asks for in them. */
export type ShapeCase = {
  readonly cpu: number;
  readonly zone: string | undefined;
  readonly name: string | undefined;
  readonly tolerates: boolean;
};
/** Free amounts at one end. */
export type Free = { readonly podsFree: Float64Array; readonly free: readonly Float64Array[] };

const memory = 4_096;
const taint = { key: 'gpu', value: '', effect: 'NoSchedule' } as const;

/** Nodes of one group where they are alike, as reports have them. */
export const reportFrom = (nodes: readonly NodeCase[]): CapacityReport => {
  const report = reportOf(
    nodes.map(({ cpu, zone, isTainted }, at) => ({
      name: `n${at}`,
      allocatable: { cpu, memory },
      labels: { zone },
      taints: isTainted ? [taint] : [],
    })),
  );
  const texts = nodes.map((node) => JSON.stringify(node));
  return { ...report, nodes: { ...report.nodes, group: texts.map((text) => texts.indexOf(text)) } };
};

/** The shape of a case. */
export const shapeFrom = ({ cpu, zone, name, tolerates }: ShapeCase): PodShape =>
  podShapeOf({
    containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: `${cpu}m` } } }],
    tolerations: tolerates ? [{ key: 'gpu', operator: 'Exists' }] : [],
    nodeSelector: { ...(zone === undefined ? {} : { zone }), ...(name === undefined ? {} : { 'kubernetes.io/hostname': name }) },
  });

/** Free amounts after each way to bind the pods one by one, each on any of the nodes with the best score. */
export const endsOf = (report: CapacityReport, pods: readonly (readonly [PodShape, number])[]): Free[] => {
  const cpuAt = report.resourceNames.indexOf('cpu');
  const ends = new Map<string, Free>();
  for (const score of new Set(bindingRules.map((rule) => rule.score))) {
    const start = { podsFree: Float64Array.from(report.nodes.podsFree), free: report.nodes.free.map((row) => Float64Array.from(row)) };
    let states: readonly { readonly columns: Free; readonly pods: readonly number[] }[] = [
      { columns: start, pods: start.podsFree.length === 0 ? [] : [...start.podsFree].map(() => 0) },
    ];
    for (const [shape, count] of pods) {
      const cpu = shape.requests[0]?.[1] ?? 0;
      for (let pod = 0; pod < count; pod++) {
        const next = new Map<string, (typeof states)[number]>();
        for (const state of states) {
          const open = fitNodes(report, shape, state.columns).filter((one) => one.count > 0);
          const scores = open.map(({ node }) => {
            const whole = { cpu: report.groups[report.nodes.group[node] ?? 0]?.allocatable[cpuAt] ?? 0, memory: memory * 1_048_576 };
            const left = (state.columns.free[cpuAt]?.[node] ?? 0) - cpu;
            const hidden = ((state.pods[node] ?? 0) + 1) * defaultAsk.memory;
            return score({ whole, free: { cpu: left, memory: whole.memory }, shown: { cpu: left, memory: whole.memory - hidden } });
          });
          open.forEach(({ node }, at) => {
            if (scores[at] !== Math.max(...scores)) return;
            const columns = { podsFree: state.columns.podsFree.slice(), free: state.columns.free.map((row) => row.slice()) };
            columns.podsFree[node] = (columns.podsFree[node] ?? 0) - 1;
            const row = columns.free[cpuAt];
            if (row !== undefined) row[node] = (row[node] ?? 0) - cpu;
            next.set(JSON.stringify(columns.free.map((one) => [...one])), {
              columns,
              pods: state.pods.map((one, index) => (index === node ? one + 1 : one)),
            });
          });
          if (open.length === 0) next.set(JSON.stringify(state.columns.free.map((one) => [...one])), state);
        }
        states = [...next.values()];
      }
    }
    for (const { columns } of states) ends.set(JSON.stringify(columns.free.map((one) => [...one])), columns);
  }
  return [...ends.values()];
};

const node = fc.record<NodeCase>({
  cpu: fc.constantFrom(2_000, 2_000, 3_000, 32_000),
  zone: fc.constantFrom('x', 'x', 'y'),
  isTainted: fc.constantFrom(false, false, false, true),
});
/** A few nodes, alike or not. */
export const someNodes = fc.oneof(
  fc.array(node, { minLength: 2, maxLength: 4 }),
  fc.tuple(node, fc.integer({ min: 2, max: 4 })).map(([one, count]) => new Array<NodeCase>(count).fill(one)),
);
/** Any shape of the small worlds. */
export const someShape = fc.record<ShapeCase>({
  cpu: fc.constantFrom(100, 500, 1_000, 1_500),
  zone: fc.constantFrom(undefined, undefined, 'x', 'y'),
  name: fc.constantFrom(undefined, undefined, undefined, 'n0'),
  tolerates: fc.boolean(),
});
