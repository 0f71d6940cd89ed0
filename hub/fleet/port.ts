/** @module What the hub's control loops need of the fleet: what agents say, and how desired work reaches them. */
import type { KubeObject } from '../../shared/kube/object.ts';
import type { Beat, Hello, KindMessage, ReportMessage, StatusItem, WantMessage, WorkItem } from '../../shared/wire/messages.ts';
import type { BusRefusal } from '../../shared/wire/refusals.ts';

/** Puts an Event on an object of the hub; courtesy, never awaited. */
export type TellEvent = (
  object: KubeObject,
  event: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string },
) => void;

/** Ends a subscription. */
export type Unsubscribe = () => void;

/** Why an item was not published; the message names the item and the mend. */
export type PublishRefusal = 'TooLarge' | 'NotSealable' | 'Invalid' | 'QueueFull' | 'Superseded' | 'Stopped';

/** What became of one publish. `ok` = durable at the broker. */
export type PublishOutcome = { readonly ok: true } | { readonly ok: false; readonly reason: PublishRefusal; readonly message: string };

/** One work record as the broker has it now, by what its signature covers. */
export type PublishedWork = Pick<WorkItem, 'cluster' | 'id' | 'seq' | 'op' | 'revision'>;

/** What is told of an item as a record. */
export const publishedOf = ({ cluster, id, seq, op, revision }: WorkItem): PublishedWork => ({
  cluster,
  id,
  seq,
  op,
  ...(revision === undefined ? {} : { revision }),
});

/**
 * A status of work that is not among what the hub has sent to the cluster. It was refused and removed at the broker.
 * `wasSent`: this run of the hub had sent it, or has forgotten too much to tell.
 */
export type UnknownStatus = { readonly item: StatusItem; readonly wasSent: boolean };

/** A message with the hub's clock at its arrival, ms since the epoch. */
export type Arrival<T> = { readonly message: T; readonly arrivedAtMs: number };

/** The part of the bus that tells which kinds members serve. */
export interface KindBus {
  onHello(handler: (arrival: Arrival<Hello>) => void): Unsubscribe;
  onKind(handler: (arrival: Arrival<KindMessage>) => void): Unsubscribe;
  /** Asks an agent for kind documents by hash, at most `kindsWantedMax`; best effort. */
  wantKinds(cluster: string, hashes: readonly string[]): void;
  /** Counts and logs what a cluster said and the hub does not take. */
  refuse(refusal: BusRefusal): void;
}

/**
 * The hub's side of the bus. Handlers are called in order of arrival, one message at a time, and must return at once (queue and work later);
 * what they get has been validated, and its `cluster` is the one the broker let it publish for.
 */
export interface FleetBus {
  onHello(handler: (arrival: Arrival<Hello>) => void): Unsubscribe;
  onBeat(handler: (arrival: Arrival<Beat>) => void): Unsubscribe;
  onReport(handler: (arrival: Arrival<ReportMessage>) => void): Unsubscribe;
  /** First every status the broker keeps, then changes as they come; after a lost connection all kept ones may come again. */
  onStatus(handler: (item: StatusItem) => void): Unsubscribe;
  /** A cluster has work that the hub has no record of. What came before is told to the first handler. */
  onUnknown(handler: (unknown: UnknownStatus) => void): Unsubscribe;
  /** A record at the broker is not one of ours: publish the item again, or withdraw it. What was found before is told to the first handler. */
  onDamage(handler: (damage: { readonly cluster: string; readonly id: string }) => void): Unsubscribe;
  onRefusal(handler: (refusal: BusRefusal) => void): Unsubscribe;
  /**
   * Signs, seals (Secrets) and writes one item; retries while the broker is away. A newer item of the same cluster and id takes the place
   * of one that still waits (`Superseded`). Resolves when it is durable or refused; never rejects.
   */
  publishWork(item: WorkItem): Promise<PublishOutcome>;
  /** Removes the record and the status of one item, once its withdrawal was reported. */
  forgetWork(cluster: string, id: string): Promise<PublishOutcome>;
  /** Removes every record and status of a cluster that left. */
  forgetCluster(cluster: string): Promise<PublishOutcome>;
  /** What the broker holds now, as far as it is signed by this hub; resolves when the first reading is complete. */
  publishedWork(): Promise<readonly PublishedWork[]>;
  /** Asks an agent to send something again; best effort. */
  want(cluster: string, what: WantMessage['what']): void;
  connected(): boolean;
  onConnected(handler: (connected: boolean) => void): Unsubscribe;
}

/** The hub's part in the mesh of agents. What comes is not checked: packets carry their own signatures. */
export interface HubMesh {
  /** nkey user public key that the hub signs with. */
  readonly publicKey: string;
  sign(bytes: Uint8Array): Uint8Array;
  /** To everybody, or to whom the subject names. */
  publish(subject: string, packet: Uint8Array): void;
  /** To one agent, over its own link with the hub. */
  give(cluster: string, packet: Uint8Array): void;
  /** An agent's permission to speak in the mesh; `expiresAtMs` since the epoch. */
  credential(publicKey: string, cluster: string): { readonly jwt: string; readonly expiresAtMs: number };
  onPacket(handler: (packet: Uint8Array) => void): Unsubscribe;
}
