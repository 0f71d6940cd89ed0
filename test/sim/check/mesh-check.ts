/**
 * @module Rules of verdicts: none of death over a cluster that most of its observers could reach all the time, none lifted over one that is
 * dead, never more removed within the window than the limit allows, never fewer left than must stay; whoever was started anew meanwhile. Also
 * takes the time from a death to each verdict on it.
 */
import type { Verdict } from '../../../shared/health/index.ts';
import type { Checker } from './observer.ts';

/** What can be seen of the world at this moment. */
export type MeshSight = {
  readonly clusters: readonly string[];
  readonly limit: { readonly clustersPercent: number; readonly windowSeconds: number; readonly minSurvivors: number };
  /** By what `by` goes by, the cluster has told its capacity: only such are shared out by the limit. */
  readonly bearsLoad: (by: string, cluster: string) => boolean;
  /** The cluster answers at its gateway. */
  readonly isUp: (cluster: string) => boolean;
  /** Its agent runs and gets the processor. */
  readonly isAwake: (cluster: string) => boolean;
  /** Nothing of it runs: no agent, no gateway. */
  readonly isGone: (cluster: string) => boolean;
  /** Bytes get through both ways. */
  readonly isOpen: (from: string, to: string) => boolean;
};

/** A death as one watch found it, and what it last said of it. */
type Removal = { readonly atMs: number; readonly phase: Verdict['phase']; readonly cause: Verdict['cause'] };

/** What is counted over a run. */
export type MeshCount = { tookMs: number[]; false: number };

/** A verdict may rest on what was so long ago: silence that is borne, questions, looks, and ballots on their way. */
const evidenceMsMax = 9_000;
/** Clusters up to which all watch all. */
const allPairsMax = 20;
/** What was said of a cluster before it died is heard no later. */
const echoMsMax = 5_000;
/** An agent that ends sooner after a verdict may not have kept it. */
const keptMs = 20;
/** Agents keep times by their wall clocks, which are wrong by this at most between two of their starts. */
const skewMsMax = 11_000;
const isMoving = (cause: string): boolean => cause === 'Cluster' || cause === 'DataPlane';

/** The checker; `look` is asked at each verdict and whenever the world changed. */
export const meshCheck =
  (look: () => MeshSight, count: MeshCount): Checker =>
  (fail, nowMs) => {
    /** Since when most of a cluster's observers can reach it. */
    const reachableSince = new Map<string, number>();
    const deadSince = new Map<string, number>();
    const goneSince = new Map<string, number>();
    /** By watch: when it found whom to be dead, and whether it still does. */
    const removed = new Map<string, Map<string, Removal>>();
    const timed = new Set<string>();

    const isReachable = ({ clusters, isUp, isOpen }: MeshSight, cluster: string): boolean => {
      if (!isUp(cluster)) return false;
      const others = clusters.filter((name) => name !== cluster);
      // Of larger federations a few watch each cluster, which this checker does not know: all must reach it.
      const needed = clusters.length > allPairsMax ? 1 : Math.max(2, Math.floor(others.length / 2) + 1);
      return others.filter((name) => !isOpen(name, cluster)).length < needed;
    };
    const note = (): void => {
      const sight = look();
      for (const cluster of sight.clusters) {
        if (!isReachable(sight, cluster)) reachableSince.delete(cluster);
        else if (!reachableSince.has(cluster)) reachableSince.set(cluster, nowMs());
        if (!sight.isGone(cluster)) goneSince.delete(cluster);
        else if (!goneSince.has(cluster)) goneSince.set(cluster, nowMs());
        const isDead = !sight.isUp(cluster) && !sight.isAwake(cluster);
        if (!isDead) {
          deadSince.delete(cluster);
          for (const name of [...timed]) if (name.endsWith(`>${cluster}`)) timed.delete(name);
        } else if (!deadSince.has(cluster)) deadSince.set(cluster, nowMs());
      }
    };

    return {
      worldChanged: note,
      // Of one that lived for a moment news may be on its way.
      agentStarted: (cluster) => void goneSince.delete(cluster),
      agentEnded: (cluster) => {
        const mine = removed.get(cluster);
        for (const [name, { atMs }] of mine ?? []) if (nowMs() - atMs < keptMs) mine?.delete(name);
      },
      // The hub keeps nothing: the agents do.
      hubStarted: () => void removed.delete('hub'),
      verdict: (by, target, cause, phase) => {
        note();
        const mine = removed.get(by) ?? new Map<string, Removal>();
        removed.set(by, mine);
        if (!isMoving(cause)) return;
        const before = mine.get(target);
        if (phase !== 'Standing') {
          const goneMs = goneSince.get(target);
          if (goneMs !== undefined && before !== undefined && before.atMs >= goneMs && nowMs() - goneMs > echoMsMax)
            fail(
              'no verdict of death is lifted over a cluster that is dead',
              `${by} says ${cause} ${phase} of ${target}, which is gone for ${nowMs() - goneMs} ms`,
            );
          if (before !== undefined) mine.set(target, { ...before, phase });
          return;
        }
        const sinceMs = reachableSince.get(target);
        // Another cause of a death that stands removes nothing anew: whoever slept since has not seen yet that the cluster is back.
        const isOtherCause = before?.phase === 'Standing' && before.cause !== cause;
        if (sinceMs !== undefined && nowMs() - sinceMs > evidenceMsMax && !isOtherCause) {
          count.false += 1;
          fail(
            'no verdict of death over a cluster that can be reached',
            `${by} says ${cause} of ${target}, which most could reach for ${nowMs() - sinceMs} ms`,
          );
        }
        const died = deadSince.get(target);
        const name = `${by}>${target}`;
        if (died !== undefined && !timed.has(name)) {
          timed.add(name);
          count.tookMs.push(nowMs() - died);
        }
        mine.set(target, { atMs: before?.phase === 'Standing' ? before.atMs : nowMs(), phase, cause });
        const { clusters: all, limit, bearsLoad } = look();
        if (!bearsLoad(by, target)) return;
        const clusters = all.filter((cluster) => bearsLoad(by, cluster));
        const most = Math.max(1, Math.floor((clusters.length * limit.clustersPercent) / 100));
        const isCounted = ({ atMs, phase: last }: Removal): boolean =>
          last !== 'Cleared' || nowMs() - atMs < limit.windowSeconds * 1_000 - skewMsMax;
        const names = (isNamed: (removal: Removal) => boolean): string[] =>
          [...mine].flatMap(([name, one]) => (isNamed(one) && clusters.includes(name) ? [name] : []));
        const counted = names(isCounted);
        if (counted.length > most)
          fail(
            'never more removed than the velocity limit',
            `${by} found ${counted.join()} dead within the window: ${counted.length} of ${clusters.length}, ${most} are allowed`,
          );
        const out = names((one) => one.phase !== 'Cleared');
        if (clusters.length - out.length < limit.minSurvivors) fail('never fewer than must survive', `${by} holds ${out.join()} for dead`);
      },
    };
  };
