/** @module The hub's control loops, wired: what changes in the store or on the bus becomes keys of the loops that care. */
import {
  defaultFailoverPolicy,
  effectiveFailover,
  type FailoverPolicy,
  type FailoverPolicySpec,
  hanseGroup,
  mcsGroup,
  storedPlacement,
} from '../../shared/api/index.ts';
import type { Watch } from '../../shared/health/index.ts';
import type { KubeObject } from '../../shared/kube/object.ts';
import { type Change, keyOf, partsOf, prefixOf, type StorageKey, type Store } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import type { FleetBus, HubMesh } from '../fleet/port.ts';
import { createDirectory, type Directory } from './cluster/directory.ts';
import { type HealthOptions, healthDefaults } from './cluster/health.ts';
import { createLedger } from './cluster/ledger.ts';
import { startClusterLoop } from './cluster/loop.ts';
import { createRemovals } from './cluster/removals.ts';
import { claimantsOf, claimTemplatePrefix, createDependencyIndex } from './dependencies/index.ts';
import { createEventRecorder } from './events.ts';
import { gpuPoolPrefix, startGpuLoop } from './gpu/loop.ts';
import { internalPrefix } from './kinds/index.ts';
import { type KindCatalog, keyOfWorkId, objectKeyOf, podSpecOf, refOf, workIdOf } from './kinds.ts';
import { sameJson } from './objects.ts';
import { isFinishedJob } from './placement/decide.ts';
import { startPlacementLoop } from './placement/loop.ts';
import { placementFinalizer, placementOf } from './placement/names.ts';
import { createPolicyBook, policyPrefixes } from './placement/policies.ts';
import { createPlanner, type Planner } from './plan/index.ts';
import { startRebalanceLoop } from './rebalance/loop.ts';
import { createSolver } from './rebalance/solver.ts';
import { startStatusLoop } from './status/loop.ts';
import { startTrafficLoop, trafficPrefixes } from './traffic/loop.ts';
import { splitBus } from './traffic/split-bus.ts';
import { startVerdictLoop, type VerdictLoopOptions } from './verdict/loop.ts';
import { createBoard } from './work/board.ts';
import { budgetOf, drainCount } from './work/drain.ts';
import { startWorkLoop } from './work/loop.ts';
import type { Moves } from './work/moving.ts';

/** What the loops are built from. */
export type ControlOptions = {
  readonly store: Store;
  readonly bus: FleetBus;
  /** The served kinds; kinds may come and go. */
  readonly catalog: KindCatalog;
  readonly env: RuntimeEnv;
  readonly health?: Partial<HealthOptions>;
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
  readonly stop: () => Promise<void>;
};

const clusterPrefix = prefixOf(hanseGroup, 'clusters');
const placementPrefix = prefixOf(hanseGroup, 'placements');
const priorityClassPrefix = prefixOf('scheduling.k8s.io', 'priorityclasses');
const failoverPolicyPrefix = prefixOf(hanseGroup, 'failoverpolicies');
const failoverKey = keyOf(hanseGroup, 'failoverpolicies', '', defaultFailoverPolicy);
const servicePrefix = prefixOf('', 'services');
/** Prefixes whose objects no loop cares for. */
const ignoredPrefixes = [
  prefixOf('', 'events'),
  prefixOf('coordination.k8s.io', 'leases'),
  `${hanseGroup}/jointokens/`,
  internalPrefix,
  gpuPoolPrefix,
  failoverPolicyPrefix,
  prefixOf(hanseGroup, 'trafficpolicies'),
  prefixOf(mcsGroup, 'serviceimports'),
];
const sweepEveryMs = 300_000;
/** Members report in bursts; one write an object this often is enough. */
const statusDelayMs = 50;
/** While so many objects wait for a decision, what clusters answer waits too: where things run goes before how they fare. */
const burstKeys = 128;
const statusDelayInBurstMs = 3_000;

/** Fields that the hub keeps of an object, and those of its metadata. */
const kept: ReadonlySet<string> = new Set(['metadata', 'status']);
const keptMetadata: ReadonlySet<string> = new Set(['resourceVersion', 'managedFields', 'finalizers']);

