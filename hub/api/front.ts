/** @module The hub's front put together: the Kubernetes API with its users, roles, audit log and metrics, over one store. */
import { join } from 'node:path';
import { Hono } from 'hono';
import { builtinDefaults, decodeBuiltinProtobuf } from '../../shared/kube/builtin/index.ts';
import type { KubeClient } from '../../shared/kube/client/port.ts';
import {
  type Admit,
  type ApiServer,
  createApiServer,
  type HealthCheck,
  type Limits,
  type Peer,
  type VersionInfo,
} from '../../shared/kube/server/index.ts';
import type { Store } from '../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../shared/lib/index.ts';
import { type Access, createAccess } from './access.ts';
import { type AuditLog, loggedEventOf, openAuditLog } from './audit/index.ts';
import { hubRoles } from './authorization/index.ts';
import type { Authority } from './certificates.ts';
import { ensureAdminKubeconfig } from './kubeconfig.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { type MakePlan, placementHistories, planReviews, type TellHistory } from './reviews/index.ts';
import type { ServedKinds } from './served-kinds.ts';
import { whereItRuns } from './where-it-runs.ts';

/** What the front is built from. */
export type FrontOptions = {
  readonly store: Store;
  readonly kinds: ServedKinds;
  /** Made beforehand, mode 0700; the front keeps `tokens.json`, `service-account.key` and `audit/` in it. */
  readonly dataDir: string;
  readonly authority: Authority;
  readonly env: RuntimeEnv;
  readonly version: VersionInfo;
  /** Further admission, after the check that nobody grants more than they have. */
  readonly admit?: Admit;
  readonly livez?: Readonly<Record<string, HealthCheck>>;
  readonly readyz?: Readonly<Record<string, HealthCheck>>;
  /** Figures of the journal driver, for `/metrics`. */
  readonly journalFigures?: () => { readonly queuedWrites: number; readonly liveObjects: number };
  /** Answers PlanReviews; undefined while the hub's loops are not up. */
  readonly planner?: () => MakePlan | undefined;
  /** Answers PlacementHistories; absent = nothing of the past is kept. */
  readonly pastDecisions?: TellHistory;
  readonly limits?: Partial<Limits>;
};

/** The front, ready to be served: `serve({ fetch: front.app.fetch, … })`. */
export type Front = {
  /** Answers every request of the API; other doors of the hub may be mounted beside it with {@link Front.mount}. */
  readonly app: Hono<{ Bindings: Peer }>;
  /** The API within the process, as the admin. */
  readonly client: KubeClient;
  readonly clientFor: ApiServer['clientFor'];
  /** Puts an app of another room under a path; it sees the whole path and asks for its own credentials. Only before the first request. */
  readonly mount: (path: string, app: { fetch: (request: Request, peer: Peer) => Response | Promise<Response> }) => void;
  readonly metrics: Metrics;
  /** Makes namespaces and roles that are missing, starts the loops of the API server. */
  readonly start: () => Promise<void>;
  /** Writes `file` (mode 0600) for kubectl as the admin, unless it fits already. */
  readonly writeAdminKubeconfig: (file: string, serverUrl: string) => Promise<'kept' | 'written'>;
  readonly close: () => Promise<void>;
};

/** Builds the front. Throws when a file in the data directory cannot be read or made, naming it. */
export const createFront = (options: FrontOptions): Front => {
  const { store, kinds, dataDir, authority, env } = options;
  const access = createAccess({ store, dataDir, roles: hubRoles, env });
  const audit = openAuditLog({ file: join(dataDir, 'audit', 'audit.log'), log: env.log });
  const metrics = createMetrics({
    store,
    audit: audit.figures,
    isServed: (group, version, resource) => kinds.registry.get(group, version, resource) !== undefined,
    ...(options.journalFigures === undefined ? {} : { journal: options.journalFigures }),
  });
  const api = createApiServer({
    store: metrics.countingWatches(store),
    registry: kinds.registry,
    schemas: kinds.schemas,
    defaultFunctions: builtinDefaults,
    env,
    version: options.version,
    decodeProtobuf: decodeBuiltinProtobuf,
    namespaceCa: authority.certificatePem,
    authenticate: access.authenticate,
    authorize: access.authorize,
    admit: admission(access, options.admit),
    audit: auditor(audit, access),
    livez: options.livez ?? {},
    readyz: { 'audit-log': audit.check, 'user-tokens': access.tokensFault, ...options.readyz },
    metrics: metrics.text,
    whereItRuns: whereItRuns(store),
    virtual: {
      ...access.reviews,
      ...planReviews(options.planner ?? (() => undefined)),
      ...placementHistories(options.pastDecisions ?? (async () => ({ decisions: [] }))),
    },
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const app = measuredApp(api, metrics, env);
  return {
    app: app.app,
    mount: app.mount,
    client: api.client,
    clientFor: api.clientFor,
    metrics,
    start: async () => {
      await api.start();
      await access.start(api.client);
    },
    writeAdminKubeconfig: (file, serverUrl) =>
      ensureAdminKubeconfig({
        file,
        serverUrl,
        caPem: authority.certificatePem,
        issue: () => authority.issue('admin', 'client', { commonName: 'admin', organizations: ['system:masters'] }),
        nowMs: env.nowMs(),
      }),
    close: async () => {
      access.close();
      await api.close();
      await audit.close();
    },
  };
};

const admission =
  ({ checkGrants }: Pick<Access, 'checkGrants'>, further: Admit | undefined): Admit =>
  (request) => {
    checkGrants(request);
    return further === undefined ? request.object : further(request);
  };

const auditor =
  (audit: AuditLog, { impersonatorOf }: Pick<Access, 'impersonatorOf'>): ((event: Parameters<typeof loggedEventOf>[0]) => void) =>
  (event) =>
    audit.write(loggedEventOf(event, impersonatorOf(event.user)));

/** The API's app with the mounted ones before it and a stop-watch around both. */
const measuredApp = (api: ApiServer, metrics: Metrics, env: RuntimeEnv): Pick<Front, 'app' | 'mount'> => {
  const mounted: { readonly path: string; readonly app: Parameters<Front['mount']>[1] }[] = [];
  const app = new Hono<{ Bindings: Peer }>();
  app.all('*', async (c) => {
    const started = env.nowMs();
    const { raw } = c.req;
    const other = mounted.find(({ path }) => c.req.path === path || c.req.path.startsWith(`${path}/`));
    const response = await (other?.app ?? api.app).fetch(raw, countingCuts(c.env ?? {}, metrics));
    metrics.requestDone({ method: raw.method, url: raw.url, code: response.status, tookMs: env.nowMs() - started });
    return response;
  });
  return { app, mount: (path, other) => void mounted.push({ path, app: other }) };
};

/** Only a watch that is too slow is broken off by the server. */
const countingCuts = (peer: Peer, metrics: Metrics): Peer => ({
  ...peer,
  destroy: () => {
    metrics.watcherCut();
    peer.destroy?.();
  },
});
