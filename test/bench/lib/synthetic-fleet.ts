/**
 * @module A fleet at the hub's bus port whose members are a few arrays each: they take work at once, bind what they are given node by node, and
 * report once a second what changed, as agents do.
 */
import type { Arrival, FleetBus } from '../../../hub/fleet/port.ts';
import { type CapacityReport, createReportSender, emptyReport, type ReportSender } from '../../../shared/capacity/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Beat, Hello, ReportMessage, StatusItem, WorkItem } from '../../../shared/wire/index.ts';

/** How many clusters of how many nodes. */
export type SyntheticFleetOptions = { readonly clusters: number; readonly nodes: number; readonly nowMs: () => number };

/** The fleet and its levers. */
export type SyntheticFleet = {
  readonly bus: FleetBus;
  readonly names: readonly string[];
  /** Labels that a policy may spread over. */
  readonly labelsOf: (name: string) => Readonly<Record<string, string>>;
  /** Every cluster says hello, reports and beats; from then on it does so each second. */
  readonly start: () => void;
  readonly stop: () => void;
  /** Called with each item as it is handed to the bus. */
  onWork: (item: WorkItem) => void;
};

/** Cores and MiB of a node; a node has a little of it taken from the start, differently on each. */
const CORES = 16;
const MEMORY_MIB = 65_536;
const PODS = 110;
/** Of each report. */
const GROUPS = 4;
const PROVIDERS = 5;
const REGIONS = 20;
/** Agents of clusters this size coalesce what changes to a report this often; making it is their work, and is done in this process here. */
const REPORT_EVERY_MS = 5_000;
const BEAT_EVERY_MS = 1_000;

type Member = {
  readonly name: string;
  readonly cpu: number[];
  readonly memory: number[];
  readonly pods: number[];
  readonly bound: Map<string, number>;
  readonly sender: ReportSender;
  seq: number;
  next: number;
  isChanged: boolean;
};

const memberOf = (name: string, seed: number, nodes: number): Member => {
  const taken = Array.from({ length: nodes }, (_, node) => (node * 7 + seed * 13) % 11);
  return {
    name,
    cpu: taken.map((count) => (CORES - count) * 1_000 - ((count * seed) % 7) * 50),
    memory: taken.map((count) => MEMORY_MIB - count * 4_096),
    pods: taken.map((count) => PODS - count),
    bound: new Map(),
    sender: createReportSender(),
    seq: 0,
    next: seed % nodes,
    isChanged: true,
  };
};

const reportOf = (member: Member, nowMs: number): CapacityReport => ({
  ...emptyReport,
  epoch: 1,
  seq: member.seq,
  observedAtMs: nowMs,
  resourceNames: ['cpu', 'memory'],
  groups: Array.from({ length: GROUPS }, (_, id) => ({
    id,
    labels: { 'topology.kubernetes.io/zone': `zone-${id}`, 'kubernetes.io/arch': 'amd64' },
    taints: [],
    ready: true,
    unschedulable: false,
    allocatable: [CORES * 1_000, MEMORY_MIB],
    runtimeHandlers: [],
  })),
  nodes: {
    names: member.cpu.map((_, node) => `${member.name}-${node}`),
    group: member.cpu.map((_, node) => node % GROUPS),
    podsFree: [...member.pods],
    free: [[...member.cpu], [...member.memory]],
  },
  present: Object.fromEntries([...member.bound].map(([id, bound]) => [id, { bound, pending: 0 }])),
});

const cpuOf = (object: KubeObject | undefined): number => {
  const spec = object?.spec as { template?: { spec?: { containers?: { resources?: { requests?: { cpu?: string } } }[] } } } | undefined;
  return Number(/^(\d+)m$/.exec(spec?.template?.spec?.containers?.[0]?.resources?.requests?.cpu ?? '')?.[1] ?? 0);
};

/** Binds or unbinds replicas, round the nodes. */
const bind = (member: Member, { id, object }: WorkItem): void => {
  const wanted = (object?.spec as { replicas?: number } | undefined)?.replicas ?? 0;
  const cpu = cpuOf(object);
  let left = wanted - (member.bound.get(id) ?? 0);
  const sign = Math.sign(left);
  for (let tries = 0; left !== 0 && tries < member.cpu.length * 2; tries++) {
    const node = member.next;
    member.next = (node + 1) % member.cpu.length;
    if (sign > 0 && ((member.cpu[node] ?? 0) < cpu || (member.pods[node] ?? 0) < 1)) continue;
    member.cpu[node] = (member.cpu[node] ?? 0) - sign * cpu;
    member.pods[node] = (member.pods[node] ?? 0) - sign;
    left -= sign;
  }
  member.bound.set(id, wanted - left);
  member.isChanged = true;
};

