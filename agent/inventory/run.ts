/** @module Keeps the inventory fed and the hub told: reflectors of what the member serves, and a report when something changed. */
import type { CapacityReport } from '../../shared/capacity/report.ts';
import { hashOf } from '../../shared/capacity/report-state.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { learntLabels } from '../../shared/placement/learnt-labels.ts';
import type { ServedApi } from '../../shared/wire/index.ts';
import { type Reflector, startReflector } from '../cluster/index.ts';
import { type Exporter, startDcgm } from './dcgm.ts';
import { startKubelets } from './kubelets.ts';
import { buildReport, forbiddenOf, type ReportInput } from './report.ts';
import { applyEvent, createInventoryState, type Facts, project, type SourceName } from './state.ts';

/** What the inventory is given. */
export type InventoryOptions = {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly env: RuntimeEnv;
  /** What a report says of work. */
  readonly work: () => Pick<ReportInput, 'works' | 'acks'>;
  /** Sends a report; false = not sent now. */
  readonly publish: (report: CapacityReport) => boolean;
  /** Labels or runtime classes changed, which a hello tells. */
  readonly onFactsChange: () => void;
  /** The text of a node's `/configz`; absent = kubelets are not asked. */
  readonly configz?: (node: string) => Promise<string>;
  /** The text of a DCGM exporter's `/metrics`; absent = none is looked for. */
  readonly metrics?: (exporter: Exporter) => Promise<string>;
  readonly reportIntervalMs?: number;
  readonly idleIntervalMs?: number;
};

/** A running inventory. */
export type Inventory = {
  readonly setServed: (apis: readonly ServedApi[]) => void;
  /** Something outside changed that a report tells. */
  readonly changed: () => void;
  /** The newest report made; undefined until nodes and pods were read or found unreadable. */
  readonly latest: () => CapacityReport | undefined;
  readonly labels: () => Readonly<Record<string, string>>;
  readonly runtimeClasses: () => readonly string[];
  readonly forbidden: () => readonly string[];
  readonly stop: () => void;
};

const REPORT_INTERVAL_MS = 1_000;
const IDLE_INTERVAL_MS = 30_000;
/** A first change after a calm is told after this, so that a burst is one report. */
const GATHER_MS = 50;

type Source = {
  readonly name: SourceName;
  readonly group: string;
  readonly resource: string;
  readonly namespace?: string;
  readonly fieldSelector?: string;
};

const sources: readonly Source[] = [
  { name: 'nodes', group: '', resource: 'nodes' },
  { name: 'pods', group: '', resource: 'pods', fieldSelector: 'status.phase!=Succeeded,status.phase!=Failed' },
  { name: 'replicasets', group: 'apps', resource: 'replicasets' },
  { name: 'jobs', group: 'batch', resource: 'jobs' },
  { name: 'runtimeclasses', group: 'node.k8s.io', resource: 'runtimeclasses' },
  { name: 'noderesourcetopologies', group: 'topology.node.k8s.io', resource: 'noderesourcetopologies' },
  { name: 'network-attachment-definitions', group: 'k8s.cni.cncf.io', resource: 'network-attachment-definitions' },
  { name: 'resourcequotas', group: '', resource: 'resourcequotas' },
  { name: 'resourceslices', group: 'resource.k8s.io', resource: 'resourceslices' },
  { name: 'resourceclaims', group: 'resource.k8s.io', resource: 'resourceclaims' },
  { name: 'deviceclasses', group: 'resource.k8s.io', resource: 'deviceclasses' },
  {
    name: 'configmaps',
    group: '',
    resource: 'configmaps',
    namespace: 'kube-system',
    fieldSelector: 'metadata.name=cluster-autoscaler-status',
  },
  { name: 'machinedeployments', group: 'cluster.x-k8s.io', resource: 'machinedeployments' },
  { name: 'nodepools', group: 'karpenter.sh', resource: 'nodepools' },
];

