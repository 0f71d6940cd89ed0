/** @module Where requests go: weights after a loss, the way back, and the zone that name servers answer. */
export * from './dns/index.ts';
export {
  type LossPlan,
  type LossTable,
  lossTables,
  type ServedService,
  type ServiceAfterLoss,
  type ServiceInCluster,
  weightMax,
} from './loss-table.ts';
export {
  type RampRule,
  type RampSight,
  type RampState,
  rampFaults,
  rampHome,
  rampPercent,
  rampRuleDefault,
  rampStep,
} from './ramp.ts';
export { type Poured, pour, type Vessel } from './share-out.ts';
