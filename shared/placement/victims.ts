/** @module Replicas that could give way to a workload of higher priority, and the room there would be without them. */
import { type ClusterRoom, type GivingWay, givingWay, type NodeLot, type PodDemand, type PodShape } from '../capacity/index.ts';
import { shapeIn } from './asking.ts';
import type { ClusterView } from './model.ts';
import type { Task } from './turn.ts';

/** True when a replica of either holds the very same of its node: one in the place of the other changes nothing there but the labels. */
export const holdsTheSame = ({ demand: a }: PodShape, { demand: b }: PodShape): boolean =>
  isEqual(a.requests, b.requests) &&
  a.guaranteed === b.guaranteed &&
  a.containers.length === b.containers.length &&
  a.containers.every(({ role, requests }, at) => role === b.containers[at]?.role && isEqual(requests, b.containers[at].requests)) &&
  [a, b].every(
    ({ ports, antiAffinity, claims, vgpus, networks, runtimeClassName }) =>
      ports.length + antiAffinity.length + claims.length + vgpus.length + networks.length === 0 && runtimeClassName === undefined,
  );

const isEqual = (a: PodDemand['requests'], b: PodDemand['requests']): boolean =>
  a.size === b.size && [...a].every(([resource, amount]) => b.get(resource) === amount);

/** Replicas of lower priority in a cluster. */
export type Lower = { readonly task: Task; readonly replicas: number };

/** How those of lower priority in a cluster can make room. */
export type Way = GivingWay & { readonly lower: readonly Lower[] };

/** Clusters in which replicas of lower priority run, with what comes of it that they give way. */
export type Ways = ReadonlyMap<string, Way>;

/** What replicas of lower priority, the first ones first, leave to a task in a cluster; at most `limit` replicas of it are asked about. */
export const wayIn = (view: ClusterView, task: Task, lower: readonly Lower[], limit: number): Way | undefined => {
  const shape = shapeIn(task, view);
  if (view.room === undefined || shape === undefined) return undefined;
  const known = lower.flatMap((one) => {
    const freed = shapeIn(one.task, view);
    return freed === undefined
      ? []
      : [{ ...one, lot: { shape: freed, count: one.replicas, seenOn: one.task.workload.runsOn?.get(view.name) } }];
  });
  const lots = known.map(({ lot }) => lot);
  return known.length === 0 ? undefined : { ...givingWay(reckonable(view.room, lots), shape, lots, limit), lower: known };
};

/**
 * The room as it can be reckoned with. Where there are several nodes and nobody knows on which of them the pods are, as of a report, what they free
 * cannot be kept for one that needs several of their places: others come there first. One gives way for one then.
 */
const reckonable = (room: ClusterRoom, lots: readonly { readonly seenOn?: readonly NodeLot[] | undefined }[]): ClusterRoom => {
  const nodes = room.report?.nodes.group.length ?? 1;
  if (nodes < 2 || lots.every(({ seenOn }) => seenOn !== undefined)) return room;
  const { holdings: _, ...rest } = room;
  return rest;
};

/** The clusters as if replicas gave way, for the shape of the task alone, and as if what is `taken` of their room were used. */
export const roomierBy = (clusters: readonly ClusterView[], ways: Ways, taken: ReadonlyMap<string, number>): ClusterView[] =>
  clusters.map((view) => {
    const more = (ways.get(view.name)?.most ?? 0) - (taken.get(view.name) ?? 0);
    const { room } = view;
    if (more === 0 || room === undefined) return view;
    const roomier: ClusterRoom = {
      ...room,
      revision: undefined,
      fit: (shape) => {
        const fit = room.fit(shape);
        return { ...fit, count: Math.max(0, fit.count + more) };
      },
    };
    return { ...view, room: roomier };
  });

/** So many replicas give way for one at the most: the member chooses which of them go, and in a large cluster nearly all would come back. */
export const goneMax = 64;

/** Workloads that are named where they do not give way; the rest is counted. */
const namedMax = 3;

/** Why those of lower priority stay: `; lower priority: 8 of low in a do not give way: …`; '' when none run where the task may. */
export const stayingText = (ways: Ways, isEligible: (cluster: string) => boolean, isTooMany: boolean): string => {
  const open = [...ways].filter(([cluster]) => isEligible(cluster));
  const all = open.flatMap(([cluster, { lower }]) =>
    lower.map(({ task, replicas }) => `${replicas} of ${task.workload.ref.name} in ${cluster}`),
  );
  if (all.length === 0) return '';
  const more = all.length > namedMax ? ` and ${all.length - namedMax} more` : '';
  const fits = open.reduce((sum, [, { most }]) => sum + most, 0);
  const why = isTooMany
    ? `more than ${goneMax} would have to go for one replica to be sure of a node`
    : fits === 0
      ? 'no replica is sure to fit in the place of one, and of several it is not sure which node they leave'
      : `the ${fits} sure to fit in their place would not help`;
  return `; lower priority: ${all.slice(0, namedMax).join(', ')}${more} do not give way: ${why}`;
};
