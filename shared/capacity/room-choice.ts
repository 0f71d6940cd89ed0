/** @module What nodes of a report pods on their way may choose from, for the ledger's word on how sure a count beside them is. */
import type { AssumedPods, MutableColumns } from './bind.ts';
import type { Meeting } from './choices.ts';
import { fitNodes, planFit } from './fit.ts';
import { asksForHost, nodeRefusal } from './node-match.ts';
import { plainCount } from './plain-fit.ts';
import type { PlainShape } from './plain-index.ts';
import type { PodShape } from './pod-shape.ts';
import type { CapacityReport } from './report.ts';
import { bindingRules, type CpuAndMemory, defaultAsk } from './scheduler-score.ts';
import { bearsOnPods } from './thin-cluster.ts';
import { type Binding, bindingOf } from './ways.ts';
import { heldInZones } from './zone-drain.ts';

/** How shapes meet in a reported cluster. `looksAtLabels`: pods that run keep others away. */
export const meetingIn = (report: CapacityReport, looksAtLabels: boolean): Meeting => ({
  shareNodes: (one, other) => {
    const [a, b] = [planFit(report, one).demand, planFit(report, other).demand];
    if (asksForHost(a) || asksForHost(b)) return true;
    return report.groups.some((group) => nodeRefusal(group, '', a) === undefined && nodeRefusal(group, '', b) === undefined);
  },
  tellsApart: ({ demand }) => looksAtLabels || asksForHost(demand) || demand.ports.length > 0 || bearsOnPods(demand),
});

/** True when the shape takes of zones or of shared GPUs inside of a node. */
export const takesInside = ({ nodes }: CapacityReport, { demand, numaSingleNode }: PodShape): boolean =>
  (nodes.zoneFree !== undefined && (numaSingleNode === true || heldInZones(demand).length > 0)) ||
  (nodes.deviceFree !== undefined && demand.vgpus.length > 0);

type Columns = Pick<MutableColumns, 'podsFree' | 'free'>;

const isAlike = ({ nodes }: CapacityReport, { podsFree, free }: Columns, a: number, b: number): boolean =>
  nodes.group[a] === nodes.group[b] && podsFree[a] === podsFree[b] && free.every((row) => row[a] === row[b]);

const mebibyte = 1_048_576;

/** CPU and memory by their columns, in milli-CPU and bytes. */
const pairBy = (report: CapacityReport, amountIn: (column: number) => number): CpuAndMemory => {
  const [cpu, memory] = [report.resourceNames.indexOf('cpu'), report.resourceNames.indexOf('memory')];
  return { cpu: cpu < 0 ? 0 : amountIn(cpu), memory: memory < 0 ? 0 : amountIn(memory) * mebibyte };
};

const less = (from: CpuAndMemory, one: CpuAndMemory, times: number): CpuAndMemory => ({
  cpu: from.cpu - one.cpu * times,
  memory: from.memory - one.memory * times,
});

/** The choice among nodes that are alike: of one kind, as long as the scheduler comes to the same on each of its ways. */
const amongAlike = (
  report: CapacityReport,
  columns: Columns,
  { shape, count }: AssumedPods,
  node: number,
  kind: { nodes: number; most: number },
): Binding['choice'] => {
  const { amounts } = planFit(report, shape);
  const group = report.groups.find(({ id }) => id === report.nodes.group[node]);
  const whole = pairBy(report, (column) => group?.allocatable[column] ?? 0);
  const free = pairBy(report, (column) => columns.free[column]?.[node] ?? 0);
  const asks = pairBy(report, (column) => amounts.find((asked) => asked.column === column)?.amount ?? 0);
  const shown = { cpu: asks.cpu || defaultAsk.cpu, memory: asks.memory || defaultAsk.memory };
  const scored = (pods: number) => ({ whole, free: less(free, asks, pods), shown: less(free, shown, pods) });
  const { choice, ways } = bindingOf([{ ...kind, scored }], count, bindingRules);
  return choice === 'alike' && ways?.length !== 1 ? 'unlike' : choice;
};

/** What these pods had to choose from; `plain` = their shape made ready, when nothing but amounts, taints and labels decides. */
export const choiceIn = (
  report: CapacityReport,
  columns: MutableColumns,
  pods: AssumedPods,
  plain: PlainShape | undefined,
): Binding['choice'] => {
  const { shape, count } = pods;
  const size = report.nodes.names.length;
  if (bearsOnPods(shape.demand)) return size < 2 ? 'none' : 'unlike';
  const counted =
    plain === undefined
      ? fitNodes(report, shape, { ...columns, devices: columns.taker?.stock, quotas: [] }).map((one) => one.count)
      : undefined;
  const countAt = (node: number): number => {
    if (plain === undefined) return counted?.[node] ?? 0;
    return plain.isOut(node) ? 0 : Math.max(0, plainCount(plain.plan, columns, node));
  };
  let [first, nodes, room] = [-1, 0, 0];
  let areAlike = true;
  for (let node = 0; node < size; node++) {
    const most = countAt(node);
    if (most <= 0) continue;
    if (first < 0) first = node;
    areAlike &&= isAlike(report, columns, first, node);
    nodes += 1;
    room += most;
    if (!areAlike && room > count) return 'unlike';
  }
  if (nodes < 2 || room <= count) return 'none';
  return amongAlike(report, columns, pods, first, { nodes, most: Math.min(count, Math.floor(room / nodes)) });
};
