/** @module What pods hold of GPUs that HAMi shares, as their annotations tell it: `uuid,type,memory,cores:` for each GPU and `;` for each container. */
import type { SharedGpu } from './node.ts';
import { type RegisteredGpu, wholeIn } from './vgpu-register.ts';

/** Annotations of a pod that tell it; the first that says something counts. */
const hamiAllocated = ['hami.io/vgpu-devices-allocated', 'hami.io/vgpu-devices-to-allocate'];

/** What a pod holds of one GPU; undefined amounts cannot be read, and may be all of it. */
export type VgpuUse = { readonly id: string; readonly memoryMiB: number | undefined; readonly cores: number | undefined };

/** What a pod says it holds, as it is written, and in which annotation. */
export type VgpuHold = {
  readonly annotation: string;
  readonly text: string;
  readonly uses: readonly (VgpuUse & { readonly text: string })[];
};

/** What a pod's annotations say it holds; undefined when they say nothing. Stray separators occur (HAMi#991, #1932). */
export const readVgpuUse = (annotations: Readonly<Record<string, string>>): VgpuHold | undefined => {
  const annotation = hamiAllocated.find((name) => (annotations[name] ?? '') !== '');
  const text = annotation === undefined ? undefined : annotations[annotation];
  if (annotation === undefined || text === undefined) return undefined;
  const records = text.split(/[;:]/).filter((record) => record.trim() !== '');
  return { annotation, text, uses: records.map(useOf) };
};

const useOf = (text: string): VgpuHold['uses'][number] => {
  const [id = '', , memory, cores] = text.split(',').map((field) => field.trim());
  // A MIG instance is named by its GPU and its place: GPU-a[0-1].
  return { text, id: id.split('[')[0] ?? '', memoryMiB: wholeIn(memory), cores: wholeIn(cores) };
};

/** True when all of a use is told. */
export const isTold = ({ memoryMiB, cores }: VgpuUse): boolean => memoryMiB !== undefined && cores !== undefined;

/** GPUs of its node that a pod which asks for so many holds and does not name: it may hold any. */
export const untoldIn = (gpus: readonly { readonly id: string }[], uses: readonly VgpuUse[], asked: number): number => {
  const elsewhere = uses.filter(({ id }) => !gpus.some((gpu) => gpu.id === id));
  return elsewhere.length + Math.max(0, asked - uses.length);
};

const full = (gpu: SharedGpu): SharedGpu => ({
  ...gpu,
  slotsUsed: Math.max(gpu.slots, gpu.slotsUsed),
  memoryMiBUsed: Math.max(gpu.memoryMiB, gpu.memoryMiBUsed),
  coresUsed: Math.max(gpu.cores, gpu.coresUsed),
});

/** The GPUs with what these pods hold taken off, in their order; one of which a use cannot be read is full. */
export const withUse = (gpus: readonly RegisteredGpu[], uses: readonly VgpuUse[]): readonly SharedGpu[] =>
  gpus.map(({ id, type, healthy, slots, memoryMiB, cores }) => {
    const mine = uses.filter((use) => use.id === id);
    const used = {
      id,
      type,
      healthy,
      slots,
      memoryMiB,
      cores,
      slotsUsed: mine.length,
      memoryMiBUsed: mine.reduce((sum, use) => sum + (use.memoryMiB ?? 0), 0),
      coresUsed: mine.reduce((sum, use) => sum + (use.cores ?? 0), 0),
    };
    return mine.every(isTold) ? used : full(used);
  });
