/** @module Subresources that reach what runs behind an object: logs, shells, proxies. Nothing runs here, so each says why it has no answer. */
import { type Call, keyFor } from './call.ts';
import type { ServerContext } from './context.ts';
import { badRequest, notFound } from './errors.ts';
import type { Result } from './result.ts';

/** The subresources that a kubelet or the network behind the server would answer. */
export const CONNECTS: ReadonlySet<string> = new Set(['attach', 'ephemeralcontainers', 'exec', 'log', 'portforward', 'proxy', 'resize']);

/** Refuses: 404 when the object is not there, else 400 in the words of the server's owner. */
export const connect = async (server: ServerContext, call: Call): Promise<Result> => {
  const { type, namespace, name, subresource } = call;
  const stored = server.store.get(keyFor(type, namespace, name));
  if (stored === undefined) throw notFound(type, name);
  throw badRequest(server.whereItRuns?.(stored.object, subresource) ?? defaultText(type.singular, name, subresource));
};

const defaultText = (kind: string, name: string, subresource: string): string =>
  `nothing runs behind this API server, so ${kind} "${name}" has no ${subresource}`;
