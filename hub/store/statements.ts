/**
 * @module The writer's statements, worded by drizzle from the schema and handed to the writer thread as text. Drizzle itself stays on
 * the main thread: loading it a second time would cost the thread most of its start and several megabytes.
 */
import type { SQLWrapper } from 'drizzle-orm';
import { present } from '../../shared/lib/index.ts';
import type { Handle } from './database.ts';
import { drizzle, sql } from './drizzle.ts';
import { history, log, objects } from './schema.ts';

/** One statement: its SQL, and which field of a row each `?` takes. */
export type StatementText = { readonly sql: string; readonly fields: readonly string[] };

/** All statements of the writer. */
export type WriterStatements = {
  readonly appendLog: StatementText;
  readonly putObject: StatementText;
  readonly deleteObject: StatementText;
  readonly appendHistory: StatementText;
};

/** Words them. `handle` is only asked for its dialect. */
export const writerStatements = (handle: Handle): WriterStatements => {
  const database = drizzle({ client: handle });
  const key = sql.placeholder('key');
  const revision = sql.placeholder('revision');
  const json = sql.placeholder('json');
  const op = sql.placeholder('op');
  return {
    appendLog: textOf(database.insert(log).values({ revision, op, key, json })),
    putObject: textOf(
      database
        .insert(objects)
        .values({ key, revision, json })
        .onConflictDoUpdate({ target: objects.key, set: { revision: sql`excluded.revision`, json: sql`excluded.json` } }),
    ),
    deleteObject: textOf(database.delete(objects).where(sql`${objects.key} = ${key}`)),
    appendHistory: textOf(
      database
        .insert(history)
        .values({ key, revision, op, atMs: sql.placeholder('atMs'), author: sql.placeholder('author'), json: sql.placeholder('state') }),
    ),
  };
};

const textOf = (query: SQLWrapper & { toSQL: () => { sql: string; params: unknown[] } }): StatementText => {
  const { sql: text, params } = query.toSQL();
  return { sql: text, fields: params.map(fieldOf) };
};

/** The name in a drizzle placeholder, bare or wrapped in the encoder of its column. */
const fieldOf = (param: unknown): string => {
  const inner = typeof param === 'object' && param !== null && 'value' in param ? param.value : param;
  const name = typeof inner === 'object' && inner !== null && 'name' in inner ? inner.name : undefined;
  return present(typeof name === 'string' ? name : undefined, 'the name of a placeholder');
};
