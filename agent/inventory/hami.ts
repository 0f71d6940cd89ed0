/**
 * @module GPUs that HAMi shares between pods (Project-HAMi/HAMi `docs/develop/protocol.md`), as a report tells of them: what is kept of a node
 * and of a pod, what is free, and what is not told. Nothing in a node's status tells it.
 */
import type { SharedDevice } from '../../shared/capacity/report.ts';
import { type RegisteredGpu, readRegister } from '../../shared/capacity/vgpu-register.ts';
import { isTold, readVgpuUse, untoldIn, type VgpuUse, withUse } from '../../shared/capacity/vgpu-use.ts';
import { compareText } from '../../shared/lib/compare-text.ts';

/** What HAMi registers on a node. */
export type HamiNode = {
  /** Sorted, so that equal boards are alike whatever the ids of their GPUs are: their nodes make one group. */
  readonly gpus: readonly RegisteredGpu[];
  /** True when some of the register cannot be read. */
  readonly isUnread: boolean;
  /** {@link hamiAskedMs}. */
  readonly askedMs: number | undefined;
};

/** What a pod holds: the GPUs it asks for, and its uses of those that it names. */
export type HamiHold = { readonly asked: number; readonly uses: readonly VgpuUse[] };

/** GPUs of a node that are looked at; boards have at most 16. */
export const HAMI_DEVICES_MAX = 64;

const handshakeSilenceMs = 300_000;

type Words = Readonly<Record<string, string>>;

/** The node's shared GPUs; undefined when HAMi registers none. */
export const hamiNodeOf = (annotations: Words): HamiNode | undefined => {
  const register = readRegister(annotations);
  if (register === undefined) return undefined;
  const gpus = [...register.gpus].sort((a, b) => compareText(sortKeyOf(a), sortKeyOf(b)));
  return {
    gpus: gpus.slice(0, HAMI_DEVICES_MAX),
    isUnread: register.unread.length > 0 || gpus.length > HAMI_DEVICES_MAX,
    askedMs: hamiAskedMs(annotations),
  };
};

const sortKeyOf = ({ id, type, numa, memoryMiB, cores, slots, mode }: RegisteredGpu): string =>
  `${type} ${String(numa + 1).padStart(4, '0')} ${memoryMiB} ${cores} ${slots} ${mode} ${id}`;

/** What nodes of a group have in common of a GPU. */
export const sharedDeviceOf = ({ type, memoryMiB, cores, slots, numa, mode }: RegisteredGpu): SharedDevice => ({
  type,
  memoryMiB,
  cores,
  slots,
  numa,
  mode,
});

/**
 * When the node's plugin was last asked for its devices and has not answered, ms since the epoch; `-Infinity` = it said goodbye. Undefined
 * when it answers.
 */
export const hamiAskedMs = (annotations: Words): number | undefined => {
  const handshake = annotations['hami.io/node-handshake'] ?? '';
  if (handshake.startsWith('Deleted')) return Number.NEGATIVE_INFINITY;
  const [, date, time] = /^Requesting_(\d{4}[.-]\d{2}[.-]\d{2})[ T](\d{2}:\d{2}:\d{2})/.exec(handshake) ?? [];
  const asked = Date.parse(`${(date ?? '').replaceAll('.', '-')}T${time ?? ''}Z`);
  return Number.isNaN(asked) ? undefined : asked;
};

/** True when devices that were asked for at this time must be taken for dead. */
export const isHamiSilent = (askedMs: number | undefined, nowMs: number): boolean =>
  askedMs !== undefined && nowMs - askedMs > handshakeSilenceMs;

/** What a pod that asks for so many GPUs holds; undefined for one without. */
export const hamiHoldOf = (annotations: Words, asked: number): HamiHold | undefined => {
  const uses = readVgpuUse(annotations)?.uses ?? [];
  return asked === 0 && uses.length === 0 ? undefined : { asked, uses: uses.map(({ id, memoryMiB, cores }) => ({ id, memoryMiB, cores })) };
};

/** GPUs of a node that its pods hold without a word which; 0 = only amounts or the register are not told. Undefined when all is told. */
export const hamiUntold = ({ gpus, isUnread }: HamiNode, holds: readonly HamiHold[]): number | undefined => {
  const untold = holds.reduce((sum, { asked, uses }) => sum + untoldIn(gpus, uses, asked), 0);
  return untold > 0 || isUnread || holds.some(({ uses }) => !uses.every(isTold)) ? untold : undefined;
};

/** Free amounts of a node's GPUs in their order; those out of service have no free slots, nor have those of which a use is not told. */
export const hamiFree = (
  { gpus, askedMs }: HamiNode,
  holds: readonly HamiHold[],
  nowMs: number,
): readonly { readonly slots: number; readonly memoryMiB: number; readonly cores: number }[] =>
  withUse(
    gpus,
    holds.flatMap(({ uses }) => uses),
  ).map((gpu) => ({
    slots: gpu.healthy && !isHamiSilent(askedMs, nowMs) ? gpu.slots - gpu.slotsUsed : 0,
    memoryMiB: gpu.memoryMiB - gpu.memoryMiBUsed,
    cores: gpu.cores - gpu.coresUsed,
  }));
