/**
 * @module The register of shared GPUs that HAMi keeps in an annotation of a node (Project-HAMi/HAMi `docs/develop/protocol.md`,
 * `pkg/device/devices.go`): text of older releases, JSON of newer ones. A record that cannot be read is no GPU, and is told.
 */
import { type Bag, bagOf, integerOf, textOf } from '../lib/fields.ts';
import type { SharedGpu } from './node.ts';

/** Annotation of a node with the list of its GPUs. */
export const hamiRegister = 'hami.io/node-nvidia-register';
/** Annotation of a node with the GPUs that are kept from new pods. */
export const hamiCordon = 'hami.io/device-cordon';

/** The GPUs of a register, and the records that cannot be read, as they are written: their GPUs take nothing. */
export type GpuRegister = { readonly gpus: readonly SharedGpu[]; readonly unread: readonly string[] };

/** A record as it is written, the id it names, and its GPU; undefined when it cannot be read. */
type GpuRecord = { readonly text: string; readonly id: string; readonly gpu: SharedGpu | undefined };

/** A whole number that is zero or more; undefined when the text is none. */
export const wholeIn = (text: string | undefined): number | undefined =>
  text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : undefined;

const countIn = (value: unknown): number | undefined => {
  const count = integerOf(value);
  return count !== undefined && count >= 0 ? count : undefined;
};

type Told = Pick<SharedGpu, 'id' | 'type'> & { readonly [field in 'slots' | 'memoryMiB' | 'cores']: number | undefined } & {
  readonly healthy: boolean | undefined;
};

const unused = { slotsUsed: 0, memoryMiBUsed: 0, coresUsed: 0 };

const gpuOf = ({ id, type, healthy, slots, memoryMiB, cores }: Told): SharedGpu | undefined =>
  id === '' || healthy === undefined || slots === undefined || memoryMiB === undefined || cores === undefined
    ? undefined
    : { id, type, healthy, slots, memoryMiB, cores, ...unused };

const healthTexts: ReadonlyMap<string | undefined, boolean> = new Map([
  ['true', true],
  ['false', false],
]);

/** `uuid,slots,memory,cores,type,numa,healthy[,index,mode]`. */
const textRecord = (text: string): GpuRecord => {
  const [id = '', slots, memory, cores, type = '', , health] = text.split(',').map((field) => field.trim());
  const told = { id, type, slots: wholeIn(slots), memoryMiB: wholeIn(memory), cores: wholeIn(cores) };
  return { text, id, gpu: gpuOf({ ...told, healthy: healthTexts.get(health) }) };
};

/** Writers leave out a health that is false, so that one which is missing is no word for a GPU that works. */
const listRecord = (entry: unknown): GpuRecord => {
  const device: Bag = bagOf(entry);
  const id = textOf(device.id);
  const told = { id, type: textOf(device.type), slots: countIn(device.count), memoryMiB: countIn(device.devmem) };
  const healthy = typeof device.health === 'boolean' ? device.health : undefined;
  return { text: JSON.stringify(entry), id, gpu: gpuOf({ ...told, cores: countIn(device.devcore), healthy }) };
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
const noGpu = (id: string): SharedGpu => ({ id, type: '', healthy: false, slots: 0, memoryMiB: 0, cores: 0, ...unused });

/** Reads a register in either form. Of two records of one GPU the second counts as unread. */
export const readRegister = (text: string): GpuRegister => {
  const gpus = new Map<string, SharedGpu>();
  const unread: string[] = [];
  const records = recordsIn(text.trim());
  if (text.trim() === '') unread.push(text);
  for (const { text: written, id, gpu } of records) {
    if (gpu === undefined || gpus.has(id)) unread.push(written);
    if (id !== '' && !gpus.has(id)) gpus.set(id, gpu ?? noGpu(id));
  }
  return { gpus: [...gpus.values()], unread };
};

/** The GPUs with those that the cordon names put out; it is read loosely, as lists of its releases differ. */
export const withoutCordoned = (gpus: readonly SharedGpu[], cordon: string): readonly SharedGpu[] => {
  const named = new Set(cordon.split(/[^A-Za-z0-9_.-]+/));
  return gpus.map((gpu) => (named.has(gpu.id) ? { ...gpu, healthy: false } : gpu));
};
