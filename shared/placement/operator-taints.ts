/** @module The taints that an operator put on a Cluster, as placement reads them. */
import type { ClusterSpec } from '../api/index.ts';
import type { TimedTaint } from './model.ts';

/** `spec.taints` with their times; a time that cannot be read counts as none. */
export const operatorTaints = (spec: ClusterSpec | undefined): TimedTaint[] =>
  (spec?.taints ?? []).map(({ key, value, effect, timeAdded }) => {
    const sinceMs = timeAdded === undefined ? Number.NaN : Date.parse(timeAdded);
    return { key, effect, ...(value === undefined ? {} : { value }), ...(Number.isNaN(sinceMs) ? {} : { sinceMs }) };
  });
