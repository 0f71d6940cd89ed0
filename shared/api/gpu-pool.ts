/** @module GPUPool: the GPUs of one model and memory size over all clusters, as the hub counts them from the agents' reports. Read-only. */
import type { KubeObject, ObjectMeta } from '../kube/object.ts';
import type { ResourceType } from '../kube/resource.ts';
import { ageColumn, ageText, column, hanseGroup, hanseVersion, nameColumn, objectSchema, schemaNameOf } from './kind.ts';
import { fields, integer, list, must, type Shape, text } from './shape.ts';

/** Counts of GPUs, over all clusters or in one. */
export type GpuCounts = {
  /** Whole GPUs, or slices where the pool is one of MIG slices. */
  readonly total: number;
  /** Of those, on nodes that take pods, held by no pod. Where GPUs are shared, the whole ones that the free shares make. */
  readonly free: number;
  /** The most that are free on one node. */
  readonly largestFreePerNode: number;
  /** The most that are free in one NUMA zone; absent where no zone is told. */
  readonly largestFreePerZone?: number;
  /** Percent of the free ones that are on nodes where others are held: what jobs that take whole nodes cannot use. */
  readonly fragmentationPercent: number;
  /** Nodes that have such GPUs. */
  readonly nodes: number;
};

/** One cluster's part of a pool. */
export type GpuPoolCluster = GpuCounts & {
  readonly name: string;
  /** How they are shared: `exclusive`, `timeSlicing`, `mps`, `mig`, `vgpu`, `dra`. */
  readonly sharing: readonly string[];
  /** Price of one GPU for an hour, the dearest where nodes differ; absent = not told. */
  readonly pricePerHour?: string;
  readonly currency?: string;
  /** Figures of DCGM, where an exporter is read. */
  readonly use?: {
    readonly utilizationPercent?: number;
    readonly memoryUsedMiB?: number;
    readonly memoryTotalMiB?: number;
    readonly temperatureMaxCelsius?: number;
    readonly powerWatts?: number;
    /** GPUs by the code of their last XID error. */
    readonly xid?: { readonly [code: string]: number };
  };
};

/** A pool. */
export type GpuPool = {
  readonly apiVersion: string;
  readonly kind: 'GPUPool';
  readonly metadata: ObjectMeta;
  readonly spec: { readonly vendor: string; readonly product: string; readonly memoryMiB: number };
  readonly status?: GpuCounts & { readonly clusters: readonly GpuPoolCluster[] };
};

const int32Max = 2_147_483_647;
const clustersMax = 10_000;
const count = (description: string): Shape => integer(description, { min: 0, max: int32Max });

const counts = {
  total: must(count('Whole GPUs, or slices of a MIG profile.')),
  free: must(count('Those on nodes that take pods, held by no pod; of shared GPUs the whole ones that the free shares make.')),
  largestFreePerNode: must(count('The most that are free on one node.')),
  largestFreePerZone: count('The most that are free in one NUMA zone; absent where no zone is told.'),
  fragmentationPercent: must(count('Percent of the free ones on nodes where others are held: of no use to jobs that take whole nodes.')),
  nodes: must(count('Nodes that have such GPUs.')),
};

const use = fields('Figures of DCGM.', {
  utilizationPercent: count('Mean utilisation, percent.'),
  memoryUsedMiB: count('Memory in use on all of them, MiB.'),
  memoryTotalMiB: count('Memory of all of them, MiB.'),
  temperatureMaxCelsius: integer('The hottest GPU, degrees Celsius.', { min: -300, max: int32Max }),
  powerWatts: count('Power drawn, W.'),
  xid: {
    schema: { type: 'object', description: 'GPUs by the code of their last XID error.', additionalProperties: { type: 'integer' } },
    check: () => [],
  },
});

