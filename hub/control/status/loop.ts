/** @module Brings what members say of an object into its status on the hub. A key is the object's storage key. */
import { isServing } from '../../../shared/api/index.ts';
import type { StorageKey, Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import type { DependencyIndex } from '../dependencies/index.ts';
import type { EventRecorder } from '../events.ts';
import { type KindCatalog, refOf } from '../kinds.ts';
import { commit } from '../objects.ts';
import { placementOf } from '../placement/names.ts';
import type { Board } from '../work/board.ts';
import { holdsData } from '../work/staying.ts';
import { troubleText } from './applied.ts';
import { heardOf, leavingOf } from './heard.ts';
import { createLeaders, type Leader } from './leaders.ts';
import { createLeftTeller } from './left.ts';
import { createMissingTeller } from './missing.ts';
import { clusterNames, isGoing, lookAtPlacement } from './placement-look.ts';
import { createUnreadyTeller } from './unready.ts';
import { objectWrite, placementWrite } from './writes.ts';

/** What the loop is built from. */
export type StatusLoopOptions = {
  readonly store: Store;
  readonly env: RuntimeEnv;
  readonly catalog: KindCatalog;
  readonly dependencies: DependencyIndex;
  readonly board: Board;
  readonly directory: Pick<Directory, 'get' | 'has' | 'isMember' | 'liveness' | 'view'>;
  readonly events: EventRecorder;
};

/** A running loop. */
export type StatusLoop = Pick<Controller, 'add' | 'addAfter' | 'pending' | 'stop'>;

const workers = 32;

/** Starts the loop. */
export const startStatusLoop = (options: StatusLoopOptions): StatusLoop => {
  const { store, env, catalog, dependencies, board, directory, events } = options;
  const leaders = createLeaders({ store, dependencies, wake: (key) => controller.add(key) });
  const missing = createMissingTeller(store, dependencies, events, env.monotonicMs);
  const unready = createUnreadyTeller(env.monotonicMs);
  const left = createLeftTeller({ env, catalog, board, directory, events });

  const onGone = (key: StorageKey, ahead: readonly Leader[]): void => {
    left.look(key);
    missing.forget(key);
    unready.forget(key);
    leaders.gone(key, ahead);
  };
  const reconcile = async (key: StorageKey): Promise<Outcome> => {
    if (!board.isRead()) return done;
    const stored = store.get(key);
    const ahead = leaders.of(key);
    if (stored === undefined) {
      onGone(key, ahead);
      return done;
    }
    left.forget(key);
    const existing = placementOf(store, refOf(stored.object));
    const { placement } = existing;
    const answers = heardOf(board, stored, clusterNames([placement, ...ahead.map((leader) => leader.placement)]));
    leaders.tell(key, ahead, isGoing(stored) ? 'going' : troubleText(answers));
    // One that has just lost its last workload is written once more: it is nowhere now. A claim is still where its workloads were.
    const isLeftBehind = holdsData(stored.object) && leavingOf(options, key, answers).length > 0;
    if (placement === undefined && !leaders.isFollower(key) && !isLeftBehind) return done;
    const { change, staying, notReady, againMs } = lookAtPlacement({ ...options, unready }, stored, placement);
    // What is lost is not heard; what is drained, or left out by its policy, runs on.
    const serving = staying.filter(isServing);
    const stays = serving.reduce((sum, { replicas = 0 }) => sum + replicas, 0);
    const kept = holdsData(stored.object) ? leavingOf(options, key, answers) : serving.map(({ name }) => name);
    const ofObject = objectWrite(options, stored, [...answers, ...heardOf(board, stored, kept)], placement, stays);
    const ofPlacement = placementWrite(existing, change, notReady);
    const writes = [ofObject, ofPlacement].filter((write) => write !== undefined);
    const trouble = writes.length === 0 ? undefined : await commit(store, writes);
    if (trouble !== undefined) return trouble;
    leaders.noteWritten(key, ahead);
    const missingAgainMs = placement === undefined || isGoing(stored) ? undefined : missing.look(stored);
    for (const { about, event } of change?.events ?? []) {
      const subject = store.get(about)?.object;
      if (subject !== undefined) events.record(subject, event);
    }
    const looksMs = [againMs, missingAgainMs].filter((ms) => ms !== undefined);
    return looksMs.length === 0 ? done : { outcome: 'again', afterMs: Math.min(...looksMs) };
  };

  const controller = startController({ name: 'status', env, workers, reconcile });
  return {
    add: controller.add,
    addAfter: controller.addAfter,
    pending: controller.pending,
    stop: async () => {
      left.stop();
      await controller.stop();
    },
  };
};
