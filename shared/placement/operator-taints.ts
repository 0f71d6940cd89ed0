/** @module The taints that an operator put on a Cluster, and those of its drain, as placement reads them. */
import { type ClusterSpec, drainTaints } from '../api/index.ts';
import type { TimedTaint } from './model.ts';

/** `spec.taints` with their times; a time that cannot be read counts as none. */
export const operatorTaints = (spec: ClusterSpec | undefined): TimedTaint[] => [
  ...(spec?.drain === undefined ? [] : drainTaints),
  ...(spec?.taints ?? []).map(({ key, value, effect, timeAdded }) => {
    const sinceMs = timeAdded === undefined ? Number.NaN : Date.parse(timeAdded);
    return { key, effect, ...(value === undefined ? {} : { value }), ...(Number.isNaN(sinceMs) ? {} : { sinceMs }) };
  }),
];
