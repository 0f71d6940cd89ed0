/** @module How many bytes a capacity report takes on the wire: a snapshot by size of the cluster, deltas by nodes that changed. */
import { packReport } from '../../agent/link/pack-report.ts';
import { unpackReport } from '../../hub/fleet/bus/unpack-report.ts';
import { type CapacityReport, createReportReceiver, createReportSender } from '../../shared/capacity/index.ts';
import { prng } from '../../shared/lib/index.ts';
import { decodeMessage, encodeMessage, type ReportMessage } from '../../shared/wire/index.ts';
import type { BenchOptions, BenchResult, Cell } from './lib/bench.ts';
import { changeNodes, gpuReport, type SyntheticCluster } from './lib/synthetic-report.ts';

const SNAPSHOT_GOAL_BYTES = 55_000;
const DELTA_GOAL_BYTES = 20;
const NODES = 5_000;
const CHANGED = [1, 10, 100, 1_000];

const message = (report: ReportMessage['report']): ReportMessage => ({
  v: 1,
  cluster: 'eu-west-1',
  bootId: 'b1b2c3d4-0000-4000-8000-000000000000',
  report,
});
const bytesOf = (report: ReportMessage['report']): { plain: Uint8Array; packed: Uint8Array } => {
  const plain = encodeMessage('report', message(report)).bytes;
  return { plain, packed: packReport(plain) };
};

const milliseconds = (work: () => void, times: number): number => {
  const start = performance.now();
  for (let at = 0; at < times; at++) work();
  return (performance.now() - start) / times;
};

const snapshotRow = (name: string, cluster: SyntheticCluster): { row: readonly Cell[]; bytes: number } => {
  const report = gpuReport(cluster);
  const { plain, packed } = bytesOf(report);
  const encode = milliseconds(() => bytesOf(report), 3);
  const decode = milliseconds(() => readBack(packed), 3);
  const json = Buffer.byteLength(JSON.stringify(report));
  return {
    row: [name, json, plain.length, packed.length, round(packed.length / cluster.nodes), round(encode), round(decode)],
    bytes: packed.length,
  };
};

const round = (value: number): number => Math.round(value * 100) / 100;

const readBack = (packed: Uint8Array): CapacityReport => {
  const unpacked = unpackReport(packed);
  if (!unpacked.ok) throw new Error(unpacked.message);
  const decoded = decodeMessage('report', unpacked.bytes, 'eu-west-1');
  if (!decoded.ok) throw new Error(decoded.message);
  return decoded.value.report as CapacityReport;
};

const deltaRow = (changed: number): { row: readonly Cell[]; perNode: number } => {
  const random = prng(11, 'bench/delta');
  const sender = createReportSender();
  const receiver = createReportReceiver();
  let report = gpuReport({ nodes: NODES, zones: 2, names: 'random' });
  receiver.receive(sender.next(report));
  const sizes: number[] = [];
  let applied = 0;
  for (let round_ = 0; round_ < 20; round_++) {
    report = changeNodes({ ...report, seq: report.seq + 1, observedAtMs: report.observedAtMs + 1_000 }, changed, random);
    const delta = sender.next(report);
    sizes.push(bytesOf(delta).packed.length);
    applied += milliseconds(() => {
      const received = receiver.receive(delta);
      if (received.kind !== 'new') throw new Error(`a delta was not taken: ${JSON.stringify(received)}`);
    }, 1);
  }
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  return {
    row: [`delta, ${changed} of ${NODES} nodes`, '', '', Math.round(mean), round(mean / changed), '', round(applied / sizes.length)],
    perNode: mean / changed,
  };
};

/** Sizes do not depend on the machine; times do. */
export const run = async ({ quick }: BenchOptions): Promise<BenchResult> => {
  const clusters: [string, SyntheticCluster][] = [
    ['1,000 nodes, GPU, 2 zones', { nodes: 1_000, zones: 2, names: 'random' }],
    ['5,000 nodes, GPU, 2 zones', { nodes: NODES, zones: 2, names: 'random' }],
    ['  names in order', { nodes: NODES, zones: 2, names: 'counted' }],
    ['  and 2,000 workloads placed by Hanse', { nodes: NODES, zones: 2, names: 'random', works: 2_000 }],
    ['  no zones', { nodes: NODES, zones: 0, names: 'random' }],
    ...(quick ? [] : ([['5,000 nodes, GPU, 8 zones', { nodes: NODES, zones: 8, names: 'random' }]] as [string, SyntheticCluster][])),
  ];
  const snapshots = clusters.map(([name, cluster]) => snapshotRow(name, cluster));
  const deltas = CHANGED.map(deltaRow);
  return {
    title: 'Capacity report on the wire, bytes (node names included)',
    columns: ['report', 'JSON', 'binary', 'packed', 'per node', 'encode ms', 'decode or apply ms'],
    rows: [...snapshots, ...deltas].map(({ row }) => row),
    goals: [
      {
        name: '5,000 nodes with GPU and 2 zones, packed',
        value: snapshots[1]?.bytes ?? Number.NaN,
        unit: 'bytes',
        bound: 'max',
        goal: SNAPSHOT_GOAL_BYTES,
      },
      {
        name: 'delta of 100 nodes, per changed node',
        value: round(deltas[2]?.perNode ?? Number.NaN),
        unit: 'bytes',
        bound: 'max',
        goal: DELTA_GOAL_BYTES,
      },
    ],
  };
};
