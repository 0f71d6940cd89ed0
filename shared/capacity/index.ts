/** @module What a cluster can hold: the report, the count of further replicas node by node, and the ledger. */

export { type AssumedPods, bindPods, type FreedPods, type MutableColumns } from './bind.ts';
export { type DecodedReport, decodeReport, type FactsCheck, type ReportRefusal, reportLimits } from './decode-report.ts';
export { createReportReceiver, type DeltaTrouble, type Received, type ReportReceiver } from './delta-receive.ts';
export { createReportSender, type ReportSender } from './delta-send.ts';
export { type PodDemand, type PodTemplate, podDemandOf } from './demand.ts';
export { demandFault } from './demand-fault.ts';
export { type Dump, type Read, readDump } from './dump.ts';
export { type DumpObject, flatten } from './dump-objects.ts';
export { emptyReport } from './empty-report.ts';
export { encodeReport, type ReportEnvelope } from './encode-report.ts';
export { type ExactFit, fitModel, type NodeShare } from './exact-fit.ts';
export { type FitResult, type FreeColumns, fitCluster, fitNodes, type NodeFit } from './fit.ts';
export { fitDump, fitOnDump } from './fit-dump.ts';
export { type MadePlace, type PodsOnNode, placesMade } from './giving-way.ts';
export { lostPlaces, noneLost } from './lost-places.ts';
export type { WholeNodes } from './model-deal.ts';
export { createModelRoom, wholeNodesOf } from './model-room.ts';
export type { ClusterModel, NodeModel } from './node.ts';
export { takesOfZones } from './numa/ask.ts';
export { type PodShape, plainShape, podShapeOf, withClaims } from './pod-shape.ts';
export * from './report.ts';
export { type FactSection, factSections } from './report-facts.ts';
export { type ClusterRoom, createRoom, type NodeLot } from './room.ts';
export { podShapeOfObject, readShape } from './shape-of.ts';
export { type TaintLike, type TolerationLike, taintText, tolerates, untolerated } from './taints.ts';
export { type SeenOn, seenOn } from './work-places.ts';
