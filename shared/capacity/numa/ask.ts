/**
 * @module What a replica asks of the kubelet's managers on one node: exclusive CPUs, aligned devices, pinned memory, by container and for the
 * pod as a whole (kubelet `cpumanager/policy_static.go`, `memorymanager/policy_static.go`, `devicemanager/topology_hints.go`).
 */
import { isDevice, isMemory } from '../amounts.ts';
import type { ContainerDemand, PodDemand } from '../demand.ts';
import type { Amounts, KubeletModel, NodeModel } from '../node.ts';

/**
 * How a node's managers are taken to be set. `podLevel`: what they do with a pod that has pod-level resources: pin nothing, pin the pod as a
 * whole, or its containers by what they ask themselves (KEP-5526).
 */
export type Managers = {
  readonly cpu: 'none' | 'static';
  readonly memory: 'None' | 'Static';
  readonly podLevel: 'none' | 'whole' | 'containers';
};

/** Every setting of a kubelet's managers that may hold, as far as the demand can tell them apart. */
export const managersOf = (kubelet: KubeletModel, demand: PodDemand): readonly Managers[] => {
  const isOpen = demand.podLevel !== undefined && demand.guaranteed && kubelet.skipsPodLevel !== true;
  const ways = isOpen ? (['none', 'whole', 'containers'] as const) : (['none'] as const);
  return kubelet.cpuManager.flatMap((cpu) =>
    kubelet.memoryManager.flatMap((memory) =>
      ways.filter((way) => way === 'none' || cpu === 'static' || memory === 'Static').map((podLevel) => ({ cpu, memory, podLevel })),
    ),
  );
};

/** Amounts that one container, or the pod, asks of zones. `devices[d]` and `memory[m]` follow {@link PodAsk}'s names. */
export type ZoneAsk = {
  readonly role: ContainerDemand['role'];
  readonly cpus: bigint;
  readonly devices: readonly bigint[];
  readonly memory: readonly bigint[];
};

/** What a replica asks of the managers; resources that no zone lists are left out: nothing constrains them. */
export type PodAsk = {
  readonly deviceNames: readonly string[];
  readonly memoryNames: readonly string[];
  readonly containers: readonly ZoneAsk[];
  /** All of them at once: app containers and sidecars together, or the greatest moment of initialisation. */
  readonly whole: ZoneAsk;
};

const isListed = (node: NodeModel, resource: string): boolean => node.zones.some((zone) => zone.total.has(resource));

const namesOf = (demand: PodDemand, wanted: (resource: string) => boolean): string[] =>
  [...new Set([...demand.containers.flatMap(({ requests }) => [...requests.keys()]), ...(demand.podLevel?.keys() ?? [])])]
    .filter(wanted)
    .sort();

/** Exclusive CPUs of a container: only whole ones are. */
const exclusiveCpus = (requests: Amounts): bigint => {
  const milli = requests.get('cpu') ?? 0n;
  return milli % 1_000n === 0n ? milli / 1_000n : 0n;
};

/** What a replica asks of the managers of a node set so. */
export const podAskOf = (demand: PodDemand, node: NodeModel, managers: Managers): PodAsk => {
  const pinned = demand.guaranteed && (demand.podLevel === undefined || managers.podLevel !== 'none');
  const hasCpus = pinned && managers.cpu === 'static' && isListed(node, 'cpu');
  const deviceNames = namesOf(demand, (resource) => isDevice(resource) && isListed(node, resource));
  const memoryNames =
    pinned && managers.memory === 'Static' ? namesOf(demand, (resource) => isMemory(resource) && isListed(node, resource)) : [];
  const containers = demand.containers.map(
    (container): ZoneAsk => ({
      role: container.role,
      cpus: hasCpus ? exclusiveCpus(container.requests) : 0n,
      devices: deviceNames.map((name) => container.requests.get(name) ?? 0n),
      memory: memoryNames.map((name) => container.requests.get(name) ?? 0n),
    }),
  );
  const sums = wholeOf(containers, deviceNames.length, memoryNames.length);
  const { podLevel } = demand;
  if (podLevel === undefined || managers.podLevel !== 'whole') return { deviceNames, memoryNames, containers, whole: sums };
  const whole: ZoneAsk = {
    ...sums,
    cpus: hasCpus && podLevel.has('cpu') ? exclusiveCpus(podLevel) : sums.cpus,
    memory: memoryNames.map((name, m) => podLevel.get(name) ?? sums.memory[m] ?? 0n),
  };
  return { deviceNames, memoryNames, containers: [whole], whole };
};

const peak = (containers: readonly ZoneAsk[], amountOf: (ask: ZoneAsk) => bigint): bigint => {
  let together = 0n;
  let sidecars = 0n;
  let most = 0n;
  for (const ask of containers) {
    const amount = amountOf(ask);
    if (ask.role !== 'init') together += amount;
    if (ask.role === 'sidecar') sidecars += amount;
    if (ask.role === 'init' && sidecars + amount > most) most = sidecars + amount;
  }
  return together > most ? together : most;
};

const wholeOf = (containers: readonly ZoneAsk[], devices: number, memory: number): ZoneAsk => ({
  role: 'app',
  cpus: peak(containers, ({ cpus }) => cpus),
  devices: Array.from({ length: devices }, (_, d) => peak(containers, (ask) => ask.devices[d] ?? 0n)),
  memory: Array.from({ length: memory }, (_, m) => peak(containers, (ask) => ask.memory[m] ?? 0n)),
});

/** True when a replica has devices, or CPUs of its own where the CPU Manager gives them: something that comes from zones. */
export const takesOfZones = ({ guaranteed, containers, podLevel, requests }: PodDemand): boolean =>
  [...requests.keys()].some(isDevice) ||
  (guaranteed && [...containers.map((container) => container.requests), podLevel ?? new Map()].some((own) => exclusiveCpus(own) > 0n));

/** As {@link takesOfZones}, of what is asked of one node's zones, by container or as a whole. */
const isAskedOfZones = ({ cpus, devices }: ZoneAsk): boolean => cpus > 0n || devices.some((amount) => amount > 0n);

/** True when all that a replica takes of zones is aligned at once: the pod as a whole, or the only container that takes some. */
export const isAlignedAtOnce = ({ containers }: PodAsk, scope: KubeletModel['topologyScope']): boolean =>
  scope === 'pod' || containers.filter(isAskedOfZones).length <= 1;

/** True when the replica takes nothing that has to come from one zone; memory need not. */
export const hasNothingToAlign = ({ whole }: PodAsk): boolean => !isAskedOfZones(whole);

/** True when the managers are asked for nothing. */
export const asksNothing = ({ whole }: PodAsk): boolean =>
  whole.cpus === 0n && whole.devices.every((amount) => amount === 0n) && whole.memory.every((amount) => amount === 0n);
