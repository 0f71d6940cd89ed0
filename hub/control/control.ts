/** @module The hub's control loops, wired: what changes in the store or on the bus becomes keys of the loops that care. */
import {
  defaultFailoverPolicy,
  effectiveFailover,
  type FailoverPolicy,
  type FailoverPolicySpec,
  hanseGroup,
  storedPlacement,
} from '../../shared/api/index.ts';
import type { Watch } from '../../shared/health/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { keyOf, partsOf, prefixOf, type Revision, type StorageKey, type Store } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import type { FleetBus, HubMesh } from '../fleet/port.ts';
import { createDirectory, type Directory } from './cluster/directory.ts';
import { type HealthOptions, healthDefaults } from './cluster/health.ts';
import { createLedger } from './cluster/ledger.ts';
import { startClusterLoop } from './cluster/loop.ts';
import { createRemovals } from './cluster/removals.ts';
import { createDependencyIndex } from './dependencies/index.ts';
import { createEventRecorder } from './events.ts';
import { startGpuLoop } from './gpu/loop.ts';
import { type KindCatalog, workIdOf } from './kinds.ts';
import { startPlacementLoop } from './placement/loop.ts';
import { createPolicyBook } from './placement/policies.ts';
import { createPlanner, type Planner } from './plan/index.ts';
import { startRebalanceLoop } from './rebalance/loop.ts';
import { createSolver } from './rebalance/solver.ts';
import { createRoutes, workloadKeyOf } from './routes.ts';
import { startStatusLoop } from './status/loop.ts';
import { startTrafficLoop } from './traffic/loop.ts';
import { splitBus } from './traffic/split-bus.ts';
import { startVerdictLoop, type VerdictLoopOptions } from './verdict/loop.ts';
import { createBoard } from './work/board.ts';
import { budgetOf, drainCount } from './work/drain.ts';
import { addWork, listenToClusters } from './work/listen.ts';
import { startWorkLoop } from './work/loop.ts';
import type { Moves } from './work/moving.ts';
import { createOlderCopy } from './work/older-copy.ts';

/** What the loops are built from. */
export type ControlOptions = {
  readonly store: Store;
  readonly bus: FleetBus;
  /** The served kinds; kinds may come and go. */
  readonly catalog: KindCatalog;
  readonly env: RuntimeEnv;
  readonly health?: Partial<HealthOptions>;
  /** Head of the journal when it was opened, before anything was written; absent = nothing was written since. */
  readonly openedAt?: Revision;
  /** The mesh of agents and the rim that a detector needs; absent = no votes are heard, and the hub judges by its own hearing alone. */
  readonly mesh?: { readonly mesh: HubMesh; readonly rim: VerdictLoopOptions['rim'] };
  /** What the hub does not take of the kinds that a cluster serves; absent = it takes all. */
  readonly kindTroubles?: (cluster: string) => readonly string[];
};

/** The running loops. */
export type Control = {
  readonly directory: Directory;
  /** What the observers agree on, as the hub counts it; undefined without a mesh. */
  readonly watch: Watch | undefined;
  /** What the hub says of a cluster's kinds changed. */
  readonly recheckCluster: (name: string) => void;
  /** Answers what would be decided; nothing is written. */
  readonly plan: Planner;
  /** Keys that wait or are worked on in all loops; 0 = settled for now. */
  readonly pending: () => number;
  /** So many objects wait for a decision that speed counts more than memory. */
  readonly isBurst: () => boolean;
  readonly stop: () => Promise<void>;
};

const placementPrefix = prefixOf(hanseGroup, 'placements');
const failoverKey = keyOf(hanseGroup, 'failoverpolicies', '', defaultFailoverPolicy);
const servicePrefix = prefixOf('', 'services');
const sweepEveryMs = 300_000;
/** Members report in bursts; one write an object this often is enough. */
const statusDelayMs = 50;
/** More objects that wait for a decision are a burst: what clusters answer waits too, where things run goes before how they fare. */
const burstKeys = 128;
const statusDelayInBurstMs = 5_000;

