/** @module The capacity report of what is known now: groups interned, free amounts in columns. Pure: the same state gives the same report. */

import { bookedToCanonical } from '../../shared/capacity/pod-request.ts';
import type { CapacityReport, NodeColumns, NodeGroup, NumaFacts, PendingDemand, Potential } from '../../shared/capacity/report.ts';
import { compareText } from '../../shared/lib/compare-text.ts';
import { hash32, present } from '../../shared/lib/index.ts';
import type { KubeletFacts } from './configz.ts';
import { type DraFacts, draFactsOf } from './dra.ts';
import { type AppliedWork, type Controller, workloadKey } from './owner.ts';
import { PODS_MAX, type PodExtra, shapeKey } from './pod-table.ts';
import { withoutHeldGpus } from './quota.ts';
import { deviceColumns, type ExtraCount, relatedPods, untoldDevices, untoldLines } from './report-extras.ts';
import { amountOf, type InventoryState, type Node, type SourceName } from './state.ts';
import { type TopologyDoubt, topologyDoubts, topologyLines } from './topology-doubts.ts';
import { notePlace, type PodPlaces, workPlaces } from './work-places.ts';
import type { ZoneFacts } from './zones.ts';

/** What the report says besides the inventory. */
export type ReportInput = {
  readonly epoch: number;
  readonly seq: number;
  readonly nowMs: number;
  /** By {@link workloadKey}, what is applied here. */
  readonly works: ReadonlyMap<string, AppliedWork>;
  /** Highest seq applied, by work id. */
  readonly acks: Readonly<Record<string, number>>;
};

const nodeNamed = (state: InventoryState, name: string): Node => present(state.nodes.get(name), `node ${name}`);

/** Without these nothing can be counted. */
const essential: readonly SourceName[] = ['nodes', 'pods'];
/** ResourceQuotas told, and lines of what could not be read. */
const QUOTAS_MAX = 10_000;
const UNSUPPORTED_MAX = 256;
const UNSUPPORTED_CHARS_MAX = 500;
/** Sources that most clusters lack, without anything being unknown for it; a right to them that is missing is told, but stops nothing. */
const extras: ReadonlySet<SourceName> = new Set([
  'resourcequotas',
  'resourceslices',
  'resourceclaims',
  'deviceclasses',
  'configmaps',
  'machinedeployments',
  'nodepools',
]);
/** Shapes of pending pods told; the rest, rarest first, is left out. */
const PENDING_SHAPES_MAX = 1_000;

/** Builds the snapshot. */
export const buildReport = (state: InventoryState, input: ReportInput): CapacityReport => {
  const names = [...state.nodes.keys()].sort(compareText);
  const resourceNames = resourcesOf(state);
  const counted = countPods(state, input, names, resourceNames);
  const untold = untoldDevices(state, names, counted.extrasOf);
  const topologies = topologyDoubts(state, names);
  const { groups, groupOf } = groupNodes(state, names, resourceNames, untold, topologies);
  const { dra, unsupported } = draOf(state);
  const related = relatedPods(names, counted.extrasOf);
  const quotas = withoutHeldGpus([...state.quotas.values()].slice(0, QUOTAS_MAX), counted.extrasOf);
  const potential = potentialOf(state);
  return {
    kind: 'snapshot',
    epoch: input.epoch,
    seq: input.seq,
    observedAtMs: input.nowMs,
    sources: sourceVersions(state),
    complete:
      !state.pods.overflowed() && essential.every((name) => state.sources[name].synced && state.sources[name].problem?.status !== 403),
    unsupported: [
      ...unsupportedOf(state),
      ...[...state.untold.values()].flat(),
      ...untoldLines(untold),
      ...unsupported,
      ...topologyLines(topologies),
      ...counted.places.untold,
    ]
      .map((line) => line.slice(0, UNSUPPORTED_CHARS_MAX))
      .slice(0, UNSUPPORTED_MAX),
    resourceNames,
    groups,
    nodes: {
      ...columnsOf(state, names, resourceNames, groupOf, counted.usage),
      ...deviceColumns(state, names, counted.extrasOf, input.nowMs),
      ...(related.podSets.length === 0 ? {} : { podSet: related.setOf }),
      ...counted.places.columns,
    },
    pending: counted.pending,
    runtimeClasses: [...state.runtimeClasses.values()].sort((a, b) => compareText(a.name, b.name)),
    networks: [...state.networks.values()].sort((a, b) => compareText(a.namespace, b.namespace) || compareText(a.name, b.name)),
    acks: input.acks,
    present: counted.present,
    ...(related.podSets.length === 0 ? {} : { podKinds: related.podKinds, podSets: related.podSets }),
    ...counted.places.told,
    ...(quotas.length === 0 ? {} : { quotas }),
    ...(potential.length === 0 ? {} : { potential }),
    ...(dra === undefined ? {} : { dra }),
    ...(state.gpuUse.length === 0 ? {} : { gpuUse: state.gpuUse }),
  };
};

