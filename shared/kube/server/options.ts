/** @module What the API server is built from, and the hooks its owner fills in. */
import type { RuntimeEnv } from '../../lib/index.ts';
import type { Parsed } from '../names/index.ts';
import type { KubeObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import type { DefaultFunctions, SchemaSet } from '../schema/index.ts';
import type { Status } from '../status-error.ts';
import type { Store } from '../storage/index.ts';
import type { ResourceTypeRegistry } from './registry.ts';

/** Who asks (authentication.k8s.io UserInfo). */
export type UserInfo = {
  readonly name: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra?: Readonly<Record<string, readonly string[]>>;
};

/** What the rim knows of a connection; given to the app as Hono's `env`. */
export type Peer = {
  readonly remoteAddress?: string;
  /** The subject of a client certificate that the server's client CA signed. */
  readonly certificate?: { readonly commonName: string; readonly organizations: readonly string[] };
  /** Breaks the connection off without a clean end, so that a client does not take it for complete. */
  readonly destroy?: () => void;
};

/** What a request wants to do; for paths that are no resources only `path` and `verb` are set. */
export type Attributes = {
  readonly user: UserInfo;
  readonly verb: string;
  readonly isResource: boolean;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
};

/** An authorizer's answer; `reason` goes behind the 403's text. */
export type Decision = { readonly allowed: boolean; readonly reason?: string };

/** One line of the audit log; every request that may write ends with one. */
export type AuditEvent = {
  readonly requestId: string;
  readonly user: UserInfo;
  readonly verb: string;
  readonly path: string;
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly dryRun: boolean;
  readonly userAgent: string;
  readonly remoteAddress: string;
  readonly receivedMs: number;
  readonly tookMs: number;
  readonly code: number;
  readonly reason: string;
};

/** What admission sees of a write. `object` is undefined on delete, `old` on create. */
export type AdmissionRequest = {
  readonly operation: 'CREATE' | 'UPDATE' | 'DELETE';
  readonly user: UserInfo;
  readonly type: ResourceType;
  readonly namespace: string;
  readonly name: string;
  readonly subresource: string;
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly dryRun: boolean;
};

/** Answers the object to go on with (the same or a changed copy), or throws a StatusError. Called before validation. */
export type Admit = (request: AdmissionRequest) => KubeObject | undefined | Promise<KubeObject | undefined>;

/** Answers a create of a kind that keeps nothing, such as SelfSubjectAccessReview. `name` is '' on collections. */
export type VirtualCreate = (
  object: KubeObject,
  context: { readonly user: UserInfo; readonly namespace: string; readonly name: string },
) => KubeObject | Promise<KubeObject>;

/**
 * Why an object's log, shell or proxy (`subresource`) cannot be had of this server, and where it can: the text of the refusal. Undefined: a
 * text that only says so.
 */
export type WhereItRuns = (object: KubeObject, subresource: string) => string | undefined;

/** `/version`. */
export type VersionInfo = {
  readonly major: string;
  readonly minor: string;
  readonly gitVersion: string;
  readonly gitCommit: string;
  readonly platform: string;
};

/** The schemas of all kinds served now; asked anew on each use, since kinds come and go. */
export type SchemaSource = () => SchemaSet;

/** What keeps the server from being drowned; each says what happens at it. */
export type Limits = {
  /** Bytes of a request body; more answers 413. */
  readonly requestBytesMax: number;
  /** Events waiting for a slow watcher; more cuts the watch off. */
  readonly watchQueueMax: number;
  /** Attempts of a write without resourceVersion that meets others; more answers 409. */
  readonly writeAttemptsMax: number;
  /** Writers of one object that wait for their turn; more answers 429. */
  readonly writersWaitingMax: number;
  /** How long a read waits for a resourceVersion from the future; longer answers 504. */
  readonly futureWaitMs: number;
  /** Between two bookmarks of a watch. */
  readonly bookmarkEveryMs: number;
  /** A watch without timeoutSeconds ends after one to two times this. */
  readonly watchTimeoutMs: number;
};

/** The limits of a Kubernetes API server. */
export const DEFAULT_LIMITS: Limits = {
  requestBytesMax: 3 * 1024 * 1024,
  watchQueueMax: 10_000,
  writeAttemptsMax: 50,
  writersWaitingMax: 1_000,
  futureWaitMs: 3_000,
  bookmarkEveryMs: 60_000,
  watchTimeoutMs: 30 * 60_000,
};

/** A named check of `/readyz` or `/livez`: undefined when fine, else what is wrong. */
export type HealthCheck = () => string | undefined | Promise<string | undefined>;

/** What {@link createApiServer} takes. */
export type ApiServerOptions = {
  readonly store: Store;
  readonly registry: ResourceTypeRegistry;
  readonly schemas: SchemaSource;
  /** Functions of the named rules among the schemas' defaults. */
  readonly defaultFunctions?: DefaultFunctions;
  readonly env: RuntimeEnv;
  readonly version: VersionInfo;
  /** Undefined = not known, answers 401. Absent: everyone is the admin. */
  readonly authenticate?: (headers: Headers, peer: Peer) => UserInfo | undefined | Promise<UserInfo | undefined>;
  /** Absent: everything is allowed. */
  readonly authorize?: (attributes: Attributes) => Decision | Promise<Decision>;
  readonly admit?: Admit;
  readonly audit?: (event: AuditEvent) => void;
  readonly livez?: Readonly<Record<string, HealthCheck>>;
  readonly readyz?: Readonly<Record<string, HealthCheck>>;
  /** The text of `/metrics` in the Prometheus format; absent answers 404. */
  readonly metrics?: () => string | Promise<string>;
  /** Reads a body of `application/vnd.kubernetes.protobuf` into its JSON object; absent: such bodies answer 415. */
  readonly decodeProtobuf?: (body: Uint8Array) => Parsed<Record<string, unknown>>;
  /** Creates of kinds that keep nothing, by `<group>/<version>/<resource>` or, of a subresource, `<group>/<version>/<resource>/<subresource>`. */
  readonly virtual?: Readonly<Record<string, VirtualCreate>>;
  readonly whereItRuns?: WhereItRuns;
  /** When set, namespaces have a `default` ServiceAccount and a `kube-root-ca.crt` ConfigMap with this PEM text, whatever is written there. */
  readonly namespaceCa?: string;
  readonly limits?: Partial<Limits>;
};

/** The user of in-process clients and of servers without authentication. */
export const ADMIN: UserInfo = { name: 'system:admin', groups: ['system:masters', 'system:authenticated'] };

/** A refusal as it goes over the wire. */
export type Refusal = Status;
