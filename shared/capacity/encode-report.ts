/**
 * @module A report message in bytes, before compression: a head, keyed facts as JSON, then integers as varints. Layout, in order:
 * format, kind, cluster, bootId, epoch, seq, observedAtMs; of a snapshot: {resourceNames, sources} and facts as JSON, layout, names with
 * shared beginnings, columns; of a delta: seq - baseSeq, hash, facts as JSON, removed rows, added names, changed cells.
 */
import { type ByteWriter, createByteWriter } from './encode-bytes.ts';
import { writeColumn } from './encode-column.ts';
import type { CapacityDelta, CapacityReport, FactsPatch } from './report.ts';
import { factsOf, wholePatch } from './report-facts.ts';
import { columnsOf, layoutOf } from './report-layout.ts';
import { referenceOf } from './report-reference.ts';

/** First byte: raised when the layout changes in a way that an older hub cannot read. Those that this side reads, the newest last. */
export const reportFormats: readonly number[] = [1, 2];

/** What a snapshot of the first format has no column for. */
const isOfFirst = (report: CapacityReport | CapacityDelta): boolean => report.kind === 'delta' || report.nodes.workSet === undefined;

/** Bits that say which columns there are beside those of amounts. */
export const columnBits = { pods: 1, works: 2 } as const;

/** Second byte. */
export const reportKinds = { snapshot: 0, delta: 1 } as const;

/** A report of one cluster's agent. */
export type ReportEnvelope = { readonly cluster: string; readonly bootId: string; readonly report: CapacityReport | CapacityDelta };

/** The bytes of a report. Amounts are safe integers within half of their range. */
export const encodeReport = ({ cluster, bootId, report }: ReportEnvelope): Uint8Array => {
  const out = createByteWriter();
  out.byte(isOfFirst(report) ? 1 : 2);
  out.byte(reportKinds[report.kind]);
  out.text(cluster);
  out.text(bootId);
  out.uint(report.epoch);
  out.uint(report.seq);
  out.uint(report.observedAtMs);
  if (report.kind === 'snapshot') writeSnapshot(out, report);
  else writeDelta(out, report);
  return out.bytes();
};

const writeSnapshot = (out: ByteWriter, report: CapacityReport): void => {
  const layout = layoutOf(report);
  out.text(JSON.stringify({ resourceNames: report.resourceNames, sources: report.sources }));
  out.text(JSON.stringify(wholePatch(factsOf(report)).set));
  out.uint(layout.zones);
  out.uint(layout.devices);
  out.byte((layout.pods ? columnBits.pods : 0) + (layout.works ? columnBits.works : 0));
  writeNames(out, report.nodes.names);
  const groups = new Map(report.groups.map((group) => [group.id, group]));
  const columns = columnsOf(report);
  for (const [column, values] of columns.entries()) writeColumn(out, { values, reference: referenceOf(layout, groups, columns, column) });
};

/** Names as what they share with the name before, and the rest: sorted names of node pools share most. */
const writeNames = (out: ByteWriter, names: readonly string[]): void => {
  const shared = names.map((name, at) => sharedLength(names[at - 1] ?? '', name));
  out.uint(names.length);
  for (const length of shared) out.uint(length);
  for (const [at, name] of names.entries()) out.text(name.slice(shared[at]));
};

const sharedLength = (a: string, b: string): number => {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return length;
};

const isEmpty = ({ set, drop }: FactsPatch): boolean => Object.keys(set).length === 0 && Object.keys(drop).length === 0;

const writeDelta = (out: ByteWriter, delta: CapacityDelta): void => {
  out.uint(delta.seq - delta.baseSeq);
  for (let at = 0; at < 16; at += 2) out.byte(Number.parseInt(delta.hash.slice(at, at + 2), 16));
  out.text(isEmpty(delta.facts) ? '' : JSON.stringify(delta.facts));
  out.uint(delta.removed.length);
  for (const row of delta.removed) out.uint(row);
  writeNames(out, delta.added);
  out.uint(delta.rows.length);
  let before = 0;
  for (const { node, cells } of delta.rows) {
    out.uint(node - before);
    before = node;
    out.uint(cells.length);
    let last = 0;
    for (const [column, difference] of cells) {
      out.uint(column - last);
      last = column;
      out.int(difference);
    }
  }
};
