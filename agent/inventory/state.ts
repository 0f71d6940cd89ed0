/** @module What the agent knows of its cluster: compact facts by source, fed by reflectors. */

import { canonicalRequests, exactAmounts } from '../../shared/capacity/pod-request.ts';
import type { CapacityReport, GpuUse, Potential, QuotaFree } from '../../shared/capacity/report.ts';
import type { TolerationLike } from '../../shared/capacity/taints.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { bagOf, bagsOf, textMapOf } from '../../shared/lib/fields.ts';
import type { ApiFailure, ReflectorEvent } from '../cluster/index.ts';
import type { KubeletFacts } from './configz.ts';
import { type ClaimUse, type ClassFacts, claimUsesOf, classFactsOf, type DraFacts, type SliceFacts, sliceFactsOf } from './dra.ts';
import { createInterner, type Interner } from './intern.ts';
import { type NodeFacts, type NodeKind, nodeFactsOf } from './node.ts';
import { type Controller, controllerOf } from './owner.ts';
import { createPodTable, type PodFacts, type PodTable, podFactsOf } from './pod-table.ts';
import { autoscalerPools, machinePoolOf, nodePoolOf } from './potential.ts';
import { quotaOf } from './quota.ts';
import { type ZoneFacts, zoneFactsOf } from './zones.ts';

/** The resources an inventory reads; what each is for is in {@link sources}. */
export type SourceName =
  | 'nodes'
  | 'pods'
  | 'replicasets'
  | 'jobs'
  | 'runtimeclasses'
  | 'noderesourcetopologies'
  | 'network-attachment-definitions'
  | 'resourcequotas'
  | 'resourceslices'
  | 'resourceclaims'
  | 'deviceclasses'
  | 'configmaps'
  | 'machinedeployments'
  | 'nodepools';

/** How a source stands. */
export type SourceState = {
  /** False until it was read whole once. */
  synced: boolean;
  resourceVersion: string;
  /** Undefined = not known yet whether the member serves it. */
  served: boolean | undefined;
  problem: ApiFailure | undefined;
};

/** A kept node. */
export type Node = Pick<NodeFacts, 'amounts' | 'machine' | 'providerId' | 'hami'> & { readonly kindId: number };

/** One child of a controller and who controls it: the middle links of the chain pod → ReplicaSet → Deployment. */
export type Link = { readonly uid: string; readonly controller: Controller };

/** A kept RuntimeClass, as reported. */
export type RuntimeClassFacts = CapacityReport['runtimeClasses'][number];
/** A kept NetworkAttachmentDefinition, as reported. */
export type NetworkFacts = CapacityReport['networks'][number];

/** The whole state; changed in place by {@link applyEvent} only. */
export type InventoryState = {
  readonly sources: Readonly<Record<SourceName, SourceState>>;
  readonly kinds: Interner<NodeKind>;
  readonly nodes: Map<string, Node>;
  readonly pods: PodTable;
  /** Amounts of nodes by their text. */
  readonly amounts: Map<string, ReadonlyMap<string, number>>;
  readonly zones: Map<string, ZoneFacts>;
  readonly replicasets: Map<string, Link>;
  readonly jobs: Map<string, Link>;
  readonly runtimeClasses: Map<string, RuntimeClassFacts>;
  readonly networks: Map<string, NetworkFacts>;
  readonly quotas: Map<string, QuotaFree>;
  readonly slices: Map<string, SliceFacts>;
  readonly claims: Map<string, readonly ClaimUse[]>;
  readonly classes: Map<string, ClassFacts>;
  /** Of the cluster-autoscaler's status, of MachineDeployments, of NodePools. */
  readonly autoscaler: Map<string, readonly Potential[]>;
  readonly machinePools: Map<string, Potential>;
  readonly nodePools: Map<string, Potential>;
  /** By node, where the operator let the kubelets be asked. */
  readonly kubelets: Map<string, KubeletFacts>;
  gpuUse: readonly GpuUse[];
  /** What servers beside the API server did not tell, by what was asked of them: lines for people. */
  readonly untold: Map<'kubelets' | 'dcgm', readonly string[]>;
  /** Counted anew when slices, claims or classes changed. */
  dra: DraFacts | undefined;
  /** Keys seen in the full reading that is under way, by source. */
  readonly readings: Map<SourceName, Set<string>>;
};

