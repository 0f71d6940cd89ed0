/** @module NUMA facts of a node from its NodeResourceTopology (topology.node.k8s.io/v1alpha2, k8stopologyawareschedwg). */
import { bookedAmount, bookedToCanonical, exactAmounts } from '../../shared/capacity/pod-request.ts';
import type { NumaFacts } from '../../shared/capacity/report.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { type Bag, bagsOf, textOf } from '../../shared/lib/fields.ts';
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
  readonly policy: NumaFacts['policy'];
  readonly scope: NumaFacts['scope'];
  /** Undefined = not told by attributes. */
  readonly cpuManager: NumaFacts['cpuManager'] | undefined;
  readonly memoryManager: NumaFacts['memoryManager'] | undefined;
  readonly options: readonly string[];
  readonly threadsPerCore: number | undefined;
  /** Ordered by id. */
  readonly zones: readonly Zone[];
  /** distances[from][to] in the order of `zones`; undefined when they are not told for all. */
  readonly distances: readonly (readonly number[])[] | undefined;
};

/** Zones beyond are left out; the kubelet itself refuses topology policies above 8. */
const ZONES_MAX = 64;

/** The facts of a NodeResourceTopology object. */
export const zoneFactsOf = (topology: KubeObject): ZoneFacts => {
  const attributes = new Map(bagsOf(topology.attributes).map(({ name, value }) => [textOf(name), textOf(value)]));
  const deprecated = Array.isArray(topology.topologyPolicies) ? textOf(topology.topologyPolicies[0]) : '';
  const threads = wholeOf(attributes.get('threadsPerCore'));
  const { zones, distances } = zonesOf(topology);
  return {
    policy: policyOf(attributes.get('topologyManagerPolicy') ?? deprecated),
    scope: attributes.get('topologyManagerScope') === 'pod' || deprecated.endsWith('PodLevel') ? 'pod' : 'container',
    cpuManager: managerOf(attributes.get('cpuManagerPolicy'), { none: 'none', static: 'static' }),
    memoryManager: managerOf(attributes.get('memoryManagerPolicy'), { none: 'None', static: 'Static' }),
    options: optionsOf(attributes),
    threadsPerCore: threads === 0 ? undefined : threads,
    zones,
    distances,
  };
};

const managerOf = <T>(text: string | undefined, words: Readonly<Record<string, T>>): T | undefined => {
  const word = (text ?? '').toLowerCase();
  return Object.hasOwn(words, word) ? words[word] : undefined;
};

/** `cpuManagerPolicyOptions` is a list of `name=value`; other attributes of the managers are options by themselves. */
const optionsOf = (attributes: ReadonlyMap<string, string>): readonly string[] => {
  const listed = ['cpuManagerPolicyOptions', 'topologyManagerPolicyOptions'].flatMap((name) =>
    (attributes.get(name) ?? '').split(/[,\s{}]+/).map((option) => option.replace(/^"|"$/g, '')),
  );
  const single = [...attributes]
    .filter(([name]) => name.startsWith('topologyManager') && !/(Policy|Scope|PolicyOptions)$/.test(name))
    .map(([name, value]) => `${name}=${value}`);
  return [...new Set([...listed, ...single].filter((option) => option.includes('=')))].sort(compareText).slice(0, ZONES_MAX);
};

const zonesOf = (topology: KubeObject): Pick<ZoneFacts, 'zones' | 'distances'> => {
  const found = bagsOf(topology.zones)
    .filter(({ type }) => type === 'Node')
    .flatMap((zone) => {
      const id = idOf(zone.name);
      if (id === undefined) return [];
      const costs = new Map(bagsOf(zone.costs).map(({ name, value }) => [idOf(name), wholeOf(value)]));
      return [{ zone: { id, total: totalsOf(zone), available: amountsOf(zone, 'available') }, costs }];
    })
    .sort((a, b) => a.zone.id - b.zone.id)
    .slice(0, ZONES_MAX);
  const rows = found.map(({ costs }) => found.map(({ zone }) => costs.get(zone.id)));
  const isWhole = rows.length > 0 && rows.every((row) => row.every((cost) => cost !== undefined));
  return { zones: found.map(({ zone }) => zone), distances: isWhole ? rows.map((row) => row.map((cost) => cost ?? 0)) : undefined };
};

/** The number in `node-3`. */
const idOf = (name: unknown): number | undefined => wholeOf(/^node-(\d{1,4})$/.exec(textOf(name))?.[1]);

const isMemory = (resource: string): boolean => resource === 'memory' || resource.startsWith('hugepages-');

const totalsOf = (zone: Bag): Readonly<Record<string, number>> => {
  const allocatable = amountsOf(zone, 'allocatable');
  const capacity = amountsOf(zone, 'capacity');
  const names = new Set([...Object.keys(allocatable), ...Object.keys(capacity)]);
  return sortedRecord(
    [...names].map((resource) => {
      const [first, second] = isMemory(resource) ? [allocatable, capacity] : [capacity, allocatable];
      return [resource, first[resource] ?? second[resource] ?? 0] as const;
    }),
  );
};

const amountsOf = (zone: Bag, field: 'allocatable' | 'available' | 'capacity'): Readonly<Record<string, number>> =>
  sortedRecord(
    [...exactAmounts(Object.fromEntries(bagsOf(zone.resources).map((resource) => [textOf(resource.name), resource[field]])))].map(
      ([resource, nanos]) => [resource, bookedToCanonical(resource, bookedAmount(resource, nanos))] as const,
    ),
  );

/** The attribute's own words, or the deprecated `SingleNUMANodePodLevel` and its kin. */
const policyOf = (text: string): NumaFacts['policy'] => {
  const word = text.toLowerCase();
  if (word.startsWith('single')) return 'single-numa-node';
  if (word.startsWith('restricted')) return 'restricted';
  return word.startsWith('best') ? 'best-effort' : 'none';
};
