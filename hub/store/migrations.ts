/** @module The database's shape as numbered steps, kept by hand: a step that was released is never edited, a new one is added. */

/** Statements of one step; step N brings a database of version N-1 to version N. */
export const migrations: readonly (readonly string[])[] = [
  [
    'CREATE TABLE objects (key TEXT PRIMARY KEY NOT NULL, revision INTEGER NOT NULL, json TEXT NOT NULL) WITHOUT ROWID',
    'CREATE TABLE log (revision INTEGER PRIMARY KEY NOT NULL, op TEXT NOT NULL, key TEXT NOT NULL, json TEXT NOT NULL)',
    `CREATE TABLE history (
      key TEXT NOT NULL, revision INTEGER NOT NULL, op TEXT NOT NULL, at_ms INTEGER NOT NULL, author TEXT NOT NULL, json TEXT,
      PRIMARY KEY (key, revision)
    ) WITHOUT ROWID`,
    'CREATE INDEX history_at ON history (at_ms, revision)',
    "INSERT INTO meta (name, value) VALUES ('floor', '0')",
  ],
  // Bytes of the states in the history, counted along from here on: to sum them up anew would read the whole table.
  ["INSERT INTO meta (name, value) SELECT 'historyBytes', CAST(coalesce(sum(octet_length(json)), 0) AS TEXT) FROM history"],
];

/** The version this build writes. */
export const SCHEMA_VERSION = migrations.length;
