/** @module What a detector knows and what it is told and tells: state, events, effects. */
import type {
  Abstention,
  Evidence,
  Finding,
  Member,
  Membership,
  MeshBallot,
  MeshBeat,
  MeshMessage,
  MeshVote,
  Opinion,
  ProbeAddress,
  SelfHealth,
} from '../wire/mesh.ts';
import { type Arrivals, noArrivals } from './arrivals.ts';
import { noPenalty, type Penalty } from './damping.ts';
import { firstNonce } from './first-nonce.ts';
import type { HoldDown } from './hold-down.ts';
import type { Removal } from './limits.ts';
import type { SeenNumbers } from './seen-numbers.ts';
import { noShadows, type Shadows } from './shadow.ts';
import type { Electorate, Obstacle } from './tally.ts';

/** The ways that beats take. */
export type Channel = 'direct' | 'broker';

/** Monotonic clock and chance: nothing here ever reads a wall clock. */
export type DetectorEnv = { readonly monotonicMs: () => number; readonly random: () => number };

/** What died. `Isolated` is only ever said of oneself. */
export type Cause = Opinion | 'Isolated';

/** What a detector is told. */
export type DetectorEvent =
  /** Time passed; due every `tickEveryMs`. */
  | { readonly type: 'tick' }
  /** A packet whose signature holds. `packet`: its bytes, handed out again as proof. `proof`: the beat inside an answer, if its signature holds. */
  | {
      readonly type: 'message';
      readonly channel: Channel;
      readonly message: MeshMessage;
      readonly packet?: unknown;
      readonly proof?: MeshBeat;
    }
  /** What the agent found out about its own cluster. */
  | { readonly type: 'self'; readonly api: boolean; readonly ingress?: boolean }
  /** A look at an address has ended. `isWild`: it also said yes to what does not exist; counted and told; absent = not asked. */
  | {
      readonly type: 'probed';
      readonly target: string;
      readonly url: string;
      readonly id: number;
      readonly isAnswered: boolean;
      readonly isWild?: boolean | undefined;
      readonly tookMs: number;
      /** When its connection was open; absent = it never was. */
      readonly openedMs?: number | undefined;
    };

/** How long a look may take: until its connection is open, and until it has its answer. */
export type LookLimits = { readonly openMs: number; readonly answerMs: number };

/** What is known of one verdict. Times are of this agent's monotonic clock. */
export type Verdict = {
  readonly target: string;
  readonly cause: Cause;
  /** `Returning`: it is well again and held down. `Cleared`: it is over. */
  readonly phase: 'Standing' | 'Returning' | 'Cleared';
  readonly sinceMs: number;
  /** Grows with every verdict that moves something; what is written because of one carries it. */
  readonly epoch: number;
  readonly voters: readonly string[];
  readonly domains: number;
  readonly needed: number;
  readonly observers: number;
  /** How long the cluster must be well; with `Returning` only. */
  readonly holdDownMs?: number;
};

/** What forbids a verdict that a majority is for, and what it would be; both are undefined when that is over. */
export type ObstacleNote = {
  readonly target: string;
  readonly obstacle: Obstacle | undefined;
  /** With since when that very cause is agreed on. */
  readonly agreed: (Agreed & Pick<Verdict, 'sinceMs'>) | undefined;
};

/** What observers agree on. */
export type Agreed = Pick<Verdict, 'cause' | 'voters' | 'domains' | 'needed' | 'observers'>;

/** What a detector wants done. */
export type DetectorEffect =
  /** Sign and send over every channel there is; `proof` = a packet to be put into the answer. */
  | { readonly type: 'send'; readonly to: 'all' | readonly string[]; readonly message: MeshMessage; readonly proof?: unknown }
  | {
      readonly type: 'probe';
      readonly target: string;
      readonly address: ProbeAddress;
      readonly id: number;
      readonly limits: LookLimits;
    }
  | { readonly type: 'verdict'; readonly verdict: Verdict }
  /** A majority thinks that something should move, and this forbids it; undefined = no longer. */
  | ({ readonly type: 'obstacle' } & ObstacleNote)
  /** A cluster that is held down is so for longer, or shorter, than was told: for `leftMs` if it stays well; undefined = too few see it well. */
  | { readonly type: 'held'; readonly target: string; readonly leftMs: number | undefined }
  | { readonly type: 'abstains'; readonly why: Abstention | undefined }
  /** The same agent was started once more, later, and runs: this one is not believed any more and should end. */
  | { readonly type: 'overtaken' }
  /** Believed by nobody, counted by the rim. */
  | { readonly type: 'refused'; readonly from: string; readonly reason: HearingRefusal; readonly message: string };

