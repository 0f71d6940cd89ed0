/** @module What the agent's cluster can hold: compact facts, and the capacity report made of them. */
export type { Exporter } from './dcgm.ts';
export { type AppliedWork, workloadKey } from './owner.ts';
export { createPodTable, type PodFacts, type PodTable, podFactsOf } from './pod-table.ts';
export { buildReport, type ReportInput } from './report.ts';
export { type Inventory, type InventoryOptions, startInventory } from './run.ts';
export { applyEvent, createInventoryState, type InventoryState, project, type SourceName } from './state.ts';