/** Nothing known. */
export const createInventoryState = (): InventoryState => {
  const source = (): SourceState => ({ synced: false, resourceVersion: '', served: undefined, problem: undefined });
  return {
    sources: {
      nodes: source(),
      pods: source(),
      replicasets: source(),
      jobs: source(),
      runtimeclasses: source(),
      noderesourcetopologies: source(),
      'network-attachment-definitions': source(),
      resourcequotas: source(),
      resourceslices: source(),
      resourceclaims: source(),
      deviceclasses: source(),
      configmaps: source(),
      machinedeployments: source(),
      nodepools: source(),
    },
    kinds: createInterner(),
    nodes: new Map(),
    pods: createPodTable(),
    amounts: new Map(),
    zones: new Map(),
    replicasets: new Map(),
    jobs: new Map(),
    runtimeClasses: new Map(),
    networks: new Map(),
    quotas: new Map(),
    slices: new Map(),
    claims: new Map(),
    classes: new Map(),
    autoscaler: new Map(),
    machinePools: new Map(),
    nodePools: new Map(),
    kubelets: new Map(),
    gpuUse: [],
    untold: new Map(),
    dra: undefined,
    readings: new Map(),
  };
};

/** What is kept of one object, by source. */
export type Facts =
  | { readonly of: 'nodes'; readonly facts: NodeFacts }
  | { readonly of: 'pods'; readonly facts: PodFacts }
  | { readonly of: 'replicasets' | 'jobs'; readonly facts: Link }
  | { readonly of: 'runtimeclasses'; readonly facts: RuntimeClassFacts }
  | { readonly of: 'noderesourcetopologies'; readonly facts: ZoneFacts }
  | { readonly of: 'network-attachment-definitions'; readonly facts: NetworkFacts }
  | { readonly of: 'resourcequotas'; readonly facts: QuotaFree }
  | { readonly of: 'resourceslices'; readonly facts: SliceFacts }
  | { readonly of: 'resourceclaims'; readonly facts: readonly ClaimUse[] }
  | { readonly of: 'deviceclasses'; readonly facts: ClassFacts }
  | { readonly of: 'configmaps'; readonly facts: readonly Potential[] }
  | { readonly of: 'machinedeployments' | 'nodepools'; readonly facts: Potential };

/** Takes from an object what its source keeps; undefined = nothing of interest. */
export const project = (source: SourceName, object: KubeObject): Facts | undefined => {
  switch (source) {
    case 'nodes':
      return { of: source, facts: nodeFactsOf(object) };
    case 'pods': {
      const facts = podFactsOf(object);
      return facts === undefined ? undefined : { of: source, facts };
    }
    case 'replicasets':
    case 'jobs': {
      const controller = controllerOf(object);
      return controller === undefined ? undefined : { of: source, facts: { uid: object.metadata.uid ?? '', controller } };
    }
    case 'runtimeclasses':
      return { of: source, facts: runtimeClassOf(object) };
    case 'noderesourcetopologies':
      return { of: source, facts: zoneFactsOf(object) };
    case 'network-attachment-definitions': {
      const resource = object.metadata.annotations?.['k8s.v1.cni.cncf.io/resourceName'];
      const { namespace = '', name } = object.metadata;
      return { of: source, facts: { namespace, name, ...(resource === undefined ? {} : { resource }) } };
    }
    case 'resourcequotas':
      return { of: source, facts: quotaOf(object) };
    case 'resourceslices':
      return { of: source, facts: sliceFactsOf(object) };
    case 'resourceclaims': {
      const facts = claimUsesOf(object);
      return facts.length === 0 ? undefined : { of: source, facts };
    }
    case 'deviceclasses':
      return { of: source, facts: classFactsOf(object) };
    case 'configmaps':
      return { of: source, facts: autoscalerPools(object) };
    case 'machinedeployments': {
      const facts = machinePoolOf(object);
      return facts === undefined ? undefined : { of: source, facts };
    }
    case 'nodepools':
      return { of: source, facts: nodePoolOf(object) };
  }
};

const runtimeClassOf = (object: KubeObject): RuntimeClassFacts => {
  const overhead = (object.overhead as { podFixed?: unknown } | undefined)?.podFixed;
  const scheduling = bagOf(object.scheduling);
  const tolerations = bagsOf(scheduling.tolerations) as readonly TolerationLike[];
  return {
    name: object.metadata.name,
    handler: typeof object.handler === 'string' ? object.handler : '',
    overhead: canonicalRequests(exactAmounts(overhead)),
    nodeSelector: textMapOf(scheduling.nodeSelector),
    ...(tolerations.length === 0 ? {} : { tolerations }),
  };
};

