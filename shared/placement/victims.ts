/** @module Replicas that could give way to a workload of higher priority, and the room there would be without them. */
import type { ClusterRoom, PodDemand, PodShape } from '../capacity/index.ts';
import type { ClusterView } from './model.ts';
import type { Task } from './turn.ts';

/** True when a replica of `victim` frees, where it is, at least what a replica of `shape` asks for, on a node that may run either. */
export const makesWay = (victim: PodShape, shape: PodShape): boolean => {
  const freed = new Map(victim.requests);
  const isFree = shape.nodeTerms === undefined && Object.keys(shape.nodeSelector).length === 0;
  const isAlike = JSON.stringify([victim.nodeTerms, victim.nodeSelector]) === JSON.stringify([shape.nodeTerms, shape.nodeSelector]);
  return (isFree || isAlike) && shape.requests.every(([resource, amount]) => (freed.get(resource) ?? 0) >= amount);
};

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

/** Replicas of lower priority that could give way to the task, by cluster, the lowest priority first. */
export type Victims = ReadonlyMap<string, readonly { readonly task: Task; readonly replicas: number }[]>;

/** The clusters as if the victims were gone, for the shape of the task alone, and as if what is `taken` of their room were used. */
export const withoutVictims = (clusters: readonly ClusterView[], victims: Victims, taken: ReadonlyMap<string, number>): ClusterView[] =>
  clusters.map((view) => {
    const freed = (victims.get(view.name) ?? []).reduce((sum, { replicas }) => sum + replicas, 0) - (taken.get(view.name) ?? 0);
    const { room } = view;
    if (freed === 0 || room === undefined) return view;
    const roomier: ClusterRoom = {
      ...room,
      revision: undefined,
      fit: (shape) => {
        const fit = room.fit(shape);
        return { ...fit, count: Math.max(0, fit.count + freed) };
      },
    };
    return { ...view, room: roomier };
  });
