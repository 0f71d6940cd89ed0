/** @module The hub-agent contract: what travels over NATS. JSON, one envelope; unknown fields are ignored, unknown versions refused. */
import type { CapacityDelta, CapacityReport } from '../capacity/report.ts';
import type { KindDocument } from '../kube/custom/document.ts';
import type { KubeObject } from '../kube/object.ts';

/** Version of this contract. */
export const wireVersion = 1;

/** Names one object in a member cluster. `namespace` is '' for cluster-scoped kinds. */
export type WorkRef = {
  readonly apiVersion: string;
  readonly kind: string;
  /** Plural URL segment, such as `deployments`. */
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
};

/** An object sealed to one agent: X25519 with a key made for this item, HKDF-SHA256, AES-256-GCM. All values base64. */
export type SealedObject = {
  readonly alg: 'X25519-HKDF-SHA256-A256GCM';
  readonly ephemeralKey: string;
  readonly nonce: string;
  /** Ciphertext and tag of the object's JSON. */
  readonly box: string;
};

/**
 * One object the hub wants in one cluster: KV bucket `work`, key `<cluster>.<id>`, signed by the hub. `seq` is the hub's journal
 * revision when it was rendered: an agent never replaces a higher `seq` by a lower one. A withdrawn object stays as a record with
 * `op: 'withdraw'` until the agent reports it gone: a missing key never means "delete".
 */
export type WorkItem = {
  readonly v: 1;
  readonly cluster: string;
  readonly id: string;
  readonly seq: number;
  /** The hub's journal revision when it was sent, where `seq` is above it because the same is said once more; the agent has no use for it. */
  readonly revision?: number;
  readonly op: 'apply' | 'withdraw';
  readonly ref: WorkRef;
  /** What to apply; absent when withdrawn. */
  readonly object?: KubeObject;
  /** On the wire in place of `object` for Secrets; the link seals and opens, loops on both sides only see `object`. */
  readonly sealed?: SealedObject;
  /** What to do with an object that exists and is not ours. */
  readonly adopt: 'Never' | 'IfUnowned' | 'Always';
  /** Fields the member's own controllers may own, as dotted paths (`spec.replicas` under an autoscaler); not applied. */
  readonly yieldFields?: readonly string[];
  /** Runs in one cluster at a time: with no lease, or when the item is no newer than the fence against the cluster, it has no replicas. */
  readonly singleton?: boolean;
  /** On these nodes at most so many of its pods stay: before the object is applied, those beyond are made to go before any other. */
  readonly leaving?: readonly { readonly node: string; readonly replicas: number }[];
  /** These nodes are kept for pods of it: so many are to be on each, and those that wait are nominated for it. */
  readonly nominated?: readonly { readonly node: string; readonly replicas: number }[];
};

/** {@link StatusItem.reason} of what was applied though which of its pods go could not be chosen. */
export const unchosenReason = 'PodsNotChosen';

/** The right that an agent needs to choose which pods go, as it tells of one that it lacks. */
export const choosingRight = 'patch pods';

/** The right that it needs to nominate nodes for pods. */
export const nominatingRight = 'patch pods/status';

/** {@link StatusItem.reason} of a singleton that has no replicas because of its lease or its fence. */
export const fencedReason = 'Fenced';

/** {@link StatusItem.reason} of what was applied and runs containers of somebody else beside its own. */
export const besideReason = 'ForeignContainers';

/** What became of one work item: KV bucket `status`, key `<cluster>.<id>`, written by the agent. */
export type StatusItem = {
  readonly v: 1;
  readonly cluster: string;
  readonly id: string;
  /** The `seq` this answers. */
  readonly seq: number;
  readonly ref: WorkRef;
  readonly phase: 'Applied' | 'Conflict' | 'Failed' | 'Withdrawn';
  /** CamelCase, for machines: `FieldManagerConflict`, `Forbidden`, `NotOwned`, … */
  readonly reason?: string;
  /** For a person: what is wrong and how to mend it. */
  readonly message?: string;
  /** metadata.generation of the member's object. */
  readonly generation?: number;
  /** The member object's `.status`, whole (≤ 64 KiB; larger is cut to its conditions and counters). */
  readonly status?: { readonly [field: string]: unknown };
  /** Agent's clock, ms since the epoch. */
  readonly observedAtMs: number;
};

/** Served kinds of a member, for discovery at the hub. */
export type ServedApi = {
  readonly groupVersion: string;
  readonly kind: string;
  readonly resource: string;
  readonly namespaced: boolean;
  /** SHA-256 (hex) of the kind's document, for kinds that are not Kubernetes' own; the hub asks for those it does not know. */
  readonly document?: string;
};

