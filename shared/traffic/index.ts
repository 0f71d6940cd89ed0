/** @module Where requests go: weights after a loss, the way back, and the zone that name servers answer. */
export {
  type ClusterTerms,
  type CompiledService,
  compileService,
  type LossRow,
  type ServiceToCompile,
  servedOf,
  tablesOf,
} from './compile.ts';
export * from './dns/index.ts';
export { useLimits, withMeasuredUse, withWorstShed } from './headroom.ts';
export {
  type LossPlan,
  type LossTable,
  lossTables,
  type ServedService,
  type ServiceAfterLoss,
  type ServiceInCluster,
} from './loss-table.ts';
export { type ConflictReason, type ExportSource, exportConditions, type MergedService, mergeExports } from './merge-exports.ts';
export {
  clusterImportName,
  derivedName,
  epochAnnotation,
  sliceManager,
  trafficLabel,
  trafficManager,
  trafficServiceLabel,
} from './names.ts';
export {
  type RampHealth,
  type RampRule,
  type RampSight,
  type RampState,
  rampCalmMs,
  rampFaults,
  rampHome,
  rampPercent,
  rampRuleDefault,
  rampStep,
  rampWait,
} from './ramp.ts';
export { clusterImports, type RenderedObject, type RenderFor, renderService } from './render.ts';
export {
  type ImportBackend,
  type ImportWeights,
  importBackendsOf,
  isRoute,
  levelledRoute,
  type RouteBackends,
  type RouteOperation,
  routePatch,
  unweighed,
  weighedRoute,
} from './routes.ts';
export { type Poured, pour, type Vessel } from './share-out.ts';
export { givenUp, type Share, type Situation, sharesNow } from './shares.ts';
