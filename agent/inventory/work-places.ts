/** @module On which nodes the pods of applied workloads are, interned: what a hub must know that chooses which of them make room for others. */
import type { CapacityReport, NodeColumns, WorkSet } from '../../shared/capacity/report.ts';
import { compareText } from '../../shared/lib/compare-text.ts';

/** Places of workloads on nodes that are told. Where there are more none are, as a part would be taken for the whole. */
export const placesMax = 100_000;

/** Pods of a controller on a node. */
type OnNode = { bound: number; ready: number };

/** Bound pods of one controller, by row of their node. */
export type PodPlaces = Map<number, OnNode>;

/** Counts one more. */
export const notePlace = (places: PodPlaces, row: number, isReady: boolean): void => {
  const at = places.get(row) ?? { bound: 0, ready: 0 };
  places.set(row, at);
  at.bound += 1;
  if (isReady) at.ready += 1;
};

/** What a report tells of it; all absent when no such pod is bound. */
export type WorkPlaces = {
  readonly told: Pick<CapacityReport, 'works' | 'workSets'>;
  readonly columns: Pick<NodeColumns, 'workSet'>;
  /** A line for people where it is more than is told. */
  readonly untold: readonly string[];
};

const nothing: WorkPlaces = { told: {}, columns: {}, untold: [] };

/** Pods of one controller, whose they are; unsettled while some may be ready in a moment. */
export type CountedPods = { readonly workId: string; readonly places: PodPlaces; readonly isUnsettled: boolean };

/** Workloads of one controller with pods that are settled. */
const onlyOnes = (controllers: Iterable<CountedPods>): [string, PodPlaces][] => {
  const byWork = new Map<string, PodPlaces | undefined>();
  for (const { workId, places, isUnsettled } of controllers) byWork.set(workId, byWork.has(workId) || isUnsettled ? undefined : places);
  return [...byWork]
    .flatMap(([workId, places]): [string, PodPlaces][] => (places === undefined || places.size === 0 ? [] : [[workId, places]]))
    .sort(([a], [b]) => compareText(a, b));
};

/** Numbers workloads by name, and sets in the order of the nodes. */
export const workPlaces = (nodes: number, controllers: Iterable<CountedPods>): WorkPlaces => {
  const found = onlyOnes(controllers);
  if (found.length === 0) return nothing;
  const total = found.reduce((sum, [, places]) => sum + places.size, 0);
  if (total > placesMax)
    return { ...nothing, untold: [`pods: on which nodes workloads are is not told: ${total} places, at most ${placesMax}`] };
  const onNodes = new Map<number, [work: number, bound: number, ready: number][]>();
  found.forEach(([, places], work) => {
    for (const [row, { bound, ready }] of places) {
      const pods = onNodes.get(row) ?? [];
      onNodes.set(row, pods);
      pods.push([work, bound, ready]);
    }
  });
  const sets = new Map<string, WorkSet>();
  const workSet = Array.from({ length: nodes }, (_, row) => {
    const pods = onNodes.get(row);
    if (pods === undefined) return 0;
    const key = pods.join(';');
    const set = sets.get(key) ?? { id: sets.size + 1, pods };
    sets.set(key, set);
    return set.id;
  });
  return {
    told: { works: found.map(([workId], id) => ({ id, workId })), workSets: [...sets.values()] },
    columns: { workSet },
    untold: [],
  };
};
