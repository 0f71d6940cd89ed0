/**
 * @module GPUs that HAMi shares between pods (Project-HAMi/HAMi `docs/develop/protocol.md`): what a node registers, in the older text and
 * in the newer JSON, and what a bound pod holds. Nothing in a node's status tells it. Empty records occur; what cannot be read is no room.
 */
import type { SharedDevice } from '../../shared/capacity/report.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { type Bag, bagsOf, textOf } from '../../shared/lib/fields.ts';
import { wholeOf } from './fields.ts';

/** A registered GPU: what it is, its id, and whether it may be used. One whose record cannot be read takes nothing. */
export type HamiDevice = { readonly id: string; readonly device: SharedDevice; readonly usable: boolean; readonly isUnread: boolean };

/** What a pod holds of one GPU. Undefined = it cannot be read, and may be all. */
export type HamiUse = { readonly id: string; readonly memoryMiB: number | undefined; readonly cores: number | undefined };

/** GPUs of a node that are looked at; boards have at most 16. */
export const HAMI_DEVICES_MAX = 64;

const registerKey = /^hami\.io\/node-[a-z0-9-]+-register$/;
const handshakeSilenceMs = 300_000;

type Words = Readonly<Record<string, string>>;

/** The node's shared GPUs, sorted by type and id; undefined when HAMi registers none. */
export const hamiDevicesOf = (annotations: Words): readonly HamiDevice[] | undefined => {
  const registers = Object.keys(annotations)
    .filter((key) => registerKey.test(key))
    .sort(compareText);
  if (registers.length === 0) return undefined;
  const cordoned = annotations['hami.io/device-cordon'] ?? '';
  return registers
    .flatMap((key) => devicesIn(annotations[key] ?? ''))
    .map((entry) => (cordoned.includes(entry.id) ? { ...entry, usable: false } : entry))
    .sort((a, b) => compareText(sortKeyOf(a), sortKeyOf(b)))
    .slice(0, HAMI_DEVICES_MAX);
};

/** Equal boards are sorted alike, whatever the ids of their GPUs are: their nodes make one group. */
const sortKeyOf = ({ id, device }: HamiDevice): string =>
  `${device.type} ${String(device.numa + 1).padStart(4, '0')} ${device.memoryMiB} ${device.cores} ${device.slots} ${device.mode} ${id}`;

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

const devicesIn = (register: string): readonly HamiDevice[] =>
  register.trimStart().startsWith('[') ? fromJson(register) : fromText(register);

const fromJson = (register: string): readonly HamiDevice[] => {
  try {
    return bagsOf(JSON.parse(register)).flatMap((entry) => deviceOf(entry, entry.health));
  } catch {
    return [];
  }
};

/** `uuid,slots,memory,cores,type,numa,healthy[,index,mode]` and a colon, for each device. */
const fromText = (register: string): readonly HamiDevice[] =>
  register.split(':').flatMap((record) => {
    const [id, count, devmem, devcore, type, numa, health, , mode] = record.split(',').map((field) => field.trim());
    return deviceOf({ id, count, devmem, devcore, type, numa, mode }, health === 'true' ? true : health === 'false' ? false : health);
  });

/** Writers of JSON leave out a health that is false. */
const deviceOf = (entry: Bag, health: unknown): readonly HamiDevice[] => {
  const id = textOf(entry.id);
  if (id === '') return [];
  const [memoryMiB, cores, slots] = [wholeOf(entry.devmem), wholeOf(entry.devcore), wholeOf(entry.count)];
  const isUnread = memoryMiB === undefined || cores === undefined || slots === undefined || typeof (health ?? false) !== 'boolean';
  const device = {
    type: textOf(entry.type),
    memoryMiB: memoryMiB ?? 0,
    cores: cores ?? 0,
    slots: slots ?? 0,
    numa: wholeOf(entry.numa) ?? -1,
    mode: textOf(entry.mode),
  };
  return [{ id, device, usable: health === true && !isUnread, isUnread }];
};

/** What a pod holds of its node's GPUs: `uuid,type,memory,cores` for each, `:` between devices and `;` between containers. */
export const hamiUsesOf = (annotations: Words): readonly HamiUse[] =>
  (annotations['hami.io/vgpu-devices-allocated'] ?? '').split(/[;:]/).flatMap((record) => {
    const [id = '', , memory, cores] = record.split(',').map((field) => field.trim());
    return id === '' ? [] : [{ id, memoryMiB: wholeOf(memory), cores: wholeOf(cores) }];
  });

/** True when it cannot be told of which of the node's devices a pod holds how much. */
export const isUntold = (devices: readonly HamiDevice[], { id, memoryMiB, cores }: HamiUse): boolean =>
  memoryMiB === undefined || cores === undefined || !devices.some((device) => device.id === id);

/** Free amounts of one of the node's devices after these uses; one out of service has no free slots, nor has any that an untold use may be of. */
export const hamiFree = (
  { id, device, usable }: HamiDevice,
  devices: readonly HamiDevice[],
  uses: readonly HamiUse[],
): { readonly slots: number; readonly memoryMiB: number; readonly cores: number } => {
  const mayBeHere = (use: HamiUse): boolean => use.id === id || !devices.some((other) => other.id === use.id);
  if (uses.some((use) => isUntold(devices, use) && mayBeHere(use))) return { slots: 0, memoryMiB: 0, cores: 0 };
  const held = uses.filter((use) => use.id === id);
  const sum = (of: (use: HamiUse) => number | undefined): number => held.reduce((total, use) => total + (of(use) ?? 0), 0);
  return {
    slots: usable ? device.slots - held.length : 0,
    memoryMiB: device.memoryMiB - sum(({ memoryMiB }) => memoryMiB),
    cores: device.cores - sum(({ cores }) => cores),
  };
};
