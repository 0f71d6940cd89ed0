/** @module NodeResourceTopology (topology.node.k8s.io/v1alpha2), of a dump as of a member: zones, and how the kubelet's managers are set. */

import { type Bag, bagsOf, textOf, textsOf } from '../lib/fields.ts';
import { bookedFloor, isMemory } from './amounts.ts';
import { cpuOptionsOf } from './cpu-options.ts';
import type { Read } from './dump.ts';
import { topologyFault } from './dump-faults.ts';
import type { KubeletModel, TopologyPolicy, ZoneModel } from './node.ts';
import { exactAmounts } from './pod-request.ts';
import { quantityFault } from './quantities.ts';

/** Zones and managers of one node. */
export type Topology = {
  readonly zones: readonly ZoneModel[];
  /** Zones of other types than Node, which are no NUMA nodes and are not counted. */
  readonly others: readonly OtherZone[];
  readonly kubelet: KubeletModel;
  readonly doubts: readonly string[];
};

/** A zone that is not counted: where it is and of which type, and the resources that it lists. */
export type OtherZone = { readonly told: string; readonly resources: readonly string[] };

/** Reads the object; the message names the field that cannot be read. */
export const topologyOf = (body: Bag): Read<Topology> => {
  const fault = topologyFault(body);
  if (fault !== undefined) return { ok: false, message: fault };
  const zones: ZoneModel[] = [];
  const others: OtherZone[] = [];
  for (const [at, zone] of bagsOf(body.zones).entries()) {
    if ((zone.type ?? 'Node') !== 'Node') {
      const resources = bagsOf(zone.resources).map(({ name }) => textOf(name));
      others.push({ told: `zones[${at}].type: ${JSON.stringify(zone.type)} is no NUMA node`, resources });
      continue;
    }
    const read = zoneOf(zone, `zones[${at}]`);
    if (!read.ok) return read;
    if (zones.some(({ id }) => id === read.value.id))
      return { ok: false, message: `zones[${at}].name: ${textOf(zone.name)} is there twice` };
    zones.push(read.value);
  }
  zones.sort((a, b) => a.id - b.id);
  return { ok: true, value: { zones, others, ...kubeletOf(body, zones) } };
};

/** The zone's number is in its name, whatever its place in the list. */
const zoneOf = (zone: Bag, path: string): Read<ZoneModel> => {
  const id = /^node-(\d{1,4})$/.exec(textOf(zone.name))?.[1];
  if (id === undefined)
    return { ok: false, message: `${path}.name: ${JSON.stringify(zone.name ?? '')} has no zone number; node-0 is wanted` };
  const total = new Map<string, bigint>();
  const available = new Map<string, bigint>();
  for (const [at, resource] of bagsOf(zone.resources).entries()) {
    const name = textOf(resource.name);
    const where = `${path}.resources[${at}]`;
    if (name === '') return { ok: false, message: `${where}.name: name the resource` };
    if (total.has(name)) return { ok: false, message: `${where}.name: ${name} is there twice` };
    const widthField = isMemory(name) ? 'allocatable' : 'capacity';
    const width = resource[widthField] ?? resource.allocatable ?? resource.capacity;
    for (const [field, value] of [
      [widthField, width],
      ['available', resource.available],
    ] as const) {
      const fault = quantityFault(value, `${where}.${field}`);
      if (fault !== undefined) return { ok: false, message: fault };
    }
    total.set(name, amountOf(name, width));
    available.set(name, amountOf(name, resource.available));
  }
  return { ok: true, value: { id: Number(id), total, available } };
};

const amountOf = (resource: string, value: unknown): bigint =>
  bookedFloor(resource, exactAmounts({ [resource]: value }).get(resource) ?? 0n);

