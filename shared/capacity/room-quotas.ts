/** @module What is left of a report's quotas once pods on their way count against them: two workloads of a namespace are not promised the same. */
import type { PodDemand } from './demand.ts';
import { planFit } from './fit.ts';
import { isMemoryOpen, mostMemoryMiB } from './hami-quota.ts';
import { quotaLess } from './model-take.ts';
import type { QuotaModel } from './node.ts';
import type { PodShape } from './pod-shape.ts';
import { quotaCount, quotaCounts, replicaUse } from './quota.ts';
import type { CapacityReport } from './report.ts';
import { quotasOf } from './thin-cluster.ts';

/** Quotas under a ledger. */
export type RoomQuotas = {
  readonly left: () => readonly QuotaModel[];
  /** Of so many pods, those that the member's API server lets in. */
  readonly admitted: (shape: PodShape, count: number) => number;
  /** So many admitted pods count from now on. Answers false where it is not known how much they use. */
  readonly take: (shape: PodShape, admitted: number) => boolean;
};

/** The quotas as the report has them: pods that it shows, waiting ones too, are in what is used. */
export const createRoomQuotas = (report: CapacityReport): RoomQuotas => {
  let quotas = quotasOf(report);
  const gpus = quotas.length === 0 ? [] : report.groups.flatMap(({ devices = [] }) => devices);
  const isCounted = (quota: QuotaModel, demand: PodDemand): boolean => quota.namespace === demand.namespace && quotaCounts(quota, demand);
  return {
    left: () => quotas,
    admitted: (shape, count) => {
      if (quotas.length === 0) return count;
      const allowed = quotaCount(quotas, planFit(report, shape).demand, mostMemoryMiB(gpus));
      return allowed === undefined || allowed >= BigInt(count) ? count : Number(allowed);
    },
    take: (shape, admitted) => {
      if (quotas.length === 0 || admitted === 0) return true;
      const { demand } = planFit(report, shape);
      const isTold = !isMemoryOpen(quotas, demand, gpus);
      const use = replicaUse(demand, mostMemoryMiB(gpus));
      quotas = quotas.map((quota) => (isCounted(quota, demand) ? quotaLess(quota, use, admitted) : quota));
      return isTold;
    },
  };
};
