/** @module A shape counted on a dump: what `hanse fit` answers. */
import type { PodDemand } from './demand.ts';
import type { Dump, Read } from './dump.ts';
import { readDump } from './dump.ts';
import { type ExactFit, fitModel } from './exact-fit.ts';
import { readShape } from './shape-of.ts';

/** Counts a shape on a dump that was read. */
export const fitOnDump = ({ cluster, defaulted }: Dump, demand: PodDemand): ExactFit => {
  const leavesOpen = demand.unsetCompute.length > 0 && defaulted.has(demand.namespace);
  const doubts = leavesOpen
    ? [...cluster.doubts, `LimitRange of namespace ${demand.namespace}: its defaults are not counted`]
    : cluster.doubts;
  return fitModel({ ...cluster, doubts }, demand);
};

/** Counts the shape of an object on the objects of a dump. */
export const fitDump = (objects: readonly unknown[], shape: unknown): Read<ExactFit> => {
  const demand = readShape(shape);
  if (!demand.ok) return demand;
  const dump = readDump(objects);
  return dump.ok ? { ok: true, value: fitOnDump(dump.value, demand.value) } : dump;
};
