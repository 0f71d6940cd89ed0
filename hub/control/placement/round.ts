/**
 * @module One round of decisions: everything that waits, by priority, over one ledger. Each decision is written as soon as it is made; the
 * journal joins what comes together. Where workloads give way to others, all of them are written in one commit or not at all.
 */
import type { StorageKey, Store, Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import {
  type ClusterView,
  type Decision,
  type PriorityClasses,
  placeEach,
  refText,
  type Task,
  type TaskDecision,
} from '../../../shared/placement/index.ts';
import type { Batch } from '../batch-controller.ts';
import type { Directory } from '../cluster/directory.ts';
import type { Ledger } from '../cluster/ledger.ts';
import { done, type Outcome } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import { commit } from '../objects.ts';
import { type Entry, type EntrySources, outcomeOf, placedEntries, priorityClassesIn, shapeByCluster } from './entry.ts';
import { nominatedIn } from './node-facts.ts';
import { type NodelessWatch, toDecide } from './nodeless.ts';
import { othersAround } from './others.ts';
import type { PolicyBook } from './policies.ts';
import { changeOf, type Decided, isNews, type PlacementChange, promisedIn, replicasIn, writesOf } from './writes.ts';

/** What rounds are made from, and whom they tell. */
export type RoundOptions = EntrySources & {
  readonly env: RuntimeEnv;
  readonly nodeless: Pick<NodelessWatch, 'of'>;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly policies: PolicyBook;
  readonly events: EventRecorder;
  /** A decision was made; it is not written yet. */
  readonly onDecided: (entry: Entry, decision: Decision) => void;
  /** A decision is written. */
  readonly onWritten: (entry: Entry, change: PlacementChange) => void;
};

/** What each object's pass came to. */
export type RoundOutcomes = readonly (readonly [StorageKey, Outcome])[];

/** Rounds of decisions. */
export type Rounds = {
  /** Resolves when all is decided and written. */
  readonly run: (entries: readonly Entry[], batch: Batch) => Promise<RoundOutcomes>;
  readonly classes: () => PriorityClasses;
};

/** Where decisions go: the clusters of a round, and who is in it. */
type Round = {
  readonly clusters: readonly ClusterView[];
  readonly views: ReadonlyMap<string, ClusterView>;
  readonly entries: Map<string, Entry>;
};

/** The larger number of each cluster. */
const largest = (a: ReadonlyMap<string, number>, b: ReadonlyMap<string, number>): ReadonlyMap<string, number> =>
  new Map([...a.keys(), ...b.keys()].map((name) => [name, Math.max(a.get(name) ?? 0, b.get(name) ?? 0)]));

const viewIn =
  ({ views }: Round) =>
  (cluster: string): ClusterView | undefined =>
    views.get(cluster);

const entryIn = ({ entries }: Round, { workload }: Task): Entry | undefined => entries.get(refText(workload.ref));

/** {@link commit}, with what it throws (a journal that refuses) as a pass to try again. */
const written = async (store: Store, writes: readonly Write[]): Promise<Outcome | undefined> => {
  try {
    return await commit(store, writes);
  } catch (error) {
    return { outcome: 'retry', error };
  }
};

/** Rounds over the hub's state. */
export const createRounds = (options: RoundOptions): Rounds => {
  const { store, env, ledger, directory } = options;
  const classes = (): PriorityClasses => priorityClassesIn(store);

  const settled = ({ entry, output }: Decided, outcome: Outcome): readonly [StorageKey, Outcome] => {
    if (outcome.outcome !== 'done' || output.recheckAtMs === undefined) return [entry.key, outcome];
    return [entry.key, { outcome: 'again', afterMs: Math.max(0, output.recheckAtMs - env.nowMs()) }];
  };

  /** Writes decisions in one commit; what they promise stays promised until it is known what holds. */
  const write = async (decided: readonly Decided[], round: Round): Promise<RoundOutcomes> => {
    const news = decided.filter(isNews);
    if (news.length === 0) return decided.map((one) => settled(one, done));
    const writes = news.flatMap((one) => writesOf(env, one));
    const trouble = await written(store, writes);
    for (const one of news) {
      const { entry, output, promised } = one;
      // A commit whose outcome is unknown may yet be written: both stay promised until the next pass reads what holds.
      if (trouble?.outcome !== 'retry')
        ledger.assign(
          entry.workId,
          shapeByCluster(entry.task, viewIn(round)),
          trouble === undefined ? promised : entry.held,
          trouble === undefined ? nominatedIn(output.spec.clusters) : entry.nominated,
        );
      if (trouble !== undefined) continue;
      options.onWritten(entry, changeOf(one));
      for (const event of output.events) options.events.record(entry.stored.object, event);
    }
    return decided.map((one) => settled(one, trouble ?? done));
  };

  /** Those that run and are not decided on. */
  const placedBeside = (round: Round): Task[] => {
    const beside = placedEntries(options, classes()).filter((entry) => entryIn(round, entry.task) === undefined);
    for (const entry of beside) round.entries.set(refText(entry.task.workload.ref), entry);
    return beside.map(({ task }) => task);
  };

  const decidedOf = (entry: Entry, made: TaskDecision, { clusters }: Round): Decided => {
    const outcome = outcomeOf(entry, made, clusters, env.nowMs());
    return { entry, ...outcome, promised: promisedIn(entry, outcome.output, directory.keptBack()) };
  };

  const run: Rounds['run'] = async (given, batch) => {
    const clusters = directory.views();
    const round: Round = {
      clusters,
      views: new Map(clusters.map((view) => [view.name, view])),
      entries: new Map(given.map((entry) => [refText(entry.task.workload.ref), entry])),
    };
    // What is written counts, whatever became of the commit before: one whose outcome was unknown may be there after all.
    for (const { workId, task, held, nominated } of given) ledger.assign(workId, shapeByCluster(task, viewIn(round)), held, nominated);
    const tasks = given.map((entry) => toDecide(options.nodeless, entry));
    const snapshot = {
      clusters,
      others: othersAround(options, tasks),
      placed: () => placedBeside(round),
      // Promised before it is written: whoever is decided while this one is on its way to disk sees it. What it gives back is free only when
      // it is written.
      take: (task: Task, decision: Decision): void => {
        const entry = entryIn(round, task);
        if (entry === undefined) return;
        const { workId, held } = entry;
        const { clusters: placed } = decision;
        ledger.assign(workId, shapeByCluster(task, viewIn(round)), largest(held, replicasIn(placed)), nominatedIn(placed));
      },
    };
    const writing: Promise<RoundOutcomes>[] = [];
    const together: Decided[] = [];
    for (const made of placeEach(snapshot, tasks, { nowMs: env.nowMs() })) {
      const entry = entryIn(round, made);
      if (entry === undefined) continue;
      batch.claim(entry.key);
      const decided = decidedOf(entry, made, round);
      options.onDecided(entry, decided.decision);
      if (made.preempted.length > 0) together.push(decided);
      else writing.push(write([decided], round));
      await batch.breathe();
    }
    if (together.length > 0) writing.push(write(together, round));
    return (await Promise.all(writing)).flat();
  };
  return { run, classes };
};
