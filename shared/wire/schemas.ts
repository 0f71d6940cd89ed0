/** @module The shape of each message of the contract, as checks for what comes from the wire. */
import { bool, both, type Check, freeObject, integer, list, map, matching, oneOf, record, text } from './check.ts';
import { joinLabelsMax, kindsWantedMax, nodesNamedMax } from './limits.ts';

const version: Check = oneOfNumber(1);
const clusterName = matching(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, 'a DNS-1123 label (a-z, 0-9, -; at most 63)');
/** A work id is one subject token and one KV key part. */
const workId = matching(/^[A-Za-z0-9_=-]{1,200}$/, 'a work id of letters, digits, _ = - (at most 200)');
const documentHash = matching(/^[0-9a-f]{64}$/, 'a SHA-256 in hex');
/** UIDs are UUIDs as a rule, and opaque by contract. */
const clusterUid = matching(/^[A-Za-z0-9._-]{1,128}$/, 'a UID of letters, digits, . _ - (at most 128)');
/** An address that others are told to look at: it is parsed by all of them. */
const serverUrl: Check = (value, path) =>
  typeof value === 'string' && value.length <= 300 && /^https?:\/\/[^/?#@\s]+:\d{1,5}$/.test(value) && URL.canParse(value)
    ? undefined
    : `${path} must be https://host:port`;
const instant = integer(0);
const count = integer(0);
const base64 = (max: number): Check => both(text(max, 1), matching(/^[A-Za-z0-9+/]+={0,2}$/, 'base64'));
const labels = (max: number): Check => map(text(253), max);

function oneOfNumber(wanted: number): Check {
  return (value, path) => (value === wanted ? undefined : `${path} must be ${wanted}`);
}

const ref = record({ apiVersion: text(317, 1), kind: text(63, 1), resource: text(63, 1), namespace: text(63), name: text(253, 1) });

const sealed = record({
  alg: oneOf('X25519-HKDF-SHA256-A256GCM'),
  ephemeralKey: base64(64),
  nonce: base64(24),
  box: base64(4_000_000),
});

/** So many pods on each of these nodes. */
const onNodes = list(record({ node: text(253, 1), replicas: count }), nodesNamedMax);

const workFields = record(
  {
    v: version,
    cluster: clusterName,
    id: workId,
    seq: count,
    op: oneOf('apply', 'withdraw'),
    ref,
    adopt: oneOf('Never', 'IfUnowned', 'Always'),
  },
  {
    object: freeObject,
    sealed,
    yieldFields: list(text(512), 256),
    singleton: bool,
    leaving: onNodes,
    nominated: onNodes,
  },
);

/** A work item as sent: an `apply` has its object in the clear or sealed, never both. */
export const workItem: Check = (value, path) => {
  const fault = workFields(value, path);
  if (fault !== undefined) return fault;
  const item = value as { op: string; object?: unknown; sealed?: unknown };
  const bodies = Number(item.object !== undefined) + Number(item.sealed !== undefined);
  if (item.op === 'apply') return bodies === 1 ? undefined : `${path}: an apply needs either object or sealed`;
  return bodies === 0 ? undefined : `${path}: a withdraw has no object`;
};

export const statusItem: Check = record(
  {
    v: version,
    cluster: clusterName,
    id: workId,
    seq: count,
    ref,
    phase: oneOf('Applied', 'Conflict', 'Failed', 'Withdrawn'),
    observedAtMs: instant,
  },
  { reason: text(256), message: text(4_096), generation: count, status: freeObject },
);

export const hello: Check = record(
  {
    v: version,
    cluster: clusterName,
    bootId: text(64, 1),
    agentVersion: text(64),
    kubernetesVersion: text(64),
    apis: list(
      record({ groupVersion: text(317, 1), kind: text(63, 1), resource: text(63, 1), namespaced: bool }, { document: documentHash }),
      5_000,
    ),
    runtimeClasses: list(text(253), 1_000),
    labels: labels(256),
    nowMs: instant,
  },
  { meshAddresses: list(text(256, 1), 8), dnsAddresses: list(text(64, 1), 8), clusterUID: clusterUid, apiAddress: serverUrl },
);

export const beat: Check = record(
  {
    v: version,
    cluster: clusterName,
    bootId: text(64, 1),
    seq: count,
    nowMs: instant,
    api: record({ reachable: bool }, { reason: text(256), message: text(2_048) }),
    reportSeq: integer(-1),
  },
  { forbidden: list(text(512), 256) },
);

export const want: Check = record(
  { v: version, what: list(oneOf('hello', 'report', 'status'), 3) },
  { kinds: list(documentHash, kindsWantedMax) },
);

/** The document itself is checked by who serves kinds. */
export const kind: Check = record({ v: version, cluster: clusterName, hash: documentHash, document: freeObject });

export const renewRequest: Check = record({ v: version, cluster: clusterName, publicKey: text(64, 1) });

/** `ok: false` answers carry reason and message, `ok: true` the credential. */
export const renewAnswer: Check = (value, path) =>
  typeof value === 'object' && value !== null && 'ok' in value && value.ok === true
    ? record({ v: version, jwt: text(16_384, 1), expiresAtMs: instant })(value, path)
    : record({ v: version, ok: oneOfFalse, reason: text(128), message: text(2_048) })(value, path);

function oneOfFalse(value: unknown, path: string): string | undefined {
  return value === false ? undefined : `${path} must be true or false`;
}

export const joinRequest: Check = record(
  {
    v: version,
    token: text(512),
    name: text(256),
    publicKey: text(64, 1),
    sealingKey: base64(64),
    labels: labels(joinLabelsMax),
    kubernetesVersion: text(64),
    nowMs: instant,
    proof: base64(128),
  },
  { clusterUID: clusterUid, memberAPI: record({ reason: text(256), message: text(2_000) }) },
);

const admitted = record({
  v: version,
  jwt: text(16_384, 1),
  expiresAtMs: instant,
  natsUrls: list(text(512, 1), 32),
  natsCa: text(65_536),
  hubKey: base64(64),
  beatIntervalMs: integer(100),
});
const pending = record({ v: version, message: text(4_096), retryAfterMs: count });
const refused = record({ v: version, reason: text(64, 1), message: text(4_096) }, { retryAfterMs: count });

/** The hub's answer, by its state. */
export const joinAnswer: Check = (value, path) => {
  const state = typeof value === 'object' && value !== null && 'state' in value ? value.state : undefined;
  if (state === 'Admitted') return admitted(value, path);
  if (state === 'Pending') return pending(value, path);
  return state === 'Refused' ? refused(value, path) : `${path}.state must be one of Pending, Admitted, Refused`;
};
