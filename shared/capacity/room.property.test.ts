/** @module The ledger over a report against every binding that a scheduler may choose: exact only where all of them agree. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitCluster, fitNodes } from './fit.ts';
import { type PodShape, podShapeOf } from './pod-shape.ts';
import { createRoom } from './room.ts';
import { bindingRules, defaultAsk } from './scheduler-score.ts';
import { reportOf } from './testing.ts';

type NodeCase = { readonly cpu: number; readonly zone: string };
type ShapeCase = { readonly cpu: number; readonly zone: string | undefined; readonly name: string | undefined };
type Free = { readonly podsFree: Float64Array; readonly free: readonly Float64Array[] };

const memory = 4_096;

/** Nodes of one group where they are alike, as reports have them. */
const reportFrom = (nodes: readonly NodeCase[]) => {
  const report = reportOf(nodes.map(({ cpu, zone }, at) => ({ name: `n${at}`, allocatable: { cpu, memory }, labels: { zone } })));
  const texts = nodes.map((node) => JSON.stringify(node));
  return { ...report, nodes: { ...report.nodes, group: texts.map((text) => texts.indexOf(text)) } };
};

const shapeOf = ({ cpu, zone, name }: ShapeCase): PodShape =>
  podShapeOf({
    containers: [{ name: 'a', image: 'b', resources: { requests: { cpu: `${cpu}m` } } }],
    nodeSelector: { ...(zone === undefined ? {} : { zone }), ...(name === undefined ? {} : { 'kubernetes.io/hostname': name }) },
  });

/** Free amounts after each way to bind the pods one by one, each on any of the nodes with the best score. */
const endsOf = (report: ReturnType<typeof reportFrom>, pods: readonly (readonly [PodShape, number])[]): Free[] => {
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

const node = fc.record<NodeCase>({ cpu: fc.constantFrom(2_000, 2_000, 3_000, 32_000), zone: fc.constantFrom('x', 'x', 'y') });
const nodes = fc.oneof(
  fc.array(node, { minLength: 2, maxLength: 4 }),
  fc.tuple(node, fc.integer({ min: 2, max: 4 })).map(([one, count]) => new Array<NodeCase>(count).fill(one)),
);
const shape = fc.record<ShapeCase>({
  cpu: fc.constantFrom(100, 500, 1_000, 1_500),
  zone: fc.constantFrom(undefined, undefined, 'x', 'y'),
  name: fc.constantFrom(undefined, undefined, undefined, 'n0'),
});

describe('the ledger over a report', () => {
  it('tells exact counts only where every binding of what is on its way agrees', () => {
    const seen = { exact: 0, estimates: 0 };
    fc.assert(
      fc.property(
        nodes,
        fc.array(fc.tuple(shape, fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 2 }),
        shape,
        fc.boolean(),
        (list, held, other, again) => {
          const report = reportFrom(list);
          const pods = held.map(([one, count]) => [shapeOf(one), count] as const);
          const last = again ? (pods[0]?.[0] ?? shapeOf(other)) : shapeOf(other);
          const room = createRoom(report, []);
          for (const [one, count] of pods) room.assume({ shape: one, count });
          const told = room.fit(last);
          seen[told.exact ? 'exact' : 'estimates'] += 1;
          if (told.exact) for (const columns of endsOf(report, pods)) expect(fitCluster(report, last, columns).count).toBe(told.count);
        },
      ),
      { numRuns: 1_500 },
    );
    expect(seen.exact).toBeGreaterThan(500);
    expect(seen.estimates).toBeGreaterThan(200);
  });
});
