/** @module The sending end: turns whole reports into a first snapshot and then deltas, each against what was sent before. */
import type { CapacityDelta, CapacityReport } from './report.ts';
import { applyFacts, diffFacts, factsOf, fieldsOf } from './report-facts.ts';
import { hashText } from './report-hash.ts';
import { columnsOf, layoutOf, nodesOver, sameLayout } from './report-layout.ts';
import { addRows, changeRow, type ReportState, removeRow, stateOf } from './report-state.ts';

/** One agent's end. */
export type ReportSender = {
  /** What to send for this report: a delta where the other side can have the one before, else the whole. */
  readonly next: (report: CapacityReport) => CapacityReport | CapacityDelta;
  /** The whole of what was sent last, for a hub that lost its way; undefined before the first. */
  readonly whole: () => CapacityReport | undefined;
  /** What was made last did not go out: the next one is whole. */
  readonly forget: () => void;
};

/** Numbers that stay the same for equal content as long as the sender lives; a report's own may shift with every node. */
type StableIds = { readonly of: (content: string) => number; readonly reset: () => void };

const stableIds = (first: number): StableIds => {
  const ids = new Map<string, number>();
  return {
    of: (content) => {
      const id = ids.get(content) ?? first + ids.size;
      ids.set(content, id);
      return id;
    },
    reset: () => ids.clear(),
  };
};

/** Contents that are remembered; beyond it numbering starts over with a snapshot. */
const idsMax = 100_000;

type NumberedSet = { readonly id: number; readonly pods: readonly (readonly [of: number, a: number, b: number])[] };

/** Sets with our numbers for what they count and for themselves; `ids` = ours by theirs. */
const withStableIds = (sets: readonly NumberedSet[], numbers: ReadonlyMap<number, number>, stable: StableIds) => {
  const ids = new Map<number, number>();
  const ours = sets.map(({ id, pods: given }) => {
    const pods = given.map(([of, a, b]) => [numbers.get(of) ?? of, a, b] as const).sort(([a], [b]) => a - b);
    const own = stable.of(JSON.stringify(pods));
    ids.set(id, own);
    return { id: own, pods };
  });
  return { sets: ours, ids };
};

const largestOf = (ids: Iterable<number>): number => {
  let most = 0;
  for (const id of ids) most = Math.max(most, id);
  return most;
};