const served = [
  { groupVersion: 'apps/v1', kind: 'Deployment', resource: 'deployments', namespaced: true },
  { groupVersion: 'v1', kind: 'ConfigMap', resource: 'configmaps', namespaced: true },
];

/** Makes the fleet; nothing is said before `start`. */
export const createSyntheticFleet = ({ clusters, nodes, nowMs }: SyntheticFleetOptions): SyntheticFleet => {
  const members = new Map(
    Array.from({ length: clusters }, (_, at) => {
      const name = `c${String(at).padStart(4, '0')}`;
      return [name, memberOf(name, at, nodes)] as const;
    }),
  );
  const order = [...members.keys()];
  const handlers = {
    hello: new Set<(arrival: Arrival<Hello>) => void>(),
    beat: new Set<(arrival: Arrival<Beat>) => void>(),
    report: new Set<(arrival: Arrival<ReportMessage>) => void>(),
    status: new Set<(item: StatusItem) => void>(),
  };
  const listen = <T>(set: Set<T>, handler: T): (() => void) => {
    set.add(handler);
    return () => set.delete(handler);
  };
  const nothing = (): (() => void) => () => undefined;
  const sayHello = (cluster: string): void => {
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
    for (const handler of handlers.hello) handler({ message, arrivedAtMs: nowMs() });
  };
  const report = (member: Member): void => {
    if (!member.isChanged) return;
    member.isChanged = false;
    member.seq += 1;
    const message: ReportMessage = { v: 1, cluster: member.name, bootId: 'b', report: member.sender.next(reportOf(member, nowMs())) };
    for (const handler of handlers.report) handler({ message, arrivedAtMs: nowMs() });
  };
  const beat = ({ name: cluster, seq }: Member): void => {
    const message: Beat = { v: 1, cluster, bootId: 'b', seq, nowMs: nowMs(), api: { reachable: true }, reportSeq: seq };
    for (const handler of handlers.beat) handler({ message, arrivedAtMs: nowMs() });
  };
  const answer = ({ cluster, id, seq, op, ref, object }: WorkItem): void => {
    const replicas = (object?.spec as { replicas?: number } | undefined)?.replicas ?? 0;
    const status = { observedGeneration: 1, replicas, updatedReplicas: replicas, readyReplicas: replicas, availableReplicas: replicas };
    const phase = op === 'withdraw' ? 'Withdrawn' : 'Applied';
    for (const handler of handlers.status) handler({ v: 1, cluster, id, seq, ref, phase, generation: 1, status, observedAtMs: nowMs() });
  };
  const fleet: SyntheticFleet = {
    names: order,
    labelsOf: (name) => {
      const home = order.indexOf(name) % REGIONS;
      return { 'topology.kubernetes.io/region': `region-${home}`, 'hanse.dev/provider': `provider-${home % PROVIDERS}` };
    },
    onWork: () => undefined,
    bus: {
      onHello: (handler) => listen(handlers.hello, handler),
      onBeat: (handler) => listen(handlers.beat, handler),
      onReport: (handler) => listen(handlers.report, handler),
      onStatus: (handler) => listen(handlers.status, handler),
      onUnknown: nothing,
      onDamage: nothing,
      onRefusal: nothing,
      publishWork: async (item) => {
        fleet.onWork(item);
        const member = members.get(item.cluster);
        if (member !== undefined) bind(member, item);
        await Promise.resolve();
        answer(item);
        return { ok: true };
      },
      forgetWork: async () => ({ ok: true }),
      forgetCluster: async () => ({ ok: true }),
      publishedWork: async () => [],
      want: (cluster, what) => {
        if (what.includes('hello')) sayHello(cluster);
      },
      connected: () => true,
      onConnected: nothing,
    },
    start: () => {
      for (const [name, member] of members) {
        sayHello(name);
        report(member);
        beat(member);
      }
      // Spread over the second, as clocks of agents are.
      const all = [...members.values()];
      let [reported, beaten] = [0, 0];
      const at = (turn: number, say: (member: Member) => void): void => {
        const member = all[turn % all.length];
        if (member !== undefined) say(member);
      };
      const startedMs = performance.now();
      timer = setInterval(() => {
        // However late the turn comes: agents speak on time, and what they say waits at the hub's socket.
        const dueOf = (everyMs: number): number => Math.floor(((performance.now() - startedMs) / everyMs) * all.length);
        for (; reported < dueOf(REPORT_EVERY_MS); reported++) at(reported, report);
        for (; beaten < dueOf(BEAT_EVERY_MS); beaten++) at(beaten, beat);
      }, TURN_MS);
    },
    stop: () => clearInterval(timer),
  };
  let timer: ReturnType<typeof setInterval> | undefined;
  return fleet;
};

const TURN_MS = 20;
