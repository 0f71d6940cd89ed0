/**
 * @module Rules of verdicts: none of death over a cluster that most of its observers could reach all the time, never more out at once than
 * the limit allows, never fewer left than must stay. Also takes the time from a death to each verdict on it.
 */
import type { Checker } from './observer.ts';

/** What can be seen of the world at this moment. */
export type MeshSight = {
  readonly clusters: readonly string[];
  readonly limit: { readonly clustersPercent: number; readonly minSurvivors: number };
  /** The cluster answers at its gateway. */
  readonly isUp: (cluster: string) => boolean;
  /** Its agent runs and gets the processor. */
  readonly isAwake: (cluster: string) => boolean;
  /** Bytes get through both ways. */
  readonly isOpen: (from: string, to: string) => boolean;
};

/** What is counted over a run. */
export type MeshCount = { tookMs: number[]; false: number };

/** A verdict may rest on what was so long ago: silence that is borne, questions, looks, and ballots on their way. */
const evidenceMsMax = 9_000;
/** Clusters up to which all watch all. */
const allPairsMax = 20;
const isMoving = (cause: string): boolean => cause === 'Cluster' || cause === 'DataPlane';

/** The checker; `look` is asked at each verdict and whenever the world changed. */
export const meshCheck =
  (look: () => MeshSight, count: MeshCount): Checker =>
  (fail, nowMs) => {
    /** Since when most of a cluster's observers can reach it. */
    const reachableSince = new Map<string, number>();
    const deadSince = new Map<string, number>();
    const out = new Map<string, Map<string, number>>();
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
        const isDead = !sight.isUp(cluster) && !sight.isAwake(cluster);
        if (!isDead) {
          deadSince.delete(cluster);
          for (const name of [...timed]) if (name.endsWith(`>${cluster}`)) timed.delete(name);
        } else if (!deadSince.has(cluster)) deadSince.set(cluster, nowMs());
      }
    };

    return {
      worldChanged: note,
      agentStarted: (cluster) => void out.delete(cluster),
      hubStarted: () => void out.delete('hub'),
      verdict: (by, target, cause, phase) => {
        note();
        const mine = out.get(by) ?? new Map<string, number>();
        out.set(by, mine);
        if (!isMoving(cause)) return;
        if (phase === 'Cleared') mine.delete(target);
        if (phase !== 'Standing') return;
        const sinceMs = reachableSince.get(target);
        if (sinceMs !== undefined && nowMs() - sinceMs > evidenceMsMax) {
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
        mine.set(target, nowMs());
        const { clusters, limit } = look();
        const most = Math.max(1, Math.floor((clusters.length * limit.clustersPercent) / 100));
        if (mine.size > most)
          fail(
            'never more removed than the velocity limit',
            `${by} holds ${[...mine.keys()].join()} for dead: ${mine.size} of ${clusters.length}, ${most} are allowed`,
          );
        if (clusters.length - mine.size < limit.minSurvivors)
          fail('never fewer than must survive', `${by} holds ${[...mine.keys()].join()} for dead`);
      },
    };
  };
