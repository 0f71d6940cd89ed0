/** @module Counts the GPUs of all clusters by model and memory size, from what agents report. Pure. */
import type { ClusterPricing, GpuCounts, GpuPool, GpuPoolCluster } from '../../../shared/api/index.ts';
import type { CapacityReport, NodeGroup } from '../../../shared/capacity/index.ts';
import { pricesFor } from '../../../shared/placement/index.ts';
import { type ClaimableGpus, claimableGpus } from './claimable.ts';
import { modelName, type NodeGpus, nameOf } from './model.ts';

/** A cluster that has reported. */
export type GpuSource = { readonly name: string; readonly report: CapacityReport; readonly pricing: ClusterPricing | undefined };

/** What a pool says, by the name of its object. */
export type CountedPool = { readonly name: string; readonly spec: GpuPool['spec']; readonly status: NonNullable<GpuPool['status']> };

/** One model in one cluster while it is counted. */
type Tally = {
  readonly spec: GpuPool['spec'];
  readonly nodes: NodeGpus[];
  readonly sharing: Set<string>;
  price: string | undefined;
};

/** A model that nodes of a group offer: the resources it is asked by, and how many shares make one. */
type Offer = {
  readonly spec: GpuPool['spec'];
  readonly resources: readonly string[];
  readonly shares: number;
  readonly sharing: string;
  readonly priceOf: string;
};

const resourcesOf: Readonly<Record<string, (resource: string) => boolean>> = {
  nvidia: (resource) => resource === 'nvidia.com/gpu' || resource === 'nvidia.com/gpu.shared',
  amd: (resource) => resource === 'amd.com/gpu' || /^amd\.com\/[a-z]+_nps\d$/.test(resource),
  intel: (resource) => resource === 'gpu.intel.com/i915' || resource === 'gpu.intel.com/xe',
};

/** What a group's nodes offer. Slices of MIG `mixed` are models of their own, by profile. */
const offersOf = ({ gpu }: NodeGroup, resourceNames: readonly string[]): readonly Offer[] => {
  if (gpu === undefined) return [];
  const { vendor, product, memoryMiB, sharing } = gpu;
  const isWhole = resourcesOf[vendor] ?? (() => false);
  const whole: Offer = {
    spec: { vendor, product, memoryMiB },
    resources: resourceNames.filter(isWhole),
    shares: sharing.kind === 'mig' ? 1 : Math.max(1, sharing.replicas),
    sharing: sharing.kind,
    priceOf: product,
  };
  const slices = Object.entries(gpu.migProfiles ?? {}).map(
    ([profile, sliceMiB]): Offer => ({
      spec: { vendor, product: `${product} MIG ${profile}`, memoryMiB: sliceMiB },
      resources: [`nvidia.com/mig-${profile}`],
      shares: 1,
      sharing: 'mig',
      priceOf: '',
    }),
  );
  return [whole, ...slices];
};

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** GPUs of an offer on a node; undefined when it has none. */
const nodeGpus = (report: CapacityReport, group: NodeGroup, row: number, offer: Offer): NodeGpus | undefined => {
  const columns = offer.resources.map((resource) => report.resourceNames.indexOf(resource)).filter((column) => column >= 0);
  const offered = sum(columns.map((column) => group.allocatable[column] ?? 0));
  const total = Math.floor(offered / offer.shares);
  if (total === 0) return undefined;
  const takesPods = group.ready && !group.unschedulable;
  const free = takesPods ? sum(columns.map((column) => Math.max(0, report.nodes.free[column]?.[row] ?? 0))) : 0;
  const whole = offer.sharing === 'vgpu' ? wholeShared(report, group, row, takesPods) : Math.floor(free / offer.shares);
  const zones = (report.nodes.zoneFree ?? []).flatMap((zone) => {
    const amounts = columns.map((column) => zone[column]?.[row] ?? -1).filter((amount) => amount >= 0);
    return amounts.length === 0 ? [] : [Math.floor(sum(amounts) / offer.shares)];
  });
  return { total, free: whole, inZone: zones.length === 0 ? undefined : Math.min(whole, Math.max(...zones)) };
};

/** Shared devices that nobody has a share of, for all that is told. */
const wholeShared = (
  { nodes }: CapacityReport,
  { devices = [], devicesUntold = 0 }: NodeGroup,
  row: number,
  takesPods: boolean,
): number => {
  const whole = devices.filter(({ slots }, place) => slots > 0 && nodes.deviceFree?.[place]?.slots[row] === slots).length;
  return takesPods ? Math.max(0, whole - devicesUntold) : 0;
};

const decimalLess = (a: string | undefined, b: string): boolean => a === undefined || Number(a) < Number(b);