/** True when all fields but some are equal; parts that a write left alone are the same values, and cost nothing. */
const isSameBut = (a: object, b: object, apart: ReadonlySet<string>): boolean => {
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const field in left) if (!apart.has(field) && !sameJson(left[field], right[field])) return false;
  for (const field in right) if (!apart.has(field) && left[field] === undefined && right[field] !== undefined) return false;
  return true;
};

/** True when more than status and bookkeeping changed: that the hub holds the object from now on is bookkeeping. */
const isContentChange = (change: Change): boolean => {
  if (change.op === 'delete' || change.previous === undefined) return true;
  const [before, after] = [change.previous.object, change.current.object];
  return (
    !isSameBut(before, after, kept) ||
    !isSameBut(before.metadata, after.metadata, keptMetadata) ||
    !isSameHold(before.metadata.finalizers ?? [], after.metadata.finalizers ?? [])
  );
};

/** True when nothing but the hub's own finalizer was added. */
const isSameHold = (before: readonly string[], after: readonly string[]): boolean =>
  sameJson(before, after) ||
  (!before.includes(placementFinalizer) &&
    sameJson(
      before,
      after.filter((name) => name !== placementFinalizer),
    ));

/** True when clusters may have to be sent something else: what they answered, and why they were chosen, is nothing to them. */
const movesWork = ({ op, previous, current }: Change): boolean => {
  if (op === 'delete' || previous === undefined) return true;
  const [before, after] = [storedPlacement(previous.object), storedPlacement(current.object)];
  return (
    !sameJson(before.spec, after.spec) ||
    !sameJson(before.status?.owed, after.status?.owed) ||
    before.status?.unplaced !== after.status?.unplaced ||
    before.metadata.generation !== after.metadata.generation ||
    before.metadata.uid !== after.metadata.uid
  );
};

