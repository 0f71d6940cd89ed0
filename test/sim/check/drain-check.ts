/**
 * @module The rule of drains: what runs in a drained cluster is stopped only as far as as many are ready elsewhere, and taking a drain back
 * stops nothing either. Fewer are enough when fewer are wanted; a singleton stops before it begins elsewhere.
 */
import type { Cluster, ClusterDrain, PolicySpec, StoredPlacement } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StatusItem, WorkItem } from '../../../shared/wire/messages.ts';
import type { Checker } from './observer.ts';

/** So soon after a drain was taken back nothing may be stopped because of it: less than a surplus waits. */
const undoneMsMax = 10_000;

/** What a cluster was told last of a workload. */
type Told = { readonly replicas: number; readonly isSingleton: boolean };
/** What it answered last, as the hub heard it. */
type Answer = { readonly seq: number; readonly replicas: number; readonly ready: number };

type Drain = { readonly budget: ClusterDrain; readonly undoneMs?: number };

const replicasIn = (object: KubeObject | undefined): number => (object?.spec as { replicas?: number } | undefined)?.replicas ?? 0;

const resourceOf = (key: string): string => key.split('/').slice(0, 2).join('/');

const mapIn = <K, V>(maps: Map<string, Map<K, V>>, id: string): Map<K, V> => {
  const known = maps.get(id) ?? new Map<K, V>();
  maps.set(id, known);
  return known;
};

/** The checker. */
export const drainCheck: Checker = (fail, nowMs) => {
  const told = new Map<string, Map<string, Told>>();
  const answers = new Map<string, Map<string, Answer>>();
  /** What was told in this run of the hub; what an earlier one told, a hub knows from answers alone. */
  const own = new Set<string>();
  const drains = new Map<string, Drain>();
  const deployments = new Map<string, KubeObject>();
  const policies = new Map<string, PolicySpec>();
  const placements = new Map<string, StoredPlacement>();

  const seeCluster = ({ metadata: { name }, spec }: Pick<Cluster, 'metadata' | 'spec'>): void => {
    const known = drains.get(name);
    if (spec.drain !== undefined) drains.set(name, { budget: spec.drain });
    // Whom a taint empties now stops because of that, though a drain was taken back a moment before.
    else if (spec.taints?.some(({ effect }) => effect === 'NoExecute') === true) drains.delete(name);
    else if (known !== undefined && known.undoneMs === undefined) drains.set(name, { ...known, undoneMs: nowMs() });
  };
  const isDrain = (drain: Drain | undefined): drain is Drain =>
    drain !== undefined && (drain.undoneMs === undefined || nowMs() - drain.undoneMs <= undoneMsMax);

  /** Replicas that the workload is to have: what its user wants, and no more than was decided on. */
  const wantedOf = (name: string): number => {
    const deployment = deployments.get(name);
    const placement = placements.get(name);
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined || placement === undefined) return 0;
    return Math.min(replicasIn(deployment), placement.status?.replicas ?? 0);
  };
  /** Replicas that drains let be missing: the most of those that concern the workload. */
  const budgetOf = (name: string, clusters: Iterable<string>): number => {
    const placed = (placements.get(name)?.spec.clusters ?? []).reduce((sum, { replicas = 0 }) => sum + replicas, 0);
    const budgets = [...clusters].map((cluster) => {
      const { maxUnavailable = 0 } = drains.get(cluster)?.budget ?? {};
      return typeof maxUnavailable === 'number' ? maxUnavailable : Math.floor((placed * Number.parseInt(maxUnavailable, 10)) / 100);
    });
    return Math.max(0, ...budgets);
  };
  const isSingleton = (name: string): boolean => {
    const placement = placements.get(name);
    return placement !== undefined && policies.get(placement.spec.policy)?.failover?.class === 'Singleton';
  };

  /** The cluster was told to have fewer than before. */
  const checkFewer = ({ cluster, id, ref: { name } }: WorkItem, before: Told, replicas: number): void => {
    const drain = drains.get(cluster);
    if (!isDrain(drain) || before.isSingleton || isSingleton(name)) return;
    const known = mapIn(told, id);
    const ready = mapIn(answers, id);
    // A drain waits for what is not ready too; taken back, it holds nothing but what runs.
    if (drain.undoneMs !== undefined && replicas >= (ready.get(cluster)?.ready ?? 0)) return;
    const placed = new Map((placements.get(name)?.spec.clusters ?? []).map((one) => [one.name, one.replicas ?? 0]));
    const elsewhere = [...known].reduce((sum, [other, has]) => {
      if (other === cluster) return sum;
      // What another has beyond what it is to have is kept there, ready or not, and may be all that is needed.
      const surplus = Math.max(0, has.replicas - (placed.get(other) ?? 0));
      return sum + surplus + Math.min(has.replicas - surplus, ready.get(other)?.ready ?? 0);
    }, 0);
    const wanted = wantedOf(name) - budgetOf(name, known.keys());
    if (replicas + elsewhere >= wanted) return;
    fail(
      'what is drained runs until its replacements are ready',
      `${name} in ${cluster} goes from ${before.replicas} to ${replicas} with ${elsewhere} ready or kept elsewhere; ${wanted} may not be missing`,
    );
  };

  return {
    hubStarted: () => {
      answers.clear();
      own.clear();
    },
    written: ({ key, object }) => {
      const [, , namespace = '', name = ''] = key.split('/');
      if (resourceOf(key) === 'apps/deployments') keep(deployments, name, object);
      if (resourceOf(key) === 'hanse.dev/placementpolicies') keep(policies, `${namespace}/${name}`, object && (object.spec as PolicySpec));
      if (resourceOf(key) === 'hanse.dev/clusters' && object !== undefined) seeCluster(object as unknown as Cluster);
      if (resourceOf(key) !== 'hanse.dev/placements') return;
      const placement = object as unknown as StoredPlacement | undefined;
      if (placement !== undefined) placements.set(placement.spec.workload.name, placement);
    },
    heard: (kind, cluster, message) => {
      if (kind !== 'status') return;
      const { id, seq, status } = message as StatusItem;
      const known = mapIn(answers, id);
      if (seq < (known.get(cluster)?.seq ?? 0)) return;
      const { replicas = 0, readyReplicas = 0 } = (status ?? {}) as { replicas?: number; readyReplicas?: number };
      known.set(cluster, { seq, replicas, ready: readyReplicas });
    },
    published: (item) => {
      if (item.ref.kind !== 'Deployment') return;
      const known = mapIn(told, item.id);
      const before = known.get(item.cluster);
      const replicas = item.op === 'apply' ? replicasIn(item.object) : 0;
      const key = `${item.cluster}.${item.id}`;
      const said = own.has(key) ? undefined : mapIn(answers, item.id).get(item.cluster)?.replicas;
      if (before !== undefined && replicas < Math.min(before.replicas, said ?? before.replicas)) checkFewer(item, before, replicas);
      known.set(item.cluster, { replicas, isSingleton: item.singleton === true });
      own.add(key);
    },
  };
};

const keep = <T>(map: Map<string, T>, name: string, value: T | undefined): void => {
  if (value === undefined) map.delete(name);
  else map.set(name, value);
};
