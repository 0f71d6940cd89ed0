/** @module Traffic in the member: what it offers, what it imports, and who gets requests from it; with or without the hub. */
export type { TrafficWatch } from './away.ts';
export { startTraffic, type TrafficEngine, type TrafficOptions } from './run.ts';
export { splitLink, type TrafficLink } from './split-link.ts';
