/** @module GPUs that pods share under HAMi: what is asked of them and how many more fit (Project-HAMi/HAMi `pkg/device/nvidia/device.go`). */
import { bagOf } from '../lib/fields.ts';
import type { SharedGpu } from './node.ts';

/** Resources that are HAMi's own and no node offers. */
export const hamiResources: ReadonlySet<string> = new Set([
  'nvidia.com/gpumem',
  'nvidia.com/gpumem-percentage',
  'nvidia.com/gpucores',
  'nvidia.com/priority',
]);

/** What one container asks: so many different GPUs, and of each this much. `memoryMiB` 0 = the percentage counts. */
export type VgpuAsk = { readonly count: bigint; readonly memoryMiB: bigint; readonly memoryPercent: bigint; readonly cores: bigint };

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

/** The GPUs without so many that have most room for the ask: pods hold them in full, for all that is told. Any others would leave no less. */
export const withoutRoomiest = (gpus: readonly SharedGpu[], ask: VgpuAsk, held: number): readonly SharedGpu[] => {
  const times = new Map(gpus.map((gpu) => [gpu, timesOn(roomOf(gpu), ask)] as const));
  const timesOf = (gpu: SharedGpu): bigint => times.get(gpu) ?? 0n;
  return [...gpus].sort((a, b) => (timesOf(a) < timesOf(b) ? 1 : timesOf(a) > timesOf(b) ? -1 : 0)).slice(held);
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