/** Why a message with a good signature is not believed. */
export type HearingRefusal = 'Replayed' | 'OldBoot' | 'Future' | 'NotForUs' | 'Flood' | 'WildGateway' | 'OldMembers' | 'OwnName';

/** One address of a target. */
export type ProbeRecord = {
  readonly address: ProbeAddress;
  /** Once, though it be to the process before this one: that it fails says something. */
  hasAnswered: boolean;
  /** When it last answered this process. */
  answeredMs: number | undefined;
  isWild: boolean;
  failures: number;
  /** Newest look: its number, when it began, whether it is still out. */
  id: number;
  startedMs: number;
  /** {@link DetectorState.lateMs} when it began. */
  startedLateMs: number;
  isOut: boolean;
  nextMs: number;
  /** Of the last answers. */
  readonly tookMs: number[];
  /** Of these, how long it took until their connections were open. */
  readonly openedMs: number[];
  /** Last looks, true = answered. */
  readonly recent: boolean[];
};

/** A question to others about one silent target. */
export type Round = {
  readonly nonce: number;
  readonly startedMs: number;
  readonly deadlineMs: number;
  readonly waiting: Set<string>;
  answered: number;
  isHeard: boolean;
};

/** One other. */
export type Peer = {
  member: Member;
  /** Whether this agent watches it. */
  isWatched: boolean;
  /** Since when it is a member here. */
  knownMs: number;
  boot: string | undefined;
  /** A boot that has yet to prove that it lives. */
  candidate: { readonly boot: string; readonly nonce: number; readonly askedMs: number } | undefined;
  readonly oldBoots: string[];
  /** Highest numbers seen of this boot. */
  beatSeq: number;
  ballotSeq: number;
  /** The sender's clock and ours at the newest beat. */
  sentMs: number;
  sentAtMs: number;
  /** When it last showed that it lives; what this process slept since is taken out of it. */
  heardMs: number | undefined;
  /** The number of decisions it last showed. */
  epoch: number;
  /** The membership it said it goes by. */
  members: number | undefined;
  self: SelfHealth | undefined;
  packet: unknown;
  channels: Readonly<Record<Channel, Arrivals>>;
  round: Round | undefined;
  helpers: Finding;
  askedMs: number;
  probes: ProbeRecord[];
  readonly shadows: Shadows;
  /** Own opinion now. */
  opinion: Opinion | undefined;
  /** What it rests on. */
  evidence: Evidence | undefined;
  /** Numbers of the questions that came, by the life of the peer that asked. */
  readonly asked: Map<string, SeenNumbers>;
  /** Questions answered within the second that began at `answersFromMs`. */
  answers: number;
  answersFromMs: number;
};

/**
 * What forbids a verdict that a majority is for, from and until when there was such a thing, and whether it was told; the cause, and since when
 * that is it.
 */
export type Hindered = Pick<Verdict, 'cause'> & {
  readonly obstacle: Obstacle;
  readonly beganMs: number;
  readonly lastMs: number;
  /** When the death of the cluster itself was last agreed on. */
  readonly deadMs: number | undefined;
  readonly isTold: boolean;
  readonly sinceMs: number;
};

/** What is known about a subject of verdicts: a member or the broker. */
export type Subject = {
  readonly name: string;
  standing: (Verdict & { readonly phase: 'Standing' | 'Returning'; readonly hold: HoldDown | undefined }) | undefined;
  /** A cause that moves nothing, or less than what stands, waits here until it has been the same for a while; `undefined` cause = well. */
  waiting: { readonly cause: Opinion | undefined; readonly sinceMs: number } | undefined;
  penalty: Penalty;
  /** This death was called that of the cluster before, and then of its gateway alone. */
  isLessened: boolean;
  hindered: Hindered | undefined;
};

