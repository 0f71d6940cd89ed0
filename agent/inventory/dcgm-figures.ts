/** @module From samples of DCGM to figures by product: a GPU counts once, however many pods or MIG instances have lines of it. */
import type { GpuUse } from '../../shared/capacity/report.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import type { DcgmMetric, DcgmSample } from './dcgm-text.ts';
import { sortedRecord } from './fields.ts';

/** Values of one metric by MIG instance; '' = the whole GPU. */
type ByInstance = Map<string, number>;
type Gpu = { readonly product: string; readonly values: Map<DcgmMetric, ByInstance> };

/** Sums of one product, which add up over exporters. */
type Sums = {
  gpus: number;
  utilization: { sum: number; count: number };
  used: number | undefined;
  total: number | undefined;
  hottest: number | undefined;
  power: number | undefined;
  readonly xid: Map<string, number>;
};

/** Sums by product, over the exporters that were heard. */
export type DcgmFigures = {
  /** Counts what one exporter says. */
  readonly add: (samples: readonly DcgmSample[]) => void;
  /** What was counted, by product. */
  readonly figures: () => readonly GpuUse[];
};

/** GPUs of one exporter, which is on one node; the name of a product; kinds of products and of errors told. */
const GPUS_MAX = 256;
const NAME_CHARS_MAX = 128;
const PRODUCTS_MAX = 64;
const XIDS_MAX = 64;

/** Nothing counted. */
export const createDcgmFigures = (): DcgmFigures => {
  const products = new Map<string, Sums>();
  return {
    add: (samples) => {
      for (const gpu of gpusOf(samples)) {
        const sums = products.get(gpu.product) ?? noSums();
        if (products.size >= PRODUCTS_MAX && !products.has(gpu.product)) continue;
        products.set(gpu.product, sums);
        addGpu(sums, gpu);
      }
    },
    figures: () => [...products].sort(([a], [b]) => compareText(a, b)).map(([product, sums]) => useOf(product, sums)),
  };
};

const noSums = (): Sums => ({
  gpus: 0,
  utilization: { sum: 0, count: 0 },
  used: undefined,
  total: undefined,
  hottest: undefined,
  power: undefined,
  xid: new Map(),
});

/** The product as nodes are labelled with it by GPU Feature Discovery: without blanks. */
const productOf = (modelName: string): string => modelName.trim().replace(/\s+/g, '-').slice(0, NAME_CHARS_MAX);

const gpusOf = (samples: readonly DcgmSample[]): Iterable<Gpu> => {
  const gpus = new Map<string, Gpu>();
  for (const { metric, labels, value } of samples) {
    const product = productOf(labels.modelName ?? '');
    const key = labels.UUID ?? `${labels.Hostname ?? ''}/${labels.gpu ?? ''}`;
    if (product === '' || (gpus.size >= GPUS_MAX && !gpus.has(key))) continue;
    const gpu = gpus.get(key) ?? { product, values: new Map<DcgmMetric, ByInstance>() };
    gpus.set(key, gpu);
    const values = gpu.values.get(metric) ?? new Map<string, number>();
    gpu.values.set(metric, values);
    values.set(labels.GPU_I_ID ?? '', value);
  }
  return gpus.values();
};

/** One figure of a GPU: of its instances where it is cut into some, else of the whole. */
const figure = (gpu: Gpu, metric: DcgmMetric, fold: (values: readonly number[]) => number): number | undefined => {
  const values = gpu.values.get(metric);
  if (values === undefined) return undefined;
  const instances = [...values].filter(([instance]) => instance !== '').map(([, value]) => value);
  return fold(instances.length > 0 ? instances : [...values.values()]);
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]): number => sum(values) / values.length;
const most = (values: readonly number[]): number => Math.max(...values);
const plus = (a: number | undefined, b: number | undefined): number | undefined => (b === undefined ? a : (a ?? 0) + b);

const addGpu = (sums: Sums, gpu: Gpu): void => {
  sums.gpus += 1;
  const utilization = figure(gpu, 'DCGM_FI_DEV_GPU_UTIL', mean);
  if (utilization !== undefined) {
    sums.utilization.sum += utilization;
    sums.utilization.count += 1;
  }
  const used = figure(gpu, 'DCGM_FI_DEV_FB_USED', sum);
  const free = figure(gpu, 'DCGM_FI_DEV_FB_FREE', sum);
  sums.used = plus(sums.used, used);
  if (used !== undefined && free !== undefined) sums.total = plus(sums.total, used + free);
  // Heat and power are the whole GPU's, said again for each instance.
  const hottest = figure(gpu, 'DCGM_FI_DEV_GPU_TEMP', most);
  if (hottest !== undefined) sums.hottest = Math.max(sums.hottest ?? hottest, hottest);
  sums.power = plus(sums.power, figure(gpu, 'DCGM_FI_DEV_POWER_USAGE', most));
  const xid = Math.floor(figure(gpu, 'DCGM_FI_DEV_XID_ERRORS', most) ?? 0);
  const code = String(xid);
  if (xid > 0 && (sums.xid.has(code) || sums.xid.size < XIDS_MAX)) sums.xid.set(code, (sums.xid.get(code) ?? 0) + 1);
};

const useOf = (product: string, { gpus, utilization, used, total, hottest, power, xid }: Sums): GpuUse => ({
  product,
  gpus,
  ...(utilization.count === 0 ? {} : { utilizationPercent: Math.floor(utilization.sum / utilization.count) }),
  ...(used === undefined ? {} : { memoryUsedMiB: Math.floor(used) }),
  ...(total === undefined ? {} : { memoryTotalMiB: Math.floor(total) }),
  ...(hottest === undefined ? {} : { temperatureMaxCelsius: Math.floor(hottest) }),
  ...(power === undefined ? {} : { powerWatts: Math.floor(power) }),
  ...(xid.size === 0 ? {} : { xid: sortedRecord(xid) }),
});
