/** @module Brings what members say of an object into its status on the hub. A key is the object's storage key. */
import type { StayingCluster, StoredPlacement, UnreadyCluster } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey, Store, Stored, Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import type { StatusItem } from '../../../shared/wire/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import type { DependencyIndex } from '../dependencies/index.ts';
import type { EventRecorder } from '../events.ts';
import { bag, groupKind, type KindCatalog, refOf, typeOfKey, workIdOf } from '../kinds.ts';
import { commit, controlUser } from '../objects.ts';
import { placementOf } from '../placement/names.ts';
import { type Board, placementMark } from '../work/board.ts';
import { unreadyOf } from '../work/replicas.ts';
import { holdsData, stayingOf } from '../work/staying.ts';
import { aggregateStatus } from './aggregate.ts';
import { type Answer, type AppliedChange, nextApplied, troubleText } from './applied.ts';
import { awaitedOf, lookAtGoing } from './going.ts';
import { createLeftTeller } from './left.ts';
import { createMissingTeller } from './missing.ts';
import type { Part } from './parts.ts';
import { createUnreadyTeller } from './unready.ts';

/** What the loop is built from. */
export type StatusLoopOptions = {
  readonly store: Store;
  readonly env: RuntimeEnv;
  readonly catalog: KindCatalog;
  readonly dependencies: DependencyIndex;
  readonly board: Board;
  readonly directory: Pick<Directory, 'get' | 'has' | 'isMember' | 'isUnheard' | 'view'>;
  readonly events: EventRecorder;
};

/** A running loop. */
export type StatusLoop = Pick<Controller, 'add' | 'addAfter' | 'pending' | 'stop'>;

const workers = 32;

/** True when the member's own controllers have seen what was applied. */
const hasObserved = (item: StatusItem): boolean => {
  const observed = item.status?.observedGeneration;
  return typeof observed !== 'number' || item.generation === undefined || observed >= item.generation;
};

/** An answer, and the newest that the cluster said even when it was about something sent before. */
type Heard = Answer & { readonly full: StatusItem | undefined };

const clusterNames = (placements: readonly (StoredPlacement | undefined)[]): readonly string[] =>
  [...new Set(placements.flatMap((placement) => placement?.spec.clusters ?? []).map(({ name }) => name))].sort();

type Placed = ReturnType<typeof placementOf>;

const isGoing = ({ object }: Stored): boolean => object.metadata.deletionTimestamp !== undefined;

/** A workload that brings an object along. */
type Leader = { readonly key: StorageKey; readonly placement: StoredPlacement };