/** Verbs on resources that the agent's identity lacks, for the beat: `list nodes`. */
export const forbiddenOf = (state: InventoryState): readonly string[] =>
  sourceNames(state)
    .filter((name) => !extras.has(name) && state.sources[name].problem?.status === 403)
    .map((name) => `list ${name}`);

const sourceNames = (state: InventoryState): readonly SourceName[] => Object.keys(state.sources) as SourceName[];

const sourceVersions = (state: InventoryState): Readonly<Record<string, string>> =>
  Object.fromEntries(
    sourceNames(state)
      .filter((name) => state.sources[name].synced)
      .map((name) => [name, state.sources[name].resourceVersion]),
  );

const unsupportedOf = (state: InventoryState): readonly string[] =>
  sourceNames(state).flatMap((name) => {
    const { served, problem } = state.sources[name];
    if (name === 'pods' && state.pods.overflowed()) return [`pods: more than ${PODS_MAX}, the rest is not counted`];
    if (served === false) return extras.has(name) ? [] : [`${name}: not served`];
    if (problem?.status === 403) return [`${name}: list is forbidden: grant list and watch on ${name} to the agent's identity`];
    return problem === undefined ? [] : [`${name}: ${problem.reason}: ${problem.message}`];
  });

/** Every resource a node offers, by name; `pods` has a column of its own. */
const resourcesOf = (state: InventoryState): readonly string[] => {
  const found = new Set<string>();
  for (const node of state.nodes.values()) for (const resource of node.amounts.keys()) if (resource !== 'pods') found.add(resource);
  return [...found].sort(compareText);
};

/** Counted once for each change of slices, claims and classes. */
const draOf = (state: InventoryState): DraFacts => {
  state.dra ??= draFactsOf(state.slices.values(), state.claims.values(), state.classes.values());
  return state.dra;
};

const potentialOf = (state: InventoryState): readonly Potential[] =>
  [...state.autoscaler.values(), state.machinePools.values(), state.nodePools.values()]
    .flatMap((pools) => [...pools])
    .sort((a, b) => compareText(a.source, b.source) || compareText(a.name, b.name));

/** What pods hold, as columns by row of the node: a cluster is counted every second, and small objects would be garbage every second. */
type Usage = {
  readonly pods: Float64Array;
  /** In booked units, by resource name. */
  readonly amounts: ReadonlyMap<string, Float64Array>;
};
/** A pod that is not ready for so long is taken to stay so; before, it may be ready by the time somebody chooses which pods go. */
const SETTLED_SECONDS = 30;

type Present = { bound: number; pending: number };
type Counted = Present & { readonly workId: string; readonly places: PodPlaces; isUnsettled: boolean };

