/**
 * @module GPUs that pods share under HAMi: the register a node carries, what its pods hold, and how many more fit
 * (Project-HAMi/HAMi `docs/develop/protocol.md`, `pkg/device/nvidia/device.go`). Formats differ between releases: both are read, loosely.
 */
import { type Bag, bagOf, bagsOf, integerOf, textOf } from '../lib/fields.ts';
import type { SharedGpu } from './node.ts';

/** Resources that are HAMi's own and no node offers. */
export const hamiResources: ReadonlySet<string> = new Set([
  'nvidia.com/gpumem',
  'nvidia.com/gpumem-percentage',
  'nvidia.com/gpucores',
  'nvidia.com/priority',
]);

/** Annotation of a node with the list of its GPUs. */
export const hamiRegister = 'hami.io/node-nvidia-register';
/** Annotation of a node with the GPUs that are kept from new pods. */
export const hamiCordon = 'hami.io/device-cordon';
const hamiAllocated = ['hami.io/vgpu-devices-allocated', 'hami.io/vgpu-devices-to-allocate'];

/** What one container asks: so many different GPUs, and of each this much. `memoryMiB` 0 = the percentage counts. */
export type VgpuAsk = { readonly count: bigint; readonly memoryMiB: bigint; readonly memoryPercent: bigint; readonly cores: bigint };

/** What a pod holds of one GPU. */
export type VgpuUse = { readonly id: string; readonly memoryMiB: number; readonly cores: number };

const whole = (text: string | undefined): number => (text !== undefined && /^\d{1,15}$/.test(text.trim()) ? Number(text) : 0);

/** The GPUs of a register, in either form; undefined when it cannot be read. */
export const readRegister = (text: string): readonly SharedGpu[] | undefined => {
  const unused = { slotsUsed: 0, memoryMiBUsed: 0, coresUsed: 0 };
  const trimmed = text.trim();
  if (trimmed.startsWith('[')) {
    const list = parsedList(trimmed);
    return list?.map((device) => ({
      id: textOf(device.id),
      type: textOf(device.type),
      healthy: device.health !== false,
      slots: integerOf(device.count) ?? 0,
      memoryMiB: integerOf(device.devmem) ?? 0,
      cores: integerOf(device.devcore) ?? 0,
      ...unused,
    }));
  }
  const records = trimmed.split(':').filter((record) => record.includes(','));
  if (records.length === 0) return undefined;
  return records.map((record) => {
    const [id = '', slots, memory, cores, type = '', , healthy] = record.split(',');
    return { id, type, healthy: healthy !== 'false', slots: whole(slots), memoryMiB: whole(memory), cores: whole(cores), ...unused };
  });
};

/** The GPUs with those that the cordon names put out; it is read loosely, as lists of its releases differ. */
export const withoutCordoned = (gpus: readonly SharedGpu[] | undefined, cordon: string): readonly SharedGpu[] | undefined => {
  const named = new Set(cordon.split(/[^A-Za-z0-9_.-]+/));
  return gpus?.map((gpu) => (named.has(gpu.id) ? { ...gpu, healthy: false } : gpu));
};

const parsedList = (text: string): readonly Bag[] | undefined => {
  try {
    const list: unknown = JSON.parse(text);
    return Array.isArray(list) ? bagsOf(list) : undefined;
  } catch {
    return undefined;
  }
};

/** What a pod's annotations say it holds; undefined when they say nothing. Empty fields and stray separators occur. */
export const readVgpuUse = (annotations: Readonly<Record<string, string>>): readonly VgpuUse[] | undefined => {
  const text = hamiAllocated.map((name) => annotations[name]).find((value) => value !== undefined && value !== '');
  if (text === undefined) return undefined;
  return text
    .split(/[;:]/)
    .filter((record) => record.includes(','))
    .map((record) => {
      const [id = '', , memory, cores] = record.split(',');
      return { id: id.trim(), memoryMiB: whole(memory), cores: whole(cores) };
    });
};

/** The GPUs with what these pods hold taken off. */
export const withUse = (gpus: readonly SharedGpu[], uses: readonly VgpuUse[]): readonly SharedGpu[] =>
  gpus.map((gpu) => {
    const mine = uses.filter(({ id }) => id === gpu.id);
    return {
      ...gpu,
      slotsUsed: gpu.slotsUsed + mine.length,
      memoryMiBUsed: gpu.memoryMiBUsed + mine.reduce((sum, use) => sum + use.memoryMiB, 0),
      coresUsed: gpu.coresUsed + mine.reduce((sum, use) => sum + use.cores, 0),
    };
  });

