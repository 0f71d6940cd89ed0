/** @module Who wrote what and when, by key and by time. */
import type { SQL } from 'drizzle-orm';
import type { KubeObject } from '../../shared/kube/object.ts';
import type { Revision, StorageKey } from '../../shared/kube/storage/index.ts';
import type { Handle } from './database.ts';
import { and, desc, drizzle, gte, lt, lte, sql } from './drizzle.ts';
import { PAGE_ROWS_MAX } from './limits.ts';
import { history } from './schema.ts';

/** One past write. `object` is the state written, for the kinds whose states are kept; undefined for others. */
export type HistoryRecord = {
  readonly revision: Revision;
  readonly key: StorageKey;
  readonly op: 'put' | 'delete';
  /** Milliseconds since the epoch, by the hub's clock. */
  readonly atMs: number;
  /** The user who asked for it, else the field manager, else ''. */
  readonly author: string;
  readonly object: KubeObject | undefined;
};

/** What to look for; all that is given must hold. `limit` is at most 500 (the default). */
export type HistoryQuery = {
  readonly key?: StorageKey;
  readonly keyPrefix?: string;
  /** From this time on (inclusive). */
  readonly fromMs?: number;
  /** Up to this time (inclusive). */
  readonly untilMs?: number;
  /** Only writes before this one: the last record of a page gives the next page. */
  readonly before?: Pick<HistoryRecord, 'atMs' | 'revision'>;
  readonly limit?: number;
};

/** The newest writes first, by the hub's clock; writes of the same millisecond by revision. */
export const queryHistory = (handle: Handle, query: HistoryQuery): readonly HistoryRecord[] => {
  const rows = drizzle({ client: handle })
    .select()
    .from(history)
    .where(and(...conditionsOf(query)))
    .orderBy(desc(history.atMs), desc(history.revision))
    .limit(Math.min(query.limit ?? PAGE_ROWS_MAX, PAGE_ROWS_MAX))
    .all();
  return rows.map(({ json, ...row }) => ({ ...row, object: json === null ? undefined : (JSON.parse(json) as KubeObject) }));
};

const conditionsOf = ({ key, keyPrefix, fromMs, untilMs, before }: HistoryQuery): SQL[] => {
  const conditions: SQL[] = [];
  if (key !== undefined) conditions.push(sql`${history.key} = ${key}`);
  // A range uses the primary key; LIKE would not, and would read wildcards out of names.
  if (keyPrefix !== undefined) conditions.push(gte(history.key, keyPrefix), lt(history.key, `${keyPrefix}\uffff`));
  if (fromMs !== undefined) conditions.push(gte(history.atMs, fromMs));
  if (untilMs !== undefined) conditions.push(lte(history.atMs, untilMs));
  if (before !== undefined) conditions.push(sql`(${history.atMs}, ${history.revision}) < (${before.atMs}, ${before.revision})`);
  return conditions;
};