/** One pass over all pods: what each node has booked, what waits, and what descends from our work. */
const countPods = (state: InventoryState, input: ReportInput, names: readonly string[], resourceNames: readonly string[]) => {
  const rows = new Map(names.map((name, row) => [name, row]));
  const usage: Usage = {
    pods: new Float64Array(names.length),
    amounts: new Map(resourceNames.map((resource) => [resource, new Float64Array(names.length)])),
  };
  const extrasOf = new Map<string, Map<PodExtra, ExtraCount>>();
  const waiting = new Map<PendingShape, { count: number; oldest: number; readonly shape: PendingShape }>();
  const workOf = workFinder(state, input.works);
  const nowSeconds = Math.floor(input.nowMs / 1_000);
  const byController = new Map<Controller, Counted | undefined>();
  state.pods.forEach((pod) => {
    const bound = pod.node !== '';
    const row = bound ? rows.get(pod.node) : undefined;
    if (bound) {
      if (row !== undefined) book(usage, row, pod.shape);
      if (pod.extra !== undefined) {
        const count = held(held(extrasOf, pod.node, newExtras), pod.extra, newCount);
        if (pod.terminating) count.terminating += 1;
        else count.live += 1;
      }
    } else if (!pod.terminating) {
      const entry = held(waiting, pod.shape, () => ({ count: 0, oldest: pod.createdSeconds, shape: pod.shape }));
      entry.count += 1;
      entry.oldest = Math.min(entry.oldest, pod.createdSeconds);
    }
    // A pod on its way out still holds its room, but it is no replica any more: its successor is.
    const { controller } = pod;
    if (controller !== undefined && !pod.terminating) {
      const entry = held(byController, controller, () => countedFor(workOf(controller)));
      if (entry === undefined) return;
      if (bound) entry.bound += 1;
      else entry.pending += 1;
      if (row !== undefined) notePlace(entry.places, row, pod.ready);
      entry.isUnsettled ||= !pod.ready && nowSeconds - pod.createdSeconds < SETTLED_SECONDS;
    }
  });
  const counted = [...byController.values()].filter((entry) => entry !== undefined);
  return {
    usage,
    extrasOf,
    pending: pendingOf([...waiting.values()], input.nowMs),
    present: presentOf(counted),
    places: workPlaces(names.length, counted),
  };
};

const book = ({ pods, amounts }: Usage, row: number, shape: PendingShape): void => {
  pods[row] = (pods[row] ?? 0) + 1;
  for (const [resource, amount] of shape) {
    const column = amounts.get(resource);
    if (column !== undefined) column[row] = (column[row] ?? 0) + amount;
  }
};

const newExtras = (): Map<PodExtra, ExtraCount> => new Map();
const newCount = (): ExtraCount => ({ live: 0, terminating: 0 });

/** The value of a key, made when it is missing. */
const held = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined || map.has(key)) return known as V;
  const made = make();
  map.set(key, made);
  return made;
};

type PendingShape = readonly (readonly [resource: string, amount: number])[];

const pendingOf = (waiting: readonly { count: number; oldest: number; shape: PendingShape }[], nowMs: number): readonly PendingDemand[] => {
  const nowSeconds = Math.floor(nowMs / 1_000);
  return waiting
    .map(({ count, oldest, shape }) => ({
      shapeHash: hash32(shapeKey(shape)).toString(16).padStart(8, '0'),
      count,
      oldestSeconds: Math.max(0, nowSeconds - oldest),
      requests: Object.fromEntries(shape.map(([resource, amount]) => [resource, -bookedToCanonical(resource, -amount)])),
    }))
    .sort((a, b) => b.count - a.count || compareText(a.shapeHash, b.shapeHash))
    .slice(0, PENDING_SHAPES_MAX);
};

/** Follows a controller up to one that we applied. */
const workFinder = (state: InventoryState, works: ReadonlyMap<string, AppliedWork>): ((controller: Controller) => string | undefined) => {
  const up = new Map<string, Controller>();
  for (const links of [state.replicasets, state.jobs]) for (const { uid, controller } of links.values()) up.set(uid, controller);
  return (controller) => workIdOf(controller, up, works);
};

const countedFor = (workId: string | undefined): Counted | undefined =>
  workId === undefined ? undefined : { workId, bound: 0, pending: 0, places: new Map(), isUnsettled: false };

const presentOf = (counts: Iterable<Counted>): Readonly<Record<string, Present>> => {
  const found = new Map<string, Present>();
  for (const { workId, bound, pending } of counts) {
    const sum = found.get(workId) ?? { bound: 0, pending: 0 };
    found.set(workId, { bound: sum.bound + bound, pending: sum.pending + pending });
  }
  return Object.fromEntries([...found].sort(([a], [b]) => compareText(a, b)));
};

/** Longest chain looked at; Kubernetes' own are at most pod → Job → CronJob. */
const CHAIN_MAX = 4;

