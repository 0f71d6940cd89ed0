/** @module Whether a workload lost replicas with a cluster: then those that run in others stay, whatever hard spread constraints say of it. */
import { sumOf } from '../lib/sum.ts';
import type { Candidates } from './candidates.ts';
import type { CompiledPolicy } from './compiled-policy.ts';
import type { Workload } from './model.ts';
import { leavesOut } from './prepare.ts';
import { sumOf as sumOfColumn } from './problem.ts';

/** True when the cluster is gone or drives replicas out. That the policy leaves a cluster out is no loss. */
const isLost = (policy: CompiledPolicy, { roster, prepared }: Candidates, name: string, nowMs: number): boolean => {
  const place = prepared.index.get(name);
  if (place === undefined) return true;
  const view = prepared.standings[place]?.view;
  return !roster.at.includes(place) && view !== undefined && !leavesOut(policy, view, nowMs);
};

/**
 * True when replicas went with a cluster. Until a lost cluster takes replicas again it is owed them, so that a later decision says the same; of
 * Weighted only the present state counts, as its weights hold again once the replicas that were lost have been given out.
 */
export const isBereft = (policy: CompiledPolicy, candidates: Candidates, { current, owed }: Workload, nowMs: number): boolean => {
  if (policy.spread.length === 0) return false;
  if (owed.size === 0 && sumOfColumn(candidates.current) === sumOf(current.values())) return false;
  for (const counts of policy.strategy === 'Weighted' ? [current] : [current, owed])
    for (const [name, replicas] of counts) if (replicas > 0 && isLost(policy, candidates, name, nowMs)) return true;
  return false;
};
