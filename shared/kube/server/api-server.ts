/** @module The Kubernetes API server: a Hono app and an in-process client over one store. */
import { Hono } from 'hono';
import type { KubeClient } from '../client/port.ts';
import { startApiServices } from './api-services.ts';
import type { ServerContext } from './context.ts';
import { addDocuments } from './documents.ts';
import { methodNotAllowed, NoSuchPathError, noSuchPath } from './errors.ts';
import { startFinishedJobs } from './finished-jobs.ts';
import { forbiddenBy } from './forbidden.ts';
import { startGarbageCollector } from './garbage-collector.ts';
import { addHealth } from './health.ts';
import { type LocalClientOptions, localClient } from './local-client.ts';
import { startNamespaces } from './namespace-lifecycle.ts';
import { plainForm } from './negotiate.ts';
import { ADMIN, type ApiServerOptions, DEFAULT_LIMITS, type Peer, type UserInfo } from './options.ts';
import { ensurePriorityClasses } from './priority-classes.ts';
import { refusedOf } from './refused.ts';
import type { ResourceTypeRegistry } from './registry.ts';
import { resourceHandler, userOf } from './resource-handler.ts';
import { refusalResponse } from './respond.ts';
import { startStorageProtection } from './storage-protection.ts';
import { createTurns } from './turns.ts';

/** A server that is ready to be served. */
export type ApiServer = {
  /** Answers requests; give it a {@link Peer} as Hono's env (`app.fetch(request, peer)`). */
  readonly app: Hono<{ Bindings: Peer }>;
  /** The same API without HTTP, as the admin. */
  readonly client: KubeClient;
  /** A client with another name, user agent or user. */
  readonly clientFor: (options: LocalClientOptions) => KubeClient;
  readonly registry: ResourceTypeRegistry;
  /** Makes the namespaces every server has, then runs namespace termination, garbage collection and the end of finished Jobs until `close`. */
  readonly start: () => Promise<void>;
  readonly close: () => Promise<void>;
};

/** Builds a server. Nothing runs until requests come or `start` is called. */
export const createApiServer = (options: ApiServerOptions): ApiServer => {
  let readyAt = 0;
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const server: ServerContext = {
    store: options.store,
    registry: options.registry,
    schemas: options.schemas,
    env: options.env,
    readyAt: () => readyAt,
    limits,
    underWay: new Map(),
    turns: createTurns(limits.writersWaitingMax),
    defaultFunctions: options.defaultFunctions ?? {},
    admit: options.admit,
    whereItRuns: options.whereItRuns,
    virtual: options.virtual ?? {},
  };
  const clientFor = (own: LocalClientOptions): KubeClient => localClient(server, own);
  const stops: (() => void)[] = [];
  return {
    app: createApp(server, options),
    client: clientFor({ user: ADMIN, userAgent: 'hanse' }),
    clientFor,
    registry: options.registry,
    start: async () => {
      const loop = { server, client: clientFor({ user: LOOPS, userAgent: 'hanse-controllers' }) };
      stops.push(await startNamespaces({ ...loop, caBundle: options.namespaceCa }));
      await ensurePriorityClasses(loop);
      stops.push(await startApiServices(loop), startGarbageCollector(loop), startStorageProtection(loop), startFinishedJobs(loop));
      readyAt = options.store.revision();
    },
    close: async () => {
      for (const stop of stops.splice(0)) stop();
    },
  };
};

const LOOPS: UserInfo = { name: 'system:kube-controller-manager', groups: ['system:masters', 'system:authenticated'] };

const createApp = (server: ServerContext, options: ApiServerOptions): Hono<{ Bindings: Peer }> => {
  const app = new Hono<{ Bindings: Peer }>({ strict: false });
  const resources = resourceHandler(server, options);
  // Paths of two or three parts below /apis are documents, longer ones resources; Hono takes the first route that fits.
  app.use('*', async (c, next) => {
    const { pathname } = new URL(c.req.url);
    if (/^\/(api\/[^/]+|apis\/[^/]+\/[^/]+)\/./.test(pathname)) return resources(c.req.raw, c.env ?? {});
    await permitted(options, c.req.raw, c.env ?? {}, pathname);
    return next();
  });
  const plain = app as unknown as Hono<never>;
  addHealth(plain, { livez: options.livez ?? {}, readyz: options.readyz ?? {} });
  app.get('/version', () => indented(versionOf(options)));
  app.get('/metrics', async (c) => {
    if (options.metrics === undefined) throw noSuchPath();
    return c.body(await options.metrics(), 200, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
  });
  for (const path of ['/', '/index.html']) app.get(path, () => indented({ paths: rootPaths(options) }));
  addDocuments(plain, options);
  app.notFound((c) => {
    if (DOCUMENTS.test(c.req.path) && c.req.method !== 'GET') throw methodNotAllowed();
    return pageNotFound();
  });
  app.onError((error, c) => {
    if (error instanceof NoSuchPathError) return pageNotFound();
    const form = plainForm(new URL(c.req.url).searchParams, c.req.header('User-Agent') ?? '');
    return refusalResponse(refusedOf(error, server.env.log, { path: c.req.path }), form);
  });
  return app;
};

/** Documents of the API: they can be read, and no more. */
const DOCUMENTS = /^\/(api|apis|version)(\/|$)/;

/** What real servers answer outside of their groups; clients read no Status there. */
const pageNotFound = (): Response =>
  new Response('404 page not found\n', {
    status: 404,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-cache, private', 'X-Content-Type-Options': 'nosniff' },
  });

/** The two documents that are indented for every client. */
const indented = (value: object): Response =>
  new Response(JSON.stringify(value, undefined, 2), { headers: { 'Content-Type': 'application/json' } });

/** Probes need no user, but whoever says who they are is believed or refused; all other paths are authorized by path and method. */
const OPEN_PATHS = /^\/(healthz|livez|readyz)(\/|$)|^\/version\/?$/;

const permitted = async (options: ApiServerOptions, request: Request, peer: Peer, path: string): Promise<void> => {
  const isOpen = OPEN_PATHS.test(path);
  if (isOpen && !request.headers.has('authorization')) return;
  const user = await userOf(options, request.headers, peer);
  if (isOpen || options.authorize === undefined) return;
  const none = { group: '', version: '', resource: '', subresource: '', namespace: '', name: '' };
  const attributes = { ...none, user, verb: request.method.toLowerCase(), isResource: false, path };
  const decision = await options.authorize(attributes);
  if (!decision.allowed) throw forbiddenBy(attributes, decision.reason);
};

const versionOf = ({ version }: ApiServerOptions): object => ({
  ...version,
  emulationMajor: version.major,
  emulationMinor: version.minor,
  minCompatibilityMajor: version.major,
  minCompatibilityMinor: version.minor,
  gitTreeState: 'clean',
  buildDate: '1970-01-01T00:00:00Z',
  goVersion: '',
  compiler: '',
});

const rootPaths = ({ registry }: ApiServerOptions): string[] => {
  const groups = registry.groups().filter(({ name }) => name !== '');
  const own = groups.flatMap(({ name, versions }) => [`/apis/${name}`, ...versions.map((version) => `/apis/${name}/${version}`)]);
  return ['/api', '/api/v1', '/apis', ...own, '/healthz', '/livez', '/metrics', '/openapi/v3', '/readyz', '/version'].sort();
};
