/** @module The hub's control loops, wired: what changes in the store or on the bus becomes keys of the loops that care. */
import { type Cluster, type FailoverPolicySpec, hanseGroup } from '../../shared/api/index.ts';
import type { Watch } from '../../shared/health/index.ts';
import { keyOf, partsOf, prefixOf, type Revision, type StorageKey, type Store } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import type { FleetBus, HubMesh } from '../fleet/port.ts';
import { createDirectory, type Directory } from './cluster/directory.ts';
import { type HealthOptions, healthDefaults } from './cluster/health.ts';
import { createLedger } from './cluster/ledger.ts';
import { startClusterLoop } from './cluster/loop.ts';
import { createRemovals } from './cluster/removals.ts';
import { startWarmUp } from './cluster/warm-up.ts';
import { createClusterChanges } from './cluster-changes.ts';
import { createDependencyIndex } from './dependencies/index.ts';
import { startEventSweep } from './event-sweep.ts';
import { createEventRecorder, type EventText } from './events.ts';
import { startGpuLoop } from './gpu/loop.ts';
import { type KindCatalog, workIdOf } from './kinds.ts';
import { startHandMadeLoop } from './placement/hand-made.ts';
import { startPlacementLoop } from './placement/loop.ts';
import { type NodeWait, nodeWaitDefaults } from './placement/nodeless.ts';
import { createPolicyBook } from './placement/policies.ts';
import { createPlanner, type Planner } from './plan/index.ts';
import { startRebalanceLoop } from './rebalance/loop.ts';
import type { Solver } from './rebalance/solver.ts';
import { createRoutes } from './routes.ts';
import { startStatusLoop } from './status/loop.ts';
import { startTrafficLoop } from './traffic/loop.ts';
import { splitBus } from './traffic/split-bus.ts';
import { startVerdictLoop, type VerdictLoopOptions } from './verdict/loop.ts';
import { storedPolicy } from './verdict/membership-loop.ts';
import { givenUpIn } from './verdict/remembered.ts';
import type { ObservedRefusals } from './verdict/shadow-desk.ts';
import { type Board, createBoard } from './work/board.ts';
import { drainCount } from './work/drain.ts';
import { listenToClusters } from './work/listen.ts';
import { startWorkLoop } from './work/loop.ts';
import { moveRules } from './work/move-rules.ts';
import { createOlderCopy } from './work/older-copy.ts';
import { toldBy } from './work/replicas.ts';