/** Starts; nothing is read before `setServed` says what there is. */
export const startInventory = (options: InventoryOptions): Inventory => {
  const { env } = options;
  const state = createInventoryState();
  const epoch = env.nowMs();
  const running = new Map<SourceName, Reflector>();
  const intervalMs = options.reportIntervalMs ?? REPORT_INTERVAL_MS;
  const idleMs = options.idleIntervalMs ?? IDLE_INTERVAL_MS;
  let seq = 0;
  let latest: CapacityReport | undefined;
  let told = '';
  let factsTold = '';
  let builtMs = Number.NEGATIVE_INFINITY;
  let cancelTimer = (): void => undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let stopped = false;

  const schedule = (atMs: number): void => {
    if (stopped || atMs >= dueMs) return;
    cancelTimer();
    dueMs = atMs;
    cancelTimer = env.setTimer(Math.max(0, atMs - env.monotonicMs()), report);
  };

  const changed = (): void => schedule(Math.max(env.monotonicMs() + GATHER_MS, builtMs + intervalMs));

  const report = (): void => {
    dueMs = Number.POSITIVE_INFINITY;
    const idle = env.monotonicMs() - builtMs >= idleMs;
    builtMs = env.monotonicMs();
    const next = buildReport(state, { epoch, seq: seq + 1, nowMs: env.nowMs(), ...options.work() });
    const hash = hashOf(next);
    if (hasBegun(state.sources) && (hash !== told || idle)) {
      seq += 1;
      latest = next;
      // What could not be sent is told with the next report; on reconnect the link sends its newest itself.
      told = options.publish(next) ? hash : '';
    }
    tellFacts();
    schedule(builtMs + idleMs);
  };

  const tellFacts = (): void => {
    const facts = JSON.stringify([labels(), runtimeClasses()]);
    if (facts === factsTold) return;
    factsTold = facts;
    options.onFactsChange();
  };

  const labels = (): Readonly<Record<string, string>> =>
    learntLabels([...state.nodes.values()].map(({ kindId, providerId }) => ({ labels: state.kinds.valueOf(kindId).labels, providerId })));
  const runtimeClasses = (): readonly string[] => [...state.runtimeClasses.keys()].sort();

  const startSource = (source: Source, version: string): Reflector =>
    startReflector<Facts>({
      client: options.client,
      env,
      collection: {
        group: source.group,
        version,
        resource: source.resource,
        ...(source.namespace === undefined ? {} : { namespace: source.namespace }),
        ...(source.fieldSelector === undefined ? {} : { fieldSelector: source.fieldSelector }),
      },
      project: (object) => project(source.name, object),
      onEvent: (event) => {
        const nodes = state.nodes.size;
        if (applyEvent(state, source.name, event)) changed();
        if (state.nodes.size > nodes) kubelets?.soon();
      },
      onHealth: (problem) => {
        const at = state.sources[source.name];
        if (at.problem?.reason !== problem?.reason) changed();
        at.problem = problem;
      },
    });

  const { configz, metrics, client } = options;
  const kubelets = configz === undefined ? undefined : startKubelets({ env, state, configz, onChange: changed });
  const dcgm = metrics === undefined ? undefined : startDcgm({ env, state, client, metrics, onChange: changed });

  return {
    setServed: (apis) => {
      if (stopped) return;
      for (const source of sources) {
        const version = versionOf(apis, source);
        const at = state.sources[source.name];
        if (at.served !== (version !== undefined)) changed();
        at.served = version !== undefined;
        if (version !== undefined && !running.has(source.name)) running.set(source.name, startSource(source, version));
        if (version === undefined) {
          running.get(source.name)?.stop();
          running.delete(source.name);
        }
      }
    },
    changed,
    latest: () => latest,
    labels,
    runtimeClasses,
    forbidden: () => forbiddenOf(state),
    stop: () => {
      stopped = true;
      cancelTimer();
      kubelets?.stop();
      dcgm?.stop();
      for (const reflector of running.values()) reflector.stop();
    },
  };
};

/** The served version of a source; the stable one where there are several. */
const versionOf = (apis: readonly ServedApi[], source: Source): string | undefined =>
  apis
    .filter(({ groupVersion, resource }) => resource === source.resource && groupOf(groupVersion) === source.group)
    .map(({ groupVersion }) => groupVersion.slice(groupVersion.indexOf('/') + 1))
    .sort((a, b) => a.length - b.length || (a < b ? 1 : -1))[0];

const groupOf = (groupVersion: string): string => (groupVersion.includes('/') ? groupVersion.slice(0, groupVersion.indexOf('/')) : '');

/** True when nodes and pods were read, or are known to be unreadable: before that there is nothing to tell. */
const hasBegun = (all: ReturnType<typeof createInventoryState>['sources']): boolean =>
  [all.nodes, all.pods].every(({ synced, problem, served }) => synced || problem?.status === 403 || served === false);
