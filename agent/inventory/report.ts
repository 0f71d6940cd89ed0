/** @module The capacity report of what is known now: groups interned, free amounts in columns. Pure: the same state gives the same report. */
import { bookedToCanonical } from '../../shared/capacity/pod-request.ts';
import type { CapacityReport, NodeColumns, NodeGroup, NumaFacts, PendingDemand } from '../../shared/capacity/report.ts';
import { hash32, present } from '../../shared/lib/index.ts';
import { type Controller, workloadKey } from './owner.ts';
import { PODS_MAX, shapeKey } from './pod-table.ts';
import { amountOf, type InventoryState, type Node, type SourceName } from './state.ts';
import type { ZoneFacts } from './zones.ts';

/** What the report says besides the inventory. */
export type ReportInput = {
  readonly epoch: number;
  readonly seq: number;
  readonly nowMs: number;
  /** Work id by {@link workloadKey}, of what is applied here. */
  readonly workIds: ReadonlyMap<string, string>;
  /** Highest seq applied, by work id. */
  readonly acks: Readonly<Record<string, number>>;
};

const nodeNamed = (state: InventoryState, name: string): Node => present(state.nodes.get(name), `node ${name}`);

/** Without these nothing can be counted. */
const essential: readonly SourceName[] = ['nodes', 'pods'];
/** Shapes of pending pods told; the rest, rarest first, is left out. */
const PENDING_SHAPES_MAX = 1_000;

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Builds the snapshot. */
export const buildReport = (state: InventoryState, input: ReportInput): CapacityReport => {
  const names = [...state.nodes.keys()].sort(compare);
  const resourceNames = resourcesOf(state);
  const usage = countPods(state, input);
  const { groups, groupOf } = groupNodes(state, names, resourceNames);
  return {
    kind: 'snapshot',
    epoch: input.epoch,
    seq: input.seq,
    observedAtMs: input.nowMs,
    sources: sourceVersions(state),
    complete:
      !state.pods.overflowed() && essential.every((name) => state.sources[name].synced && state.sources[name].problem?.status !== 403),
    unsupported: unsupportedOf(state),
    resourceNames,
    groups,
    nodes: columnsOf(state, names, resourceNames, groupOf, usage.byNode),
    pending: usage.pending,
    runtimeClasses: [...state.runtimeClasses.values()].sort((a, b) => compare(a.name, b.name)),
    networks: [...state.networks.values()].sort((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name)),
    acks: input.acks,
    present: usage.present,
  };
};

/** What makes two reports say the same: everything but their age. */
export const materialText = (report: CapacityReport): string => {
  const { seq: _seq, observedAtMs: _at, sources: _sources, pending, ...rest } = report;
  return JSON.stringify({ ...rest, pending: pending.map(({ shapeHash, count }) => [shapeHash, count]) });
};

/** Verbs on resources that the agent's identity lacks, for the beat: `list nodes`. */
export const forbiddenOf = (state: InventoryState): readonly string[] =>
  sourceNames(state)
    .filter((name) => state.sources[name].problem?.status === 403)
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
    if (served === false) return [`${name}: not served`];
    if (problem?.status === 403) return [`${name}: list is forbidden: grant list and watch on ${name} to the agent's identity`];
    return problem === undefined ? [] : [`${name}: ${problem.reason}: ${problem.message}`.slice(0, 500)];
  });

/** Every resource a node offers, by name; `pods` has a column of its own. */
const resourcesOf = (state: InventoryState): readonly string[] => {
  const found = new Set<string>();
  for (const node of state.nodes.values()) for (const resource of node.amounts.keys()) if (resource !== 'pods') found.add(resource);
  return [...found].sort(compare);
};

type NodeUse = { pods: number; readonly amounts: Map<string, number> };
type Present = { bound: number; pending: number };
/** Pods of one shape on one node, counted before they are added up: a node runs few shapes. */
type Bound = { pods: number; readonly shapes: Map<PendingShape, number> };

/** One pass over all pods: what each node has booked, what waits, and what descends from our work. */
const countPods = (state: InventoryState, input: ReportInput) => {
  const boundTo = new Map<string, Bound>();
  const waiting = new Map<PendingShape, { count: number; oldest: number; readonly shape: PendingShape }>();
  const byController = new Map<Controller, Present & { readonly controller: Controller }>();
  state.pods.forEach((pod) => {
    const bound = pod.node !== '';
    if (bound) {
      const use = held(boundTo, pod.node, newBound);
      use.pods += 1;
      use.shapes.set(pod.shape, (use.shapes.get(pod.shape) ?? 0) + 1);
    } else if (!pod.terminating) {
      const entry = held(waiting, pod.shape, () => ({ count: 0, oldest: pod.createdSeconds, shape: pod.shape }));
      entry.count += 1;
      entry.oldest = Math.min(entry.oldest, pod.createdSeconds);
    }
    // A pod on its way out still holds its room, but it is no replica any more: its successor is.
    const { controller } = pod;
    if (controller !== undefined && !pod.terminating) {
      const entry = held(byController, controller, () => ({ bound: 0, pending: 0, controller }));
      if (bound) entry.bound += 1;
      else entry.pending += 1;
    }
  });
  const byNode = new Map([...boundTo].map(([name, use]) => [name, usageOf(use)]));
  return {
    byNode,
    pending: pendingOf([...waiting.values()], input.nowMs),
    present: presentOf(state, byController.values(), input.workIds),
  };
};

