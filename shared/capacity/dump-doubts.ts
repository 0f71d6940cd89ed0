/** @module What in a dump cannot be meant as it is written, so that a count from it is an estimate: amounts beyond all bounds, wrong units, zones against their node. */
import { type Bag, bagOf } from '../lib/fields.ts';
import { bookedFloor, countsBytes, isDevice } from './amounts.ts';
import type { PodDemand } from './demand.ts';
import type { NodeModel } from './node.ts';
import { exactAmounts } from './pod-request.ts';
import type { OtherZone } from './topology.ts';
import { hamiRegister } from './vgpu-register.ts';

/** The scheduler keeps amounts as int64 and cuts larger ones (apimachinery Quantity.Value, MilliValue). */
const amountMax = 2n ** 63n - 1n;
const mebibyte = 1_048_576n;

const sizeUnit = /(?:[KMGTPE]i|[kMGTPE])$/;
const smallUnit = /[num]$/;

const amountDoubt = (resource: string, written: unknown, amount: bigint): string | undefined => {
  const shown = JSON.stringify(written);
  if (amount > amountMax) return `${shown} is more than the scheduler counts`;
  if (typeof written !== 'string') return undefined;
  if (resource === 'cpu' && sizeUnit.test(written)) return `${shown} is written as bytes are; CPUs are written as 4 or 4000m`;
  if (countsBytes(resource) && smallUnit.test(written) && amount < mebibyte) return `${shown} is ${amount} bytes; is 1Gi meant, or 512Mi?`;
  return undefined;
};

/** Amounts of a node that cannot be meant. `path` is that of the list. */
export const amountDoubts = (list: unknown, path: string): string[] =>
  [...exactAmounts(list)].flatMap(([resource, nanos]) => {
    const doubt = amountDoubt(resource, bagOf(list)[resource], bookedFloor(resource, nanos));
    return doubt === undefined ? [] : [`${path}[${resource}]: ${doubt}`];
  });

/** Amounts by resource name, in booked units. */
type Booked = Iterable<readonly [resource: string, amount: bigint | number]>;

/** What a machine has beside bytes: CPUs and devices, which its zones have in all. */
export const machineOf = (node: Bag): ReadonlyMap<string, bigint> =>
  new Map(
    [...exactAmounts(bagOf(node.status).capacity)].flatMap(([resource, nanos]) =>
      countsBytes(resource) ? [] : [[resource, bookedFloor(resource, nanos)] as const],
    ),
  );

/**
 * Zones, by what each has in total, that have more CPUs or devices than the machine; or less, where zones of other types list the same, which are
 * not counted: one of them may be a NUMA node all the same.
 */
export const zoneDoubts = (
  zones: readonly Booked[],
  others: readonly OtherZone[],
  machine: ReadonlyMap<string, bigint | number>,
): string[] => {
  const sums = new Map<string, bigint>();
  for (const zone of zones)
    for (const [resource, amount] of zone) if (machine.has(resource)) sums.set(resource, (sums.get(resource) ?? 0n) + BigInt(amount));
  const beyond = [...sums].flatMap(([resource, sum]) => {
    const whole = machine.get(resource) ?? 0n;
    return sum <= whole ? [] : [`its zones have ${sum} of ${resource} in all, the node ${whole}`];
  });
  return [...beyond, ...others.flatMap((other) => missingFrom(other, sums, machine) ?? [])];
};

/** What a zone that is not counted lists, and those that are have less of than the machine. */
const missingFrom = (
  { told, resources }: OtherZone,
  sums: ReadonlyMap<string, bigint>,
  machine: ReadonlyMap<string, bigint | number>,
): string | undefined => {
  if (resources.includes('cpu') && !machine.has('cpu')) return `${told}, and how many CPUs the node has is not told`;
  const lacking = resources.find((resource) => (sums.get(resource) ?? 0n) < (machine.get(resource) ?? 0n));
  if (lacking === undefined) return undefined;
  return `${told}, and those that are have ${sums.get(lacking) ?? 0n} of ${lacking} in all, the node ${machine.get(lacking) ?? 0n}`;
};

/** Registers of shared devices that no count reads: other vendors' under HAMi, and Volcano's. */
const otherRegister = /^(?:hami\.io|volcano\.sh)\/node-[a-z0-9-]*register$/i;

/** Names of the annotations of a node that hold such a register. */
export const unreadRegisters = (annotations: Readonly<Record<string, string>>): readonly string[] =>
  Object.keys(annotations).filter((name) => name !== hamiRegister && otherRegister.test(name));

const replicasLabel = 'nvidia.com/gpu.replicas';

/** What of a node's labels cannot be meant as it is written, for a demand that goes by it: how GPUs are shared. */
export const labelDoubts = ({ name, labels }: NodeModel, demand: PodDemand): string[] => {
  const replicas = labels[replicasLabel];
  if (replicas === undefined || /^\d{1,9}$/.test(replicas) || !demand.requests.has('nvidia.com/gpu')) return [];
  return [
    `Node ${name}: metadata.labels[${replicasLabel}]: ${JSON.stringify(replicas)} is no number; how its GPUs are shared is not known`,
  ];
};

/** Why a node that does not offer a device may have it all the same. */
export const missingDoubts = (node: NodeModel, demand: PodDemand): string[] =>
  [...demand.requests.keys()].flatMap((resource) => {
    if (!isDevice(resource) || node.free.has(resource)) return [];
    if (node.zones.some(({ total }) => (total.get(resource) ?? 0n) > 0n))
      return [`NodeResourceTopology ${node.name}: its zones have ${resource}, which the node does not offer`];
    return (node.unread ?? []).map((name) => `Node ${node.name}: metadata.annotations[${name}] is not read; it may offer ${resource}`);
  });
