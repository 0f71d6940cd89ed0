/** @module The receiving end: applies snapshots and deltas, and says when only a new snapshot can mend what was lost. */
import type { CapacityDelta, CapacityReport, NodeGroup } from './report.ts';
import { applyFacts, changedFields, type FactSection, optionalFields } from './report-facts.ts';
import { hashText } from './report-hash.ts';
import { groupColumn, isGroupWide, nodesOver, podColumn, workColumn } from './report-layout.ts';
import { addRows, changeRow, type ReportState, removeRow, stateOf } from './report-state.ts';

/** Why a delta cannot be applied; each is mended by a snapshot. */
export type DeltaTrouble = 'NoBase' | 'Gap' | 'OutOfRange' | 'HashMismatch';

/** What became of a message. `changed` = rows whose amounts or group changed, undefined = any may have. */
export type Received =
  | { readonly kind: 'new'; readonly report: CapacityReport; readonly changed: readonly number[] | undefined }
  /** Older than what is known, or known. */
  | { readonly kind: 'old' }
  | { readonly kind: 'lost'; readonly trouble: DeltaTrouble; readonly message: string };

/** One cluster's end. A report's columns live on in the ones after it: they always tell the newest state. */
export type ReportReceiver = {
  readonly receive: (message: CapacityReport | CapacityDelta) => Received;
  /** Number of the newest report applied; -1 when a snapshot is needed. */
  readonly seq: () => number;
};

/** An end that has heard nothing. */
export const createReportReceiver = (): ReportReceiver => {
  let state: ReportState | undefined;
  let report: CapacityReport | undefined;

  const onSnapshot = (snapshot: CapacityReport): Received => {
    if (state?.epoch === snapshot.epoch && snapshot.seq < state.seq) return { kind: 'old' };
    state = stateOf(snapshot);
    report = { ...snapshot, nodes: nodesOver(state.names, state.layout, state.columns) };
    return { kind: 'new', report, changed: undefined };
  };

  const lost = (trouble: DeltaTrouble, message: string): Received => {
    if (trouble !== 'Gap' && trouble !== 'NoBase') state = undefined;
    return { kind: 'lost', trouble, message };
  };

  const onDelta = (delta: CapacityDelta): Received => {
    if (state === undefined || report === undefined || state.epoch !== delta.epoch) {
      return lost('NoBase', `report ${delta.seq} builds on one of another count`);
    }
    if (delta.seq <= state.seq) return { kind: 'old' };
    if (delta.baseSeq !== state.seq) return lost('Gap', `report ${delta.seq} builds on ${delta.baseSeq}, the newest known is ${state.seq}`);
    const fault = rangeFault(state, delta);
    if (fault !== undefined) return lost('OutOfRange', fault);
    const sections = applyDelta(state, delta);
    const idFault = groupFault(state, sections) ?? unknownIds(state, delta, sections);
    if (idFault !== undefined) return lost('OutOfRange', idFault);
    const hash = hashText(state.hash);
    if (hash !== delta.hash) return lost('HashMismatch', `the state's hash is ${hash}, the agent's ${delta.hash}`);
    report = nextReport(report, state, delta, sections);
    const isReordered = delta.removed.length > 0 || delta.added.length > 0 || sections.has('groups');
    return { kind: 'new', report, changed: isReordered ? undefined : delta.rows.map(({ node }) => node) };
  };

  return {
    receive: (message) => (message.kind === 'snapshot' ? onSnapshot(message) : onDelta(message)),
    seq: () => state?.seq ?? -1,
  };
};

/** The first place where a delta points outside of the state. Nothing has been changed yet. */
const rangeFault = (state: ReportState, delta: CapacityDelta): string | undefined => {
  const rows = state.names.length;
  let before = rows;
  for (const row of delta.removed) {
    if (row >= before) return `removes row ${row} of ${rows}, not in descending order`;
    before = row;
  }
  const twice = delta.added.length === 0 ? undefined : nameTwice(state, delta);
  if (twice !== undefined) return `adds node ${twice} twice`;
  const after = rows - delta.removed.length + delta.added.length;
  for (const { node, cells } of delta.rows) {
    if (node >= after) return `changes row ${node} of ${after}`;
    const outside = cells.find(([column]) => column >= state.columns.length);
    if (outside !== undefined) return `changes column ${outside[0]} of ${state.columns.length}`;
  }
  return undefined;
};

const nameTwice = ({ names }: ReportState, { removed, added }: CapacityDelta): string | undefined => {
  const gone = new Set(removed.map((row) => names[row]));
  const known = new Set(names);
  return added.find((name) => known.has(name) && !gone.has(name));
};

const applyDelta = (state: ReportState, delta: CapacityDelta): Set<FactSection> => {
  const sections = applyFacts(state.facts, delta.facts, state.hash);
  for (const row of delta.removed) removeRow(state, row);
  addRows(state, delta.added);
  for (const { node, cells } of delta.rows) changeRow(state, node, cells);
  state.seq = delta.seq;
  return sections;
};

/** Amounts of groups have one value a resource. */
const groupFault = ({ facts, resourceNames }: ReportState, sections: ReadonlySet<FactSection>): string | undefined => {
  if (!sections.has('groups')) return undefined;
  const wrong = [...(facts.get('groups') ?? [])].find(([, { value }]) => !isGroupWide(value as NodeGroup, resourceNames.length));
  return wrong === undefined ? undefined : `group ${wrong[0]} has not one amount a resource`;
};

/** Rows may name only groups and pod sets that are there, and amounts stay safe integers. */
const unknownIds = (state: ReportState, delta: CapacityDelta, sections: ReadonlySet<FactSection>): string | undefined => {
  const isKnown = (section: 'groups' | 'podSets' | 'workSets', id: number): boolean => state.facts.get(section)?.has(String(id)) === true;
  const dropsIds = sections.has('groups') || sections.has('podSets') || sections.has('workSets');
  const rows = dropsIds || delta.added.length > 0 ? state.names.map((_, row) => row) : delta.rows.map(({ node }) => node);
  for (const row of rows) {
    const group = state.columns[groupColumn]?.[row] ?? -1;
    if (!isKnown('groups', group)) return `row ${row} is of group ${group}, which is not told`;
    const pods = state.layout.pods ? (state.columns[podColumn]?.[row] ?? 0) : 0;
    if (pods !== 0 && !isKnown('podSets', pods)) return `row ${row} has pod set ${pods}, which is not told`;
    const works = state.layout.works ? (state.columns[workColumn(state.layout)]?.[row] ?? 0) : 0;
    if (works !== 0 && !isKnown('workSets', works)) return `row ${row} has work set ${works}, which is not told`;
    if (state.columns.some((column) => !Number.isSafeInteger(column[row]))) return `row ${row} has an amount beyond 2^53`;
  }
  return undefined;
};

const nextReport = (
  before: CapacityReport,
  { facts, names, layout, columns }: ReportState,
  { seq, observedAtMs }: CapacityDelta,
  sections: Set<FactSection>,
): CapacityReport => {
  // The ages of what waits grow by themselves.
  if (before.pending.length > 0) sections.add('pending');
  // Fields that are absent without entries may vanish.
  const vanishing = new Set<string>([...sections].flatMap((section) => optionalFields[section] ?? []));
  const kept = vanishing.size === 0 ? before : Object.fromEntries(Object.entries(before).filter(([field]) => !vanishing.has(field)));
  const changed = changedFields(facts, sections, observedAtMs);
  return { ...(kept as CapacityReport), ...changed, seq, observedAtMs, nodes: nodesOver(names, layout, columns) };
};
