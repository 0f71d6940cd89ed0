/** @module GET of one object, or of its status. */
import { type Call, fromStorage, goesOutAsStored, keyFor } from './call.ts';
import { type ServerContext, settledWrites } from './context.ts';
import { notFound, serverError } from './errors.ts';
import { versionOf } from './options-query.ts';
import { awaitRevision } from './read.ts';
import type { Result } from './result.ts';

/** The object; 404 when there is none. */
export const get = async (server: ServerContext, call: Call): Promise<Result> => {
  const wanted = versionOf(call.query.get('resourceVersion') ?? '', serverError);
  if (wanted !== undefined) await awaitRevision(server, wanted);
  const key = keyFor(call.type, call.namespace, call.name);
  if (wanted !== 0) await settledWrites(server, key);
  const stored = server.store.get(key);
  if (stored === undefined) throw notFound(call.type, call.name);
  if (goesOutAsStored(call.type)) return { kind: 'object', code: 200, type: call.type, object: stored.object, json: stored.json };
  return { kind: 'object', code: 200, type: call.type, object: fromStorage(call.type, stored.object) };
};