/** Books one reflector event; true when a report could look different now. */
export const applyEvent = (state: InventoryState, source: SourceName, event: ReflectorEvent<Facts>): boolean => {
  const at = state.sources[source];
  switch (event.type) {
    case 'Init':
      if (source === 'pods') state.pods.begin();
      else state.readings.set(source, new Set());
      return false;
    case 'InitApply':
    case 'Apply':
      state.readings.get(source)?.add(event.key);
      return put(state, event.key, event.item);
    case 'Delete':
      return remove(state, source, event.key);
    case 'InitDone': {
      const first = !at.synced;
      at.synced = true;
      at.resourceVersion = event.resourceVersion;
      return sweep(state, source) || first;
    }
  }
};

const put = (state: InventoryState, key: string, item: Facts): boolean => {
  switch (item.of) {
    case 'nodes':
      return putNode(state, key, item.facts);
    case 'pods':
      return state.pods.put(key, item.facts);
    default:
      return putPlain(plainOf(state, item.of), key, item.facts);
  }
};

const putNode = (state: InventoryState, key: string, facts: NodeFacts): boolean => {
  const kindId = state.kinds.hold(facts.kindKey, () => facts.kind);
  const old = state.nodes.get(key);
  if (old !== undefined) state.kinds.release(old.kindId);
  const { providerId, hami } = facts;
  const amounts = sharedAmounts(state, facts.amounts);
  const machine = sharedAmounts(state, facts.machine);
  state.nodes.set(key, { kindId, amounts, machine, providerId, hami });
  if (old === undefined || old.kindId !== kindId || old.providerId !== providerId || old.amounts.size !== amounts.size) return true;
  if (JSON.stringify(old.hami) !== JSON.stringify(hami)) return true;
  return !hasAll(old.amounts, facts.amounts) || !hasAll(old.machine, facts.machine);
};

const hasAll = (old: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>): boolean =>
  [...now].every(([resource, amount]) => old.get(resource) === amount);

/** Nodes of one machine type often have equal amounts: those are kept once. Emptied when full. */
const sharedAmounts = ({ amounts }: InventoryState, given: ReadonlyMap<string, number>): ReadonlyMap<string, number> => {
  const key = [...given].join();
  const known = amounts.get(key);
  if (known !== undefined) return known;
  if (amounts.size >= AMOUNTS_MAX) amounts.clear();
  amounts.set(key, given);
  return given;
};
const AMOUNTS_MAX = 1_024;

const putPlain = (map: Map<string, unknown>, key: string, value: unknown): boolean => {
  const old = map.get(key);
  map.set(key, value);
  return old === undefined || JSON.stringify(old) !== JSON.stringify(value);
};

/** What the count of DRA devices is made of. */
const draSources: ReadonlySet<SourceName> = new Set(['resourceslices', 'resourceclaims', 'deviceclasses']);

const plainOf = (state: InventoryState, source: Exclude<SourceName, 'nodes' | 'pods'>): Map<string, unknown> => {
  const maps: Record<Exclude<SourceName, 'nodes' | 'pods'>, Map<string, unknown>> = {
    replicasets: state.replicasets,
    jobs: state.jobs,
    runtimeclasses: state.runtimeClasses,
    noderesourcetopologies: state.zones,
    'network-attachment-definitions': state.networks,
    resourcequotas: state.quotas,
    resourceslices: state.slices,
    resourceclaims: state.claims,
    deviceclasses: state.classes,
    configmaps: state.autoscaler,
    machinedeployments: state.machinePools,
    nodepools: state.nodePools,
  };
  if (draSources.has(source)) state.dra = undefined;
  return maps[source];
};

const remove = (state: InventoryState, source: SourceName, key: string): boolean => {
  if (source === 'pods') return state.pods.remove(key);
  if (source !== 'nodes') return plainOf(state, source).delete(key);
  const old = state.nodes.get(key);
  if (old !== undefined) state.kinds.release(old.kindId);
  state.kubelets.delete(key);
  return state.nodes.delete(key);
};

/** Drops what a full reading did not name. */
const sweep = (state: InventoryState, source: SourceName): boolean => {
  if (source === 'pods') return state.pods.finish();
  const seen = state.readings.get(source) ?? new Set();
  state.readings.delete(source);
  const keys = source === 'nodes' ? [...state.nodes.keys()] : [...plainOf(state, source).keys()];
  const gone = keys.filter((key) => !seen.has(key));
  for (const key of gone) remove(state, source, key);
  return gone.length > 0;
};

/** Booked amount of one resource of a node. */
export const amountOf = (node: Node, resource: string): number => node.amounts.get(resource) ?? 0;
