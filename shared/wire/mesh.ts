/** @module What agents (and the hub as a witness) say to each other about who is alive: beats, ballots, questions, answers, membership. */

/** Name of the hub among those who beat and vote; no cluster can be called so. */
export const hubName = '@hub';
/** What a verdict about the broker is filed under. */
export const brokerName = '@broker';
/** Under this is counted what says to be of somebody outside the membership: names are free to invent. */
export const strangersName = '@strangers';

/** What a voter thinks of one target. `Silent`: nobody hears it, and there is no address that could tell its agent's death from its own. */
export type Opinion = 'Cluster' | 'Agent' | 'Link' | 'Broker' | 'Hub' | 'APIServer' | 'DataPlane' | 'Gray' | 'Silent';
/** All opinions. */
export const opinions: readonly Opinion[] = ['Cluster', 'DataPlane', 'Agent', 'Silent', 'APIServer', 'Broker', 'Hub', 'Link', 'Gray'];

/** Why a vote that would move traffic is not given. */
export type Held = 'Clusters' | 'Capacity' | 'Survivors' | 'Manual';
/** Why a voter says nothing about who is silent. */
export type Abstention = 'LostMany' | 'Stalled' | 'Isolated';

/** What every message opens with. `sentMs` is the sender's monotonic clock: only differences of one boot mean anything. */
type Head = { readonly v: 1; readonly from: string; readonly bootId: string; readonly seq: number; readonly sentMs: number };

/** What an agent finds out about itself. */
export type SelfHealth = {
  readonly api: boolean;
  /** Whether its ingress is ready; absent = it cannot tell. */
  readonly ingress?: boolean;
  /** Whether it has a connection to the broker. */
  readonly broker: boolean;
};

/** A sign of life. `epoch` is the number of decisions the sender knows of. */
export type MeshBeat = Head & {
  readonly kind: 'beat';
  readonly epoch: number;
  readonly self: SelfHealth;
  /** Number of the membership that the sender goes by; absent = none yet. */
  readonly members?: number;
};

/** What one channel or probe says: `none` = there is no such channel or address, or it never answered. */
export type Finding = 'ok' | 'lost' | 'none';

/** What a vote rests on. */
export type Evidence = {
  readonly direct: Finding;
  readonly broker: Finding;
  /** Others that were asked, and whether one of them hears the target. */
  readonly helpers: Finding;
  readonly gateway: Finding;
  readonly apiServer: Finding;
};

/**
 * One vote. `held`: the voter thinks so, but a limit keeps it from voting; it is told and not counted. Evidence of beats that is `none` on
 * every channel: the voter has not heard the target since its own start, and holds on to the verdict that stood before.
 */
export type MeshVote = {
  readonly target: string;
  readonly opinion: Opinion;
  readonly silentMs: number;
  readonly evidence: Evidence;
  readonly held?: Held;
};

/** All that a voter holds against anybody at this moment. Of a target that is named nowhere it says nothing: it may never have heard it. */
export type MeshBallot = Head & {
  readonly kind: 'ballot';
  readonly epoch: number;
  readonly abstains?: Abstention;
  readonly votes: readonly MeshVote[];
  /** Of those that somebody doubts: whom the voter has heard since its own start and holds nothing against; see {@link namesMaxOf}. */
  readonly well?: readonly string[];
  /** Against whom a verdict stands with the voter, though it holds nothing against them itself: it ends when enough others name them well. */
  readonly open?: readonly string[];
};

/** "Have you heard `about`?"; with `about` = `to`: "are you there?". `toBoot`: the life of `to` that is asked, so that no later one answers. */
export type MeshAsk = Head & {
  readonly kind: 'ask';
  readonly to: string;
  readonly toBoot: string;
  readonly about: string;
  readonly nonce: number;
};

/** The answer; `proof` is a signed beat of `about`, base64 of the packet, when it was heard a moment ago. */
export type MeshAnswer = Head & {
  readonly kind: 'answer';
  readonly to: string;
  readonly about: string;
  readonly nonce: number;
  readonly proof?: string;
};

/** Where a cluster can be looked at from outside. */
export type ProbeAddress = {
  /** `Gateway` = what users use; `APIServer` = any answer of its own will do. */
  readonly role: 'Gateway' | 'APIServer';
  /** `http://`, `https://`, `tcp://` or `tls://`, with host and port. */
  readonly url: string;
};

/** One who beats. */
export type Member = {
  readonly name: string;
  /** A witness observes and votes; it carries no traffic and nothing is ever moved from it. */
  readonly role: 'Cluster' | 'Witness';
  /** nkey user public key that signs its messages. */
  readonly publicKey: string;
  /** `host:port` for datagrams; none = it is reached over the broker alone. */
  readonly addresses: readonly string[];
  /** Failure domain: provider and region. */
  readonly domain: string;
  /** Size for the velocity limit, milli-CPU; 0 = it has never told its capacity, so that no replicas are in it. */
  readonly capacity: number;
  readonly probes: readonly ProbeAddress[];
  /**
   * The hub has given it up, or a person has drained what the hub does not hear: its replicas are placed elsewhere. Who does not hear it sends
   * it no requests, also without a verdict.
   */
  readonly isLost?: boolean;
  /** A person drains it: who sees that it answers no users sends none there, also without a verdict. */
  readonly isDrained?: boolean;
};

/** Names of the detection profiles. */
export type ProfileName = 'fast' | 'balanced' | 'safe';

