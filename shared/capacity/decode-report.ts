/**
 * @module From bytes to a report or a delta. The sender may be hostile: every count is held against the bytes that are there and a named
 * limit, and columns come out with one value a node. Facts are JSON whose shape the caller's check judges.
 */
import { type ByteReader, BytesRefused, createByteReader, unzigzag } from './decode-bytes.ts';
import { guesses } from './encode-column.ts';
import { columnBits, type ReportEnvelope, reportFormats, reportKinds } from './encode-report.ts';
import type { CapacityDelta, CapacityReport, FactsPatch, NodeGroup } from './report.ts';
import { applyFacts, type Facts, fieldsOf } from './report-facts.ts';
import { emptyHash } from './report-hash.ts';
import { groupColumn, isGroupWide, nodesOver, podColumn, type ReportLayout, widthOf, workColumn } from './report-layout.ts';
import { referenceOf } from './report-reference.ts';

/** Named limits of one report. */
export const reportLimits = {
  nodes: 20_000,
  resources: 1_000,
  zones: 64,
  devices: 64,
  /** Values over all columns: what a hub keeps for one cluster, 8 bytes each. */
  cells: 4_000_000,
  factsBytes: 4_194_304,
  nameBytes: 253,
} as const;

/** Why bytes are no report. */
export type ReportRefusal = 'UnknownFormat' | 'Malformed';

/** A report, or why there is none. */
export type DecodedReport =
  | { readonly ok: true; readonly value: ReportEnvelope }
  | { readonly ok: false; readonly reason: ReportRefusal; readonly message: string };

/** Judges facts and answers the first fault, or undefined. */
export type FactsCheck = (patch: FactsPatch) => string | undefined;

/** Reads the bytes; never throws on what they say. */
export const decodeReport = (bytes: Uint8Array, check: FactsCheck): DecodedReport => {
  if (!reportFormats.some((format) => format === bytes[0])) {
    return { ok: false, reason: 'UnknownFormat', message: `has format ${bytes[0] ?? 'none'}, this side reads ${reportFormats.join(', ')}` };
  }
  try {
    return { ok: true, value: read(createByteReader(bytes.subarray(1)), check) };
  } catch (error) {
    if (error instanceof BytesRefused) return { ok: false, reason: 'Malformed', message: error.message };
    throw error;
  }
};

const read = (from: ByteReader, check: FactsCheck): ReportEnvelope => {
  const kind = from.byte();
  const cluster = from.text(63);
  const bootId = from.text(64);
  const head = { epoch: from.uint(), seq: from.uint(), observedAtMs: from.uint() };
  if (kind !== reportKinds.snapshot && kind !== reportKinds.delta) throw new BytesRefused(`is of an unknown kind ${kind}`);
  const report = kind === reportKinds.snapshot ? readSnapshot(from, head, check) : readDelta(from, head, check);
  if (from.left() > 0) throw new BytesRefused('goes on after its end');
  return { cluster, bootId, report };
};

type Head = Pick<CapacityReport, 'epoch' | 'seq' | 'observedAtMs'>;

const jsonOf = (text: string, what: string): { [field: string]: unknown } => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new BytesRefused(`has ${what} that are not JSON`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BytesRefused(`has ${what} that are no object`);
  return value as { [field: string]: unknown };
};

const isTexts = (value: unknown, max: number): value is string[] =>
  Array.isArray(value) &&
  value.length <= max &&
  value.every((entry) => typeof entry === 'string' && entry.length > 0 && entry.length <= 317);

const readSnapshot = (from: ByteReader, head: Head, check: FactsCheck): CapacityReport => {
  const { resourceNames, sources } = jsonOf(from.text(reportLimits.factsBytes), 'its names of resources');
  if (!isTexts(resourceNames, reportLimits.resources) || new Set(resourceNames).size < resourceNames.length) {
    throw new BytesRefused(`resourceNames must be a list of at most ${reportLimits.resources} different names`);
  }
  const versions = typeof sources === 'object' && sources !== null ? Object.entries(sources) : [];
  const known = Object.fromEntries(versions.filter((entry): entry is [string, string] => typeof entry[1] === 'string').slice(0, 256));
  const patch = { set: jsonOf(from.text(reportLimits.factsBytes), 'facts'), drop: {} } as FactsPatch;
  const fault = check(patch);
  if (fault !== undefined) throw new BytesRefused(fault);
  const facts: Facts = new Map();
  applyFacts(facts, patch, emptyHash());
  const fields = fieldsOf(facts, head.observedAtMs);
  if (!fields.groups.every((group) => isGroupWide(group, resourceNames.length)))
    throw new BytesRefused('has a group without one amount a resource');
  const layout: ReportLayout = {
    resources: resourceNames.length,
    zones: within(from.uint(), reportLimits.zones, 'zones'),
    devices: within(from.uint(), reportLimits.devices, 'devices'),
    ...readColumnBits(from),
  };
  const names = readNames(from);
  if (widthOf(layout) * names.length > reportLimits.cells) {
    throw new BytesRefused(`has ${widthOf(layout) * names.length} values, at most ${reportLimits.cells} are allowed`);
  }
  const columns = readColumns(from, layout, names.length, fields.groups);
  demandKnown(columns[groupColumn], new Set(fields.groups.map(({ id }) => id)), 'group');
  if (layout.pods) demandKnown(columns[podColumn], new Set([0, ...(fields.podSets ?? []).map(({ id }) => id)]), 'pod set');
  if (layout.works) demandKnown(columns[workColumn(layout)], new Set([0, ...(fields.workSets ?? []).map(({ id }) => id)]), 'work set');
  return { kind: 'snapshot', ...head, sources: known, resourceNames, ...fields, nodes: nodesOver(names, layout, columns) };
};

