/** @module GET of a collection: all of one state, in pages, by selectors. */

import { exactFieldValue, parseFieldSelector } from '../selectors/index.ts';
import { CompactedError, type Revision, type Stored } from '../storage/index.ts';
import { type Call, fromStorage, keyFor, prefixFor } from './call.ts';
import type { ServerContext } from './context.ts';
import { type ContinueAt, continueToken, parseContinue } from './continue-token.ts';
import { badRequest, expired } from './errors.ts';
import { type ListOptions, listOptions } from './list-options.ts';
import { awaitRevision, type Filter, filterOf } from './read.ts';
import type { ListMeta, Result } from './result.ts';

/** The collection, or a page of it. */
export const list = async (server: ServerContext, call: Call): Promise<Result> => {
  const options = listOptions(call.query, false);
  const filter = filterOf(call);
  const prefix = prefixFor(call.type, call.namespace);
  const from = options.continueToken === '' ? undefined : parseContinue(options.continueToken, prefix);
  if (from !== undefined && options.resourceVersion !== undefined && options.resourceVersion !== 0)
    throw badRequest('specifying resource version is not allowed when using continue');
  if (options.resourceVersion !== undefined && from === undefined) await awaitRevision(server, options.resourceVersion);
  const revision = revisionOf(server, options, from);
  const candidates = readAt(server, call, prefix, revision, from);
  const page = pageOf(call, candidates, filter, options.limit);
  const last = page.items[page.items.length - 1];
  const metadata: ListMeta = {
    resourceVersion: String(revision),
    ...(page.more && last !== undefined ? { continue: continueToken({ revision, after: last.key }, prefix) } : {}),
    ...(page.more && filter.everything ? { remainingItemCount: candidates.length - page.items.length } : {}),
  };
  return { kind: 'list', type: call.type, items: page.items, metadata };
};

const revisionOf = (server: ServerContext, options: ListOptions, from: ContinueAt | undefined): Revision => {
  if (from !== undefined) return from.revision < 0 ? server.store.revision() : from.revision;
  return options.match === 'Exact' && options.resourceVersion !== undefined ? options.resourceVersion : server.store.revision();
};

const readAt = (server: ServerContext, call: Call, prefix: string, revision: Revision, from: ContinueAt | undefined): readonly Stored[] => {
  const start = from === undefined ? {} : { after: from.after };
  if (revision === server.store.revision()) {
    const only = onlyName(call);
    if (only === undefined || from !== undefined) return server.store.list(prefix, start);
    const stored = server.store.get(keyFor(call.type, call.namespace, only));
    return stored === undefined ? [] : [stored];
  }
  try {
    return server.store.listAt(revision, prefix, start);
  } catch (error) {
    if (!(error instanceof CompactedError)) throw error;
    if (from === undefined) throw expired(`The resourceVersion for the provided list is too old.`);
    throw continueExpired(from, prefix);
  }
};

/** `metadata.name=x` in one namespace goes straight to the object. */
const onlyName = (call: Call): string | undefined => {
  if (call.type.namespaced && call.namespace === '') return undefined;
  const fields = parseFieldSelector(call.query.get('fieldSelector') ?? '');
  return fields.ok ? exactFieldValue(fields.value, 'metadata.name') : undefined;
};

const continueExpired = (from: ContinueAt, prefix: string) => {
  const error = expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
  );
  error.status.metadata.continue = continueToken({ revision: -1, after: from.after }, prefix);
  return error;
};

const pageOf = (call: Call, candidates: readonly Stored[], filter: Filter, limit: number): { items: readonly Stored[]; more: boolean } => {
  if (filter.everything) {
    const more = limit > 0 && candidates.length > limit;
    return { items: more ? candidates.slice(0, limit) : candidates, more };
  }
  const items: Stored[] = [];
  for (const stored of candidates) {
    if (!filter.matches(fromStorage(call.type, stored.object))) continue;
    if (limit > 0 && items.length === limit) return { items, more: true };
    items.push(stored);
  }
  return { items, more: false };
};
