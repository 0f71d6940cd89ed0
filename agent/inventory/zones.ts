/**
 * @module NUMA facts of a node from its NodeResourceTopology (topology.node.k8s.io/v1alpha2, k8stopologyawareschedwg): what is kept of what the
 * reader makes of it, so that a report and a dump say the same.
 */
import type { KubeletModel, ZoneModel } from '../../shared/capacity/node.ts';
import { bookedToCanonical } from '../../shared/capacity/pod-request.ts';
import type { NumaFacts, NumaSetting } from '../../shared/capacity/report.ts';
import { type OtherZone, topologyOf } from '../../shared/capacity/topology.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { bagsOf, textOf } from '../../shared/lib/fields.ts';
import { sortedRecord, wholeOf } from './fields.ts';

/** One zone, canonical units rounded down. `available` counts only exclusive allocations: never more than the node's own free amounts. */
export type Zone = {
  readonly id: number;
  /** Of cpu and devices the capacity, of memory and hugepages the allocatable: what the kubelet's widths are counted from. */
  readonly total: Readonly<Record<string, number>>;
  readonly available: Readonly<Record<string, number>>;
};

/** What is kept of a NodeResourceTopology; its name is the node's. */
export type ZoneFacts = {
  /** How the managers are set; undefined when the object cannot be read. */
  readonly settings:
    | (Pick<NumaFacts, NumaSetting | 'options' | 'threadsPerCore'> & { readonly guessed: readonly NumaSetting[] })
    | undefined;
  /** Ordered by id; none when the object cannot be read. */
  readonly zones: readonly Zone[];
  /** Zones of other types, which are not counted. */
  readonly others: readonly OtherZone[];
  /** distances[from][to] in the order of `zones`; undefined when they are not told for all. */
  readonly distances: readonly (readonly number[])[] | undefined;
  /** What of the settings is told and not known; of an object that cannot be read why not. */
  readonly doubts: readonly string[];
};

/** Zones that a report tells of; the kubelet itself refuses topology policies above 8. */
const ZONES_MAX = 64;
const OPTIONS_MAX = 64;
/** What the columns of a report hold. */
const AMOUNT_MAX = Number.MAX_SAFE_INTEGER / 2;

const unread = (doubt: string): ZoneFacts => ({ settings: undefined, zones: [], others: [], distances: undefined, doubts: [doubt] });

/** The facts of a NodeResourceTopology object. */
export const zoneFactsOf = (topology: KubeObject): ZoneFacts => {
  const read = topologyOf(topology);
  if (!read.ok) return unread(read.message);
  const { others, kubelet, doubts } = read.value;
  if (read.value.zones.length > ZONES_MAX)
    return unread(`zones: ${read.value.zones.length} are more than the ${ZONES_MAX} that are counted`);
  const zones = read.value.zones.map(zoneOf);
  const [beyond] = zones.flatMap(({ id, total, available }) =>
    [...Object.entries(total), ...Object.entries(available)]
      .filter(([, amount]) => amount > AMOUNT_MAX)
      .map(([name]) => `${name} of node-${id}`),
  );
  if (beyond !== undefined) return unread(`zones: ${beyond} is more than is counted`);
  return { settings: settingsOf(topology, kubelet), zones, others, distances: distancesOf(topology, zones), doubts };
};

const zoneOf = ({ id, total, available }: ZoneModel): Zone => ({ id, total: canonical(total), available: canonical(available) });

const canonical = (amounts: ZoneModel['total']): Readonly<Record<string, number>> =>
  sortedRecord([...amounts].map(([resource, amount]) => [resource, bookedToCanonical(resource, Number(amount))] as const));

/** The last of several settings that may hold is told: that of a manager which pins. */
const settingsOf = (topology: KubeObject, kubelet: KubeletModel): NonNullable<ZoneFacts['settings']> => {
  const { topologyPolicy, topologyScope, orElse = [], cpuManager, memoryManager, threadsPerCore } = kubelet;
  const isOpen: Readonly<Record<NumaSetting, boolean>> = {
    policy: orElse.some((other) => other.topologyPolicy !== topologyPolicy),
    scope: orElse.some((other) => other.topologyScope !== topologyScope),
    cpuManager: cpuManager.length > 1,
    memoryManager: memoryManager.length > 1,
  };
  return {
    policy: topologyPolicy,
    scope: topologyScope,
    cpuManager: cpuManager.at(-1) ?? 'none',
    memoryManager: memoryManager.at(-1) ?? 'None',
    options: optionsOf(topology, kubelet.fullCoresOnly),
    ...(threadsPerCore === undefined ? {} : { threadsPerCore }),
    guessed: (['policy', 'scope', 'cpuManager', 'memoryManager'] as const).filter((setting) => isOpen[setting]),
  };
};

/** `cpuManagerPolicyOptions` is a list of `name=value`; other attributes of the managers are options by themselves. */
const optionsOf = (topology: KubeObject, fullCoresOnly: boolean): readonly string[] => {
  const attributes = new Map(bagsOf(topology.attributes).map(({ name, value }) => [textOf(name), textOf(value)]));
  const listed = ['cpuManagerPolicyOptions', 'topologyManagerPolicyOptions'].flatMap((name) =>
    (attributes.get(name) ?? '').split(/[,\s{}]+/).map((option) => option.replace(/^"|"$/g, '')),
  );
  const single = [...attributes]
    .filter(([name]) => name.startsWith('topologyManager') && !/(Policy|Scope|PolicyOptions)$/.test(name))
    .map(([name, value]) => `${name}=${value}`);
  const told = [...listed, ...single].filter((option) => option.includes('=') && !option.startsWith('full-pcpus-only='));
  return [...new Set([...(fullCoresOnly ? ['full-pcpus-only=true'] : []), ...told])].sort(compareText).slice(0, OPTIONS_MAX);
};

const distancesOf = (topology: KubeObject, zones: readonly Zone[]): ZoneFacts['distances'] => {
  const rows = new Map(
    bagsOf(topology.zones).map((zone) => [
      textOf(zone.name),
      new Map(bagsOf(zone.costs).map(({ name, value }) => [textOf(name), wholeOf(value)])),
    ]),
  );
  const named = zones.map(({ id }) => `node-${id}`);
  const costs = named.map((from) => named.map((to) => rows.get(from)?.get(to)));
  const isWhole = costs.length > 0 && costs.every((row) => row.every((cost) => cost !== undefined));
  return isWhole ? costs.map((row) => row.map((cost) => cost ?? 0)) : undefined;
};