/** What a container asks of shared GPUs; undefined when nothing. Memory not named is all of a GPU's; HAMi counts one GPU where none is named. */
export const vgpuAskOf = (requests: ReadonlyMap<string, bigint>): VgpuAsk | undefined => {
  const of = (name: string): bigint => requests.get(`nvidia.com/${name}`) ?? 0n;
  const named = of('gpumem') > 0n || of('gpumem-percentage') > 0n || of('gpucores') > 0n;
  const count = of('gpu') > 0n ? of('gpu') : named ? 1n : 0n;
  if (count === 0n) return undefined;
  const memoryMiB = of('gpumem');
  const percent = of('gpumem-percentage');
  return { count, memoryMiB, memoryPercent: memoryMiB > 0n ? 0n : percent > 0n ? percent : 100n, cores: of('gpucores') };
};

type Room = { slots: bigint; memory: bigint; cores: bigint; readonly total: SharedGpu };

const roomOf = (gpu: SharedGpu): Room => ({
  slots: BigInt(gpu.slots - gpu.slotsUsed),
  memory: BigInt(gpu.memoryMiB - gpu.memoryMiBUsed),
  cores: BigInt(gpu.cores - gpu.coresUsed),
  total: gpu,
});

const memoryOf = (ask: VgpuAsk, gpu: SharedGpu): bigint =>
  ask.memoryMiB > 0n ? ask.memoryMiB : (BigInt(gpu.memoryMiB) * ask.memoryPercent) / 100n;

const isUnused = ({ slots, total }: Room): boolean => slots === BigInt(total.slots);

/** Times that one ask fits a GPU, on its own. */
const timesOn = (room: Room, ask: VgpuAsk): bigint => {
  if (!room.total.healthy || room.slots <= 0n || room.memory < 0n || room.cores < 0n) return 0n;
  if (ask.cores >= 100n && !isUnused(room)) return 0n;
  if (ask.cores === 0n && room.cores === 0n && room.total.cores > 0) return 0n;
  let times = room.slots;
  const memory = memoryOf(ask, room.total);
  if (memory > 0n && room.memory / memory < times) times = room.memory / memory;
  if (ask.cores > 0n && room.cores / ask.cores < times) times = room.cores / ask.cores;
  return ask.cores >= 100n && times > 1n ? 1n : times;
};

/**
 * Further replicas that shared GPUs hold. One container: the most k with Σ min(times, k) ≥ n·k, as HAMi spreads over GPUs. Several: one
 * after the other on the GPUs with most room, which is an estimate, as HAMi's order is its own.
 */
export const vgpuCount = (gpus: readonly SharedGpu[], asks: readonly VgpuAsk[], most: bigint): { count: bigint; exact: boolean } => {
  const [first] = asks;
  if (first === undefined) return { count: most, exact: true };
  if (asks.length === 1)
    return {
      count: alone(
        gpus.map((gpu) => timesOn(roomOf(gpu), first)),
        first.count,
        most,
      ),
      exact: true,
    };
  const rooms = gpus.map(roomOf);
  let count = 0n;
  while (count < most && count < replicasMax && asks.every((ask) => take(rooms, ask))) count += 1n;
  return { count, exact: count === 0n };
};

/** Replicas tried one by one. */
const replicasMax = 10_000n;

const alone = (times: readonly bigint[], different: bigint, most: bigint): bigint => {
  const holds = (replicas: bigint): boolean =>
    times.reduce((sum, count) => sum + (count < replicas ? count : replicas), 0n) >= different * replicas;
  let low = 0n;
  const sum = times.reduce((all, count) => all + count, 0n);
  let high = sum < most ? sum : most;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (holds(middle)) low = middle;
    else high = middle - 1n;
  }
  return low;
};

const take = (rooms: Room[], ask: VgpuAsk): boolean => {
  const fitting = rooms.filter((room) => timesOn(room, ask) > 0n).sort((a, b) => Number(timesOn(b, ask) - timesOn(a, ask)));
  if (BigInt(fitting.length) < ask.count) return false;
  for (const room of fitting.slice(0, Number(ask.count))) {
    room.slots -= 1n;
    room.memory -= memoryOf(ask, room.total);
    room.cores -= ask.cores;
  }
  return true;
};

/** True when the annotations choose GPUs by type or id, which the count does not know. */
export const choosesGpus = (annotations: unknown): boolean =>
  Object.keys(bagOf(annotations)).some((name) => /^nvidia\.com\/(use|nouse)-gpu(type|uuid)$|^hami\.io\/gpu-scheduler-policy$/.test(name));
