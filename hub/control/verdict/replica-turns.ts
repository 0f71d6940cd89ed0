/**
 * @module When replicas of a dead cluster may go elsewhere: after a longer timer than traffic, within the limits on removals; and from then on
 * its singletons are fenced.
 */
import { effectiveFailover, hanseGroup } from '../../../shared/api/index.ts';
import type { Watch } from '../../../shared/health/index.ts';
import { keyOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { Directory } from '../cluster/directory.ts';
import type { Removals } from '../cluster/removals.ts';
import { type Controller, done, type Outcome, startController } from '../controller.ts';
import { commit, controlUser } from '../objects.ts';
import { storedPolicy } from './membership-loop.ts';
import type { Observed } from './relation.ts';

/** What they are built from. */
export type ReplicaTurnsOptions = {
  readonly store: Store;
  readonly env: RuntimeEnv;
  readonly directory: Directory;
  readonly leases: Watch['leases'];
  /** Highest number of work that was sent to a cluster: its fence is no lower. */
  readonly sentTo: (name: string) => number;
  /** Asked before replicas go elsewhere. */
  readonly removals: Removals;
  /** Replicas of the cluster may go, or stay for now. */
  readonly onJudged: (name: string) => void;
  readonly tell: (name: string, reason: string, message: string) => void;
};

/** The turns of all clusters. */
export type ReplicaTurns = {
  /** A cluster is dead: its timer begins anew. */
  readonly begin: (name: string) => void;
  /** What is known of a cluster changed: its fence is looked at. */
  readonly judged: (name: string) => void;
  readonly pending: () => number;
  readonly stop: () => Promise<void>;
};

/** What the limit holds back is asked for again. */
const heldAgainMs = 1_000;

/**
 * A fence stands until all of a death is over: what it stopped stays stopped while the cluster is held down, so that it may begin elsewhere, and
 * what is sent anew is above it.
 */
const isOfDeath = ({ cause, wasDead = false }: Observed): boolean => cause === 'Cluster' || wasDead;

/** No cluster is dead yet. */
export const startReplicaTurns = (options: ReplicaTurnsOptions): ReplicaTurns => {
  const { store, env, directory, leases } = options;
  const timers = new Map<string, () => void>();
  const fenced = new Set<string>();

  /** The number is written before anything is asked for: a hub that starts again goes on above it. */
  const fence = async (name: string): Promise<Outcome> => {
    const key = keyOf(hanseGroup, 'clusters', '', name);
    const stored = store.get(key);
    const observed = directory.get(name)?.observed;
    if (stored === undefined || observed === undefined || !isOfDeath(observed)) {
      leases.unfence(name);
      fenced.delete(name);
      return done;
    }
    if (!observed.isReplicasTurn || fenced.has(name)) return done;
    const number = Math.max(store.revision(), options.sentTo(name));
    const object = { ...stored.object, status: { ...(stored.object.status as object), fence: number } };
    const trouble = await commit(store, [{ op: 'put', key, expected: stored.revision, object, by: controlUser }]);
    if (trouble !== undefined) return trouble;
    fenced.add(name);
    leases.fence(name, number);
    return done;
  };
  const fences: Controller = startController({ name: 'fence', env, workers: 1, reconcile: fence });

  const ask = (name: string): void => {
    const record = directory.get(name);
    if (record?.observed?.cause !== 'Cluster' || record.observed.phase !== 'Standing') return;
    const held = options.removals.take(name);
    if (held !== record.held && held !== undefined)
      options.tell(name, 'ReplicasHeld', `its replicas stay for now: ${options.removals.why(name, held)}`);
    record.held = held;
    record.observed = { ...record.observed, isReplicasTurn: held === undefined };
    fences.add(name);
    options.onJudged(name);
    if (held !== undefined)
      timers.set(
        name,
        env.setTimer(heldAgainMs, () => ask(name)),
      );
  };
  return {
    begin: (name) => {
      timers.get(name)?.();
      fenced.delete(name);
      const { afterSeconds } = effectiveFailover(storedPolicy(store)?.spec).replicas;
      timers.set(
        name,
        env.setTimer(afterSeconds * 1_000, () => ask(name)),
      );
    },
    judged: fences.add,
    pending: fences.pending,
    stop: async () => {
      for (const cancel of timers.values()) cancel();
      await fences.stop();
    },
  };
};