/** All that one detector knows. Changed in place by `step` and by nobody else. */
export type DetectorState = {
  readonly name: string;
  readonly bootId: string;
  membership: Membership | undefined;
  readonly peers: Map<string, Peer>;
  readonly subjects: Map<string, Subject>;
  readonly ballots: Map<string, { readonly ballot: MeshBallot; readonly atMs: number }>;
  removals: Removal[];
  /** Addresses of members that have answered once, this process or the one before it, by {@link addressKey}. */
  addressesKnown: ReadonlySet<string>;
  observers: Map<string, readonly Member[]>;
  /** Who votes on each target and on the broker while nobody is gone for good: failure domain by name. */
  electorates: Map<string, Electorate>;
  /** Members that the hub has given up. */
  lost: readonly string[];
  readonly beginMs: number;
  beatSeq: number;
  ballotSeq: number;
  otherSeq: number;
  nonce: number;
  epoch: number;
  lastTickMs: number;
  nextBeatMs: number;
  nextBallotMs: number;
  /** Time by which turns of this process came later than they should, all in all. */
  lateMs: number;
  /** When this process was last found to have been away. */
  resumedMs: number;
  stalledUntilMs: number;
  /** Until then what is heard may have waited for longer than a ballot counts. */
  behindUntilMs: number;
  /** Another boot that speaks in this name, and the question that it must answer to be believed to live. */
  twin: { readonly boot: string; readonly nonce: number; readonly askedMs: number } | undefined;
  twinAnsweredMs: number | undefined;
  /** When the own beat last came back from the broker. */
  echoMs: number | undefined;
  self: { readonly api: boolean; readonly ingress?: boolean };
  abstains: Abstention | undefined;
  votes: readonly MeshVote[];
  /** Of those in doubt, whom this voter has heard and holds nothing against. */
  well: readonly string[];
  /** Those whose verdict stands here without a vote of this voter. */
  open: readonly string[];
  ballotText: string;
};

/** Whose address, and which: who joins anew under an old name has another key. */
export const addressKey = ({ publicKey }: Pick<Member, 'publicKey'>, { role, url }: ProbeAddress): string => `${publicKey} ${role} ${url}`;

/** A detector that knows nobody yet; it does nothing before the first membership comes. */
export const newDetector = (name: string, bootId: string, env: DetectorEnv): DetectorState => {
  const nowMs = env.monotonicMs();
  return {
    name,
    bootId,
    membership: undefined,
    peers: new Map(),
    subjects: new Map(),
    ballots: new Map(),
    removals: [],
    addressesKnown: new Set(),
    observers: new Map(),
    electorates: new Map(),
    lost: [],
    beginMs: nowMs,
    beatSeq: 0,
    ballotSeq: 0,
    otherSeq: 0,
    nonce: firstNonce(env.random),
    epoch: 0,
    lastTickMs: nowMs,
    nextBeatMs: nowMs,
    nextBallotMs: nowMs,
    lateMs: 0,
    resumedMs: nowMs,
    stalledUntilMs: nowMs,
    behindUntilMs: nowMs,
    twin: undefined,
    twinAnsweredMs: undefined,
    echoMs: undefined,
    self: { api: true },
    abstains: undefined,
    votes: [],
    well: [],
    open: [],
    ballotText: '',
  };
};

/** Somebody of whom nothing was heard. */
export const newPeer = (member: Member): Peer => ({
  member,
  isWatched: false,
  knownMs: 0,
  boot: undefined,
  candidate: undefined,
  oldBoots: [],
  beatSeq: -1,
  ballotSeq: -1,
  sentMs: 0,
  sentAtMs: 0,
  heardMs: undefined,
  epoch: 0,
  members: undefined,
  self: undefined,
  packet: undefined,
  channels: { direct: noArrivals(), broker: noArrivals() },
  round: undefined,
  helpers: 'none',
  askedMs: Number.NEGATIVE_INFINITY,
  probes: [],
  shadows: noShadows(),
  opinion: undefined,
  evidence: undefined,
  asked: new Map(),
  answers: 0,
  answersFromMs: 0,
});

/** A subject without a verdict. */
export const newSubject = (name: string): Subject => ({
  name,
  standing: undefined,
  waiting: undefined,
  penalty: noPenalty,
  isLessened: false,
  hindered: undefined,
});