/** What the nodes offer, to pods and to claims. A model that both are offered is the same GPUs: what is more of it counts. */
const tallyNodes = ({ report, pricing }: GpuSource, tallies: Map<string, Tally>): void => {
  const groups = new Map(report.groups.map((group) => [group.id, { group, offers: offersOf(group, report.resourceNames) }]));
  const claimable = claimableGpus(report);
  const put = (offer: Pick<Offer, 'spec' | 'sharing' | 'priceOf'>, gpus: NodeGpus, labels: NodeGroup['labels']): void => {
    const tally = tallyOf(tallies, offer.spec);
    tally.nodes.push(gpus);
    tally.sharing.add(offer.sharing);
    const price = pricing === undefined ? undefined : pricesFor(pricing, labels).gpuHour?.[offer.priceOf];
    if (price !== undefined && decimalLess(tally.price, price)) tally.price = price;
  };
  for (const [row, id] of report.nodes.group.entries()) {
    const known = groups.get(id);
    if (known === undefined) continue;
    let claimed = claimable.of(report.nodes.names[row] ?? '', known.group);
    for (const offer of known.offers) {
      const gpus = nodeGpus(report, known.group, row, offer);
      if (gpus === undefined) continue;
      const name = modelName(offer.spec);
      const isSame = ({ spec }: ClaimableGpus): boolean => modelName(spec) === name;
      if (claimed.some((one) => isSame(one) && one.gpus.total > gpus.total)) continue;
      claimed = claimed.filter((one) => !isSame(one));
      put(offer, gpus, known.group.labels);
    }
    for (const { spec, gpus } of claimed) put({ spec, sharing: 'dra', priceOf: productLabel(spec.product) }, gpus, known.group.labels);
  }
  for (const { spec, gpus } of claimable.ofMany) put({ spec, sharing: 'dra', priceOf: productLabel(spec.product) }, gpus, {});
};

const tallyOf = (tallies: Map<string, Tally>, spec: GpuPool['spec']): Tally => {
  const name = nameOf(spec);
  const known = tallies.get(name) ?? { spec, nodes: [], sharing: new Set<string>(), price: undefined };
  tallies.set(name, known);
  return known;
};

const countsOf = (nodes: readonly NodeGpus[]): GpuCounts => {
  const free = sum(nodes.map((node) => node.free));
  const broken = sum(nodes.filter((node) => node.free < node.total).map((node) => node.free));
  const zones = nodes.flatMap(({ inZone }) => (inZone === undefined ? [] : [inZone]));
  return {
    total: sum(nodes.map(({ total }) => total)),
    free,
    largestFreePerNode: nodes.reduce((most, node) => Math.max(most, node.free), 0),
    ...(zones.length === 0 ? {} : { largestFreePerZone: zones.reduce((most, zone) => Math.max(most, zone), 0) }),
    fragmentationPercent: free === 0 ? 0 : Math.floor((broken * 100) / free),
    nodes: nodes.length,
  };
};

/** DRA drivers name a product with blanks, node labels, prices and figures without. */
const productLabel = (product: string): string => product.replace(/\s+/g, '-');

/** Figures of the whole GPUs. */
const useOf = (report: CapacityReport, product: string): Pick<GpuPoolCluster, 'use'> => {
  const found = report.gpuUse?.find((use) => use.product === productLabel(product));
  if (found === undefined) return {};
  const { product: _, gpus: _gpus, ...use } = found;
  return { use };
};

/** Counts over clusters; the share of broken free GPUs is that of all free ones. */
const countsOver = (clusters: readonly GpuPoolCluster[]): GpuCounts => {
  const free = sum(clusters.map((cluster) => cluster.free));
  const broken = sum(clusters.map((cluster) => cluster.free * cluster.fragmentationPercent));
  const zones = clusters.flatMap(({ largestFreePerZone }) => largestFreePerZone ?? []);
  return {
    total: sum(clusters.map(({ total }) => total)),
    free,
    largestFreePerNode: Math.max(0, ...clusters.map(({ largestFreePerNode }) => largestFreePerNode)),
    ...(zones.length === 0 ? {} : { largestFreePerZone: Math.max(...zones) }),
    fragmentationPercent: free === 0 ? 0 : Math.floor(broken / free),
    nodes: sum(clusters.map(({ nodes }) => nodes)),
  };
};

const byName = <T extends { readonly name: string }>(list: readonly T[]): T[] =>
  [...list].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));

/**
 * The pools of all clusters, by name. `before` are the pools as they were told: clusters that are `silent` (they have not reported since the
 * hub started) keep their part of them.
 */
export const countPools = (
  sources: readonly GpuSource[],
  before: readonly CountedPool[] = [],
  silent: ReadonlySet<string> = new Set(),
): readonly CountedPool[] => {
  const pools = new Map<string, { spec: GpuPool['spec']; clusters: GpuPoolCluster[] }>();
  const put = (name: string, spec: GpuPool['spec'], cluster: GpuPoolCluster): void => {
    const pool = pools.get(name) ?? { spec, clusters: [] };
    pools.set(name, pool);
    pool.clusters.push(cluster);
  };
  for (const source of sources) {
    const tallies = new Map<string, Tally>();
    tallyNodes(source, tallies);
    const { currency } = source.pricing ?? {};
    for (const [name, { spec, nodes, sharing, price }] of tallies) {
      put(name, spec, {
        name: source.name,
        ...countsOf(nodes),
        sharing: [...sharing].sort(),
        ...(price === undefined ? {} : { pricePerHour: price, ...(currency === undefined ? {} : { currency }) }),
        ...useOf(source.report, spec.product),
      });
    }
  }
  for (const { name, spec, status } of before) {
    for (const cluster of status.clusters) if (silent.has(cluster.name)) put(name, spec, cluster);
  }
  return byName(
    [...pools].map(([name, { spec, clusters }]) => ({ name, spec, status: { ...countsOver(clusters), clusters: byName(clusters) } })),
  );
};
