/** @module Pods of a fake member that stay on their nodes: each is bound to one that has room for it, and those that are to leave a node go first. */
import type { CapacityReport } from '../../../shared/capacity/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { WorkItem } from '../../../shared/wire/index.ts';
import { type FakePods, milliOf, replicasOf } from './fake-nodes.ts';

/** What a report says of pods and of where they are. */
export type PlacedPods = FakePods & Pick<CapacityReport, 'works' | 'workSets'> & { readonly workSet: readonly number[] };

/** What there is in a member. */
export type FakeMember = {
  readonly objects: ReadonlyMap<string, KubeObject>;
  /** Nodes that pods of an object are to leave. */
  readonly leavingOf: (id: string) => NonNullable<WorkItem['leaving']>;
  readonly names: readonly string[];
  readonly coresOfNodes: readonly number[];
  /** Cores of pods of somebody else: each is bound before all others as soon as a node has room, and nobody hears of it before. */
  readonly strangers: readonly number[];
};

/** The place of a pod that is bound nowhere. */
const nowhere = -1;

type Pods = { readonly milli: number; places: number[] };

/** Keeps the pods of one member; the answer brings them to what is there now. */
export const createFakePods = (): ((member: FakeMember) => PlacedPods) => {
  const kept = new Map<string, Pods>();
  const taken: number[] = [];

  const without = (places: readonly number[], count: number, leaving: readonly number[]): number[] => {
    const stay = [...leaving];
    const isLeaving = (place: number): boolean => place !== nowhere && stay[place] !== undefined && (stay[place] ?? 0) <= 0;
    const ranked = places.map((place, at) => {
      const rank = place === nowhere ? 0 : isLeaving(place) ? 1 : 2;
      if (place !== nowhere && stay[place] !== undefined) stay[place] = (stay[place] ?? 0) - 1;
      return { place, at, rank };
    });
    return ranked
      .toSorted((a, b) => a.rank - b.rank || b.at - a.at)
      .slice(count)
      .toSorted((a, b) => a.at - b.at)
      .map(({ place }) => place);
  };

  return ({ objects, leavingOf, names, coresOfNodes, strangers }) => {
    for (const id of kept.keys()) if (!objects.has(id)) kept.delete(id);
    for (const [id, object] of objects) {
      const [replicas, milli] = [replicasOf(object), milliOf(object)];
      const before = kept.get(id);
      const pods = before?.milli === milli ? before : { milli, places: [] };
      kept.set(id, pods);
      const leaving: number[] = [];
      for (const { node, replicas: stay } of leavingOf(id)) if (names.includes(node)) leaving[names.indexOf(node)] = stay;
      pods.places = without(pods.places, Math.max(0, pods.places.length - replicas), leaving);
      while (pods.places.length < replicas) pods.places.push(nowhere);
    }
    const free = coresOfNodes.map((cores) => cores * 1_000);
    const take = (node: number, milli: number): void => {
      free[node] = (free[node] ?? 0) - milli;
    };
    const bind = (milli: number): number => {
      const emptiest = free.indexOf(Math.max(...free));
      if ((free[emptiest] ?? 0) < milli) return nowhere;
      take(emptiest, milli);
      return emptiest;
    };
    taken.forEach((node, at) => {
      if (node !== nowhere) take(node, (strangers[at] ?? 0) * 1_000);
    });
    for (const { milli, places } of kept.values()) for (const place of places) if (place !== nowhere) take(place, milli);
    strangers.forEach((cores, at) => {
      if ((taken[at] ?? nowhere) === nowhere) taken[at] = bind(cores * 1_000);
    });
    for (const pods of kept.values()) pods.places = pods.places.map((place) => (place === nowhere ? bind(pods.milli) : place));
    return { ...toldOf(kept, names.length), free };
  };
};

const toldOf = (kept: ReadonlyMap<string, Pods>, nodes: number): Omit<PlacedPods, 'free'> => {
  const [ids, waiting] = [[...kept.keys()], new Map<number, number>()];
  const present: Record<string, { bound: number; pending: number }> = {};
  for (const [id, { milli, places }] of kept) {
    const pending = places.filter((place) => place === nowhere).length;
    present[id] = { bound: places.length - pending, pending };
    if (pending > 0) waiting.set(milli, (waiting.get(milli) ?? 0) + pending);
  }
  const workSets = Array.from({ length: nodes }, (_, node) => ({
    id: node + 1,
    pods: ids.flatMap((id, work): (readonly [number, number, number])[] => {
      const count = kept.get(id)?.places.filter((place) => place === node).length ?? 0;
      return count === 0 ? [] : [[work, count, count]];
    }),
  }));
  return {
    present,
    pending: [...waiting].map(([cpu, count]) => ({ shapeHash: `cpu-${cpu}`, count, oldestSeconds: 1, requests: { cpu } })),
    works: ids.map((workId, id) => ({ id, workId })),
    workSets,
    workSet: workSets.map(({ id }) => id),
  };
};