/** First message after every (re)connect, and when something in it changes: `hanse.up.<cluster>.hello`. */
export type Hello = {
  readonly v: 1;
  readonly cluster: string;
  /** New at each start of the agent. */
  readonly bootId: string;
  readonly agentVersion: string;
  readonly kubernetesVersion: string;
  readonly apis: readonly ServedApi[];
  readonly runtimeClasses: readonly string[];
  /** Provider, region and zone as learnt from nodes; the operator's labels on the Cluster win. */
  readonly labels: { readonly [key: string]: string };
  /** Where the other agents can send it datagrams, `host:port`. */
  readonly meshAddresses?: readonly string[];
  /** Where resolvers reach its name server, addresses; absent = it runs none. */
  readonly dnsAddresses?: readonly string[];
  /** Where the other clusters may look at its API server, `https://host:port`; absent = the agent knows of no address that others could have. */
  readonly apiAddress?: string;
  /** Which cluster the agent answers for: {@link JoinRequest.clusterUID}. */
  readonly clusterUID?: string;
  readonly nowMs: number;
};

/** Every `beatIntervalMs`: `hanse.up.<cluster>.beat`, core NATS, never a stream. */
export type Beat = {
  readonly v: 1;
  readonly cluster: string;
  readonly bootId: string;
  readonly seq: number;
  readonly nowMs: number;
  /** Whether the member's API server answers, and why not. */
  readonly api: { readonly reachable: boolean; readonly reason?: string; readonly message?: string };
  /** Newest report sent, so that the hub notices a lost one. */
  readonly reportSeq: number;
  /** Verbs on resources the agent lacks, such as `list nodes`. */
  readonly forbidden?: readonly string[];
};

/**
 * Capacity, `hanse.up.<cluster>.report`: the one message that is not JSON but packed integers (`shared/capacity/encode-report.ts`), deflated
 * on the way. First the whole, then what changed; a hub that misses one asks for the whole.
 */
export type ReportMessage = {
  readonly v: 1;
  readonly cluster: string;
  readonly bootId: string;
  readonly report: CapacityReport | CapacityDelta;
};

/** Hub to agent, `hanse.down.<cluster>.want`: send this again. `kinds`: documents the hub lacks, by hash; each is answered by a {@link KindMessage}. */
export type WantMessage = { readonly v: 1; readonly what: readonly ('hello' | 'report' | 'status')[]; readonly kinds?: readonly string[] };

/** One kind's document, `hanse.up.<cluster>.kind`, when the hub wants it. The hash is that of the document's sorted JSON. */
export type KindMessage = { readonly v: 1; readonly cluster: string; readonly hash: string; readonly document: KindDocument };

/** Agent to hub, request `hanse.up.<cluster>.renew`; the answer is a new NATS user JWT for the same public key. */
export type RenewRequest = { readonly v: 1; readonly cluster: string; readonly publicKey: string };
export type RenewAnswer =
  | { readonly v: 1; readonly ok: true; readonly jwt: string; readonly expiresAtMs: number }
  | { readonly v: 1; readonly ok: false; readonly reason: string; readonly message: string };

/** POST `<hub>/join/v1`: anonymous but for the token. */
export type JoinRequest = {
  readonly v: 1;
  readonly token: string;
  /** Wanted cluster name, a DNS-1123 label. */
  readonly name: string;
  /** nkey user public key (`U…`). */
  readonly publicKey: string;
  /** X25519 public key, base64: Secrets are sealed to it. */
  readonly sealingKey: string;
  readonly labels: { readonly [key: string]: string };
  readonly kubernetesVersion: string;
  /** UID of the member's namespace kube-system, which names the cluster whatever it is called (KEP-2149); absent = the agent could not read it. */
  readonly clusterUID?: string;
  /** Why the agent cannot use its member's API; absent = it can, or has not asked yet. */
  readonly memberAPI?: { readonly reason: string; readonly message: string };
  readonly nowMs: number;
  /** Proof of possession: signature of {@link joinProofText} by the nkey, base64. */
  readonly proof: string;
};

/** The hub's answer to a join request; `Pending` is polled with the same request. */
export type JoinAnswer =
  | { readonly v: 1; readonly state: 'Pending'; readonly message: string; readonly retryAfterMs: number }
  | {
      readonly v: 1;
      readonly state: 'Admitted';
      readonly jwt: string;
      readonly expiresAtMs: number;
      readonly natsUrls: readonly string[];
      /** PEM of the CA that signs the broker's certificate. */
      readonly natsCa: string;
      /** Ed25519 public key that signs work, base64 of the raw 32 bytes. */
      readonly hubKey: string;
      readonly beatIntervalMs: number;
    }
  | { readonly v: 1; readonly state: 'Refused'; readonly reason: JoinRefusal; readonly message: string; readonly retryAfterMs?: number };

/** Why a join is refused. */
export type JoinRefusal =
  | 'TokenUnknown'
  | 'TokenExpired'
  | 'TokenUsedUp'
  | 'NameTaken'
  | 'KeyTaken'
  | 'ClusterTaken'
  | 'NameInvalid'
  | 'ProofInvalid'
  | 'ClockSkew'
  | 'Revoked'
  | 'Denied'
  | 'RateLimited'
  | 'Malformed';

/** What the proof in a join request signs. */
export const joinProofText = (request: Pick<JoinRequest, 'name' | 'publicKey' | 'sealingKey' | 'clusterUID' | 'nowMs'>): string =>
  [
    'hanse/join/v1',
    request.name,
    request.publicKey,
    request.sealingKey,
    request.nowMs,
    ...(request.clusterUID === undefined ? [] : [request.clusterUID]),
  ].join('\n');
