/** @module The writes of what members say of an object: its own status, and that of its Placement. */
import { isServing, type StoredPlacement, type UnreadyCluster } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { Stored, Write } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { sameJson } from '../../../shared/lib/same-json.ts';
import { timeText } from '../../../shared/lib/time-text.ts';
import { completionsOf } from '../../../shared/placement/index.ts';
import type { Directory } from '../cluster/directory.ts';
import { bag, groupKind, type KindCatalog, typeOfKey, workIdOf } from '../kinds.ts';
import { controlUser } from '../objects.ts';
import type { placementOf } from '../placement/names.ts';
import { type Board, placementMark } from '../work/board.ts';
import { aggregateStatus } from './aggregate.ts';
import type { AppliedChange } from './applied.ts';
import { type Heard, heardOf, leavingOf, partOf } from './heard.ts';

/** What an object's status is worked out from. */
export type ObjectStatusSources = {
  readonly catalog: KindCatalog;
  readonly board: Board;
  readonly directory: Pick<Directory, 'has' | 'liveness'>;
  readonly env: Pick<RuntimeEnv, 'nowMs'>;
};

/**
 * Replicas that no cluster took. A divided Job lacks nothing once all of its completions are given, though fewer of its pods run at once than
 * were asked for.
 */
const unplacedOf = ({ object }: Stored, placement: StoredPlacement | undefined, stays: number): number => {
  const { spec, status } = placement ?? {};
  const total = completionsOf(object);
  const given = [...(spec?.clusters ?? []), ...(status?.staying ?? []).filter(isServing)];
  const isGiven = total !== undefined && given.reduce((sum, { completions = 0 }) => sum + completions, 0) >= total;
  return isGiven ? 0 : Math.max(0, (status?.unplaced ?? 0) - stays);
};

/**
 * The object with the sum of its clusters' statuses as its own; undefined when that is written, or its kind has none.
 * @param answers of the clusters that should have it, and of those where `stays` replicas stay because no other takes them.
 */
export const objectWrite = (
  { catalog, board, directory, env }: ObjectStatusSources,
  stored: Stored,
  answers: readonly Heard[],
  placement: StoredPlacement | undefined,
  stays: number,
): Write | undefined => {
  const { object, key } = stored;
  if (typeOfKey(catalog, key)?.hasStatus !== true) return undefined;
  const parts = answers.map((answer) => partOf(answer, directory));
  const generation = object.metadata.generation ?? 0;
  const rendered = board.rendered(workIdOf(key));
  const isRendered = rendered?.generation === generation && rendered.placement === placementMark(placement);
  const isPlaced = placement === undefined || (placement.status?.observedGeneration ?? 0) >= generation;
  const whole = {
    spec: bag(object.spec),
    generation,
    before: bag(object.status),
    leaving: heardOf(board, stored, leavingOf({ board, directory }, key, answers)).map((answer) => partOf(answer, directory)),
    unplaced: unplacedOf(stored, placement, stays),
    isCurrent: isRendered && isPlaced && parts.every(({ isCurrent }) => isCurrent),
    now: timeText(env.nowMs()),
  };
  const status = aggregateStatus(groupKind(object), whole, parts);
  if (sameJson(status, object.status)) return undefined;
  return { op: 'put', key, expected: stored.revision, object: { ...object, status }, by: controlUser };
};

/** The Placement with what is new of how the clusters took it, and of what is not ready there; undefined when neither is. */
export const placementWrite = (
  { key, placement, revision }: ReturnType<typeof placementOf>,
  applied: AppliedChange | undefined,
  notReady: readonly UnreadyCluster[] | undefined,
): Write | undefined => {
  if (placement === undefined || (applied === undefined && notReady === undefined)) return undefined;
  const { failures, staying, unready: unreadyBefore, ...status } = placement.status ?? {};
  const lists = { failures, staying, ...applied, unready: notReady ?? unreadyBefore };
  const told = Object.fromEntries(
    (['failures', 'staying', 'unready'] as const)
      .map((field) => [field, lists[field] ?? []] as const)
      .filter(([, list]) => list.length > 0),
  );
  const object = { ...placement, status: { ...status, ...(applied === undefined ? {} : { conditions: applied.conditions }), ...told } };
  return { op: 'put', key, expected: revision, object: object as unknown as KubeObject, by: controlUser };
};
