/**
 * @module Room for requests by what pods are measured to use, in place of what is assumed: the use of a service's ready pods as a part of what
 * they request, against a target as HorizontalPodAutoscalers have one (`averageUtilization`).
 */
import type { LossRow } from './compile.ts';
import { inUseFull, type ServedService, type ServiceInCluster } from './loss-table.ts';
import { mulDiv } from './mul-div.ts';

/** Named limits of measured use; unknown is never zero, and never an old value either. */
export const useLimits = {
  /** A change below this is none: tables do not chase noise. */
  stepPerMille: 50,
  /** What was measured before that is unknown. */
  ageMaxMs: 180_000,
} as const;

/** The least and the most that is made of a measurement: pods that run use something, and twice the target is as full as can be. */
const [usePerMilleMin, inUseMax] = [1, 2 * inUseFull];

/**
 * The service as its loss tables see it, by what ready pods use of the CPU that they request (per mille, by cluster). Capacity is what they
 * serve when they use the target, so that the room left is capacity · max(0, target − use) / target. Clusters that are not measured stay as
 * they are; without any measurement it is the same object.
 */
export const withMeasuredUse = (service: ServedService, uses: ReadonlyMap<string, number>, targetPercent: number): ServedService => {
  const useOf = ({ cluster, capacity }: ServiceInCluster): number | undefined => (capacity > 0 ? uses.get(cluster) : undefined);
  if (service.clusters.every((one) => useOf(one) === undefined)) return service;
  return {
    ...service,
    clusters: service.clusters.map((one) => {
      const use = useOf(one);
      if (use === undefined) return one;
      return { ...one, inUse: Math.min(inUseMax, mulDiv(Math.max(usePerMilleMin, use), inUseFull, targetPercent * 10)) };
    }),
  };
};

/** Rows that tell of each loss the worse of what two makings of the same tables leave unserved: a quiet hour makes no declared peak fit. */
export const withWorstShed = (rows: readonly LossRow[], others: readonly LossRow[]): LossRow[] => {
  const shedOf = new Map(others.map(({ lost, shed }) => [lost.join(' '), shed]));
  return rows.map((row) => ({ ...row, shed: Math.max(row.shed, shedOf.get(row.lost.join(' ')) ?? 0) }));
};
