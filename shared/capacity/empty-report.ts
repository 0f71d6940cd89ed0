/** @module The report of a cluster that has nothing: what others are written from, field by field. */
import type { CapacityReport } from './report.ts';

/** A whole report of no nodes. */
export const emptyReport: CapacityReport = {
  kind: 'snapshot',
  epoch: 0,
  seq: 0,
  observedAtMs: 0,
  sources: {},
  complete: true,
  unsupported: [],
  resourceNames: [],
  groups: [],
  nodes: { names: [], group: [], podsFree: [], free: [] },
  pending: [],
  runtimeClasses: [],
  networks: [],
  acks: {},
  present: {},
};
