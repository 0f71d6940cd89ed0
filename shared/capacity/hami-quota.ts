/**
 * @module HAMi's quota of a namespace: `limits.nvidia.com/gpumem` and `limits.nvidia.com/gpucores` of a ResourceQuota, which HAMi's scheduler
 * counts by itself, GPU by GPU (Project-HAMi/HAMi `pkg/device/quota.go`). The API server counts nothing of these names.
 */
import type { Amounts, ClusterModel, QuotaModel, SharedGpu } from './node.ts';
import type { VgpuAsk } from './vgpu.ts';

const memory = 'limits.nvidia.com/gpumem';
const cores = 'limits.nvidia.com/gpucores';

/** True for a name of a quota that HAMi counts. */
export const isHamiQuota = (name: string): boolean => name === memory || name === cores;

/** False for what limits nothing: HAMi takes 0 for no limit. */
export const isLimit = (name: string, hard: bigint): boolean => hard !== 0n || !isHamiQuota(name);

/** What one replica uses: of each GPU its memory in MiB and its percent of cores. Memory by percent is that of a GPU of `gpuMemoryMiB`. */
export const hamiQuotaUse = (asks: readonly VgpuAsk[], gpuMemoryMiB: bigint): Amounts => {
  const memoryOf = ({ memoryMiB, memoryPercent }: VgpuAsk): bigint => (memoryMiB > 0n ? memoryMiB : (gpuMemoryMiB * memoryPercent) / 100n);
  const sum = (of: (ask: VgpuAsk) => bigint): bigint => asks.reduce((all, ask) => all + ask.count * of(ask), 0n);
  return new Map([
    [memory, sum(memoryOf)],
    [cores, sum((ask) => ask.cores)],
  ]);
};

/** What a pod's GPUs use; what is not told of one counts as nothing, as HAMi reads it. */
export const hamiQuotaHeld = (uses: readonly { readonly memoryMiB: number | undefined; readonly cores: number | undefined }[]): Amounts =>
  new Map([
    [memory, uses.reduce((sum, use) => sum + BigInt(use.memoryMiB ?? 0), 0n)],
    [cores, uses.reduce((sum, use) => sum + BigInt(use.cores ?? 0), 0n)],
  ]);

/** Memory of the largest of these GPUs. */
export const mostMemoryMiB = (gpus: Iterable<Pick<SharedGpu, 'memoryMiB'>>): bigint => {
  let most = 0;
  for (const { memoryMiB } of gpus) if (memoryMiB > most) most = memoryMiB;
  return BigInt(most);
};

/** Memory of the largest shared GPU of a cluster. */
export const gpuMemoryIn = ({ nodes }: Pick<ClusterModel, 'nodes'>): bigint =>
  mostMemoryMiB(nodes.flatMap(({ sharedGpus = [] }) => sharedGpus));

/** True where a quota of memory counts asks by percent, and which GPU they are given decides how much that is. */
export const isMemoryOpen = (
  quotas: readonly QuotaModel[],
  { namespace, vgpus }: { readonly namespace: string; readonly vgpus: readonly VgpuAsk[] },
  gpus: Iterable<Pick<SharedGpu, 'memoryMiB'>>,
): boolean =>
  vgpus.some(({ memoryMiB }) => memoryMiB === 0n) &&
  quotas.some((quota) => quota.namespace === namespace && quota.free.has(memory)) &&
  new Set([...gpus].map(({ memoryMiB }) => memoryMiB)).size > 1;
