/** @module NUMA facts of a node from its NodeResourceTopology (topology.node.k8s.io/v1alpha2, k8stopologyawareschedwg). */
import { bookedAmount, bookedToCanonical, exactAmounts } from '../../shared/capacity/pod-request.ts';
import type { NumaFacts } from '../../shared/capacity/report.ts';
import type { KubeObject } from '../../shared/kube/object.ts';

/** One zone, canonical units rounded down. `available` counts only exclusive allocations: never more than the node's own free amounts. */
export type Zone = {
  readonly id: number;
  readonly total: Readonly<Record<string, number>>;
  readonly available: Readonly<Record<string, number>>;
};

/** What is kept of a NodeResourceTopology; its name is the node's. */
export type ZoneFacts = {
  readonly policy: NumaFacts['policy'];
  readonly scope: NumaFacts['scope'];
  readonly options: readonly string[];
  /** Ordered by id. */
  readonly zones: readonly Zone[];
};

/** Zones beyond are left out; the kubelet itself refuses topology policies above 8. */
const ZONES_MAX = 64;

type Fields = Readonly<Record<string, unknown>>;
const fieldsOf = (value: unknown): Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : {};
const listOf = (value: unknown): readonly Fields[] => (Array.isArray(value) ? value.map(fieldsOf) : []);
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/** The facts of a NodeResourceTopology object. */
export const zoneFactsOf = (topology: KubeObject): ZoneFacts => {
  const attributes = new Map(listOf(topology.attributes).map(({ name, value }) => [textOf(name), textOf(value)]));
  const deprecated = Array.isArray(topology.topologyPolicies) ? textOf(topology.topologyPolicies[0]) : '';
  return {
    policy: policyOf(attributes.get('topologyManagerPolicy') ?? deprecated),
    scope: attributes.get('topologyManagerScope') === 'pod' || deprecated.endsWith('PodLevel') ? 'pod' : 'container',
    options: [...attributes]
      .filter(([name]) => name.startsWith('topologyManager') && name !== 'topologyManagerPolicy' && name !== 'topologyManagerScope')
      .map(([name, value]) => `${name}=${value}`)
      .sort()
      .slice(0, ZONES_MAX),
    zones: zonesOf(topology),
  };
};

const zonesOf = (topology: KubeObject): readonly Zone[] =>
  listOf(topology.zones)
    .filter(({ type }) => type === 'Node')
    .flatMap((zone) => {
      const id = /^node-(\d{1,4})$/.exec(textOf(zone.name))?.[1];
      return id === undefined ? [] : [{ id: Number(id), total: amountsOf(zone, 'allocatable'), available: amountsOf(zone, 'available') }];
    })
    .sort((a, b) => a.id - b.id)
    .slice(0, ZONES_MAX);

const amountsOf = (zone: Fields, field: 'allocatable' | 'available'): Readonly<Record<string, number>> =>
  Object.fromEntries(
    [...exactAmounts(Object.fromEntries(listOf(zone.resources).map((resource) => [textOf(resource.name), resource[field]])))]
      .map(([resource, nanos]) => [resource, bookedToCanonical(resource, bookedAmount(resource, nanos))] as const)
      .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
  );

/** The attribute's own words, or the deprecated `SingleNUMANodePodLevel` and its kin. */
const policyOf = (text: string): NumaFacts['policy'] => {
  const word = text.toLowerCase();
  if (word.startsWith('single')) return 'single-numa-node';
  if (word.startsWith('restricted')) return 'restricted';
  return word.startsWith('best') ? 'best-effort' : 'none';
};
