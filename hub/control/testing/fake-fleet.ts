/** @module A bus in memory with agents in the small, for tests of the loops: each applies what it is sent and answers at once. */
import type { CapacityReport } from '../../../shared/capacity/index.ts';
import { reportOf, type TestNode } from '../../../shared/capacity/testing.ts';
import { isFinishedJob } from '../../../shared/kube/job-end.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Beat, Hello, ReportMessage, ServedApi, StatusItem, WorkItem } from '../../../shared/wire/index.ts';
import { type Arrival, type FleetBus, publishedOf, type UnknownStatus } from '../../fleet/port.ts';
import { isHeld, podsOn, replicasOf } from './fake-nodes.ts';
import { createFakePods } from './fake-pods.ts';

/** One agent of the fake fleet. */
export type FakeAgent = {
  readonly name: string;
  /** Objects in the member, by work id. */
  readonly objects: Map<string, KubeObject>;
  /** Work ids of Jobs that came to their end: they have no pods any more. */
  readonly ended: Set<string>;
  /** Every item the agent took, in order. */
  readonly taken: WorkItem[];
  /** Work ids of objects that are somebody else's in the member: refused at each look, until they are not. */
  readonly foreign: Set<string>;
  /** Work ids of objects that do not go when they are withdrawn, until they are none any more. */
  readonly stuck: Set<string>;
  /** Cut off: it neither beats nor takes work; the broker keeps what was published. */
  cutOff: boolean;
  /** Cores of the member; each replica that asks for one takes one. */
  cores: number;
  /** The nodes that these are on have so many each, and the last one the rest. Larger pods wait. */
  nodeCores: number;
  /** True: pods stay on their nodes and are told of by node; those that find no room wait, as do strangers of so many cores each. */
  tellsNodes: boolean;
  strangers: number[];
  /** Cores of a node beside the others that is tainted. */
  taintedCores: number;
  /** Of each workload no more replicas become ready. */
  readyMax: number;
  /** False: the member's scheduler is slow, and pods wait. */
  isBinding: boolean;
  /** False: it tells nothing new of its capacity. */
  isReporting: boolean;
};

/** The fake bus and its levers. */
export type FakeFleet = {
  readonly bus: FleetBus;
  readonly agent: (name: string) => FakeAgent;
  /** One beat, and a report, from every agent that is not cut off. */
  readonly beat: () => void;
  readonly published: () => readonly WorkItem[];
  /** What the hub had removed from the broker, as `cluster.id`. */
  readonly forgotten: readonly string[];
  /** A member's controllers came to this status of an object that it has taken. */
  readonly tell: (cluster: string, id: string, status: { readonly [field: string]: unknown }, reason?: string) => void;
  /** A member has this, by an agent of before: nobody holds a record of it, and the agent tells of it. */
  readonly strand: (item: WorkItem) => void;
  /** Loses one record at the broker. */
  readonly damage: (cluster: string, id: string) => void;
};

const served: readonly ServedApi[] = [
  ['apps/v1', 'Deployment', 'deployments'],
  ['apps/v1', 'StatefulSet', 'statefulsets'],
  ['batch/v1', 'Job', 'jobs'],
  ['v1', 'ConfigMap', 'configmaps'],
  ['v1', 'Secret', 'secrets'],
  ['v1', 'PersistentVolumeClaim', 'persistentvolumeclaims'],
  ['v1', 'Service', 'services'],
  ['v1', 'ServiceAccount', 'serviceaccounts'],
  ['batch/v1', 'CronJob', 'cronjobs'],
].map(([groupVersion, kind, resource]) => ({
  groupVersion: groupVersion ?? '',
  kind: kind ?? '',
  resource: resource ?? '',
  namespaced: true,
}));

/** Cores of each node that is not tainted. */
const sizesOf = ({ cores, nodeCores }: Pick<FakeAgent, 'cores' | 'nodeCores'>): number[] => {
  const sizes: number[] = [];
  for (let left = cores; left > 0 || sizes.length === 0; left -= nodeCores) sizes.push(Math.max(0, Math.min(left, nodeCores)));
  return sizes;
};

/** The status that a member's controllers would come to. */
const settledStatus = (object: KubeObject, { readyMax, ...agent }: FakeAgent): { [field: string]: unknown } | undefined => {
  if (object.kind === 'PersistentVolumeClaim') return { phase: 'Bound' };
  if (object.kind !== 'Deployment') return undefined;
  const replicas = replicasOf(object);
  const ready = isHeld(object, sizesOf(agent)) ? Math.min(replicas, readyMax) : 0;
  return {
    observedGeneration: 1,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: ready,
    availableReplicas: ready,
    conditions: [
      { type: 'Available', status: 'True' },
      { type: 'Progressing', status: 'True', reason: 'NewReplicaSetAvailable' },
    ],
  };
};

