/** @module Discovery and OpenAPI over HTTP: negotiated, with entity tags, made once a change of kinds. */
import type { Hono } from 'hono';
import { hash32 } from '../../lib/index.ts';
import { aggregated, aggregatedType, coreVersions, discoveryShape, groupList, oneGroup, resourceList } from './discovery.ts';
import { noSuchResource } from './errors.ts';
import { formOf } from './negotiate.ts';
import { openApiDocument, openApiPaths } from './openapi.ts';
import { OPENAPI_V2_PROTOBUF, type OpenApiV2, openApiV2, openApiV2Protobuf } from './openapi-v2.ts';
import type { ApiServerOptions } from './options.ts';
import { jsonResponse } from './respond.ts';

type Document = { readonly bytes: Uint8Array<ArrayBuffer>; readonly etag: string };

const YEAR_SECONDS = 31_536_000;

/** Routes of `/api`, `/apis` and `/openapi`. */
export const addDocuments = (app: Hono<never>, options: Pick<ApiServerOptions, 'registry' | 'schemas' | 'version'>): void => {
  const { registry, schemas, version } = options;
  const cached = documentCache(() => registry.generation());

  for (const path of ['/api', '/apis'] as const) {
    const core = path === '/api';
    app.get(path, (c) => {
      const shape = discoveryShape(c.req.header('Accept') ?? '');
      if (shape !== 'legacy')
        return answer(
          c.req.raw,
          cached(`${path} ${shape}`, () => aggregated(registry, core, shape)),
          aggregatedType(shape),
        );
      // What depends on the client's own word for this server is not kept.
      if (core) return negotiated(c.req.raw, JSON.stringify(coreVersions(registry, new URL(c.req.url).host)));
      return answer(
        c.req.raw,
        cached(path, () => groupList(registry)),
      );
    });
  }
  app.get('/apis/:group', (c) => {
    const group = c.req.param('group');
    return answer(
      c.req.raw,
      cached(`/apis/${group}`, () => oneGroup(registry, group)),
    );
  });
  app.get('/api/:version', (c) => {
    const version = c.req.param('version');
    return answer(
      c.req.raw,
      cached(`/api/${version}`, () => resourceList(registry, '', version)),
    );
  });
  app.get('/apis/:group/:version', (c) => {
    const { group, version } = c.req.param();
    return answer(
      c.req.raw,
      cached(`/apis/${group}/${version}`, () => resourceList(registry, group, version)),
    );
  });
  app.get('/openapi/v2', (c) => {
    const make = (): OpenApiV2 => openApiV2(registry.all(), schemas(), version);
    if (!(c.req.header('Accept') ?? '').includes('proto-openapi')) return answer(c.req.raw, cached('openapi v2', make), 'application/json');
    return answer(c.req.raw, cached('openapi v2 protobuf', make, openApiV2Protobuf), OPENAPI_V2_PROTOBUF);
  });
  const documentOf = (path: string): Document => cached(`openapi ${path}`, () => openApiDocument(registry, schemas(), version, path));
  app.get('/openapi/v3', (c) => {
    const index = cached('openapi', () => ({
      paths: Object.fromEntries(
        openApiPaths(registry).map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${documentOf(path).etag}` }]),
      ),
    }));
    return answer(c.req.raw, index, 'application/json');
  });
  app.get('/openapi/v3/*', (c) => {
    const path = c.req.path.slice('/openapi/v3/'.length);
    if (!openApiPaths(registry).includes(path)) throw noSuchResource();
    const document = documentOf(path);
    const asked = c.req.query('hash');
    if (asked !== undefined && asked !== document.etag) return c.redirect(`${c.req.path}?hash=${document.etag}`, 301);
    const response = answer(c.req.raw, document, 'application/json');
    // A URL with the right hash never changes its meaning.
    if (asked !== undefined) response.headers.set('Cache-Control', `public, immutable, max-age=${YEAR_SECONDS}`);
    return response;
  });
};

const documentCache = (generation: () => number) => {
  let documents = new Map<string, Document>();
  let madeAt = -1;
  return <T extends object>(key: string, make: () => T, encode: (value: T) => Uint8Array<ArrayBuffer> = encodeJson): Document => {
    if (madeAt !== generation()) {
      documents = new Map();
      madeAt = generation();
    }
    const known = documents.get(key);
    if (known !== undefined) return known;
    const value = make();
    const fresh = { bytes: encode(value), etag: digest(JSON.stringify(value)) };
    documents.set(key, fresh);
    return fresh;
  };
};

const encodeJson = (value: object): Uint8Array<ArrayBuffer> => new TextEncoder().encode(JSON.stringify(value));

/** 128 bits that tell documents apart; no defence against a forger. */
const digest = (text: string): string =>
  ['a', 'b', 'c', 'd']
    .map((salt) => hash32(`${salt}${text}`).toString(16).padStart(8, '0'))
    .join('')
    .toUpperCase();

/** A document in the one `contentType` it has, or else in the format that the client asks for. */
const answer = (request: Request, document: Document, contentType?: string): Response => {
  const headers = { ETag: `"${document.etag}"`, Vary: 'Accept', 'Cache-Control': 'no-cache, private' };
  const known = (request.headers.get('If-None-Match') ?? '').split(',').map((tag) => tag.trim().replace(/^W\//, ''));
  if (known.includes(`"${document.etag}"`)) return new Response(null, { status: 304, headers });
  if (contentType === undefined) return negotiated(request, new TextDecoder().decode(document.bytes), headers);
  return new Response(document.bytes, {
    status: 200,
    headers: { ...headers, 'Content-Type': contentType, 'Content-Length': String(document.bytes.length) },
  });
};

const negotiated = (request: Request, json: string, headers: Readonly<Record<string, string>> = {}): Response => {
  const accept = request.headers.get('Accept') ?? '';
  const form = formOf(accept, new URL(request.url).searchParams, request.headers.get('User-Agent') ?? '');
  return jsonResponse(200, json, form, headers);
};