const workIdOf = (
  controller: Controller,
  up: ReadonlyMap<string, Controller>,
  works: ReadonlyMap<string, AppliedWork>,
): string | undefined => {
  let at: Controller | undefined = controller;
  for (let links = 0; at !== undefined && links < CHAIN_MAX; links++) {
    const work = works.get(workloadKey(at.group, at.kind, at.namespace, at.name));
    // Pods of an object that bore the name before are no replicas of this one: they end, and may ask for something else.
    if (work !== undefined) return work.uid === undefined || work.uid === at.uid ? work.id : undefined;
    at = up.get(at.uid);
  }
  return undefined;
};

type Grouped = { readonly groups: readonly NodeGroup[]; readonly groupOf: readonly number[] };

/** Groups in the order of their first node, so that the same cluster always gives the same numbers. */
const groupNodes = (
  state: InventoryState,
  names: readonly string[],
  resourceNames: readonly string[],
  untold: ReadonlyMap<string, number>,
  topologies: ReadonlyMap<string, TopologyDoubt>,
): Grouped => {
  const ids = new Map<string, number>();
  const groups: NodeGroup[] = [];
  const groupOf = names.map((name) => {
    const node = nodeNamed(state, name);
    const numa = numaOf(state.zones.get(name), state.kubelets.get(name), resourceNames);
    const devicesUntold = untold.get(name);
    const topologyDoubt = topologies.get(name)?.doubt;
    const key = `${node.kindId} ${devicesUntold ?? ''} ${topologyDoubt ?? ''} ${numa === undefined ? '' : JSON.stringify(numa)}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    const id = groups.length;
    const { allocatable, ...kind } = state.kinds.valueOf(node.kindId);
    ids.set(key, id);
    groups.push({
      id,
      ...kind,
      allocatable: resourceNames.map((resource) => allocatable[resource] ?? 0),
      ...(numa === undefined ? {} : { numa }),
      ...(topologyDoubt === undefined ? {} : { topologyDoubt }),
      ...(devicesUntold === undefined ? {} : { devicesUntold }),
    });
    return id;
  });
  return { groups, groupOf };
};

/** What the kubelet itself says wins, then what the object's attributes say or its zones give away. */
const numaOf = (
  facts: ZoneFacts | undefined,
  kubelet: KubeletFacts | undefined,
  resourceNames: readonly string[],
): NumaFacts | undefined => {
  const { zones = [], settings, distances } = facts ?? {};
  if (zones.length === 0 && kubelet === undefined) return undefined;
  const { guessed = [], threadsPerCore } = settings ?? {};
  return {
    policy: kubelet?.policy ?? settings?.policy ?? 'none',
    scope: kubelet?.scope ?? settings?.scope ?? 'container',
    cpuManager: kubelet?.cpuManager ?? settings?.cpuManager ?? 'none',
    memoryManager: kubelet?.memoryManager ?? settings?.memoryManager ?? 'None',
    options: kubelet?.options ?? settings?.options ?? [],
    ...(guessed.length === 0 || kubelet !== undefined ? {} : { guessed }),
    ...(threadsPerCore === undefined ? {} : { threadsPerCore }),
    zones: zones.map(({ id, total }) => ({ id, total: resourceNames.map((resource) => total[resource] ?? -1) })),
    ...(distances === undefined ? {} : { distances }),
  };
};

const columnsOf = (
  state: InventoryState,
  names: readonly string[],
  resourceNames: readonly string[],
  group: readonly number[],
  used: Usage,
): NodeColumns => {
  const nodes = names.map((name) => nodeNamed(state, name));
  const zones = names.map((name) => state.zones.get(name)?.zones);
  const zoneCount = zones.reduce((most, list) => Math.max(most, list?.length ?? 0), 0);
  const columns = {
    names,
    group,
    podsFree: nodes.map((node, row) => amountOf(node, 'pods') - (used.pods[row] ?? 0)),
    free: resourceNames.map((resource) => {
      const held = used.amounts.get(resource);
      return nodes.map((node, row) => bookedToCanonical(resource, amountOf(node, resource) - (held?.[row] ?? 0)));
    }),
  };
  if (zoneCount === 0) return columns;
  const zoneFree = Array.from({ length: zoneCount }, (_, zone) =>
    resourceNames.map((resource) => zones.map((list) => list?.[zone]?.available[resource] ?? -1)),
  );
  return { ...columns, zoneFree };
};
