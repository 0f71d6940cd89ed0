/** @module The moves of workloads that are under way: what the board and the directory know, put before the decision of the handover. */
import type { StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { type CompiledPolicy, findsNoPlace, outlivesDrain } from '../../../shared/placement/index.ts';
import { fencedReason, type StatusItem } from '../../../shared/wire/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { isDead, keepsAll, type Liveness } from '../cluster/liveness.ts';
import { groupKind, workIdOf } from '../kinds.ts';
import type { PolicyBook } from '../placement/policies.ts';
import { type Board, type BoardEntry, damaged, isWithdrawn } from './board.ts';
import { decideHandover, type Holding } from './handover.ts';
import { countOf, replicasTold, tellsReady } from './replicas.ts';
import { awaitingDecision, leftBy, toleratesDrain } from './staying.ts';

/** How moves go, as far as the policy of the workload does not say. */
export type Moves = {
  /** A workload of this policy runs in one cluster at a time. */
  readonly isSingleton: (policy: CompiledPolicy | undefined) => boolean;
  readonly surplusMs: () => number;
  /** Singletons that were sent to the cluster up to `fenceOf` have surely stopped by themselves, and stay so though it is back. */
  readonly isFenced: (cluster: string) => boolean;
  /** The number that work for the cluster must be above to run as a singleton. */
  readonly fenceOf: (cluster: string) => number;
  /** A singleton begins to wait for these clusters. */
  readonly onWait: (object: KubeObject, clusters: readonly string[]) => void;
  /** Replicas of a workload of so many that may be missing while the cluster is drained; undefined = it is not drained. */
  readonly drainBudgetOf: (cluster: string, replicas: number) => number | undefined;
};

/** What of one workload's move is decided now. */
export type Move = {
  /** Clusters that keep replicas, and how many at the least. */
  readonly keep: ReadonlyMap<string, number>;
  /** Those of `keep` that are told so: they have more, as many replacements are ready as they give up now, or what they were told is damaged. */
  readonly tell: ReadonlySet<string>;
  /**
   * Clusters to which changes are sent although it is not placed there, as no other cluster takes it, with the replicas that are theirs for that;
   * undefined = it is there as a whole.
   */
  readonly stay: ReadonlyMap<string, number | undefined>;
  /** Clusters that get no more than they have, and how many that is. */
  readonly wait: ReadonlyMap<string, number>;
  /** Clusters to which nothing is sent: a fence against them is being put up or stands. */
  readonly shut: ReadonlySet<string>;
  /** The workload runs in one cluster at a time. */
  readonly isSingleton: boolean;
  /** When to look again though nobody answers. */
  readonly againMs: number | undefined;
};

/** Nothing moves. */
export const noMove: Move = {
  keep: new Map(),
  tell: new Set(),
  stay: new Map(),
  wait: new Map(),
  shut: new Set(),
  isSingleton: false,
  againMs: undefined,
};

/** Moves under way. */
export type Moving = {
  readonly of: (key: StorageKey, object: KubeObject, placement: StoredPlacement | undefined) => Move;
  /** An answer of any cluster may let the move of this object go on. */
  readonly isOpen: (key: StorageKey) => boolean;
  /** The answer shows that a record of an earlier run is not what is wanted, or not what it was taken for. */
  readonly isDoubtful: (id: string, cluster: string, replicas: number | undefined) => boolean;
  readonly forget: (key: StorageKey) => void;
};

/** A cluster whose silence holds a singleton back, or that is drained, is looked at so often. */
const lookMs = 1_000;

/** True for what a cluster has all of or nothing. */
const isWhole = (object: KubeObject, { status }: StoredPlacement): boolean =>
  groupKind(object) === '/Pod' || (status !== undefined && status.replicas === undefined);

/** What is known of the cluster, beside what it was sent and answered. */
type HolderFacts = { readonly state: Liveness; readonly isMember: boolean; readonly isFencedOff: boolean };

const holdingOf = (entry: BoardEntry, answer: StatusItem | undefined, { state, isMember, isFencedOff }: HolderFacts): Holding => {
  // What was sent by an earlier run counts as something while it is not answered, or answered that its fence stopped it.
  const isStopped = entry.op === 'apply' && answer?.reason === fencedReason;
  const known = replicasTold(entry, answer);
  const isGuess = known === undefined && entry.op === 'apply';
  const told = known ?? (isGuess ? 1 : 0);
  const said = countOf(answer, 'replicas');
  // What was applied may run though its status does not say so yet; what was told to be fewer may run on while it says so.
  const running = isFencedOff || isWithdrawn(entry, answer) ? 0 : Math.max(told, said, entry.op === 'withdraw' ? 1 : (entry.replicas ?? 1));
  // What a dead cluster said last to be ready replaces nothing.
  const ready = isDead(state) ? 0 : Math.min(told, countOf(answer, 'readyReplicas'));
  return { told, isGuess, isStopped, ready, running, isOutOfReach: keepsAll(state) || !isMember };
};

/** Follows moves; remembers since when each cluster has kept what it should not have, for want of replacements. */
export const createMoving = (parts: {
  readonly board: Board;
  readonly directory: Pick<Directory, 'liveness' | 'isMember'>;
  readonly policies: Pick<PolicyBook, 'byId'>;
  readonly env: Pick<RuntimeEnv, 'monotonicMs'>;
  readonly moves: Moves;
}): Moving => {
  const { board, directory, policies, env, moves } = parts;
  const openSince = new Map<StorageKey, ReadonlyMap<string, number>>();

  /** Drained clusters that have something of the workload, with how many of its replicas may be missing meanwhile. */
  const drainedOf = (placement: StoredPlacement, names: Iterable<string>, replicas: number): ReadonlyMap<string, number> =>
    new Map(
      [...names].flatMap((name) => {
        const budget = moves.drainBudgetOf(name, replicas) ?? (leftBy(placement, name) === 'Drained' ? 0 : undefined);
        return budget === undefined ? [] : [[name, budget] as const];
      }),
    );

  /**
   * Clusters that the policy left out, or that are well again and were not decided on since, and that have something of the workload which found no
   * other place: none of it may be missing.
   */
  const leftOf = (placement: StoredPlacement, names: Iterable<string>): ReadonlyMap<string, number> =>
    new Map([...names].flatMap((name) => (leftBy(placement, name) === undefined ? [] : [[name, 0] as const])));

  /** What has nowhere to go and does not tell how many of it are ready (a Job, a CronJob, a Pod) is ended by no drain, nor by a change of its policy. */
  const staying = (id: string, object: KubeObject, placement: StoredPlacement): Move => {
    if (!findsNoPlace(placement) || !outlivesDrain(object)) return noMove;
    const heard = [...board.sent(id)].flatMap(([name, { op }]) => (op === 'apply' && !keepsAll(directory.liveness(name)) ? [name] : []));
    const stays = [...drainedOf(placement, heard, 1).keys(), ...leftOf(placement, heard).keys()];
    if (stays.length === 0) return noMove;
    // What part of a divided Job it was told only the cluster knows, and nothing of that can be changed; what is whole is brought changes.
    return isWhole(object, placement)
      ? { ...noMove, stay: new Map(stays.map((name) => [name, undefined])) }
      : { ...noMove, keep: new Map(stays.map((name) => [name, 0])) };
  };

  /** Without its policy a workload stays where it is, and what it is. */
  const runsAlone = (policy: CompiledPolicy | undefined, sent: ReadonlyMap<string, BoardEntry>): boolean =>
    (policy === undefined && [...sent.values()].some((entry) => entry.isSingleton === true)) || moves.isSingleton(policy);

  const heldOf = (id: string, sent: ReadonlyMap<string, BoardEntry>): ReadonlyMap<string, Holding> =>
    new Map(
      [...sent].map(([name, entry]) => {
        const answer = board.answer(id, name);
        const isFencedOff = moves.isFenced(name) && Math.max(entry.seq, answer?.seq ?? 0) <= moves.fenceOf(name);
        const facts = { state: directory.liveness(name), isMember: directory.isMember(name), isFencedOff };
        return [name, holdingOf(entry, answer, facts)] as const;
      }),
    );

  /** Tells once for whom a singleton waits. */
  const tellWait = (key: StorageKey, object: KubeObject, held: ReadonlyMap<string, Holding>, wanted: ReadonlyMap<string, number>): void => {
    if (openSince.has(key)) return;
    const blocking = [...held].filter(([name, { running }]) => running > (wanted.get(name) ?? 0));
    moves.onWait(
      object,
      blocking.map(([name]) => name),
    );
  };

  const decide: Moving['of'] = (key, object, placement) => {
    if (placement === undefined) return noMove;
    const id = workIdOf(key);
    if (!tellsReady(object)) return staying(id, object, placement);
    const sent = board.sent(id);
    const policy = policies.byId(placement.spec.policy);
    const isSingleton = runsAlone(policy, sent);
    const wanted = new Map(placement.spec.clusters.map(({ name, replicas = 0 }) => [name, replicas]));
    // What an isolated cluster has is stopped by its fence: nothing newer may reach it before it is back.
    const shut = new Set(isSingleton ? [...wanted.keys()].filter((name) => keepsAll(directory.liveness(name))) : []);
    if ([...sent.keys()].every((name) => wanted.has(name)) && wanted.size < 2) return { ...noMove, isSingleton, shut };
    const held = heldOf(id, sent);
    const total = [...wanted.values()].reduce((sum, replicas) => sum + replicas, 0);
    const drained = drainedOf(placement, toleratesDrain(policy) ? [] : held.keys(), total);
    const surplusSeconds = policy?.failover?.surplusSeconds;
    const surplusMs = surplusSeconds === undefined ? moves.surplusMs() : surplusSeconds * 1_000;
    const nowMs = env.monotonicMs();
    // The time of a surplus begins when no drain of its cluster holds it any more.
    const sinceOf = (name: string): number => (drained.has(name) ? nowMs : (openSince.get(key)?.get(name) ?? nowMs));
    const isOverdue = (name: string): boolean => !drained.has(name) && nowMs - sinceOf(name) >= surplusMs;
    const {
      keep: least,
      stay,
      wait,
    } = decideHandover({
      isSingleton,
      isOrdinal: groupKind(object) === 'apps/StatefulSet',
      wanted,
      unplaced: placement.status?.unplaced ?? 0,
      held,
      budgets: new Map([...leftOf(placement, held.keys()), ...drained]),
      overdue: new Set([...held.keys()].filter(isOverdue)),
    });
    if (least.size === 0 && wait.size === 0) return { ...noMove, stay, isSingleton, shut };
    const toldTo = (name: string): number => held.get(name)?.told ?? 0;
    const undecided = awaitingDecision(placement);
    const keep = new Map([...least].map(([name, replicas]) => [name, undecided.has(name) ? Math.max(replicas, toldTo(name)) : replicas]));
    if (wait.size > 0) tellWait(key, object, held, wanted);
    const since = new Map([...keep.keys()].map((name) => [name, sinceOf(name)]));
    openSince.set(key, since);
    const untilOverdue = [...since].flatMap(([name, sinceMs]) => (isOverdue(name) ? [] : [sinceMs + surplusMs - nowMs]));
    const isTold = (name: string, replicas: number): boolean =>
      replicas < toldTo(name) || (sent.get(name)?.fingerprint === damaged && held.get(name)?.isGuess !== true);
    return {
      keep,
      tell: new Set([...keep].filter(([name, replicas]) => isTold(name, replicas)).map(([name]) => name)),
      stay,
      wait: new Map([...wait].map((name) => [name, toldTo(name)])),
      shut,
      isSingleton,
      // What is drained is never overdue: it is looked at again and again. What is overdue and stays all the same waits for an answer.
      againMs: isSingleton || drained.size > 0 ? lookMs : untilOverdue.length === 0 ? undefined : Math.max(1, Math.min(...untilOverdue)),
    };
  };

  return {
    of: (key, object, placement) => {
      const move = decide(key, object, placement);
      if (move.keep.size === 0 && move.wait.size === 0) openSince.delete(key);
      return move;
    },
    isOpen: (key) => openSince.has(key),
    isDoubtful: (id, cluster, replicas) => {
      const answer = board.answer(id, cluster);
      return replicas !== undefined && answer?.status !== undefined && tellsReady(answer.ref) && countOf(answer, 'replicas') !== replicas;
    },
    forget: (key) => void openSince.delete(key),
  };
};
