/**
 * @module The register of shared GPUs that HAMi keeps in an annotation of a node (Project-HAMi/HAMi `docs/develop/protocol.md`,
 * `pkg/device/devices.go`): text of older releases, JSON of newer ones. A record that cannot be read is no GPU, and is told.
 */
import { type Bag, bagOf, integerOf, textOf } from '../lib/fields.ts';
import type { SharedGpu } from './node.ts';

/** Annotation of a node with the list of its GPUs. */
export const hamiRegister = 'hami.io/node-nvidia-register';
/** Annotation of a node with the GPUs that are kept from new pods. */
const hamiCordon = 'hami.io/device-cordon';

/** A GPU as it is registered: whole, whatever pods hold of it. */
export type RegisteredGpu = Pick<SharedGpu, 'id' | 'type' | 'healthy' | 'slots' | 'memoryMiB' | 'cores'> & {
  /** NUMA zone, -1 = unknown. */
  readonly numa: number;
  /** `hami-core`, `mig`, `mps`; '' = the default. */
  readonly mode: string;
};

/** The GPUs of a register, and the records that cannot be read, as they are written: their GPUs take nothing. */
export type GpuRegister = { readonly gpus: readonly RegisteredGpu[]; readonly unread: readonly string[] };

/** A record as it is written, the id it names, and its GPU; undefined when it cannot be read. */
type GpuRecord = { readonly text: string; readonly id: string; readonly gpu: RegisteredGpu | undefined };

/** A whole number that is zero or more; undefined when the text is none. */
export const wholeIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;

const countIn = (value: unknown): number | undefined => {
  const count = integerOf(value);
  return count !== undefined && count >= 0 ? count : undefined;
};

type Told = Pick<RegisteredGpu, 'id' | 'type' | 'mode'> & {
  readonly [field in 'slots' | 'memoryMiB' | 'cores' | 'numa']: number | undefined;
} & { readonly healthy: boolean | undefined };

const gpuOf = ({ id, type, healthy, slots, memoryMiB, cores, numa = -1, mode }: Told): RegisteredGpu | undefined =>
  id === '' || healthy === undefined || slots === undefined || memoryMiB === undefined || cores === undefined
    ? undefined
    : { id, type, healthy, slots, memoryMiB, cores, numa, mode };

const healthTexts: ReadonlyMap<string | undefined, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/** `uuid,slots,memory,cores,type,numa,healthy[,index,mode]`. */
const textRecord = (text: string): GpuRecord => {
  const [id = '', slots, memory, cores, type = '', numa, health, , mode = ''] = text.split(',').map((field) => field.trim());
  const told = { id, type, mode, slots: wholeIn(slots), memoryMiB: wholeIn(memory), cores: wholeIn(cores), numa: wholeIn(numa) };
  return { text, id, gpu: gpuOf({ ...told, healthy: healthTexts.get(health) }) };
};

/** Writers leave out a health that is false, so that one which is missing is no word for a GPU that works. */
const listRecord = (entry: unknown): GpuRecord => {
  const device: Bag = bagOf(entry);
  const id = textOf(device.id);
  const texts = { id, type: textOf(device.type), mode: textOf(device.mode) };
  const amounts = { slots: countIn(device.count), memoryMiB: countIn(device.devmem), cores: countIn(device.devcore) };
  const healthy = typeof device.health === 'boolean' ? device.health : undefined;
  return { text: JSON.stringify(entry), id, gpu: gpuOf({ ...texts, ...amounts, numa: countIn(device.numa), healthy }) };
};

const recordsIn = (text: string): readonly GpuRecord[] => {
  if (!text.startsWith('[')) return text.split(':').flatMap((record) => (record.trim() === '' ? [] : [textRecord(record.trim())]));
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? list.map(listRecord) : [];
  } catch {
    return [{ text, id: '', gpu: undefined }];
  }
};

/** A GPU that takes nothing, so that what pods hold of it is known to be of it. */
const noGpu = (id: string): RegisteredGpu => ({ id, type: '', healthy: false, slots: 0, memoryMiB: 0, cores: 0, numa: -1, mode: '' });

/**
 * The register among a node's annotations, in either form, with the GPUs that its cordon names put out; undefined when there is none. Of two
 * records of one GPU the second counts as unread.
 */
export const readRegister = (annotations: Readonly<Record<string, string>>): GpuRegister | undefined => {
  const text = annotations[hamiRegister];
  if (text === undefined) return undefined;
  const gpus = new Map<string, RegisteredGpu>();
  const unread: string[] = [];
  const records = recordsIn(text.trim());
  if (text.trim() === '') unread.push(text);
  for (const { text: written, id, gpu } of records) {
    if (gpu === undefined || gpus.has(id)) unread.push(written);
    if (id !== '' && !gpus.has(id)) gpus.set(id, gpu ?? noGpu(id));
  }
  // The cordon is read loosely, as lists of its releases differ.
  const cordoned = new Set((annotations[hamiCordon] ?? '').split(/[^A-Za-z0-9_.-]+/));
  return { gpus: [...gpus.values()].map((gpu) => (cordoned.has(gpu.id) ? { ...gpu, healthy: false } : gpu)), unread };
};
