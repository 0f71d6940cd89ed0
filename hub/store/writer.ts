/** @module The one hand that writes the tables; every method is one transaction, synced to disk when it returns. */
import type { Gap } from '../../shared/kube/storage/index.ts';
import { present } from '../../shared/lib/assert.ts';
import { type Handle, readMeta, writeMeta } from './database.ts';
import { PRUNE_ROWS_MAX } from './limits.ts';
import type { StatementText, WriterStatements } from './statements.ts';
import { codeOf } from './store-error.ts';

/** One entry as it is stored. */
export type Row = {
  readonly revision: number;
  readonly op: 'put' | 'delete';
  readonly key: string;
  readonly json: string;
  readonly atMs: number;
  readonly author: string;
  /** Of a kind whose states stay in the history. */
  readonly isKept: boolean;
};

/** Rows as one list of plain values: an object for each would be taken apart and put together field by field on its way between threads. */
export type RowList = readonly (string | number | boolean)[];
const rowLength = 7;

/** Takes rows to a list. */
export const rowList = (rows: readonly Row[]): RowList => {
  const list: (string | number | boolean)[] = [];
  for (const { revision, op, key, json, atMs, author, isKept } of rows) list.push(revision, op, key, json, atMs, author, isKept);
  return list;
};

/** Takes a list to rows. */
export const rowsOfList = (list: RowList): Row[] => {
  const rows: Row[] = [];
  for (let at = 0; at < list.length; at += rowLength) {
    const [revision, op, key, json, atMs, author, isKept] = list.slice(at, at + rowLength) as [
      number,
      Row['op'],
      string,
      string,
      number,
      string,
      boolean,
    ];
    rows.push({ revision, op, key, json, atMs, author, isKept });
  }
  return rows;
};

/** How much history stays: rows up to `beforeMs`, and the oldest beyond `rowsMax` or whose states are beyond `bytesMax`, go. */
export type HistoryRetention = { readonly beforeMs: number; readonly rowsMax: number; readonly bytesMax: number };

/** Writes over one handle. */
export type Writer = {
  /** Stores all rows, or throws and stores none. */
  readonly append: (rows: readonly Row[]) => void;
  /** Raises the floor to `revision` and drops some entries up to it; true when more are left to drop. */
  readonly compact: (revision: number) => boolean;
  /** Keeps which revisions are left out. */
  readonly keepGaps: (gaps: readonly Gap[]) => void;
  /** Drops some history past its retention; true when more is left to drop. */
  readonly pruneHistory: (retention: HistoryRetention) => boolean;
  /** Folds the write-ahead log into the file and closes. */
  readonly close: () => void;
};

/** The writer of one open, prepared database. */
export const createWriter = (handle: Handle, statements: WriterStatements): Writer => {
  const appendLog = preparedFor(handle, statements.appendLog);
  const putObject = preparedFor(handle, statements.putObject);
  const deleteObject = preparedFor(handle, statements.deleteObject);
  const appendHistory = preparedFor(handle, statements.appendHistory);
  const deleteLog = handle.prepare(
    'DELETE FROM log WHERE revision IN (SELECT revision FROM log WHERE revision <= ? ORDER BY revision LIMIT ?)',
  );
  const oldestHistory = handle.prepare('SELECT key, revision, at_ms AS atMs FROM history ORDER BY at_ms, revision LIMIT ?');
  const deleteHistory = handle.prepare('DELETE FROM history WHERE key = ? AND revision = ? RETURNING octet_length(json) AS bytes');
  const cutByCount = handle.prepare('SELECT at_ms FROM history ORDER BY at_ms DESC LIMIT 1 OFFSET ?').pluck();

  const historyBytes = (): number => Number(readMeta(handle, 'historyBytes'));

  const append = handle.transaction((rows: readonly Row[]): void => {
    let bytes = 0;
    for (const row of rows) {
      appendLog(row);
      if (row.op === 'put') putObject(row);
      else deleteObject(row);
      appendHistory(row);
      if (row.isKept) bytes += Buffer.byteLength(row.json);
    }
    if (bytes > 0) writeMeta(handle, 'historyBytes', String(historyBytes() + bytes));
  });
  const compact = handle.transaction((revision: number): boolean => {
    if (Number(readMeta(handle, 'floor')) < revision) writeMeta(handle, 'floor', String(revision));
    return deleteLog.run(revision, PRUNE_ROWS_MAX).changes === PRUNE_ROWS_MAX;
  });
  const pruneHistory = handle.transaction(({ beforeMs, rowsMax, bytesMax }: HistoryRetention): boolean => {
    const byCount = cutByCount.get(rowsMax);
    const cut = Math.max(beforeMs, typeof byCount === 'number' ? byCount : Number.NEGATIVE_INFINITY);
    const before = historyBytes();
    const oldest = oldestHistory.all(PRUNE_ROWS_MAX) as { readonly key: string; readonly revision: number; readonly atMs: number }[];
    let bytes = before;
    let gone = 0;
    for (const { key, revision, atMs } of oldest) {
      if (atMs > cut && bytes <= bytesMax) break;
      bytes -= (deleteHistory.get(key, revision) as { readonly bytes: number | null }).bytes ?? 0;
      gone += 1;
    }
    if (bytes !== before) writeMeta(handle, 'historyBytes', String(bytes));
    return gone === PRUNE_ROWS_MAX;
  });
  return {
    append: (rows) => append.immediate(rows),
    compact: (revision) => compact.immediate(revision),
    keepGaps: (gaps) => writeMeta(handle, 'gaps', JSON.stringify(gaps)),
    pruneHistory: (retention) => pruneHistory.immediate(retention),
    close: () => {
      try {
        handle.pragma('wal_checkpoint(TRUNCATE)');
      } catch (error) {
        // On a full disk the log stays beside the file, and the next start folds it in.
        if (codeOf(error) !== 'SQLITE_FULL') throw error;
      } finally {
        handle.close();
      }
    },
  };
};

/** A statement prepared once, run with the fields of a row in the order of its placeholders. */
const preparedFor = (handle: Handle, { sql, fields }: StatementText): ((row: Row) => void) => {
  const statement = handle.prepare(sql);
  const values = fields.map((field) => present(valuesOf[field], `a value for the placeholder ${field}`));
  return (row) => {
    statement.run(values.map((take) => take(row)));
  };
};

/** What a placeholder stands for. */
const valuesOf: Readonly<Record<string, (row: Row) => string | number | null>> = {
  revision: ({ revision }) => revision,
  op: ({ op }) => op,
  key: ({ key }) => key,
  json: ({ json }) => json,
  atMs: ({ atMs }) => atMs,
  author: ({ author }) => author,
  state: ({ json, isKept }) => (isKept ? json : null),
};