const readColumnBits = (from: ByteReader): Pick<ReportLayout, 'pods' | 'works'> => {
  const bits = from.byte();
  if (bits > columnBits.pods + columnBits.works) throw new BytesRefused(`has columns of an unknown sort ${bits}`);
  return { pods: (bits & columnBits.pods) > 0, works: (bits & columnBits.works) > 0 };
};

const within = (count: number, max: number, what: string): number => {
  if (count > max) throw new BytesRefused(`has ${count} ${what}, at most ${max} are allowed`);
  return count;
};

const demandKnown = (column: readonly number[] | undefined, ids: ReadonlySet<number>, what: string): void => {
  if (column?.every((id) => ids.has(id)) !== true) throw new BytesRefused(`names a ${what} that is not in the report`);
};

const readNames = (from: ByteReader): string[] => {
  const count = from.count(reportLimits.nodes);
  const shared = Array.from({ length: count }, () => from.uint());
  const names: string[] = [];
  let before = '';
  for (const length of shared) {
    if (length > before.length) throw new BytesRefused('has a node name that shares more than there is');
    before = before.slice(0, length) + from.text(reportLimits.nameBytes);
    if (before.length === 0 || before.length > reportLimits.nameBytes) throw new BytesRefused('has a node name of a wrong length');
    names.push(before);
  }
  if (new Set(names).size < names.length) throw new BytesRefused('names a node twice');
  return names;
};

const readColumns = (from: ByteReader, layout: ReportLayout, rows: number, list: readonly NodeGroup[]): number[][] => {
  const groups = new Map(list.map((group) => [group.id, group]));
  const columns: number[][] = [];
  const width = widthOf(layout);
  while (columns.length < width) columns.push(readColumn(from, rows, () => referenceOf(layout, groups, columns, columns.length)));
  return columns;
};

const readColumn = (from: ByteReader, rows: number, reference: () => readonly number[] | undefined): number[] => {
  const guess = from.byte();
  if (guess === guesses.constant) return new Array<number>(rows).fill(from.int());
  const divisor = from.uint();
  const known = guess === guesses.reference ? reference() : undefined;
  const isKnown = guess === guesses.nothing || guess === guesses.before || known !== undefined;
  if (!isKnown) throw new BytesRefused(`has a column of an unknown sort ${guess}`);
  const missed = readPlanes(from, rows);
  const values: number[] = [];
  let before = 0;
  for (let row = 0; row < rows; row++) {
    const start = guess === guesses.before ? before : (known?.[row] ?? 0);
    before = start + unzigzag(missed[row] ?? 0) * divisor;
    if (!Number.isSafeInteger(before)) throw new BytesRefused('has an amount beyond 2^53');
    values.push(before);
  }
  return values;
};

/** Bytes of a safe integer. */
const planesMax = 7;

const readPlanes = (from: ByteReader, rows: number): number[] => {
  const planes = from.byte();
  if (planes > planesMax || planes * rows > from.left()) throw new BytesRefused('counts more rows than it has bytes');
  const values = new Array<number>(rows).fill(0);
  for (let plane = 0, factor = 1; plane < planes; plane++, factor *= 256) {
    for (let row = 0; row < rows; row++) values[row] = (values[row] ?? 0) + from.byte() * factor;
  }
  return values;
};

const readDelta = (from: ByteReader, head: Head, check: FactsCheck): CapacityDelta => {
  const step = from.uint();
  if (step === 0 || step > head.seq) throw new BytesRefused('follows no report before it');
  const hash = Array.from({ length: 8 }, () => from.byte().toString(16).padStart(2, '0')).join('');
  const facts = readPatch(from, check);
  const removed = Array.from({ length: from.count(reportLimits.nodes) }, () => from.uint());
  const added = readNames(from);
  const rows = readRows(from);
  return { kind: 'delta', ...head, baseSeq: head.seq - step, hash, facts, removed, added, rows };
};

const readPatch = (from: ByteReader, check: FactsCheck): FactsPatch => {
  const text = from.text(reportLimits.factsBytes);
  if (text === '') return { set: {}, drop: {} };
  const { set, drop } = jsonOf(text, 'facts');
  const patch = { set, drop } as FactsPatch;
  const fault = check(patch);
  if (fault !== undefined) throw new BytesRefused(fault);
  return patch;
};

const readRows = (from: ByteReader): CapacityDelta['rows'] => {
  const rows: { node: number; cells: [number, number][] }[] = [];
  let node = 0;
  for (let left = from.count(reportLimits.nodes); left > 0; left--) {
    const step = from.uint();
    if (step === 0 && rows.length > 0) throw new BytesRefused('changes a node twice');
    node += step;
    const cells: [number, number][] = [];
    let column = 0;
    for (let count = from.count(reportLimits.cells); count > 0; count--) {
      const next = from.uint();
      if (next === 0 && cells.length > 0) throw new BytesRefused('changes a value twice');
      column += next;
      cells.push([column, from.int()]);
    }
    rows.push({ node, cells });
  }
  return rows;
};
