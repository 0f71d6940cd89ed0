/** @module Where a report shows pods of workloads that Hanse placed. */
import type { PodsOnNode } from './giving-way.ts';
import type { CapacityReport } from './report.ts';

/** Pods of a workload by the name of their node. */
export type SeenOn = ReadonlyMap<string, Pick<PodsOnNode, 'bound' | 'ready'>>;

const known = new WeakMap<CapacityReport, ReadonlyMap<string, SeenOn>>();

const read = ({ nodes, works = [], workSets = [] }: CapacityReport): ReadonlyMap<string, SeenOn> => {
  const ids = new Map(works.map(({ id, workId }) => [id, workId]));
  const sets = new Map(workSets.map(({ id, pods }) => [id, pods]));
  const places = new Map<string, Map<string, { bound: number; ready: number }>>();
  nodes.workSet?.forEach((set, row) => {
    for (const [work, bound = 0, ready = 0] of sets.get(set) ?? []) {
      const workId = ids.get(work);
      const name = nodes.names[row];
      if (workId === undefined || name === undefined) continue;
      const on = places.get(workId) ?? new Map<string, { bound: number; ready: number }>();
      places.set(workId, on);
      on.set(name, { bound, ready: Math.min(bound, ready) });
    }
  });
  return places;
};

/** The nodes of a workload's pods; undefined where the report does not tell. Read once for each report. */
export const seenOn = (report: CapacityReport, workId: string): SeenOn | undefined => {
  if (report.nodes.workSet === undefined) return undefined;
  const places = known.get(report) ?? read(report);
  known.set(report, places);
  return places.get(workId);
};