const newBound = (): Bound => ({ pods: 0, shapes: new Map() });

/** The value of a key, made when it is missing. */
const held = <K, V>(map: Map<K, V>, key: K, make: () => V): V => {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
};

const usageOf = ({ pods, shapes }: Bound): NodeUse => {
  const amounts = new Map<string, number>();
  for (const [shape, count] of shapes)
    for (const [resource, amount] of shape) amounts.set(resource, (amounts.get(resource) ?? 0) + amount * count);
  return { pods, amounts };
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
    .sort((a, b) => b.count - a.count || compare(a.shapeHash, b.shapeHash))
    .slice(0, PENDING_SHAPES_MAX);
};

/** Follows each controller up to one that we applied. */
const presentOf = (
  state: InventoryState,
  counts: Iterable<Present & { readonly controller: Controller }>,
  workIds: ReadonlyMap<string, string>,
): Readonly<Record<string, Present>> => {
  const up = new Map<string, Controller>();
  for (const links of [state.replicasets, state.jobs]) for (const { uid, controller } of links.values()) up.set(uid, controller);
  const found = new Map<string, Present>();
  for (const { bound, pending, controller } of counts) {
    const id = workIdOf(controller, up, workIds);
    if (id === undefined) continue;
    const sum = found.get(id) ?? { bound: 0, pending: 0 };
    found.set(id, { bound: sum.bound + bound, pending: sum.pending + pending });
  }
  return Object.fromEntries([...found].sort(([a], [b]) => compare(a, b)));
};

/** Longest chain looked at; Kubernetes' own are at most pod → Job → CronJob. */
const CHAIN_MAX = 4;

const workIdOf = (
  controller: Controller,
  up: ReadonlyMap<string, Controller>,
  workIds: ReadonlyMap<string, string>,
): string | undefined => {
  let at: Controller | undefined = controller;
  for (let links = 0; at !== undefined && links < CHAIN_MAX; links++) {
    const id = workIds.get(workloadKey(at.group, at.kind, at.namespace, at.name));
    if (id !== undefined) return id;
    at = up.get(at.uid);
  }
  return undefined;
};

type Grouped = { readonly groups: readonly NodeGroup[]; readonly groupOf: readonly number[] };

/** Groups in the order of their first node, so that the same cluster always gives the same numbers. */
const groupNodes = (state: InventoryState, names: readonly string[], resourceNames: readonly string[]): Grouped => {
  const ids = new Map<string, number>();
  const groups: NodeGroup[] = [];
  const groupOf = names.map((name) => {
    const node = nodeNamed(state, name);
    const facts = state.zones.get(name);
    const numa = facts === undefined || facts.zones.length === 0 ? undefined : numaOf(facts, resourceNames);
    const key = `${node.kindId} ${numa === undefined ? '' : JSON.stringify(numa)}`;
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
    });
    return id;
  });
  return { groups, groupOf };
};

/**
 * The managers' policies are not in the object, but what it lists gives them away: exclusive CPUs are listed for zones only under CPU Manager
 * `static`, and memory only under Memory Manager `Static` (kubelet PodResources API).
 */
const numaOf = (facts: ZoneFacts, resourceNames: readonly string[]): NumaFacts => {
  const lists = (resource: string): boolean => facts.zones.some(({ total }) => (total[resource] ?? 0) > 0);
  return {
    policy: facts.policy,
    scope: facts.scope,
    cpuManager: lists('cpu') ? 'static' : 'none',
    memoryManager: lists('memory') ? 'Static' : 'None',
    options: facts.options,
    zones: facts.zones.map(({ id, total }) => ({ id, total: resourceNames.map((resource) => total[resource] ?? -1) })),
  };
};

const columnsOf = (
  state: InventoryState,
  names: readonly string[],
  resourceNames: readonly string[],
  group: readonly number[],
  used: ReadonlyMap<string, NodeUse>,
): NodeColumns => {
  const nodes = names.map((name) => ({
    node: nodeNamed(state, name),
    use: used.get(name),
    zones: state.zones.get(name)?.zones ?? [],
  }));
  const zoneCount = nodes.reduce((most, { zones }) => Math.max(most, zones.length), 0);
  const columns = {
    names,
    group,
    podsFree: nodes.map(({ node, use }) => amountOf(node, 'pods') - (use?.pods ?? 0)),
    free: resourceNames.map((resource) =>
      nodes.map(({ node, use }) => bookedToCanonical(resource, amountOf(node, resource) - (use?.amounts.get(resource) ?? 0))),
    ),
  };
  if (zoneCount === 0) return columns;
  const zoneFree = Array.from({ length: zoneCount }, (_, zone) =>
    resourceNames.map((resource) => nodes.map(({ zones }) => zones[zone]?.available[resource] ?? -1)),
  );
  return { ...columns, zoneFree };
};