const kubeletOf = (body: Bag, zones: readonly ZoneModel[]): { kubelet: KubeletModel; doubts: string[] } => {
  const told = new Map(bagsOf(body.attributes).map(({ name, value }) => [textOf(name), textOf(value)]));
  const deprecated = textsOf(body.topologyPolicies)[0] ?? '';
  const doubts: string[] = [];
  const policyText = told.get('topologyManagerPolicy') ?? deprecated;
  const policy = policyOf(policyText);
  const scope = scopeOf(told.get('topologyManagerScope'), deprecated);
  if (scope === undefined) doubts.push(`attributes: topologyManagerScope ${JSON.stringify(told.get('topologyManagerScope'))} is not known`);
  if (policy === undefined) doubts.push(`attributes: topologyManagerPolicy ${JSON.stringify(policyText)} is not known`);
  const cpuOptions = cpuOptionsOf(told.get('cpuManagerPolicyOptions') ?? '');
  doubts.push(...cpuOptions.doubts);
  const threads = told.get('threadsPerCore');
  const threadsPerCore = threads !== undefined && /^[1-9]\d{0,3}$/.test(threads) ? Number(threads) : undefined;
  if (threads !== undefined && threadsPerCore === undefined)
    doubts.push(`attributes: threadsPerCore ${JSON.stringify(threads)} is no number`);
  const lists = (wanted: (resource: string) => boolean): boolean => zones.some(({ total }) => [...total.keys()].some(wanted));
  return {
    kubelet: {
      ...settingsOf(policyText === '' && told.has('cpuManagerPolicy') ? untoldPolicies : [policy ?? 'single-numa-node'], scope),
      prefersClosest: /prefer-closest-numa-nodes=true/.test(told.get('topologyManagerPolicyOptions') ?? ''),
      cpuManager: oneOf(
        told.get('cpuManagerPolicy'),
        ['none', 'static'] as const,
        lists((name) => name === 'cpu'),
      ),
      fullCoresOnly: cpuOptions.fullCoresOnly,
      threadsPerCore,
      memoryManager: oneOf(told.get('memoryManagerPolicy'), ['None', 'Static'] as const, lists(isMemory)),
    },
    doubts,
  };
};

/** What is told; when nothing is, zones that list the resource leave it open, as publishers list it only for the pinning policy. */
const oneOf = <T extends string>(told: string | undefined, [off, on]: readonly [T, T], isListed: boolean): readonly T[] => {
  const word = told?.toLowerCase();
  if (word === off.toLowerCase()) return [off];
  if (word === on.toLowerCase()) return [on];
  return word === undefined && !isListed ? [off] : [off, on];
};

/** Undefined when the word is not known. */
const scopeOf = (told: string | undefined, deprecated: string): KubeletModel['topologyScope'] | undefined => {
  if (told === undefined || told === '') return deprecated.endsWith('PodLevel') ? 'pod' : 'container';
  return told === 'pod' || told === 'container' ? told : undefined;
};

/** Of a publisher that tells of one manager and not of the other: it is not known that this one is off. */
export const untoldPolicies: readonly TopologyPolicy[] = ['none', 'restricted', 'single-numa-node'];

/** The first setting, and the others that may hold instead; no scope = it may be either. */
export const settingsOf = (
  policies: readonly TopologyPolicy[],
  scope: KubeletModel['topologyScope'] | undefined,
): Pick<KubeletModel, 'topologyPolicy' | 'topologyScope' | 'orElse'> => {
  const scopes = scope === undefined ? (['container', 'pod'] as const) : [scope];
  const settings = policies.flatMap((topologyPolicy) => scopes.map((topologyScope) => ({ topologyPolicy, topologyScope })));
  const [first = { topologyPolicy: 'none' as const, topologyScope: 'container' as const }, ...orElse] = settings;
  return orElse.length === 0 ? first : { ...first, orElse };
};

/** The attribute's own words, or the deprecated `SingleNUMANodePodLevel` and its kin; undefined when it is neither. */
const policyOf = (text: string): KubeletModel['topologyPolicy'] | undefined => {
  const word = text.toLowerCase();
  if (word === '' || word === 'none') return 'none';
  if (word === 'single-numa-node' || /^singlenumanode(pod|container)level$/.test(word)) return 'single-numa-node';
  if (word === 'restricted' || /^restricted(pod|container)level$/.test(word)) return 'restricted';
  return word === 'best-effort' || /^besteffort((pod|container)level)?$/.test(word) ? 'best-effort' : undefined;
};
