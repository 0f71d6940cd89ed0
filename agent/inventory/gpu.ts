/** @module GPU facts of a node from what NVIDIA's GPU Feature Discovery, AMD's and Intel's labellers and HAMi write on it. */
import type { GpuFacts } from '../../shared/capacity/report.ts';
import { parseQuantity, quantityMebibytesFloor } from '../../shared/kube/quantity/index.ts';
import { sortedRecord } from './fields.ts';
import type { HamiNode } from './hami.ts';

type Words = Readonly<Record<string, string>>;

/** What a node's labels, HAMi's register and allocatable device counts say of its GPUs; undefined when it has none. */
export const gpuFactsOf = (labels: Words, hami: HamiNode | undefined, devices: ReadonlyMap<string, number>): GpuFacts | undefined =>
  nvidia(labels, hami, devices) ?? amd(labels, devices) ?? intel(labels, devices);

const whole = (text: string | undefined): number => (text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : 0);

const countOf = (devices: ReadonlyMap<string, number>, isGpu: (resource: string) => boolean): number => {
  let count = 0;
  for (const [resource, amount] of devices) if (isGpu(resource)) count += amount;
  return count;
};

const nvidia = (labels: Words, hami: HamiNode | undefined, devices: ReadonlyMap<string, number>): GpuFacts | undefined => {
  const product = labels['nvidia.com/gpu.product'];
  const offered = countOf(devices, (resource) => resource === 'nvidia.com/gpu' || resource === 'nvidia.com/gpu.shared');
  const slices = countOf(devices, (resource) => resource.startsWith('nvidia.com/mig-'));
  if (product === undefined && offered + slices === 0) return undefined;
  const sharing = nvidiaSharing(labels, hami, slices);
  const count = whole(labels['nvidia.com/gpu.count']);
  const profiles = migProfilesOf(labels, devices);
  const clique = labels['nvidia.com/gpu.clique'] ?? '';
  return {
    vendor: 'nvidia',
    // The suffix of shared GPUs says nothing of the model.
    product: (product ?? '').replace(/-SHARED$/, ''),
    memoryMiB: whole(labels['nvidia.com/gpu.memory']),
    // Without labels `nvidia.com/gpu` may count every physical GPU once for each replica.
    count: count > 0 ? count : Math.floor(offered / sharing.replicas),
    sharing,
    ...(sharing.kind === 'mig' ? { migStrategy: slices > 0 ? ('mixed' as const) : ('single' as const) } : {}),
    ...(Object.keys(profiles).length === 0 ? {} : { migProfiles: profiles }),
    ...(clique === '' ? {} : { clique }),
  };
};

/** Memory of the slices by profile; `mixed` labels each profile apart, and its name tells GB where the label is missing. */
const migProfilesOf = (labels: Words, devices: ReadonlyMap<string, number>): Readonly<Record<string, number>> =>
  sortedRecord(
    [...devices.keys()].flatMap((resource): [string, number][] => {
      const profile = /^nvidia\.com\/mig-(.+)$/.exec(resource)?.[1];
      if (profile === undefined) return [];
      const told = whole(labels[`nvidia.com/mig-${profile}.memory`]);
      return [[profile, told > 0 ? told : whole(/\.(\d+)gb/.exec(profile)?.[1]) * 1_024]];
    }),
  );

const nvidiaSharing = (labels: Words, hami: HamiNode | undefined, slices: number): GpuFacts['sharing'] => {
  if (hami !== undefined) return { kind: 'vgpu', replicas: Math.max(1, ...hami.gpus.map((gpu) => gpu.slots)) };
  if (slices > 0 || labels['nvidia.com/gpu.product']?.includes('-MIG-') === true) return { kind: 'mig', replicas: 1 };
  const replicas = Math.max(1, whole(labels['nvidia.com/gpu.replicas']));
  if (replicas === 1) return { kind: 'exclusive', replicas: 1 };
  return { kind: labels['nvidia.com/gpu.sharing-strategy'] === 'mps' ? 'mps' : 'timeSlicing', replicas };
};

const mebibytes = (text: string | undefined): number => {
  const quantity = parseQuantity(text ?? '');
  return quantity.ok ? Math.max(0, Number(quantityMebibytesFloor(quantity.value))) : 0;
};

const amd = (labels: Words, devices: ReadonlyMap<string, number>): GpuFacts | undefined => {
  const product = labels['amd.com/gpu.product-name'] ?? labels['beta.amd.com/gpu.product-name'];
  const wholeGpus = devices.get('amd.com/gpu') ?? 0;
  const partitions = countOf(devices, (resource) => /^amd\.com\/[a-z]+_nps\d$/.test(resource));
  if (product === undefined && wholeGpus + partitions === 0) return undefined;
  return {
    vendor: 'amd',
    product: product ?? '',
    memoryMiB: mebibytes(labels['amd.com/gpu.vram'] ?? labels['beta.amd.com/gpu.vram']),
    count: wholeGpus + partitions,
    sharing: { kind: 'exclusive', replicas: 1 },
  };
};

const intel = (labels: Words, devices: ReadonlyMap<string, number>): GpuFacts | undefined => {
  const offered = countOf(devices, (resource) => resource === 'gpu.intel.com/i915' || resource === 'gpu.intel.com/xe');
  const count = whole(labels['gpu.intel.com/device.count']);
  if (offered + count === 0) return undefined;
  const replicas = count > 0 ? Math.max(1, Math.floor(offered / count)) : 1;
  return {
    vendor: 'intel',
    product: labels['gpu.intel.com/product'] ?? labels['gpu.intel.com/family'] ?? '',
    memoryMiB: mebibytes(labels['gpu.intel.com/memory.max']),
    count: count > 0 ? count : offered,
    sharing: replicas > 1 ? { kind: 'timeSlicing', replicas } : { kind: 'exclusive', replicas: 1 },
  };
};
