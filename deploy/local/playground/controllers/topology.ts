/** @module Node topology: what each NUMA zone of a node has left for exclusive use, as `nfd-topology-updater` reports it. */
import type { KubeObject } from '../../../../shared/kube/object.ts';
import { parseQuantity } from '../../../../shared/kube/quantity/index.ts';
import { type Controller, resources, settled } from '../controller.ts';
import { type Container, isActive, type Pod } from '../objects.ts';
import { demandAmounts } from '../scheduling.ts';

type ZoneResource = { name: string; capacity: string; allocatable: string; available: string };
type Topology = KubeObject & { zones: { name: string; resources: ZoneResource[] }[] };

const nanosPerUnit = 1_000_000_000n;
const nanos = (text: string): bigint => {
  const quantity = parseQuantity(text);
  return quantity.ok ? quantity.value.nanos : 0n;
};

/** Requests equal limits for cpu and memory in every container: only then cores are exclusive (QoS class Guaranteed). */
const isGuaranteed = (pod: Pod): boolean =>
  [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].every(({ resources: { requests, limits } = {} }: Container) =>
    ['cpu', 'memory'].every(
      (name) => limits?.[name] !== undefined && nanos(requests?.[name] ?? limits[name] ?? '') === nanos(limits[name] ?? ''),
    ),
  );

/** What the pod takes from zones: devices always, whole cores when it is Guaranteed. */
const zoneDemand = (pod: Pod): [string, bigint][] =>
  [...demandAmounts(pod)].filter(([name, amount]) => {
    if (amount <= 0n) return false;
    return name === 'cpu' ? isGuaranteed(pod) && amount % nanosPerUnit === 0n : name.includes('/');
  });

/** Takes a pod from the first zone that has all of it; from the zones in order when none has. */
const take = (zones: Map<string, bigint>[], demand: readonly [string, bigint][]): void => {
  const whole = zones.find((zone) => demand.every(([name, amount]) => (zone.get(name) ?? 0n) >= amount));
  for (const [name, amount] of demand) {
    let left = amount;
    for (const zone of whole === undefined ? zones : [whole]) {
      const part = left < (zone.get(name) ?? 0n) ? left : (zone.get(name) ?? 0n);
      if (part <= 0n) continue;
      zone.set(name, (zone.get(name) ?? 0n) - part);
      left -= part;
    }
  }
};

export const topologyController: Controller = {
  name: 'topology',
  watches: [
    { type: resources.topologies, keysOf: (object) => [`/${object.metadata.name}`] },
    { type: resources.pods, keysOf: (pod) => ((pod as Pod).spec.nodeName === undefined ? [] : [`/${(pod as Pod).spec.nodeName}`]) },
  ],
  reconcile: (view, _namespace, name) => {
    const topology = view.get<Topology>(resources.topologies, '', name);
    if (topology === undefined) return settled;
    const pods = view
      .list<Pod>(resources.pods, '')
      .filter((pod) => pod.spec.nodeName === name && isActive(pod))
      .sort(
        (a, b) =>
          (a.metadata.creationTimestamp ?? '').localeCompare(b.metadata.creationTimestamp ?? '') ||
          (a.metadata.uid ?? '').localeCompare(b.metadata.uid ?? ''),
      );
    const free = topology.zones.map((zone) => new Map(zone.resources.map((resource) => [resource.name, nanos(resource.allocatable)])));
    for (const pod of pods) take(free, zoneDemand(pod));
    const zones = topology.zones.map((zone, index) => ({
      ...zone,
      resources: zone.resources.map((resource) => ({
        ...resource,
        available: String((free[index]?.get(resource.name) ?? 0n) / nanosPerUnit),
      })),
    }));
    if (JSON.stringify(zones) === JSON.stringify(topology.zones)) return settled;
    return { actions: [{ do: 'update', type: resources.topologies, object: { ...topology, zones } }] };
  },
};