/** What the loops are built from. */
export type ControlOptions = {
  readonly store: Store;
  readonly bus: FleetBus;
  /** The served kinds; kinds may come and go. */
  readonly catalog: KindCatalog;
  readonly env: RuntimeEnv;
  readonly health?: Partial<HealthOptions>;
  readonly nodeWait?: Partial<NodeWait>;
  /** Solves the rebalancer's programs; stopped with the loops. */
  readonly solver: Solver;
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
  /** What each observer has refused in the mesh. */
  readonly meshRefused: () => readonly ObservedRefusals[];
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

const servicePrefix = prefixOf('', 'services');
/** Members report in bursts; one write an object this often is enough. */
const statusDelayMs = 50;
/** More objects that wait for a decision are a burst: what clusters answer waits too, where things run goes before how they fare. */
const burstKeys = 128;
const statusDelayInBurstMs = 5_000;

/** Starts all loops over a store that is filled. */
export const startControl = (options: ControlOptions): Control => {
  const { store, catalog, env, mesh } = options;
  const { work: bus, traffic: trafficBus } = splitBus(options.bus);
  const health: HealthOptions = { ...healthDefaults, ...options.health };
  const ledger = createLedger();
  const directory = createDirectory(ledger, env);
  const policies = createPolicyBook(store, catalog);
  const dependencies = createDependencyIndex(store);
  const board = createBoard();
  const told = toldBy(board);
  const events = createEventRecorder(store, env);
  const isWarm = startWarmUp(env, directory, health.toleranceMs);
  const failover = (): FailoverPolicySpec => storedPolicy(store)?.spec ?? {};
  const known = store.list(prefixOf(hanseGroup, 'clusters')).map(({ object }) => object as unknown as Cluster);
  const removals = createRemovals(directory, failover, env, givenUpIn(known), () => verdicts?.watch.removals() ?? []);

  const status = startStatusLoop({ store, env, catalog, dependencies, board, directory, events });
  const isBurst = (): boolean => placement.pending() > burstKeys;
  const lookAtStatus = (key: StorageKey): void => status.addAfter(key, isBurst() ? statusDelayInBurstMs : statusDelayMs);
  const onSent = (key: StorageKey): void => {
    lookAtStatus(key);
    if (!key.startsWith(servicePrefix)) return;
    const { namespace, name } = partsOf(key);
    traffic.onService(namespace, name);
  };
  const sentTo = (namespace: string, name: string): readonly string[] => clustersOfService(board, namespace, name);
  // What was told before the loop of clusters runs is seen when it begins: it looks at all.
  let recheckCluster = (_: string): void => undefined;
  const tellCluster = (name: string, event: EventText): void => {
    const object = directory.get(name)?.object;
    if (object !== undefined) events.record(object, event);
  };
  const traffic = startTrafficLoop({
    store,
    bus: trafficBus,
    env,
    directory,
    sentTo,
    onAddresses: (name) => recheckCluster(name),
    tell: tellCluster,
  });
  const moves = moveRules({ failover, directory, events, isFenced: (name) => verdicts?.isFenced(name) ?? false });
  const olderCopy = createOlderCopy({ store, env, bus, directory, events, openedAt: options.openedAt ?? store.revision() });
  const work = startWorkLoop({ store, bus, env, catalog, directory, policies, dependencies, board, olderCopy, moves, onSent });
  const deciding = { store, env, catalog, directory, ledger, policies, events, isWarm };
  const placement = startPlacementLoop({
    ...deciding,
    nodeWait: { ...nodeWaitDefaults, ...options.nodeWait },
    told,
    keyOfWork: board.keyOf,
  });
  const handMade = startHandMadeLoop({ store, env, catalog, events });
  const rebalancing = startRebalanceLoop({ ...deciding, solver: options.solver, onMoved: placement.moved });
  const changes = createClusterChanges({ store, env, catalog, directory, board, placement, work, traffic });
  const gpus = startGpuLoop({ store, env, directory });
  const cluster = startClusterLoop({
    store,
    bus,
    env,
    directory,
    health,
    kindTroubles: options.kindTroubles ?? (() => []),
    removals,
    watched: (name) => verdicts?.watched(name),
    drainOf: (object) => drainCount({ board, store, dependencies, policies, directory }, object),
    onCluster: changes.add,
    onDeath: (name) => {
      for (const id of board.ids()) {
        const key = board.sent(id).has(name) ? board.keyOf(id) : undefined;
        if (key !== undefined) lookAtStatus(key);
      }
    },
    onCapacity: (name) => {
      placement.reported(name);
      gpus.changed();
    },
  });
  recheckCluster = cluster.recheck;
  const verdicts =
    mesh === undefined
      ? undefined
      : startVerdictLoop({
          store,
          bus,
          env,
          directory,
          events,
          removals,
          known,
          sentTo: board.newestSeqTo,
          ...mesh,
          onJudged: cluster.judged,
          onWatched: cluster.recheck,
        });

  const routes = createRoutes({
    store,
    catalog,
    policies,
    dependencies,
    board,
    placement,
    handMade,
    work,
    lookAtStatus,
    cluster,
    traffic,
    gpus,
    verdicts,
  });
  const from = store.revision();
  routes.fill();
  const unwatch = store.watch('', from, routes.onChange);
  const stopListening = listenToClusters({ bus, board, work, env, isForeign: store.isForeign, olderCopy, lookAtStatus });
  const stopSweep = startEventSweep(events, env);
  const loops = [cluster, gpus, traffic, placement, handMade, work, status];

  return {
    directory,
    watch: verdicts?.watch,
    meshRefused: () => verdicts?.refused() ?? [],
    recheckCluster,
    plan: createPlanner({ store, catalog, directory, ledger, policies, nodeless: placement.nodeless, isWarm, told }, env),
    pending: () => loops.reduce((sum, { pending }) => sum + pending(), changes.pending() + (verdicts?.pending() ?? 0)),
    isBurst,
    stop: async () => {
      stopSweep();
      changes.stop();
      await verdicts?.stop();
      await rebalancing.stop();
      unwatch();
      stopListening();
      olderCopy.stop();
      await Promise.all(loops.map(({ stop }) => stop()));
    },
  };
};

/** Clusters that a Service of the hub was sent to. */
const clustersOfService = (board: Pick<Board, 'sent'>, namespace: string, name: string): readonly string[] =>
  [...board.sent(workIdOf(keyOf('', 'services', namespace, name)))].flatMap(([cluster, { op }]) => (op === 'apply' ? [cluster] : []));
