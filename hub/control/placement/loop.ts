/** @module Decides where selected objects run, those that wait together, and writes the decisions. A key is the object's storage key. */
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { partsOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import { compareText } from '../../../shared/lib/compare-text.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { type Decision, mayPreempt, priorityOf, type Task, whyNodelessStay } from '../../../shared/placement/index.ts';
import { startBatchController } from '../batch-controller.ts';
import type { Directory } from '../cluster/directory.ts';
import type { Ledger } from '../cluster/ledger.ts';
import type { Controller, Outcome } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import { type KindCatalog, workIdOf } from '../kinds.ts';
import { type Entry, type EntrySources, entryOf, heldAtFirst, shapeOf } from './entry.ts';
import { nominatedIn } from './node-facts.ts';
import { createNodelessWatch, type NodelessWatch, type NodeWait } from './nodeless.ts';
import { looksAtOthers } from './others.ts';
import type { PolicyBook } from './policies.ts';
import { createRounds } from './round.ts';
import { createUndecided } from './undecided.ts';
import { createUnselected } from './unselected.ts';
import { createWaiting } from './waiting.ts';

/** What the loop is built from. */
export type PlacementLoopOptions = {
  readonly store: Store;
  readonly env: RuntimeEnv;
  readonly catalog: KindCatalog;
  readonly directory: Directory;
  readonly ledger: Ledger;
  readonly policies: PolicyBook;
  readonly events: EventRecorder;
  /** False while the hub has just started and has not heard its clusters yet: decisions wait. */
  readonly isWarm: () => boolean;
  readonly nodeWait: NodeWait;
  readonly told: EntrySources['told'];
  /** The object of a work id. */
  readonly keyOfWork: (workId: string) => StorageKey | undefined;
};

/** A running loop. */
export type PlacementLoop = Pick<Controller, 'add' | 'pending' | 'stop'> & {
  /** The cluster's room may have grown: those that wait for room there try again. */
  readonly roomGrew: (cluster: string) => void;
  /** The cluster told of its capacity. */
  readonly reported: (cluster: string) => void;
  /** Replicas that have waited long enough for a node. */
  readonly nodeless: Pick<NodelessWatch, 'of'>;
  /** The workload was moved by somebody else: it is looked at, and so are those that it may have kept out. */
  readonly moved: (key: StorageKey) => void;
  /** What decisions under way were made from changed: they are made anew. */
  readonly recheckRunning: () => void;
  /** What decides who goes first changed: those that wait try again. */
  readonly recheckWaiting: () => void;
  /** Takes the replicas of a Placement that exists into the ledger. */
  readonly remember: (object: KubeObject, key: StorageKey, placement: StoredPlacement) => void;
};

/** Room that grows step by step is looked at together. */
const grownMs = 200;
/** To look for whom to make give way takes longer than to look for room. */
const toldMs = 1_000;
/** Decided on together: what comes meanwhile waits for less than a second, and few waits for the disk fall between two batches. */
const keysMax = 512;

/** True when room in another cluster would be used, or others might make some once more in the one where replicas wait. */
const wantsRoom = ({ workload, policy }: Task, { unplaced, nodeless = [] }: Decision): boolean => {
  if (unplaced > 0) return true;
  const isLooking = whyNodelessStay(workload, policy) === undefined || (workload.outrun !== undefined && mayPreempt({ workload, policy }));
  return isLooking && nodeless.some(({ waiting }) => waiting > 0);
};

/** What a pass came to, whatever went wrong in it. */
const outcomeOf = async (outcome: Outcome | Promise<Outcome>): Promise<Outcome> => {
  try {
    return await outcome;
  } catch (error) {
    return { outcome: 'retry', error };
  }
};

/** Starts the loop. */
export const startPlacementLoop = (options: PlacementLoopOptions): PlacementLoop => {
  const { store, env, ledger, directory, policies } = options;
  const waiting = createWaiting();
  /** Of those that wait, the ones that others may keep out, by namespace: they try again when one of it moves. */
  const keptOut = new Map<string, Set<StorageKey>>();
  const grown = new Set<string>();
  let cancelGrown: (() => void) | undefined;

  const leaveWaiting = (key: StorageKey): void => {
    waiting.remove(key);
    const { namespace } = partsOf(key);
    keptOut.get(namespace)?.delete(key);
    if (keptOut.get(namespace)?.size === 0) keptOut.delete(namespace);
  };
  const roomGrew = (cluster: string): void => {
    if (waiting.size() === 0) return;
    grown.add(cluster);
    cancelGrown ??= env.setTimer(grownMs, () => {
      cancelGrown = undefined;
      addGrown();
    });
  };
  /** Whoever waits for the room that grew is decided on with what came meanwhile: priority decides, not who came first. */
  const addGrown = (): void => {
    if (grown.size === 0) return;
    const views = directory.views().filter(({ name }) => grown.has(name));
    grown.clear();
    for (const key of waiting.worthwhile(views)) controller.add(key);
  };
  let cancelTold: (() => void) | undefined;
  /** Who could not be chosen may be now that it is known where he is: who would make others give way tries again. */
  const placesTold = (): void => {
    if (waiting.size() === 0) return;
    cancelTold ??= env.setTimer(toldMs, () => {
      cancelTold = undefined;
      for (const key of waiting.preempting()) controller.add(key);
    });
  };
  const neighbourMoved = (key: StorageKey): void => {
    for (const other of keptOut.get(partsOf(key).namespace) ?? []) if (other !== key) controller.add(other);
  };

  const nodeless = createNodelessWatch({
    ...options,
    wait: options.nodeWait,
    onChange: (workId) => {
      const key = options.keyOfWork(workId);
      if (key !== undefined) controller.add(key);
    },
  });

  const rounds = createRounds({
    ...options,
    nodeless,
    onDecided: ({ key, task }, decision) => {
      if (!wantsRoom(task, decision)) return leaveWaiting(key);
      waiting.put(key, task);
      const { namespace } = task.workload.ref;
      if (!looksAtOthers(task.policy) && !policies.keepsApart(namespace)) return;
      keptOut.set(namespace, (keptOut.get(namespace) ?? new Set()).add(key));
    },
    onWritten: ({ key }, { freed, isElsewhere }) => {
      for (const cluster of freed) roomGrew(cluster);
      if (isElsewhere) neighbourMoved(key);
    },
  });

  const withoutDecision = createUndecided({
    ...options,
    unselected: createUnselected(options.events, policies, env.monotonicMs),
    nowMs: env.nowMs,
    leaveWaiting,
    onGone: (key, clusters) => {
      for (const cluster of clusters) roomGrew(cluster);
      neighbourMoved(key);
    },
  });

  /** Keys by priority, and of equal priority the oldest first; what is gone goes first of all. */
  const inOrder = (keys: readonly StorageKey[]): StorageKey[] => {
    const classes = rounds.classes();
    const ranked = keys.map((key) => {
      const object = store.get(key)?.object;
      const value = object === undefined ? Number.MAX_SAFE_INTEGER : priorityOf(object, classes).value;
      return { key, value, since: object?.metadata.creationTimestamp ?? '' };
    });
    ranked.sort((a, b) => b.value - a.value || compareText(a.since, b.since) || compareText(a.key, b.key));
    return ranked.map(({ key }) => key);
  };

  const controller = startBatchController({
    name: 'placement',
    env,
    keysMax,
    gather: addGrown,
    inOrder,
    reconcile: async (batch) => {
      const outcomes = new Map<StorageKey, Outcome | Promise<Outcome>>();
      const entries: Entry[] = [];
      const classes = rounds.classes();
      const isWarm = options.isWarm();
      for (const key of batch.keys) {
        const stored = store.get(key);
        const outcome = withoutDecision(key, stored, isWarm);
        const policy = outcome !== undefined || stored === undefined ? undefined : policies.policyOf(stored.object);
        if (outcome !== undefined) outcomes.set(key, outcome);
        else if (stored !== undefined && policy !== undefined) entries.push(entryOf(options, stored, policy, classes));
        await batch.breathe();
      }
      const rest = [...outcomes].map(async ([key, outcome]) => [key, await outcomeOf(outcome)] as const);
      return new Map((await Promise.all([rounds.run(entries, batch), Promise.all(rest)])).flat());
    },
  });

  return {
    add: controller.add,
    pending: controller.pending,
    stop: async () => {
      cancelGrown?.();
      cancelTold?.();
      nodeless.stop();
      await controller.stop();
    },
    roomGrew,
    nodeless,
    reported: (cluster) => {
      roomGrew(cluster);
      placesTold();
      nodeless.reported(cluster);
    },
    moved: (key) => {
      controller.add(key);
      neighbourMoved(key);
    },
    recheckRunning: () => {
      for (const key of controller.running()) controller.add(key);
    },
    recheckWaiting: () => {
      for (const key of waiting.keys()) controller.add(key);
    },
    remember: (object, key, placement) => {
      ledger.assign(workIdOf(key), shapeOf(object, store), heldAtFirst(placement), nominatedIn(placement.spec.clusters));
      if ((placement.status?.unplaced ?? 0) > 0) waiting.put(key, undefined);
    },
  };
};