const cluster = fields("One cluster's part.", {
  name: must(text('The cluster.')),
  ...counts,
  sharing: must(list('How they are shared.', text('exclusive, timeSlicing, mps, mig, vgpu or dra.'), { type: 'set' }, 16)),
  pricePerHour: text('Price of one GPU for an hour, the dearest where nodes differ.'),
  currency: text('Currency of the price.'),
  use,
});

const specShape = fields('The model.', {
  vendor: must(text('nvidia, amd, intel or other.')),
  product: must(text('Name of the model, with the profile where it is one of MIG slices.')),
  memoryMiB: must(count('Memory of one, MiB; 0 = not told.')),
});

const statusShape = fields('Counts over all clusters.', {
  ...counts,
  clusters: must(list('Counts by cluster.', cluster, { type: 'map', keys: ['name'] }, clustersMax)),
});

/** The schema of GPUPool. */
export const gpuPoolSchema = objectSchema(
  'GPUPool',
  'GPUPool counts the GPUs of one model and memory size over all clusters. The hub writes it from what agents report; it cannot be changed.',
  { spec: specShape.schema, status: statusShape.schema },
  ['spec'],
);

/** Price over the clusters: `2.5` or `1.9-2.5`, with the currency when there is one. */
const priceText = (clusters: readonly GpuPoolCluster[]): string => {
  const priced = clusters.flatMap(({ pricePerHour, currency }) => (pricePerHour === undefined ? [] : [{ price: pricePerHour, currency }]));
  const sorted = [...priced].sort((a, b) => Number(a.price) - Number(b.price));
  const [first, last] = [sorted[0], sorted.at(-1)];
  if (first === undefined || last === undefined) return '<none>';
  const currencies = [...new Set(priced.map(({ currency }) => currency ?? ''))];
  const range = first.price === last.price ? first.price : `${first.price}-${last.price}`;
  return currencies.length === 1 && currencies[0] !== '' ? `${range} ${currencies[0]}` : range;
};

const cells = (object: KubeObject, nowMs: number): (string | number | boolean | null)[] => {
  const { spec, status } = object as unknown as GpuPool;
  const clusters = status?.clusters ?? [];
  return [
    object.metadata.name,
    spec.product,
    spec.memoryMiB === 0 ? '<unknown>' : `${spec.memoryMiB}Mi`,
    status?.total ?? 0,
    status?.free ?? 0,
    status?.largestFreePerNode ?? 0,
    status?.largestFreePerZone ?? '<none>',
    `${status?.fragmentationPercent ?? 0}%`,
    clusters.length,
    ageText(object.metadata.creationTimestamp, nowMs),
    priceText(clusters),
    clusters.map(({ name, free, total }) => `${name}:${free}/${total}`).join(','),
  ];
};

/** How the API server serves GPUPool. */
export const gpuPoolType: ResourceType = {
  group: hanseGroup,
  version: hanseVersion,
  kind: 'GPUPool',
  listKind: 'GPUPoolList',
  resource: 'gpupools',
  singular: 'gpupool',
  shortNames: ['gp'],
  categories: ['hanse'],
  namespaced: false,
  verbs: ['get', 'list', 'watch'],
  schemaName: schemaNameOf('GPUPool'),
  hasStatus: false,
  strategicMerge: false,
  strategy: {},
  columns: [
    nameColumn,
    column('Model', 'string', 'The model.'),
    column('Memory', 'string', 'Memory of one.'),
    column('Total', 'integer', 'All of them.'),
    column('Free', 'integer', 'Held by no pod.'),
    column('Node', 'integer', 'The most that are free on one node.'),
    column('Zone', 'string', 'The most that are free in one NUMA zone.'),
    column('Fragmented', 'string', 'Free ones on nodes where others are held.'),
    column('Clusters', 'integer', 'Clusters that have them.'),
    ageColumn,
    column('Price', 'string', 'Price of one for an hour, cheapest to dearest cluster.', 1),
    column('Where', 'string', 'Free and all of them by cluster.', 1),
  ],
  cells,
};
