/** @module Listens to the agents, judges the clusters, and keeps their status. Tells others when a cluster changed. */
import { type Cluster, type ClusterStatus, type ClusterTaint, hanseGroup } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import type { FleetBus } from '../../fleet/port.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import { commit, controlUser } from '../objects.ts';
import { isDoubtful, isSeenRunning } from '../verdict/relation.ts';
import type { Watched } from '../verdict/watched.ts';
import type { DrainCount } from '../work/drain.ts';
import { type ClusterRecord, type Directory, viewFingerprint } from './directory.ts';
import { type HealthOptions, heardSince, onTick } from './health.ts';
import { startHearing } from './hearing.ts';
import type { Removals } from './removals.ts';
import { kindsOf } from './served-apis.ts';
import { isMaterial, nextStatus } from './status.ts';

/** What the loop is built from. */
export type ClusterLoopOptions = {
  readonly store: Store;
  readonly bus: FleetBus;
  readonly env: RuntimeEnv;
  readonly directory: Directory;
  readonly health: HealthOptions;
  /** Placements may have to change: labels, taints, served kinds or the first capacity of the cluster did. */
  readonly onCluster: (name: string) => void;
  /** What the hub does not take of the kinds that a cluster serves. */
  readonly kindTroubles: (name: string) => readonly string[];
  /** How the others watch a cluster; undefined = nothing is known of it now. */
  readonly watched: (name: string) => Watched | undefined;
  /** What is still in a cluster that is emptied. */
  readonly drainOf: (cluster: Cluster) => DrainCount | undefined;
  /** Asked before a cluster counts as lost by the hub's own hearing. */
  readonly removals: Removals;
  /** It is taken for dead now, or no more: what its replicas count for changed. */
  readonly onDeath: (name: string) => void;
  /** The cluster's room may have grown. */
  readonly onCapacity: (name: string) => void;
};

/** A running loop. */
export type ClusterLoop = {
  /** A Cluster was written or deleted. */
  readonly onObject: (name: string, object: KubeObject | undefined) => void;
  /** Something that its status says, and that this loop is only asked for, changed. */
  readonly recheck: (name: string) => void;
  /** What the observers agreed on about the cluster changed. */
  readonly judged: (name: string) => void;
  readonly pending: () => number;
  readonly stop: () => Promise<void>;
};

/** Between two judgements. */
const tickMs = 500;
/** A judgement that comes this much late says that the hub itself slept. */
const sleptMs = 3_000;
/** Between two writes of a status in which only sums moved. */
const summaryEveryMs = 30_000;
/** Between two counts of what is left in a cluster that is emptied. */
const drainEveryMs = 1_000;
const isEmptying = ({ drain }: ClusterStatus): boolean => drain !== undefined && drain.objects > 0;

const servedInStatus = (object: Cluster): ReadonlySet<string> | undefined => {
  const apis = object.status?.apis;
  return apis === undefined ? undefined : kindsOf(apis.flatMap(({ groupVersion, kinds }) => kinds.map((kind) => ({ groupVersion, kind }))));
};

/** NoExecute taints of the operator get the time at which they were seen, so that tolerations can end; undefined when all have it. */
const stampedTaints = (taints: readonly ClusterTaint[] | undefined, nowMs: number): readonly ClusterTaint[] | undefined => {
  const lacksTime = ({ effect, timeAdded }: ClusterTaint): boolean => effect === 'NoExecute' && timeAdded === undefined;
  if (taints?.some(lacksTime) !== true) return undefined;
  return taints.map((taint) => (lacksTime(taint) ? { ...taint, timeAdded: timeText(nowMs) } : taint));
};

/** True when its agent has said a word to this run or to an earlier one, as its status tells. */
const wasHeardEver = ({ object }: ClusterRecord): boolean => object?.status?.agent?.bootId !== undefined;