/** Starts all loops over a store that is filled. */
export const startControl = (options: ControlOptions): Control => {
  const { store, catalog, env } = options;
  const { work: bus, traffic: trafficBus } = splitBus(options.bus);
  const health: HealthOptions = { ...healthDefaults, ...options.health };
  const startedMs = env.nowMs();
  const ledger = createLedger();
  const directory = createDirectory(ledger, env.nowMs);
  const policies = createPolicyBook(store, catalog);
  const dependencies = createDependencyIndex(store);
  const board = createBoard();
  const events = createEventRecorder(store, env);

  /** After a start decisions wait until every cluster has been heard, or for as long as a silent one is tolerated. */
  const isWarm = (): boolean =>
    env.nowMs() - startedMs >= health.toleranceMs ||
    directory
      .views()
      .every((view) => view.closed !== undefined || (view.room !== undefined && directory.get(view.name)?.health.phase !== 'Unseen'));

  const status = startStatusLoop({ store, env, catalog, dependencies, board, directory, events });
  const isBurst = (): boolean => placement.pending() > burstKeys;
  const lookAtStatus = (key: StorageKey): void => status.addAfter(key, isBurst() ? statusDelayInBurstMs : statusDelayMs);
  const onSent = (key: StorageKey): void => {
    lookAtStatus(key);
    if (!key.startsWith(servicePrefix)) return;
    const { namespace, name } = partsOf(key);
    traffic.onService(namespace, name);
  };
  const sentTo = (namespace: string, name: string): readonly string[] =>
    [...board.sent(workIdOf(keyOf('', 'services', namespace, name)))].flatMap(([cluster, { op }]) => (op === 'apply' ? [cluster] : []));
  const traffic = startTrafficLoop({ store, bus: trafficBus, env, directory, sentTo });
  const failover = (): FailoverPolicySpec => (store.get(failoverKey)?.object as unknown as FailoverPolicy | undefined)?.spec ?? {};
  const removals = createRemovals(directory, failover, env.nowMs);
  const moves: Moves = {
    isSingleton: () => effectiveFailover(failover()).replicas.class === 'Singleton',
    surplusMs: () => effectiveFailover(failover()).replicas.surplusSeconds * 1_000,
    onWait: (object, clusters) => {
      const message = `it begins in its new cluster when it has stopped in ${clusters.join(', ')}; a cluster that is not heard is waited for until the votes of the others have fenced it, or somebody deletes its Cluster`;
      events.record(object, { type: 'Normal', reason: 'SingletonWaits', message });
    },
    isFenced: (name) => verdicts?.isFenced(name) ?? false,
    fenceOf: (name) => directory.get(name)?.object?.status?.fence ?? 0,
    drainBudgetOf: (name, replicas) => {
      const drain = directory.get(name)?.object?.spec?.drain;
      return drain === undefined ? undefined : budgetOf(drain, replicas);
    },
  };
  const olderCopy = createOlderCopy({ store, env, bus, directory, events, openedAt: options.openedAt ?? store.revision() });
  const work = startWorkLoop({ store, bus, env, catalog, directory, policies, dependencies, board, olderCopy, moves, onSent });
  const placement = startPlacementLoop({ store, env, catalog, directory, ledger, policies, events, isWarm });

  const rebalancing = startRebalanceLoop({
    store,
    env,
    catalog,
    directory,
    ledger,
    policies,
    events,
    solver: createSolver(),
    isWarm,
    onMoved: placement.moved,
  });

  /** Keys of everything placed; what runs in the clusters or is owed to them comes first. */
  const placedKeys = (names: ReadonlySet<string>): StorageKey[] => {
    const concerned = (object: KubeObject): boolean => {
      const { spec, status } = storedPlacement(object);
      return [...(spec?.clusters ?? []), ...(status?.owed ?? [])].some((entry) => names.has(entry.name));
    };
    const placements = store.list(placementPrefix).map(({ object }) => object);
    const ordered = [...placements.filter(concerned), ...placements.filter((object) => !concerned(object))];
    return ordered.flatMap((object) => workloadKeyOf(catalog, object) ?? []);
  };
  const changedClusters = new Set<string>();
  /** What placement sees of a cluster changed: everything placed or waiting is looked at again; unchanged decisions cost no write. */
  const onCluster = (name: string): void => {
    placement.recheckRunning();
    // Changes that come together, as when a provider fails or the hub starts, are looked at together.
    if (changedClusters.size === 0) cancelClusters = env.setTimer(0, onClusters);
    changedClusters.add(name);
  };
  let cancelClusters: () => void = () => undefined;
  const onClusters = (): void => {
    const names = new Set(changedClusters);
    changedClusters.clear();
    for (const name of names) if (!directory.has(name)) for (const id of board.dropCluster(name)) addWork(work, board, id);
    for (const key of placedKeys(names)) {
      placement.add(key);
      work.add(key);
    }
    for (const id of board.ids()) addWork(work, board, id);
    traffic.onCluster();
  };
  const gpus = startGpuLoop({ store, env, directory });
  const cluster = startClusterLoop({
    store,
    bus,
    env,
    directory,
    health,
    kindTroubles: options.kindTroubles ?? (() => []),
    removals,
    drainOf: (object) => drainCount({ board, store, dependencies, policies, directory }, object),
    onCluster,
    onCapacity: (name) => {
      placement.roomGrew(name);
      gpus.changed();
    },
  });

  const { mesh } = options;
  const verdicts =
    mesh === undefined
      ? undefined
      : startVerdictLoop({ store, bus, env, directory, events, removals, sentTo: board.newestSeqTo, ...mesh, onJudged: cluster.judged });

  const { onChange, fill } = createRoutes({
    lookAtStatus,
    store,
    catalog,
    policies,
    dependencies,
    board,
    placement,
    work,
    cluster,
    traffic,
    gpus,
    verdicts,
  });
  const from = store.revision();
  fill();
  const unwatch = store.watch('', from, onChange);
  const stopListening = listenToClusters({ bus, board, work, env, isForeign: store.isForeign, olderCopy, lookAtStatus });
  let cancelSweep: () => void = () => undefined;
  const scheduleSweep = (): void => {
    cancelSweep = env.setTimer(sweepEveryMs, () => {
      events.sweep().catch((error: unknown) => env.log.warn('old events could not be deleted', { error }));
      scheduleSweep();
    });
  };
  scheduleSweep();

  return {
    directory,
    watch: verdicts?.watch,
    recheckCluster: cluster.recheck,
    plan: createPlanner({ store, catalog, directory, ledger }, env),
    pending: () =>
      changedClusters.size +
      placement.pending() +
      work.pending() +
      status.pending() +
      cluster.pending() +
      gpus.pending() +
      traffic.pending() +
      (verdicts?.pending() ?? 0),
    isBurst,
    stop: async () => {
      cancelSweep();
      cancelClusters();
      await verdicts?.stop();
      await rebalancing.stop();
      unwatch();
      stopListening();
      olderCopy.stop();
      await Promise.all([cluster.stop(), gpus.stop(), traffic.stop(), placement.stop(), work.stop(), status.stop()]);
    },
  };
};
