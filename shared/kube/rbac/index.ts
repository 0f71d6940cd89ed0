/** @module Role-based access control: what concerns roles as objects. */
export { aggregated } from './aggregation.ts';