/** Starts the loop. Clusters that exist are told by `onObject`. */
export const startClusterLoop = (options: ClusterLoopOptions): ClusterLoop => {
  const { store, bus, env, directory } = options;
  const fingerprints = new Map<string, string>();
  /** How a cluster that is taken for dead was so when it was last told. */
  const deaths = new Map<string, string>();
  const writtenAt = new Map<string, number>();
  /** When the observers last said that a cluster runs although it is not heard. */
  const runsUntilMs = new Map<string, number>();
  const startedMs = env.monotonicMs();
  let heardSinceMs = env.nowMs();
  let lastTickMs = env.nowMs();

  const controller: Controller = startController({ name: 'cluster', env, workers: 8, reconcile: (name) => reconcile(name) });
  /** Tells others when what placement sees of the cluster changed; its status is looked at in any case. */
  const noteChange = (record: ClusterRecord): void => {
    controller.add(record.name);
    const fingerprint = viewFingerprint(record);
    if (fingerprints.get(record.name) === fingerprint) return;
    fingerprints.set(record.name, fingerprint);
    options.onCluster(record.name);
  };
  directory.onClockSet((byMs) => {
    env.log.warn("the clock of the hub's machine was set", { byMs });
    heardSinceMs += byMs;
    lastTickMs += byMs;
    for (const [name, ms] of runsUntilMs) runsUntilMs.set(name, ms + byMs);
    for (const { name } of directory.all()) controller.add(name);
  });
  const hearing = startHearing({
    bus,
    env,
    directory,
    onArrival: directory.goWithClock,
    onHeard: (record) => {
      // Before anything is decided for it: what was kept back gives its room only when it goes.
      noteDoubt(record, env.nowMs());
      noteChange(record);
    },
    onStatus: controller.add,
    onCapacity: options.onCapacity,
  });
  const stopConnected = bus.onConnected(() => {
    directory.goWithClock();
    heardSinceMs = env.nowMs();
  });

  /** Looks at one cluster's silence. What the limit keeps from being lost stays in doubt, and is asked for again at the next tick. */
  const judge = (record: ClusterRecord, nowMs: number): void => {
    const before = record.health;
    if (isSeenRunning(record)) runsUntilMs.set(record.name, nowMs);
    const ear = { sinceMs: heardSinceMs, ranMs: runsUntilMs.get(record.name), wasHeardEver: wasHeardEver(record) };
    const next = onTick(before, nowMs, ear, options.health);
    // What was lost but for the limit is so until it beats, though the hub itself was deaf meanwhile.
    const isOverdue = record.held !== undefined && before.phase !== 'Well' && before.phase !== 'Returning';
    const isLost = (next.phase === 'Lost' || isOverdue) && !isSeenRunning(record);
    // Before the hub itself hears the silence for long enough, what the observers' verdict was answered stands.
    const held = isLost ? options.removals.take(record.name) : record.observed?.cause === 'Cluster' ? record.held : undefined;
    if (held !== record.held) {
      record.held = held;
      controller.add(record.name);
      // What was kept back from it, because nothing was known of it, has its turn.
      options.onCluster(record.name);
    }
    if (held !== undefined) record.health = before.phase === 'Lost' ? { ...before, phase: 'Suspect', sinceMs: nowMs } : before;
    else record.health = isLost && next.phase !== 'Lost' ? { ...next, phase: 'Lost', sinceMs: nowMs } : next;
    // A hold-down that began anew ends later than its status says.
    if (record.health.phase === 'Returning' && record.health.sinceMs !== before.sinceMs) controller.add(record.name);
    // Not only as it becomes well: what an earlier hub gave up may be well from the first beat that this one hears.
    if (record.health.phase === 'Well' && record.observed?.cause !== 'Cluster') options.removals.giveBack(record.name);
    if (record.health.phase === before.phase) return;
    env.log.info('cluster health changed', { cluster: record.name, from: before.phase, to: record.health.phase });
    noteChange(record);
  };
  const noteDoubt = (record: ClusterRecord, nowMs: number): void => {
    const isNow = isDoubtful(record.health, record, nowMs, options.health);
    if (record.isDoubted === isNow) return;
    record.isDoubted = isNow;
    controller.add(record.name);
    // What was kept back from it has its turn.
    if (!isNow) options.onCluster(record.name);
  };
  const noteDeath = (name: string): void => {
    const state = directory.liveness(name);
    const death = state.is === 'Dead' ? state.replicas : undefined;
    if (deaths.get(name) === death) return;
    if (death === undefined) deaths.delete(name);
    else deaths.set(name, death);
    options.onDeath(name);
  };
  const tick = (): void => {
    directory.goWithClock();
    const nowMs = env.nowMs();
    // While the broker is away, or after the hub itself slept, silence says nothing about clusters.
    if (!bus.connected() || nowMs - lastTickMs > sleptMs) heardSinceMs = nowMs;
    lastTickMs = nowMs;
    const heardEver = directory.all().filter((record) => record.health.phase !== 'Unseen' || wasHeardEver(record));
    const healths = heardEver.map(({ health }) => health);
    heardSinceMs = heardSince(healths, heardSinceMs, nowMs, options.health);
    options.removals.forget();
    for (const record of directory.all()) judge(record, nowMs);
    for (const record of directory.all()) {
      noteDoubt(record, nowMs);
      noteDeath(record.name);
    }
  };
  let cancelTick: () => void = () => undefined;
  const schedule = (): void => {
    cancelTick = env.setTimer(tickMs, () => {
      tick();
      schedule();
    });
  };
  schedule();

  const reconcile = async (name: string): Promise<Outcome> => {
    const key = keyOf(hanseGroup, 'clusters', '', name);
    const stored = store.get(key);
    const record = directory.get(name);
    if (stored === undefined || record === undefined) return done;
    const cluster = stored.object as unknown as Cluster;
    if (cluster.status?.agent === undefined || cluster.metadata.deletionTimestamp !== undefined) return done;
    const nowMs = env.nowMs();
    const status = nextStatus(
      cluster,
      {
        ...record,
        options: options.health,
        heldDeathWhy: record.heldDeath === undefined ? undefined : options.removals.why(name, record.heldDeath.obstacle),
        heldWhy: record.held === undefined ? undefined : options.removals.why(name, record.held),
        kindTroubles: options.kindTroubles(name),
        watched: options.watched(name),
        isYoung: env.monotonicMs() - startedMs < options.health.comebackMs,
        drain: cluster.spec?.drain === undefined ? undefined : options.drainOf(cluster),
      },
      nowMs,
    );
    const taints = stampedTaints(cluster.spec?.taints, nowMs);
    const sinceMs = env.monotonicMs() - (writtenAt.get(name) ?? Number.NEGATIVE_INFINITY);
    if (taints === undefined && !isMaterial(cluster.status, status) && sinceMs < summaryEveryMs) {
      return { outcome: 'again', afterMs: isEmptying(status) ? drainEveryMs : summaryEveryMs - sinceMs };
    }
    writtenAt.set(name, env.monotonicMs());
    const object = { ...stored.object, status, ...(taints === undefined ? {} : { spec: { ...cluster.spec, taints } }) };
    const trouble = await commit(store, [{ op: 'put', key, expected: stored.revision, object, by: controlUser }]);
    return trouble ?? (isEmptying(status) ? { outcome: 'again', afterMs: drainEveryMs } : done);
  };

  return {
    onObject: (name, object) => {
      if (object === undefined) {
        directory.remove(name);
        hearing.forget(name);
        writtenAt.delete(name);
        runsUntilMs.delete(name);
        deaths.delete(name);
        fingerprints.delete(name);
        options.onCluster(name);
        return;
      }
      const record = directory.of(name);
      record.object = object as unknown as Cluster;
      record.served ??= servedInStatus(record.object);
      noteChange(record);
    },
    recheck: controller.add,
    judged: (name) => {
      const record = directory.get(name);
      if (record === undefined) return;
      noteChange(record);
      noteDeath(name);
    },
    pending: controller.pending,
    stop: async () => {
      cancelTick();
      hearing.stop();
      stopConnected();
      await controller.stop();
    },
  };
};
