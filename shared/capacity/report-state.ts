/** @module A report's state as both ends of the wire keep it: rows by name, flat columns changed in place, keyed facts, and their hash. */
import type { CapacityReport } from './report.ts';
import { applyFacts, type Facts, factsOf, wholePatch } from './report-facts.ts';
import { addRow, emptyHash, hashText, type StateHash } from './report-hash.ts';
import { columnsOf, layoutOf, type ReportLayout } from './report-layout.ts';

/** Changed in place by {@link removeRow}, {@link addRows} and {@link changeRow} only, which keep the hash. */
export type ReportState = {
  readonly epoch: number;
  seq: number;
  readonly resourceNames: readonly string[];
  readonly layout: ReportLayout;
  readonly names: string[];
  /** columns[column][row], in the flat order of the layout. */
  readonly columns: readonly number[][];
  readonly facts: Facts;
  readonly hash: StateHash;
};

/** The state of a snapshot; its columns are copied. */
export const stateOf = (report: CapacityReport): ReportState => {
  const facts: Facts = new Map();
  const hash = emptyHash();
  applyFacts(facts, wholePatch(factsOf(report)), hash);
  const columns = columnsOf(report).map((column) => [...column]);
  const names = [...report.nodes.names];
  for (const [row, name] of names.entries()) addRow(hash, 1, name, columns, row);
  return {
    epoch: report.epoch,
    seq: report.seq,
    resourceNames: report.resourceNames,
    layout: layoutOf(report),
    names,
    columns,
    facts,
    hash,
  };
};

/** The hash of what a report says; its age and the versions it was read at are no part of it. */
export const hashOf = (report: CapacityReport): string => {
  const hash = emptyHash();
  applyFacts(new Map(), wholePatch(factsOf(report)), hash);
  const columns = columnsOf(report);
  for (const [row, name] of report.nodes.names.entries()) addRow(hash, 1, name, columns, row);
  return hashText(hash);
};

/** Takes a row out; the last one takes its place. */
export const removeRow = ({ names, columns, hash }: ReportState, row: number): void => {
  addRow(hash, -1, names[row] ?? '', columns, row);
  const last = names.pop() ?? '';
  const moves = row < names.length;
  if (moves) names[row] = last;
  for (const column of columns) {
    const value = column.pop() ?? 0;
    if (moves) column[row] = value;
  }
};

/** Adds rows of zeros at the end. */
export const addRows = ({ names, columns, hash }: ReportState, added: readonly string[]): void => {
  for (const name of added) {
    names.push(name);
    for (const column of columns) column.push(0);
    addRow(hash, 1, name, columns, names.length - 1);
  }
};

/** Adds differences to a row's values. */
export const changeRow = (
  { names, columns, hash }: ReportState,
  row: number,
  cells: readonly (readonly [column: number, difference: number])[],
): void => {
  const name = names[row] ?? '';
  addRow(hash, -1, name, columns, row);
  for (const [at, difference] of cells) {
    const column = columns[at];
    if (column !== undefined) column[row] = (column[row] ?? 0) + difference;
  }
  addRow(hash, 1, name, columns, row);
};