/** An end that has sent nothing. */
export const createReportSender = (): ReportSender => {
  const groupIds = stableIds(0);
  const kindIds = stableIds(0);
  const setIds = stableIds(1);
  const workIds = stableIds(0);
  const workSetIds = stableIds(1);
  let numbered = 0;
  let state: ReportState | undefined;
  let head: Pick<CapacityReport, 'observedAtMs' | 'sources'> | undefined;

  /** The report with our numbers for its groups, pod kinds, workloads and sets of them. */
  const renumbered = (report: CapacityReport): CapacityReport => {
    const { nodes, podKinds = [], podSets = [], works = [], workSets = [] } = report;
    const groups = new Map(report.groups.map(({ id, ...content }) => [id, groupIds.of(JSON.stringify(content))]));
    const kinds = new Map(podKinds.map(({ id, ...content }) => [id, kindIds.of(JSON.stringify(content))]));
    const workNumbers = new Map(works.map(({ id, workId }) => [id, workIds.of(workId)]));
    const sets = withStableIds(podSets, kinds, setIds);
    const ofWorks = withStableIds(workSets, workNumbers, workSetIds);
    numbered = Math.max(numbered, ...[groups, kinds, workNumbers, sets.ids, ofWorks.ids].map((ids) => largestOf(ids.values())));
    return {
      ...report,
      groups: report.groups.map((group) => ({ ...group, id: groups.get(group.id) ?? 0 })),
      ...(podKinds.length === 0 ? {} : { podKinds: podKinds.map((kind) => ({ ...kind, id: kinds.get(kind.id) ?? 0 })) }),
      ...(podSets.length === 0 ? {} : { podSets: sets.sets }),
      ...(works.length === 0 ? {} : { works: works.map(({ id, workId }) => ({ id: workNumbers.get(id) ?? 0, workId })) }),
      ...(workSets.length === 0 ? {} : { workSets: ofWorks.sets }),
      nodes: {
        ...nodes,
        group: nodes.group.map((id) => groups.get(id) ?? 0),
        ...(nodes.podSet === undefined ? {} : { podSet: nodes.podSet.map((id) => sets.ids.get(id) ?? 0) }),
        ...(nodes.workSet === undefined ? {} : { workSet: nodes.workSet.map((id) => ofWorks.ids.get(id) ?? 0) }),
      },
    };
  };

  const follows = (report: CapacityReport): boolean =>
    state !== undefined &&
    state.epoch === report.epoch &&
    report.seq > state.seq &&
    sameLayout(state.layout, layoutOf(report)) &&
    state.resourceNames.join() === report.resourceNames.join();

  const whole = (): CapacityReport | undefined => {
    if (state === undefined || head === undefined) return undefined;
    const { epoch, seq, resourceNames, names, layout, columns, facts } = state;
    const copies = columns.map((column) => [...column]);
    return {
      kind: 'snapshot',
      epoch,
      seq,
      ...head,
      resourceNames,
      ...fieldsOf(facts, head.observedAtMs),
      nodes: nodesOver([...names], layout, copies),
    };
  };

  return {
    next: (given) => {
      if (numbered >= idsMax) {
        groupIds.reset();
        kindIds.reset();
        setIds.reset();
        workIds.reset();
        workSetIds.reset();
        numbered = 0;
        state = undefined;
      }
      const report = renumbered(given);
      head = { observedAtMs: report.observedAtMs, sources: report.sources };
      if (state === undefined || !follows(report)) {
        state = stateOf(report);
        return report;
      }
      return advance(state, report);
    },
    whole,
    forget: () => {
      state = undefined;
    },
  };
};

/** Brings the state to the report and tells how. */
const advance = (state: ReportState, report: CapacityReport): CapacityDelta => {
  const baseSeq = state.seq;
  const facts = diffFacts(state.facts, factsOf(report));
  applyFacts(state.facts, facts, state.hash);
  const { names } = report.nodes;
  const isSame = names.length === state.names.length && names.every((name, at) => name === state.names[at]);
  const { removed, added, placeOf } = isSame ? unmoved : moveRows(state, names);
  const rows = rowChanges(state, columnsOf(report), placeOf);
  for (const { node, cells } of rows) changeRow(state, node, cells);
  state.seq = report.seq;
  const { epoch, seq, observedAtMs } = report;
  return { kind: 'delta', epoch, baseSeq, seq, observedAtMs, hash: hashText(state.hash), facts, removed, added, rows };
};

/** Rows that went and came, and where a node is in the report. */
type Moved = {
  readonly removed: readonly number[];
  readonly added: readonly string[];
  readonly placeOf: (name: string, row: number) => number;
};

const unmoved: Moved = { removed: [], added: [], placeOf: (_name, row) => row };

const moveRows = (state: ReportState, names: readonly string[]): Moved => {
  const place = new Map(names.map((name, at) => [name, at]));
  const removed: number[] = [];
  for (let row = state.names.length - 1; row >= 0; row--) if (!place.has(state.names[row] ?? '')) removed.push(row);
  for (const row of removed) removeRow(state, row);
  const known = new Set(state.names);
  const added = names.filter((name) => !known.has(name));
  addRows(state, added);
  return { removed, added, placeOf: (name) => place.get(name) ?? 0 };
};

const rowChanges = (
  state: ReportState,
  columns: readonly (readonly number[])[],
  placeOf: (name: string, row: number) => number,
): CapacityDelta['rows'] => {
  const rows: { node: number; cells: [number, number][] }[] = [];
  for (const [node, name] of state.names.entries()) {
    const from = placeOf(name, node);
    const cells: [number, number][] = [];
    for (const [column, values] of columns.entries()) {
      const difference = (values[from] ?? 0) - (state.columns[column]?.[node] ?? 0);
      if (difference !== 0) cells.push([column, difference]);
    }
    if (cells.length > 0) rows.push({ node, cells });
  }
  return rows;
};
