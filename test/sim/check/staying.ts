/**
 * @module What is left in drained clusters of a healed federation: what finds no other place, for as long as there is none, and what waits for
 * replacements that are not ready, no more of it than of those. The Placement and the Cluster tell of it.
 */
import type { Cluster, ClusterSpec, PolicySpec, StayingCluster, StoredPlacement } from '../../../shared/api/index.ts';

/** What is looked at. */
export type StayingSight = {
  readonly clusters: readonly Cluster[];
  /** By the name of the workload. */
  readonly placements: ReadonlyMap<string, StoredPlacement>;
  /** The policy of that name; undefined = there is none. */
  readonly policy: (id: string) => PolicySpec | undefined;
  /** Replicas that the user wants. */
  readonly wanted: (workload: string) => number;
  /** Replicas that the workload is told to have in the cluster, and those that are ready; undefined = it is not there. */
  readonly counts: (cluster: string, workload: string) => { readonly replicas: number; readonly ready: number } | undefined;
  /** How many more of the workload's replicas the cluster's nodes take. */
  readonly room: (cluster: string, workload: string) => number;
};

/** Clusters in which a workload stays because it finds no place elsewhere, or because no policy moves it, as its Placement tells. */
export const drainedOf = (placement: StoredPlacement | undefined): readonly StayingCluster[] =>
  (placement?.status?.staying ?? []).filter(
    ({ reason }) => reason === 'Drained' || (reason === 'Deselected' && placement !== undefined && isFrozen(placement)),
  );

const isFrozen = ({ status }: StoredPlacement): boolean => status?.reason === 'NoPolicy';

/** Taints that the policy bears are the ones its tolerations name; those of the model name a key. */
export const isOpen = ({ taints = [], drain }: ClusterSpec, { tolerations = [] }: PolicySpec): boolean =>
  drain === undefined &&
  taints.every(({ key, effect }) => effect === 'PreferNoSchedule' || tolerations.some((toleration) => toleration.key === key));

/** A cluster that could take what stays; policies whose hard terms may be against it are not judged. */
const otherPlaceOf = (sight: StayingSight, name: string, placement: StoredPlacement, policy: PolicySpec): string | undefined => {
  if (policy.spread?.some(({ whenUnsatisfiable }) => whenUnsatisfiable !== 'ScheduleAnyway') === true) return undefined;
  const isWhole = policy.replicaScheduling?.strategy === 'Duplicated' || policy.failover?.class === 'Singleton';
  const needed = isWhole ? sight.wanted(name) : 1;
  if (isWhole && placement.spec.clusters.length > 0) return undefined;
  return sight.clusters.find(({ metadata, spec }) => isOpen(spec, policy) && sight.room(metadata.name, name) >= needed)?.metadata.name;
};

/** Replicas that are placed and not ready. */
const missingOf = (sight: StayingSight, name: string, { spec }: StoredPlacement): number =>
  spec.clusters.reduce((sum, { name: cluster, replicas = 0 }) => {
    const ready = sight.counts(cluster, name)?.ready ?? 0;
    return sum + Math.max(0, replicas - ready);
  }, 0);

/** What is left of a workload in clusters where it is not placed. */
const leftText = (sight: StayingSight, name: string, placement: StoredPlacement): string => {
  const staying = new Map(drainedOf(placement).map((one) => [one.name, one.replicas ?? 0]));
  const placed = new Set(placement.spec.clusters.map((one) => one.name));
  let waiting = 0;
  for (const { metadata, spec } of sight.clusters) {
    const has = placed.has(metadata.name) ? undefined : sight.counts(metadata.name, name)?.replicas;
    const stays = staying.get(metadata.name);
    if (has === undefined && stays === undefined) continue;
    if (has === undefined || has < (stays ?? 0))
      return `${name} has ${has ?? 'nothing'} in ${metadata.name}, where its Placement says that ${stays} stay`;
    if (spec.drain === undefined && !isFrozen(placement)) return `${name} is left in ${metadata.name}, which is not drained`;
    waiting += has - (stays ?? 0);
  }
  const missing = missingOf(sight, name, placement);
  return waiting > missing ? `${waiting} of ${name} wait in drained clusters for ${missing} that are not ready` : '';
};

const placementText = (sight: StayingSight, name: string, placement: StoredPlacement): string => {
  const left = leftText(sight, name, placement);
  if (left !== '') return left;
  const staying = drainedOf(placement);
  const total = staying.reduce((sum, { replicas = 0 }) => sum + replicas, 0);
  const unplaced = placement.status?.unplaced ?? 0;
  if (total > unplaced) return `${total} of ${name} stay, ${unplaced} found no place`;
  const policy = sight.policy(placement.spec.policy);
  if (total === 0 || policy === undefined || isFrozen(placement)) return '';
  const other = otherPlaceOf(sight, name, placement, policy);
  return other === undefined ? '' : `${name} stays in ${staying.map((one) => one.name).join()} though ${other} has room for it`;
};

/** The Cluster names all that is there. */
const clusterText = (sight: StayingSight, { metadata: { name }, spec, status }: Cluster): string => {
  if (spec.drain === undefined) return status?.drain === undefined ? '' : `the drain of ${name} is told of still`;
  const { staying = [], waiting = [] } = status?.drain ?? {};
  const said = [...staying, ...waiting].flatMap((one) => (one.kind === 'Deployment' ? [one.name] : []));
  const there = [...sight.placements.keys()].filter((workload) => sight.counts(name, workload) !== undefined);
  const text = (names: readonly string[]): string => [...names].sort().join() || 'nothing';
  return text(said) === text(there) ? '' : `the drain of ${name} tells that ${text(said)} is left; ${text(there)} is`;
};

/** What is not as it should be, in words; '' = all is well. */
export const stayingText = (sight: StayingSight): string => {
  const texts = [
    ...[...sight.placements].map(([name, placement]) => placementText(sight, name, placement)),
    ...sight.clusters.map((cluster) => clusterText(sight, cluster)),
  ];
  return texts.find((text) => text !== '') ?? '';
};
