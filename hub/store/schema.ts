/** @module The tables as drizzle knows them; `migrations.ts` makes them. */
import { index, integer, primaryKey, sqliteTable, text } from './drizzle.ts';

/** Live objects: what a snapshot reads. */
export const objects = sqliteTable('objects', {
  key: text('key').primaryKey(),
  revision: integer('revision').notNull(),
  json: text('json').notNull(),
});

/** Every entry above the floor, in order: what `follow` reads. */
export const log = sqliteTable('log', {
  revision: integer('revision').primaryKey(),
  op: text('op', { enum: ['put', 'delete'] }).notNull(),
  key: text('key').notNull(),
  json: text('json').notNull(),
});

/** Who wrote what and when; outlives the log. `json` is the state written, kept for the kinds whose past is asked for. */
export const history = sqliteTable(
  'history',
  {
    key: text('key').notNull(),
    revision: integer('revision').notNull(),
    op: text('op', { enum: ['put', 'delete'] }).notNull(),
    atMs: integer('at_ms').notNull(),
    author: text('author').notNull(),
    json: text('json'),
  },
  (table) => [primaryKey({ columns: [table.key, table.revision] }), index('history_at').on(table.atMs, table.revision)],
);

/** `floor`, `schemaVersion`, `clusterUid`. */
export const meta = sqliteTable('meta', { name: text('name').primaryKey(), value: text('value').notNull() });