/** Objects that have pods. */
const withPods = ({ objects, ended }: FakeAgent): ReadonlyMap<string, KubeObject> => new Map([...objects].filter(([id]) => !ended.has(id)));

/** A fleet of agents with these cores each. */
export const createFakeFleet = (sizes: Readonly<Record<string, number>>, nowMs: () => number): FakeFleet => {
  const agents = new Map(
    Object.entries(sizes).map(([name, cores]): [string, FakeAgent] => [
      name,
      {
        name,
        objects: new Map(),
        ended: new Set(),
        taken: [],
        foreign: new Set(),
        stuck: new Set(),
        cutOff: false,
        cores,
        nodeCores: Number.MAX_SAFE_INTEGER,
        tellsNodes: false,
        strangers: [],
        taintedCores: 0,
        readyMax: Number.MAX_SAFE_INTEGER,
        isBinding: true,
        isReporting: true,
      },
    ]),
  );
  const records = new Map<string, WorkItem>();
  const forgotten: string[] = [];
  const handlers = {
    hello: new Set<(arrival: Arrival<Hello>) => void>(),
    beat: new Set<(arrival: Arrival<Beat>) => void>(),
    report: new Set<(arrival: Arrival<ReportMessage>) => void>(),
    status: new Set<(item: StatusItem) => void>(),
    unknown: new Set<(unknown: UnknownStatus) => void>(),
    damage: new Set<(damage: { readonly cluster: string; readonly id: string }) => void>(),
  };
  let seq = 0;
  const listen = <T>(set: Set<T>, handler: T): (() => void) => {
    set.add(handler);
    return () => set.delete(handler);
  };
  const placedPods = new Map([...agents.keys()].map((name) => [name, createFakePods()]));
  /** What a report tells of an agent that tells of nodes. */
  const reportByNode = (agent: FakeAgent): CapacityReport | undefined => {
    const sizes = sizesOf(agent);
    const names = sizes.map((_, at) => `${agent.name}-node-${at}`);
    const { strangers, taken } = agent;
    const leavingOf = (id: string) => taken.findLast((item) => item.id === id)?.leaving ?? [];
    const placed = placedPods.get(agent.name)?.({ objects: withPods(agent), leavingOf, names, coresOfNodes: sizes, strangers });
    if (placed === undefined) return undefined;
    const { free, workSet, ...told } = placed;
    const nodes = sizes.map((cores, at) => ({ name: names[at] ?? '', allocatable: { cpu: cores * 1_000 }, free: { cpu: free[at] ?? 0 } }));
    const report = reportOf(nodes, { seq, ...told });
    return { ...report, nodes: { ...report.nodes, workSet } };
  };
  const reportFrom = (agent: FakeAgent): CapacityReport => {
    const byNode = agent.tellsNodes ? reportByNode(agent) : undefined;
    if (byNode !== undefined) return byNode;
    const sizes = sizesOf(agent);
    const { present, pending, free } = podsOn(withPods(agent), sizes, agent.isBinding);
    const node = (name: string, cores: number) => ({
      name: `${agent.name}-${name}`,
      allocatable: { cpu: cores * 1000, memory: 1_000_000 },
    });
    const nodes = sizes.map((cores, at): TestNode => ({ ...node(`node-${at}`, cores), free: { cpu: free[at] ?? 0, memory: 1_000_000 } }));
    const taints = [{ key: 'gpu', value: '', effect: 'NoSchedule' as const }];
    if (agent.taintedCores > 0) nodes.push({ ...node('tainted', agent.taintedCores), taints });
    return reportOf(nodes, { seq, present, pending });
  };
  const take = (agent: FakeAgent, item: WorkItem): void => {
    const last = agent.taken.findLast(({ id }) => id === item.id);
    if (last !== undefined && last.seq === item.seq) return;
    const { v, cluster, id, ref, object } = item;
    if (last !== undefined && last.seq > item.seq) {
      const phase = last.op === 'withdraw' ? 'Withdrawn' : 'Applied';
      for (const handler of handlers.status) handler({ v, cluster, id, seq: last.seq, ref, phase, generation: 1, observedAtMs: nowMs() });
      return;
    }
    const tell = (answer: Pick<StatusItem, 'phase' | 'reason' | 'message' | 'generation' | 'status'>): void => {
      for (const handler of handlers.status) handler({ v, cluster, id, seq: item.seq, ref, ...answer, observedAtMs: nowMs() });
    };
    if (item.op === 'apply' && agent.foreign.has(id)) {
      tell({ phase: 'Conflict', reason: 'NotOwned', message: `${ref.kind} ${ref.name} is not ours` });
      return;
    }
    if (item.op === 'withdraw' && agent.stuck.has(id)) {
      tell({ phase: 'Failed', reason: 'Terminating', message: 'the object waits for a finalizer' });
      return;
    }
    agent.taken.push(item);
    if (item.op === 'withdraw' || object === undefined) agent.objects.delete(id);
    else agent.objects.set(id, object);
    const status = object === undefined ? undefined : settledStatus(object, agent);
    const phase = item.op === 'withdraw' ? 'Withdrawn' : 'Applied';
    tell({ phase, generation: 1, ...(status === undefined ? {} : { status }) });
  };
  const deliver = (agent: FakeAgent): void => {
    if (!agent.cutOff) for (const item of records.values()) if (item.cluster === agent.name) take(agent, item);
  };
  const bus: FleetBus = {
    onHello: (handler) => listen(handlers.hello, handler),
    onBeat: (handler) => listen(handlers.beat, handler),
    onReport: (handler) => listen(handlers.report, handler),
    onStatus: (handler) => listen(handlers.status, handler),
    onUnknown: (handler) => listen(handlers.unknown, handler),
    onDamage: (handler) => listen(handlers.damage, handler),
    onRefusal: () => () => undefined,
    publishWork: async (item) => {
      records.set(`${item.cluster}.${item.id}`, structuredClone(item));
      await Promise.resolve();
      const agent = agents.get(item.cluster);
      if (agent !== undefined) deliver(agent);
      return { ok: true };
    },
    forgetWork: async (cluster, id) => {
      records.delete(`${cluster}.${id}`);
      forgotten.push(`${cluster}.${id}`);
      return { ok: true };
    },
    forgetCluster: async () => ({ ok: true }),
    publishedWork: async () => [...records.values()].map(publishedOf),
    want: (cluster, what) => {
      const agent = agents.get(cluster);
      if (agent === undefined || agent.cutOff) return;
      const message: Hello = {
        v: 1,
        cluster,
        bootId: 'b',
        agentVersion: '0',
        kubernetesVersion: 'v1.36.0',
        apis: served,
        runtimeClasses: [],
        labels: {},
        nowMs: nowMs(),
      };
      if (what.includes('hello')) for (const handler of handlers.hello) handler({ message, arrivedAtMs: nowMs() });
    },
    connected: () => true,
    onConnected: () => () => undefined,
  };
  return {
    bus,
    agent: (name) => {
      const agent = agents.get(name);
      if (agent === undefined) throw new RangeError(`no agent ${name}`);
      return agent;
    },
    beat: () => {
      seq += 1;
      for (const agent of agents.values()) {
        if (agent.cutOff) continue;
        const arrivedAtMs = nowMs();
        const cluster = agent.name;
        deliver(agent);
        const report = agent.isReporting ? reportFrom(agent) : undefined;
        if (report !== undefined)
          for (const handler of handlers.report) handler({ message: { v: 1, cluster, bootId: 'b', report }, arrivedAtMs });
        for (const handler of handlers.beat)
          handler({
            message: { v: 1, cluster, bootId: 'b', seq, nowMs: arrivedAtMs, api: { reachable: true }, reportSeq: seq },
            arrivedAtMs,
          });
      }
    },
    published: () => [...records.values()],
    forgotten,
    tell: (cluster, id, status, reason) => {
      const item = agents.get(cluster)?.taken.findLast((taken) => taken.id === id);
      if (item === undefined) throw new RangeError(`${cluster} has taken no ${id}`);
      const { v, seq: at, ref } = item;
      if (isFinishedJob({ ...ref, status })) agents.get(cluster)?.ended.add(id);
      const said = { phase: 'Applied', ...(reason === undefined ? {} : { reason }), generation: 1, status } as const;
      for (const handler of handlers.status) handler({ v, cluster, id, seq: at, ref, ...said, observedAtMs: nowMs() });
    },
    strand: ({ v, cluster, id, seq, ref, object }) => {
      if (object !== undefined) agents.get(cluster)?.objects.set(id, object);
      const item: StatusItem = { v, cluster, id, seq, ref, phase: 'Applied', generation: 1, observedAtMs: nowMs() };
      for (const handler of handlers.unknown) handler({ item, wasSent: false });
    },
    damage: (cluster, id) => {
      records.delete(`${cluster}.${id}`);
      for (const handler of handlers.damage) handler({ cluster, id });
    },
  };
};
