/**
 * @module Drizzle, through its CommonJS build: for each of the hundred files of the ESM build Node parses drizzle's whole package.json
 * (180 KB of exports) again, which costs every start a second of CPU and 200 MB of memory that stay with the process.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** Conditions and raw SQL. */
export const { and, desc, gte, lt, lte, sql } = require('drizzle-orm') as typeof import('drizzle-orm');
/** A query builder over a better-sqlite3 handle. */
export const { drizzle } = require('drizzle-orm/better-sqlite3') as typeof import('drizzle-orm/better-sqlite3');
/** Tables and their columns. */
export const { index, integer, primaryKey, sqliteTable, text } =
  require('drizzle-orm/sqlite-core') as typeof import('drizzle-orm/sqlite-core');