/** Rules that every voter keeps to, with or without the hub. */
export type MeshPolicy = {
  readonly profile: ProfileName;
  /** False: verdicts are given, nothing moves by itself. */
  readonly automatic: boolean;
  /** Failure domains that the votes of a verdict must come from. */
  readonly domainsMin: number;
  /** Share of clusters, and of capacity, that may be removed within the window. */
  readonly clustersPercentMax: number;
  readonly capacityPercentMax: number;
  readonly windowMs: number;
  /** Clusters that stay whatever is voted. */
  readonly survivorsMin: number;
  /** How long a cluster that is back stays out: doubled with each return, halved with each half-life. */
  readonly holdDownMs: number;
  readonly holdDownMsMax: number;
  readonly halfLifeMs: number;
  /** A singleton's holder stops so long after its lease was last confirmed, and another may begin so long after; absent = 5 s and 7 s. */
  readonly fenceMs?: number;
  readonly takeoverMs?: number;
};

/** Who takes part and by what rules; signed by the hub, which alone may change it. `epoch` only grows. */
export type Membership = Head & {
  readonly kind: 'members';
  readonly epoch: number;
  readonly members: readonly Member[];
  readonly policy: MeshPolicy;
};

/**
 * The hub's permission to speak in the mesh, for one agent: a NATS user JWT for the agent's own key in the account that all agents share. It
 * is a connection of its own, so that a beat never waits behind a large report.
 */
export type MeshCredential = Head & {
  readonly kind: 'credential';
  readonly to: string;
  readonly jwt: string;
  readonly expiresAtMs: number;
};

/** How often each profile would have called a target silent, on the beats that really came. */
export type ShadowRow = {
  readonly target: string;
  readonly profile: ProfileName;
  /** Silences longer than the profile waits. */
  readonly suspicions: number;
  /** Those that ended without a verdict, and without one that a majority agreed on. */
  readonly falseSuspicions: number;
  /** Those that ended while a verdict that a majority agreed on was held back. */
  readonly heldSuspicions?: number;
  /** Silences that did end in a verdict, and the longest wait until the profile would have called them. */
  readonly deaths: number;
  readonly callMsMax: number;
  readonly longestSilenceMs: number;
};

/** How much a member has refused since its start, by whom it said to be of; {@link strangersName} = of no member, '' = of nobody that could be read. */
export type RefusedRow = { readonly cluster: string; readonly reason: string; readonly count: number };

/** Rows of refusals that a member tells, those with most first. */
export const refusedRowsMax = 64;

/** A time in which the observers held the broker or the hub for dead, as one member saw it; times are of the clock of its `watchedMs`. */
export type MeshOutage = {
  readonly cause: 'Broker' | 'Hub';
  readonly sinceMs: number;
  readonly untilMs: number;
  /** The first of those who agreed, how many they were, how many that took, and of how many. */
  readonly voters: readonly string[];
  readonly votes: number;
  readonly needed: number;
  readonly observers: number;
};

/** Outages that a member tells, the last ones, and voters that are named in each. */
export const outagesMax = 5;
export const outageVotersMax = 16;

/** What an agent's shadow detectors have seen since its start, what it has refused, and when it missed the broker or the hub. */
export type MeshShadows = Head & {
  readonly kind: 'shadows';
  readonly watchedMs: number;
  readonly rows: readonly ShadowRow[];
  readonly refused?: readonly RefusedRow[];
  readonly outages?: readonly MeshOutage[];
};

/** A holder of singletons asks one of its observers to confirm its lease. `fence`: the highest fence of its own that it knows. */
export type MeshRenew = Head & { readonly kind: 'renew'; readonly to: string; readonly nonce: number; readonly fence: number };

/** The answer: confirmed, or not because of a fence that the holder did not know. */
export type MeshGrant = Head & {
  readonly kind: 'grant';
  readonly to: string;
  readonly nonce: number;
  readonly isGranted: boolean;
  /** The fence that is kept against the asker; 0 = none. */
  readonly fence: number;
};

/** The hub asks an observer to confirm no lease of `target` any more that does not know this fence. */
export type MeshFence = Head & { readonly kind: 'fence'; readonly to: string; readonly target: string; readonly fence: number };

/** The promise; `sinceMs` ago the observer last may have confirmed a lease of the target. */
export type MeshFenced = Head & {
  readonly kind: 'fenced';
  readonly to: string;
  readonly target: string;
  readonly fence: number;
  readonly sinceMs: number;
};

/** What concerns leases of singletons. */
export type MeshLease = MeshRenew | MeshGrant | MeshFence | MeshFenced;

/** Anything in a packet. */
export type MeshMessage = MeshBeat | MeshBallot | MeshAsk | MeshAnswer | Membership | MeshCredential | MeshShadows | MeshLease;

/** Largest packet by kind, bytes: datagrams stay below the smallest usual path MTU. */
export const meshBytesMax: Readonly<Record<MeshMessage['kind'], number>> = {
  beat: 1_200,
  ballot: 1_400,
  ask: 1_200,
  answer: 1_200,
  renew: 1_200,
  grant: 1_200,
  fence: 1_200,
  fenced: 1_200,
  members: 262_144,
  credential: 8_192,
  shadows: 65_536,
};

/** Votes in one ballot; who holds more against the others than this should doubt itself. */
export const votesMax = 5;
/** Names that fit where a vote would. */
const namesPerVote = 3;
/** Names that a ballot with so many votes has room for, of the well and of the open together; those left out return later. */
export const namesMaxOf = (votes: number): number => namesPerVote * (votesMax - votes);
/** Members of one federation. */
export const membersMax = 500;

/** Subject of what `from` tells everybody. */
export const meshSubject = (from: string, kind: 'beat' | 'ballot' | 'shadows'): string => `hanse.mesh.${from}.${kind}`;
/** Subject of what `from` tells `to` alone. */
export const meshSubjectTo = (from: string, to: string): string => `hanse.mesh.${from}.to.${to}`;
/** Subject on which the hub gives an agent the membership. */
export const membersSubject = (cluster: string): string => `hanse.down.${cluster}.members`;