/** Starts the loop. */
export const startStatusLoop = ({ store, env, catalog, dependencies, board, directory, events }: StatusLoopOptions): StatusLoop => {
  /** Objects that follow workloads, with what those were last told of them. */
  const followers = new Map<StorageKey, string>();
  const missing = createMissingTeller(store, dependencies, events, env.nowMs);
  const unready = createUnreadyTeller(env.nowMs);
  const left = createLeftTeller({ env, catalog, board, directory, events });

  const answersOf = ({ key, object }: Stored, clusters: readonly string[]): Heard[] => {
    const id = workIdOf(key);
    const subject = { key, kind: object.kind, name: object.metadata.name };
    return clusters.map((cluster) => {
      const entry = board.sent(id).get(cluster);
      const item = board.answer(id, cluster);
      // An answer to newer work than was sent is about what this hub does not know, and what it sent was refused.
      const isAnswer = item !== undefined && entry?.op === 'apply' && item.seq === entry.seq;
      return {
        cluster,
        subject,
        item: isAnswer ? item : undefined,
        full: item?.phase === 'Withdrawn' ? undefined : item,
        ...(entry?.problem === undefined ? {} : { problem: entry.problem }),
      };
    });
  };

  /** Workloads that bring the object along, and where they are. */
  const leadersOf = (key: StorageKey): readonly Leader[] =>
    [...dependencies.dependents(key)].sort().flatMap((leader) => {
      const stored = store.get(leader);
      if (stored === undefined || isGoing(stored)) return [];
      const { placement } = placementOf(store, refOf(stored.object));
      return placement === undefined ? [] : [{ key: leader, placement }];
    });

  /** Clusters that are heard and still have the object, though they are not meant to. */
  const leavingOf = (key: StorageKey, answers: readonly Heard[]): readonly string[] => {
    const wanted = new Set(answers.map(({ cluster }) => cluster));
    return [...board.sent(workIdOf(key))]
      .flatMap(([cluster, { op }]) =>
        op === 'apply' && !wanted.has(cluster) && directory.has(cluster) && !directory.isUnheard(cluster) ? [cluster] : [],
      )
      .sort();
  };

  /** `answers` of the clusters that should have it, and of those where so many replicas stay because no other takes them. */
  const objectWrite = (stored: Stored, answers: readonly Heard[], existing: Placed, stays: number): Write | undefined => {
    const { object, key } = stored;
    if (typeOfKey(catalog, key)?.hasStatus !== true) return undefined;
    const partOf = ({ cluster, item, full }: Heard): Part => ({
      cluster,
      status: full?.status,
      isCurrent: full !== undefined && item?.phase === 'Applied' && hasObserved(full),
    });
    const parts = answers.map(partOf);
    const { placement } = existing;
    const generation = object.metadata.generation ?? 0;
    const rendered = board.rendered(workIdOf(key));
    const isRendered = rendered?.generation === generation && rendered.placement === placementMark(placement);
    const isPlaced = placement === undefined || (placement.status?.observedGeneration ?? 0) >= generation;
    const status = aggregateStatus(
      groupKind(object),
      {
        spec: bag(object.spec),
        generation,
        before: bag(object.status),
        leaving: answersOf(stored, leavingOf(key, answers)).map(partOf),
        unplaced: Math.max(0, (placement?.status?.unplaced ?? 0) - stays),
        isCurrent: isRendered && isPlaced && parts.every(({ isCurrent }) => isCurrent),
        now: timeText(env.nowMs()),
      },
      parts,
    );
    if (sameJson(status, object.status)) return undefined;
    return { op: 'put', key, expected: stored.revision, object: { ...object, status }, by: controlUser };
  };

  /** The condition `Applied`, with the failures one by one: of the object, and of all that follows it to its clusters; and where it stays. */
  const appliedChange = (stored: Stored, placement: StoredPlacement, staying: readonly StayingCluster[]): AppliedChange | undefined => {
    const following = [...dependencies.dependencies(stored.key)].sort().flatMap((key) => store.get(key) ?? []);
    const subjects = [stored, ...following.filter((follower) => follower.key !== stored.key && !isGoing(follower))];
    const clusters = clusterNames([placement]);
    const answers = subjects.flatMap((subject) => answersOf(subject, clusters));
    return nextApplied(stored.key, answers, staying, placement.status, env.nowMs());
  };

  /** The Placement with what is new of how the clusters took it, and of what is not ready there; none when neither is. */
  const placementWrite = (
    { key, placement, revision }: Placed,
    applied: AppliedChange | undefined,
    notReady: readonly UnreadyCluster[] | undefined,
  ): Write[] => {
    if (placement === undefined || (applied === undefined && notReady === undefined)) return [];
    const { failures, staying, unready: unreadyBefore, ...status } = placement.status ?? {};
    const lists = { failures, staying, ...applied, unready: notReady ?? unreadyBefore };
    const told = Object.fromEntries(
      (['failures', 'staying', 'unready'] as const)
        .map((field) => [field, lists[field] ?? []] as const)
        .filter(([, list]) => list.length > 0),
    );
    const object = { ...placement, status: { ...status, ...(applied === undefined ? {} : { conditions: applied.conditions }), ...told } };
    return [{ op: 'put', key, expected: revision, object: object as unknown as KubeObject, by: controlUser }];
  };

  /** Brings the workloads back that an object follows, when what they must know of it is new. */
  const tellLeaders = (key: StorageKey, leaders: readonly Leader[], trouble: string): void => {
    if (leaders.length === 0 || followers.get(key) === trouble) return;
    followers.set(key, trouble);
    for (const leader of leaders) controller.add(leader.key);
  };

  const reconcile = async (key: StorageKey): Promise<Outcome> => {
    if (!board.isRead()) return done;
    const stored = store.get(key);
    const leaders = leadersOf(key);
    if (stored === undefined) {
      left.look(key);
      missing.forget(key);
      unready.forget(key);
      if (followers.delete(key)) for (const leader of leaders) controller.add(leader.key);
      return done;
    }
    left.forget(key);
    const existing = placementOf(store, refOf(stored.object));
    const { placement } = existing;
    const answers = answersOf(stored, clusterNames([placement, ...leaders.map((leader) => leader.placement)]));
    tellLeaders(key, leaders, isGoing(stored) ? 'going' : troubleText(answers));
    // One that has just lost its last workload is written once more: it is nowhere now.
    if (placement === undefined && !followers.has(key)) return done;
    const going =
      placement !== undefined && isGoing(stored)
        ? lookAtGoing(stored, awaitedOf({ board, directory }, key), placement.status, env.nowMs())
        : undefined;
    /** Where it is meant to stay. */
    const placed = isGoing(stored) ? undefined : placement;
    const staying = placed === undefined ? [] : stayingOf({ board, directory }, key, placed);
    const change = going?.change ?? (placed && appliedChange(stored, placed, staying));
    // What is lost is not heard; what is drained runs on, and is brought changes.
    const drained = staying.filter(({ reason }) => reason === 'Drained');
    const stays = drained.reduce((sum, { replicas = 0 }) => sum + replicas, 0);
    const kept = holdsData(stored.object) ? leavingOf(key, answers) : drained.map(({ name }) => name);
    const all = [...answers, ...answersOf(stored, kept)];
    const ofObject = objectWrite(stored, all, existing, stays);
    const notReady = placed && unready.look(key, unreadyOf({ board, directory }, key, stored.object, placed), placed.status?.unready);
    const writes = [...(ofObject === undefined ? [] : [ofObject]), ...placementWrite(existing, change, notReady?.write)];
    const trouble = writes.length === 0 ? undefined : await commit(store, writes);
    if (trouble !== undefined) return trouble;
    if (leaders.length === 0) followers.delete(key);
    const looksMs = [going?.againMs, placed && missing.look(stored), notReady?.againMs];
    const lookAgainMs = looksMs.reduce((soonest, ms) => (ms === undefined || (soonest ?? ms) < ms ? soonest : ms), undefined);
    for (const { about, event } of change?.events ?? []) {
      const subject = store.get(about)?.object;
      if (subject !== undefined) events.record(subject, event);
    }
    return lookAgainMs === undefined ? done : { outcome: 'again', afterMs: lookAgainMs };
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
