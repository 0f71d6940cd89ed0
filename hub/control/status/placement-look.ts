/** @module What there is to say on an object's Placement now: how the clusters took it, where it stays, what is not ready there. */
import type { StayingCluster, StoredPlacement, UnreadyCluster } from '../../../shared/api/index.ts';
import type { Store, Stored } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import type { Directory } from '../cluster/directory.ts';
import type { DependencyIndex } from '../dependencies/index.ts';
import type { Board } from '../work/board.ts';
import { unreadyOf } from '../work/replicas.ts';
import { stayingOf } from '../work/staying.ts';
import { type AppliedChange, nextApplied } from './applied.ts';
import { awaitedOf, lookAtGoing } from './going.ts';
import { heardOf } from './heard.ts';
import type { UnreadyTeller } from './unready.ts';

/** What is looked at. */
export type PlacementSources = {
  readonly store: Pick<Store, 'get'>;
  readonly env: Pick<RuntimeEnv, 'nowMs'>;
  readonly dependencies: Pick<DependencyIndex, 'dependencies'>;
  readonly board: Board;
  readonly directory: Pick<Directory, 'get' | 'has' | 'isMember' | 'liveness' | 'view'>;
  readonly unready: UnreadyTeller;
};

/** What there is to say. */
export type PlacementLook = {
  /** How the clusters took it, or what its deletion waits for; undefined when nothing is new. */
  readonly change: AppliedChange | undefined;
  /** Where it is meant to stay. */
  readonly staying: readonly StayingCluster[];
  /** To be written of what is not ready; undefined = what is written stands. */
  readonly notReady: readonly UnreadyCluster[] | undefined;
  /** When to look again. */
  readonly againMs: number | undefined;
};

/** True when the object is being deleted. */
export const isGoing = ({ object }: Stored): boolean => object.metadata.deletionTimestamp !== undefined;

/** Names of the clusters of these Placements. */
export const clusterNames = (placements: readonly (StoredPlacement | undefined)[]): readonly string[] =>
  [...new Set(placements.flatMap((placement) => placement?.spec.clusters ?? []).map(({ name }) => name))].sort();

/** The condition `Applied`, with the failures one by one: of the object, and of all that follows it to its clusters; and where it stays. */
const appliedChange = (
  { store, dependencies, board, env }: PlacementSources,
  stored: Stored,
  placement: StoredPlacement,
  staying: readonly StayingCluster[],
): AppliedChange | undefined => {
  const following = [...dependencies.dependencies(stored.key)].sort().flatMap((key) => store.get(key) ?? []);
  const subjects = [stored, ...following.filter((follower) => follower.key !== stored.key && !isGoing(follower))];
  const clusters = clusterNames([placement]);
  const answers = subjects.flatMap((subject) => heardOf(board, subject, clusters));
  return nextApplied(stored.key, answers, staying, placement.status, env.nowMs());
};

/** Looks; undefined `placement` = the object is placed nowhere by itself, and nothing is to be said. */
export const lookAtPlacement = (sources: PlacementSources, stored: Stored, placement: StoredPlacement | undefined): PlacementLook => {
  const { env, board, directory, unready } = sources;
  const { key, object } = stored;
  if (placement === undefined) return { change: undefined, staying: [], notReady: undefined, againMs: undefined };
  if (isGoing(stored)) {
    const { change, againMs } = lookAtGoing(stored, awaitedOf({ board, directory }, key), placement.status, env.nowMs());
    return { change, staying: [], notReady: undefined, againMs };
  }
  const staying = stayingOf({ board, directory }, key, placement);
  const { write, againMs } = unready.look(key, unreadyOf({ board, directory }, key, object, placement), placement.status?.unready);
  return { change: appliedChange(sources, stored, placement, staying), staying, notReady: write, againMs };
};
