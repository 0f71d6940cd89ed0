/** @module What a URL and a method ask for (apiserver `request.RequestInfo`). */

import { booleanOf } from './options-query.ts';

/** A request as its path and method say it. */
export type RequestInfo = {
  readonly isResource: boolean;
  readonly path: string;
  /** get, list, watch, create, update, patch, delete, deletecollection; for other paths the method in lower case. */
  readonly verb: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
};

const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** Namespaces have subresources of their own, so `/namespaces/x/status` is no collection. */
const NAMESPACE_SUBRESOURCES: readonly string[] = ['status', 'finalize'];

/** Reads a path; parts are decoded, broken escapes make it no resource. */
export const requestInfo = (method: string, path: string, query: URLSearchParams): RequestInfo => {
  const other: RequestInfo = {
    isResource: false,
    path,
    verb: method.toLowerCase(),
    group: '',
    version: '',
    resource: '',
    subresource: '',
    namespace: '',
    name: '',
  };
  const parts = decodedParts(path);
  if (parts === undefined) return other;
  const grouped = parts[0] === 'apis';
  if (!grouped && parts[0] !== 'api') return other;
  const [group, version, ...rest] = grouped ? parts.slice(1) : ['', ...parts.slice(1)];
  if (group === undefined || version === undefined || rest.length === 0 || rest.includes('')) return other;
  return { ...other, ...resourceInfo(method, rest, query), isResource: true, group, version };
};

const resourceInfo = (method: string, parts: readonly string[], query: URLSearchParams) => {
  let rest = [...parts];
  let verb = VERBS[method] ?? method.toLowerCase();
  const legacyWatch = rest[0] === 'watch' && rest.length > 1;
  if (legacyWatch) rest = rest.slice(1);
  let namespace = '';
  const [first, second, third] = rest;
  if (first === 'namespaces' && second !== undefined && third !== undefined && !NAMESPACE_SUBRESOURCES.includes(third)) {
    namespace = second;
    rest = rest.slice(2);
  }
  const [resource = '', name = '', ...more] = rest;
  const watching = legacyWatch || (method === 'GET' && query.has('watch') && booleanOf(query.get('watch') ?? ''));
  if (verb === 'get' && watching) verb = 'watch';
  else if (verb === 'get' && name === '') verb = 'list';
  else if (verb === 'delete' && name === '') verb = 'deletecollection';
  return { verb, namespace, resource, name, subresource: more[0] === 'proxy' ? 'proxy' : more.join('/') };
};

const decodedParts = (path: string): string[] | undefined => {
  try {
    return decodeURIComponent(path).replace(/^\//, '').replace(/\/$/, '').split('/');
  } catch {
    return undefined;
  }
};
