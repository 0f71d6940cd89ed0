/** @module `hanse top gpu`: the GPUs of all clusters, by model, memory size and cluster. */
import type { GpuCounts, GpuPool, GpuPoolCluster } from '../../shared/api/index.ts';
import { type CliContext, withHub } from './context.ts';
import { tableLines } from './table.ts';

const gpuPools = { group: 'hanse.dev', version: 'v1alpha1', resource: 'gpupools' };

const header = [
  'MODEL',
  'MEMORY',
  'CLUSTER',
  'TOTAL',
  'FREE',
  'USED',
  'NODE',
  'ZONE',
  'FRAGMENTED',
  'NODES',
  'SHARING',
  'PRICE/H',
  'BUSY',
  'MEMORY USED',
  'HOTTEST',
  'POWER',
  'XID',
];

const memoryText = (memoryMiB: number): string => (memoryMiB === 0 ? 'unknown' : `${(memoryMiB / 1_024).toFixed(1).replace(/\.0$/, '')}Gi`);

const countCells = ({ total, free, largestFreePerNode, largestFreePerZone, fragmentationPercent, nodes }: GpuCounts): string[] => [
  String(total),
  String(free),
  total === 0 ? '' : `${Math.floor(((total - free) * 100) / total)}%`,
  String(largestFreePerNode),
  String(largestFreePerZone ?? ''),
  `${fragmentationPercent}%`,
  String(nodes),
];

const unit = (value: number | undefined, suffix: string): string => (value === undefined ? '' : `${value}${suffix}`);

/** Figures of DCGM; XID as `CODExGPUS`. */
const useCells = (use: NonNullable<GpuPoolCluster['use']>): string[] => [
  unit(use.utilizationPercent, '%'),
  use.memoryUsedMiB === undefined || use.memoryTotalMiB === undefined || use.memoryTotalMiB === 0
    ? ''
    : `${Math.floor((use.memoryUsedMiB * 100) / use.memoryTotalMiB)}%`,
  unit(use.temperatureMaxCelsius, 'C'),
  unit(use.powerWatts, 'W'),
  Object.entries(use.xid ?? {})
    .map(([code, gpus]) => `${code}x${gpus}`)
    .join(','),
];

/** The lines of the table: a row for each model, under it one for each cluster where there are several. */
export const gpuLines = (pools: readonly GpuPool[]): string[] => {
  const rows = pools.flatMap(({ spec, status }) => {
    const { clusters = [] } = status ?? {};
    const model = [spec.product === '' ? spec.vendor : spec.product, memoryText(spec.memoryMiB)];
    const parts = clusters.map((part) => [
      part.name,
      ...countCells(part),
      part.sharing.join(','),
      part.pricePerHour === undefined ? '' : `${part.pricePerHour}${part.currency === undefined ? '' : ` ${part.currency}`}`,
      ...useCells(part.use ?? {}),
    ]);
    const [only] = parts;
    if (only !== undefined && parts.length === 1) return [[...model, ...only]];
    const whole = status === undefined ? [] : [[...model, 'all', ...countCells(status)]];
    return [...whole, ...parts.map((cells) => ['', '', ...cells])];
  });
  return rows.length === 0 ? ['no cluster reports a GPU'] : tableLines(header, rows);
};

/** Options of {@link topGpu}. */
export type TopOptions = { readonly kubeconfig?: string; readonly output?: string };

/** Prints the GPUs. */
export const topGpu = (context: CliContext, options: TopOptions): Promise<void> =>
  withHub(context, options.kubeconfig, async ({ client }) => {
    const { items } = await client.list(gpuPools);
    const pools = items as unknown as GpuPool[];
    if (options.output === 'json') {
      const plain = pools.map(({ metadata: { name }, spec, status }) => ({ name, ...spec, ...status }));
      context.print(JSON.stringify(plain, null, 2));
    } else for (const line of gpuLines(pools)) context.print(line);
  });
