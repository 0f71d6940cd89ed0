/**
 * @module Moves replicas to better clusters in rounds: back to earlier tiers, to cheaper or fitter ones; only where room has been for the
 * policy's calm time, within its budget, and never while anything of the workload is unplaced or owed to a lost cluster.
 */
import { hanseGroup, keptPlacementStatus, type PlacementSpec, storedPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { prefixOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import { type ClusterView, type Move, type OtherWorkload, rebalance, rebalanceModel, type Task } from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import type { Ledger } from '../cluster/ledger.ts';
import type { EventRecorder } from '../events.ts';
import { groupKind, type KindCatalog, objectKeyOf, replicasOf, typeOfKey, workIdOf } from '../kinds.ts';
import { commit, controlUser } from '../objects.ts';
import { shapeByCluster, shapesOf } from '../placement/entry.ts';
import { nominatedIn } from '../placement/node-facts.ts';
import { looksAtOthers, othersIn } from '../placement/others.ts';
import type { PolicyBook } from '../placement/policies.ts';
import { type CalmBook, createCalmBook } from './calm.ts';
import type { Solver } from './solver.ts';

/** What the loop is built from. */
export type RebalanceLoopOptions = {
  readonly store: Store;
  readonly env: RuntimeEnv;
  readonly catalog: KindCatalog;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly policies: PolicyBook;
  readonly events: EventRecorder;
  readonly solver: Solver;
  /** False while the hub has just started: rounds wait. */
  readonly isWarm: () => boolean;
  /** Told of a workload that moved, so that its decision is explained anew. */
  readonly onMoved: (key: StorageKey) => void;
};

/** A running loop. */
export type RebalanceLoop = { readonly stop: () => Promise<void> };

/** Time between rounds. */
const roundMs = 30_000;

/** A workload of a round, and where it is written. */
type Entry = {
  readonly task: Task;
  readonly key: StorageKey;
  readonly placementKey: StorageKey;
  readonly object: KubeObject;
  readonly revision: number;
};

/** A Job's pods cannot move: they would run again. */
const isJob = (object: KubeObject): boolean => groupKind(object) === 'batch/Job';

const entriesOf = ({ store, catalog, policies }: RebalanceLoopOptions): Entry[] =>
  store.list(prefixOf(hanseGroup, 'placements')).flatMap(({ key: placementKey, object, revision }): Entry[] => {
    const { spec, status } = storedPlacement(object);
    const key = spec === undefined ? undefined : objectKeyOf(catalog, spec.workload);
    const workload = key === undefined ? undefined : store.get(key)?.object;
    if (key === undefined || workload === undefined || workload.metadata.deletionTimestamp !== undefined || isJob(workload)) return [];
    const policy = policies.policyOf(workload);
    const replicas = replicasOf(workload, typeOfKey(catalog, key));
    const isSettled = status?.reason === 'Placed' && (status.owed ?? []).every(({ reason }) => reason === 'Drained');
    if (policy === undefined || policy.rebalance.mode === 'Off' || replicas === undefined || !isSettled) return [];
    const shapes = shapesOf(workload, policy, store);
    if (shapes.shape === undefined) return [];
    const current = new Map(spec.clusters.flatMap(({ name, replicas: count }) => (count === undefined ? [] : [[name, count] as const])));
    const task: Task = {
      policy,
      workload: {
        ref: spec.workload,
        replicas,
        ...shapes,
        current,
        owed: new Map(),
        labels: workload.metadata.labels ?? {},
      },
    };
    return [{ task, key, placementKey, object, revision }];
  });

/** Where everything is in the namespaces in which affinities bear on a move. */
const othersOf = (options: RebalanceLoopOptions, entries: readonly Entry[]): OtherWorkload[] => {
  const namespaces = new Set<string>();
  for (const { task } of entries) {
    const { namespace } = task.workload.ref;
    if (looksAtOthers(task.policy) || options.policies.keepsApart(namespace)) namespaces.add(namespace);
  }
  return [...namespaces].flatMap((namespace) => othersIn(options, namespace));
};

const movedSpec = (spec: PlacementSpec, moves: readonly Move[]): PlacementSpec => {
  const before = new Map(spec.clusters.map((cluster) => [cluster.name, cluster]));
  const counts = new Map(spec.clusters.map(({ name, replicas = 0 }) => [name, replicas]));
  for (const { from, to, replicas } of moves) {
    counts.set(from, (counts.get(from) ?? 0) - replicas);
    counts.set(to, (counts.get(to) ?? 0) + replicas);
  }
  const clusters = [...counts].filter(([, replicas]) => replicas > 0).map(([name, replicas]) => ({ ...before.get(name), name, replicas }));
  return { ...spec, clusters: clusters.sort((a, b) => (a.name < b.name ? -1 : 1)) };
};

const movesText = (moves: readonly Move[]): string =>
  moves.map(({ from, to, replicas, why }) => `${replicas} from ${from} to ${to} (${why})`).join(', ');

/** Writes the moves of one workload; the room it takes is promised before, what it gives back is free only when it is written. */
const apply = async (
  options: RebalanceLoopOptions,
  { task, key, placementKey, object, revision }: Entry,
  moves: readonly Move[],
): Promise<void> => {
  const { store, ledger, directory } = options;
  const { current } = task.workload;
  const shape = shapeByCluster(task, directory.view);
  const spec = movedSpec(storedPlacement(object).spec, moves);
  const after = new Map(spec.clusters.map(({ name, replicas = 0 }) => [name, replicas]));
  const both = new Map([...current.keys(), ...after.keys()].map((name) => [name, Math.max(current.get(name) ?? 0, after.get(name) ?? 0)]));
  ledger.assign(workIdOf(key), shape, both, nominatedIn(spec.clusters));
  const metadata = { ...object.metadata, generation: (object.metadata.generation ?? 1) + 1 };
  const rebalanced = movesText(moves);
  const status = { ...keptPlacementStatus(storedPlacement(object).status ?? {}), decidedAt: timeText(options.env.nowMs()), rebalanced };
  const next = { ...object, metadata, spec, status } as unknown as KubeObject;
  const trouble = await commit(store, [{ op: 'put', key: placementKey, expected: revision, object: next, by: controlUser }]);
  // A commit whose outcome is unknown may yet be written: the next decision reads what holds.
  if (trouble === undefined) {
    ledger.assign(workIdOf(key), shape, after, nominatedIn(spec.clusters));
    const workload = store.get(key)?.object;
    if (workload !== undefined) options.events.record(workload, { type: 'Normal', reason: 'Rebalanced', message: rebalanced });
  }
  options.onMoved(key);
};

/** The clusters with rooms of their own: a plan that uses them up takes nothing from the hub's. */
const ownRooms = ({ directory, ledger }: RebalanceLoopOptions): ClusterView[] =>
  directory.views().map((view) => {
    const report = directory.get(view.name)?.report;
    return report === undefined ? view : { ...view, room: ledger.copy(view.name, report) };
  });

const round = async (options: RebalanceLoopOptions, calm: CalmBook): Promise<void> => {
  const { directory, env } = options;
  const entries = entriesOf(options);
  const tasks = entries.map(({ task }) => task);
  calm.observe(tasks, directory.views(), env.monotonicMs());
  const isCalm = (task: Task, cluster: string): boolean => calm.isCalm(task, cluster, env.monotonicMs());
  const others = othersOf(options, entries);
  // A look at the hub's own rooms first, which are counted already: most rounds end here.
  if (rebalanceModel(tasks, directory.views(), isCalm, env.nowMs(), others).groups.length === 0) return;
  const model = rebalanceModel(tasks, ownRooms(options), isCalm, env.nowMs(), others);
  const plan = rebalance(model, await options.solver.solve(model.lp));
  if (plan.moves.length === 0) return;
  const { before, after, bound, gapBasisPoints } = plan;
  env.log.info('rebalancing', { moves: plan.moves.length, before, after, bound, gapBasisPoints });
  for (const entry of entries) {
    const moves = plan.moves.filter(({ workload }) => workload === entry.task.workload.ref);
    if (moves.length > 0) await apply(options, entry, moves);
  }
};

/** Starts the loop. */
export const startRebalanceLoop = (options: RebalanceLoopOptions): RebalanceLoop => {
  const { env } = options;
  const calm = createCalmBook();
  let isStopped = false;
  let running: Promise<void> = Promise.resolve();
  let cancel: () => void = () => undefined;
  const schedule = (): void => {
    if (isStopped) return;
    cancel = env.setTimer(roundMs, () => {
      running = (options.isWarm() ? round(options, calm) : Promise.resolve())
        .catch((error: unknown) => env.log.warn('a round of rebalancing failed; the next one tries again', { error }))
        .then(schedule);
    });
  };
  schedule();
  return {
    stop: async () => {
      isStopped = true;
      cancel();
      await running;
      await options.solver.stop();
    },
  };
};
