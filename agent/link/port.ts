/** @module What the rest of the agent needs of its link to the hub. */
import type { CapacityReport } from '../../shared/capacity/report.ts';
import type { KindDocument } from '../../shared/kube/custom/document.ts';
import type { Beat, Hello, StatusItem, WantMessage, WorkItem, WorkRef } from '../../shared/wire/messages.ts';

/** Ends a subscription. */
export type Unsubscribe = () => void;

/** Where the link stands. */
export type LinkPhase = 'Joining' | 'Pending' | 'Connecting' | 'Connected' | 'Disconnected' | 'Refused' | 'Stopped';

/** What keeps the link from being Connected; CamelCase, for machines. */
export type LinkTrouble =
  | 'HubUnreachable'
  | 'WrongCA'
  | 'HubError'
  | 'TokenUnknown'
  | 'TokenExpired'
  | 'TokenUsedUp'
  | 'RateLimited'
  | 'NameTaken'
  | 'KeyTaken'
  | 'ClusterTaken'
  | 'NameInvalid'
  | 'NotApproved'
  | 'Denied'
  | 'Revoked'
  | 'ProofInvalid'
  | 'Malformed'
  | 'ClockSkew'
  | 'NatsUnreachable'
  | 'NatsWrongCA'
  | 'CredentialsExpired';

/** The link's state as the CLI prints it; `message` says what is wrong and how to mend it. */
export type LinkState = {
  readonly phase: LinkPhase;
  readonly trouble?: LinkTrouble;
  readonly message: string;
  /** When this phase and trouble began, ms since the epoch. */
  readonly sinceMs: number;
};

/** What the inventory knows for a hello; the link adds version, cluster, bootId and clock. */
export type HelloFacts = Omit<Hello, 'v' | 'cluster' | 'bootId' | 'nowMs'>;

/** What the agent knows for a beat; the link adds the rest. */
export type BeatFacts = Pick<Beat, 'api' | 'forbidden'>;

/**
 * Desired work as it comes. `Init` opens a full reading, `InitDone` closes it (`ids` = every id the hub holds for this cluster); in between
 * and after come `Item`s, each verified, opened and newer than the one before of its id. An id missing from a full reading never means
 * "delete": only `op: 'withdraw'` does.
 */
export type WorkEvent =
  | { readonly type: 'Init' }
  | { readonly type: 'Item'; readonly item: WorkItem }
  /** Older work than `knownSeq`, which this agent has: it was refused, and the hub has to hear what is here. */
  | { readonly type: 'Outdated'; readonly id: string; readonly ref: WorkRef; readonly knownSeq: number }
  | { readonly type: 'InitDone'; readonly ids: readonly string[] };

/** The way over the broker to the other agents. What comes is not checked: packets carry their own signatures. */
export interface MeshBus {
  /** The agent's own nkey user public key, and its signature: 64 bytes. */
  readonly publicKey: string;
  sign(bytes: Uint8Array): Uint8Array;
  /** nkey user public key that the hub signs with; undefined before the first connection of this process. */
  hubKey(): string | undefined;
  /** Sends if connected. */
  publish(subject: string, packet: Uint8Array): void;
  onPacket(handler: (packet: Uint8Array) => void): Unsubscribe;
  /** Whose beats are wanted; before it is called, everybody's. */
  watch(names: readonly string[]): void;
  /** The hub's permission to speak, a NATS user JWT; another one takes the place of the one before. */
  permit(jwt: string): void;
  isUp(): boolean;
}

/** The agent's side of the bus. Handlers must return at once; outgoing calls never reject. */
export interface AgentLink {
  readonly cluster: string;
  /** New at each start. */
  readonly bootId: string;
  state(): LinkState;
  onState(handler: (state: LinkState) => void): Unsubscribe;
  /** Called before each hello; until it is set no hello is sent. */
  setHello(facts: () => HelloFacts | undefined): void;
  /** Called before each beat. */
  setBeat(facts: () => BeatFacts): void;
  /** Sends a hello now, because something in it changed. */
  helloChanged(): void;
  /** Sends the report if connected (core NATS, not kept by the broker); false = not sent, the newest is sent again on reconnect. */
  publishReport(report: CapacityReport): boolean;
  /** Writes one status; keeps the newest of each id until the broker has it. */
  publishStatus(item: StatusItem): void;
  /** Work items seen before a restart: a replay with a lower `seq` is refused. */
  rememberSeq(id: string, seq: number): void;
  onWork(handler: (event: WorkEvent) => void): Unsubscribe;
  /** The hub wants something again; hello and report are answered by the link itself, `status` by the work engine. */
  onWant(handler: (what: WantMessage['what']) => void): Unsubscribe;
  /** Documents the hub lacks, by hash: answer each with {@link AgentLink.publishKind}, or not at all when it is gone. */
  onKindsWanted(handler: (hashes: readonly string[]) => void): Unsubscribe;
  /** Sends one kind document if connected; false = not sent, or too large. The hub asks again for what it still lacks. */
  publishKind(hash: string, document: KindDocument): boolean;
  /** Stops everything; resolves when the connection is closed. */
  stop(): Promise<void>;
}