/** True when a Job has ended: its pods hold no room any more. */
const hasFinished = ({ previous, current }: Change): boolean =>
  isFinishedJob(current.object) && previous !== undefined && !isFinishedJob(previous.object);

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

  const status = startStatusLoop({ store, env, catalog, dependencies, board, events });
  const lookAtStatus = (key: StorageKey): void =>
    status.addAfter(key, placement.pending() > burstKeys ? statusDelayInBurstMs : statusDelayMs);
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
  const work = startWorkLoop({ store, bus, env, catalog, directory, policies, dependencies, board, moves, onSent });
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

  const objectOfPlacement = (object: KubeObject): StorageKey | undefined => {
    const ref = storedPlacement(object).spec?.workload;
    return ref === undefined ? undefined : objectKeyOf(catalog, ref);
  };
  /** Keys of everything placed; what runs in the clusters or is owed to them comes first. */
  const placedKeys = (names: ReadonlySet<string>): StorageKey[] => {
    const concerned = (object: KubeObject): boolean => {
      const { spec, status } = storedPlacement(object);
      return [...(spec?.clusters ?? []), ...(status?.owed ?? [])].some((entry) => names.has(entry.name));
    };
    const placements = store.list(placementPrefix).map(({ object }) => object);
    const ordered = [...placements.filter(concerned), ...placements.filter((object) => !concerned(object))];
    return ordered.flatMap((object) => objectOfPlacement(object) ?? []);
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
    for (const name of names) if (!directory.has(name)) for (const id of board.dropCluster(name)) addWork(id);
    for (const key of placedKeys(names)) {
      placement.add(key);
      work.add(key);
    }
    for (const id of board.ids()) addWork(id);
    traffic.onCluster();
  };
  const addWork = (id: string): void => {
    const key = keyOfWorkId(id);
    if (key !== undefined) work.add(key);
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
    drainOf: (object) => drainCount(board, store, object),
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

  const onChange = (change: Change): void => {
    const { key, op } = change;
    const object = op === 'delete' ? undefined : change.current.object;
    if (key.startsWith(failoverPolicyPrefix)) verdicts?.onObject();
    if (trafficPrefixes.some((prefix) => key.startsWith(prefix))) traffic.onChange(change);
    if (ignoredPrefixes.some((prefix) => key.startsWith(prefix))) return;
    if (key.startsWith(clusterPrefix)) {
      verdicts?.onObject();
      cluster.onObject(partsOf(key).name, object);
      if (isContentChange(change)) {
        gpus.changed();
        traffic.onCluster();
      }
    } else if (policyPrefixes.some((prefix) => key.startsWith(prefix))) onPolicy(key, object);
    else if (key.startsWith(placementPrefix)) onPlacement(change);
    else if (isContentChange(change)) onContent(change);
    else if (hasFinished(change)) placement.add(key);
  };
  const onContent = ({ key, op, current: { object } }: Change): void => {
    const isWorkload = podSpecOf(object) !== undefined;
    if (op === 'delete' || isWorkload || policies.policyOf(object) !== undefined || object.metadata.finalizers !== undefined)
      placement.add(key);
    if (key.startsWith(priorityClassPrefix)) placement.recheckWaiting();
    if (key.startsWith(claimTemplatePrefix)) for (const claimant of claimantsOf(store, catalog, key)) placement.add(claimant);
    work.add(key);
    for (const workload of dependencies.touched(key)) work.add(workload);
  };
  const isSomewhere = (key: StorageKey): boolean => {
    const object = store.get(key)?.object;
    if (object === undefined || board.sent(workIdOf(key)).size > 0 || dependencies.dependents(key).size > 0) return true;
    return placementOf(store, refOf(object)).placement !== undefined;
  };
  const onPolicy = (key: StorageKey, object: KubeObject | undefined): void => {
    for (const selected of policies.put(key, object)) {
      placement.add(selected);
      // What is nowhere is sent when it is placed.
      if (isSomewhere(selected)) work.add(selected);
    }
  };
  const onPlacement = (change: Change): void => {
    const key = objectOfPlacement(change.current.object);
    if (key === undefined) return;
    // Ours comes back to us as well; only what somebody else did away with is decided again.
    if (change.op === 'delete') placement.add(key);
    if (movesWork(change)) work.add(key);
  };

  const fill = (): void => {
    for (const prefix of policyPrefixes) for (const { key, object } of store.list(prefix)) onPolicy(key, object);
    for (const { object } of store.list(placementPrefix)) {
      const key = objectOfPlacement(object);
      const workload = key === undefined ? undefined : store.get(key)?.object;
      if (key === undefined || workload === undefined) continue;
      placement.remember(workload, key, storedPlacement(object));
      dependencies.put(key, workload);
    }
    for (const { key, object } of store.list(clusterPrefix)) cluster.onObject(partsOf(key).name, object);
  };
  const from = store.revision();
  fill();
  const unwatch = store.watch('', from, onChange);
  const unsubscribe = bus.onStatus((item) => {
    board.putAnswer(item);
    const key = keyOfWorkId(item.id);
    if (key === undefined) return;
    work.answered(key, item);
    lookAtStatus(key);
  });
  const unhurt = bus.onDamage(({ cluster: name, id }) => {
    if (keyOfWorkId(id) === undefined) {
      // Nothing of ours was ever there: what somebody put there goes.
      void bus.forgetWork(name, id);
      return;
    }
    // Whatever the record said is said again, a withdrawal too. One that is not known may have been a withdrawal of before our start: what
    // the cluster should not have is withdrawn once more, above what it last answered.
    const entry = board.sent(id).get(name) ?? { seq: board.answer(id, name)?.seq ?? 0, problem: undefined };
    board.put(id, name, { ...entry, op: 'apply', fingerprint: 'damaged' });
    addWork(id);
  });
  bus.publishedWork().then(
    (published) => {
      board.load(published);
      for (const id of board.ids()) addWork(id);
    },
    (error: unknown) => env.log.error('what the broker holds could not be read; nothing is sent', { error }),
  );
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
    stop: async () => {
      cancelSweep();
      cancelClusters();
      await verdicts?.stop();
      await rebalancing.stop();
      unwatch();
      unsubscribe();
      unhurt();
      await Promise.all([cluster.stop(), gpus.stop(), traffic.stop(), placement.stop(), work.stop(), status.stop()]);
    },
  };
};
