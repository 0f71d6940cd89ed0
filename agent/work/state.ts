/** @module The state of the agent's work: every item the hub wants here, and how far each one is. */
import type { Lease } from '../../shared/health/index.ts';
import { parseApiVersion } from '../../shared/kube/object.ts';
import type { ImportWeights } from '../../shared/traffic/index.ts';
import type { ServedApi, StatusItem, WorkItem, WorkRef } from '../../shared/wire/index.ts';
import type { Live } from './live.ts';
import { RANKS } from './order.ts';

/**
 * Where an entry is. Queued → Recording (the object is looked up meanwhile) → (Reading →) Applying → Settled; a withdrawal goes Recording → (Reading →) Deleting → Going → Settled. Any failure
 * leads to Waiting, and from there to Queued when its time has come.
 */
export type Stage = 'Queued' | 'Recording' | 'Reading' | 'Applying' | 'Namespacing' | 'Deleting' | 'Going' | 'Waiting' | 'Settled';

/** What became of the newest seq that has an outcome. */
export type Outcome = Pick<StatusItem, 'seq' | 'phase'> & { readonly reason?: string; readonly message?: string };

/** One work item here. */
export type Entry = {
  item: WorkItem;
  /** Newer work that came while an operation was under way: its turn is after the answer. */
  next: WorkItem | undefined;
  stage: Stage;
  /** Number of the operation under way: an answer to an older one is dropped. */
  op: number;
  /** False until the newest seq had its first outcome; entries of later ranks wait for that. */
  tried: boolean;
  /** Seq that is kept in the member for a restart. */
  recordedSeq: number;
  /** Highest seq that is applied (or withdrawn); 0 = none. */
  appliedSeq: number;
  /** The member's object, when it is there and ours. */
  live: Live | undefined;
  /** What was told of a Job when it was seen to be over. */
  end: StatusItem | undefined;
  /** Seq whose {@link end} is kept in the member for a restart. */
  recordedEnd: number;
  /** What a watch saw while an operation was under way. */
  seen: Live | 'vanished' | undefined;
  /** Fingerprint after our last apply; undefined = not applied since the start. */
  baseline: string | undefined;
  /** Of which rules traffic decided the weights at our last apply, as `decidedOf` says. */
  decided: string;
  /** The next apply changes what we decided to change: it corrects no drift. */
  isOwnChange: boolean;
  /** Failures in a row. */
  attempt: number;
  dueMs: number;
  /** Applies of what was applied before, lately; they are what the correction of drift costs. */
  touches: number;
  /** Those that really changed something back. */
  corrections: number;
  lastTouchMs: number;
  /** Why which pods go could not be chosen at the last apply; '' = they were, or did not have to be. */
  unchosen: string;
  /** Who changed what, from the last conflict. */
  rival: string;
  outcome: Outcome | undefined;
  published: StatusItem | undefined;
  publishedMs: number;
};

/** The whole; changed in place by `decide` only. */
export type WorkState = {
  readonly cluster: string;
  /** Until what was kept in the member is loaded, items are only remembered. */
  loaded: boolean;
  readonly entries: Map<string, Entry>;
  /** Entry by {@link targetOf}. */
  readonly byTarget: Map<string, string>;
  /** Ids to start, by rank. */
  readonly ready: readonly Set<string>[];
  readonly waiting: Set<string>;
  /** Ids the hub holds: those of the last full reading and what came since; undefined before the first. */
  hubIds: Set<string> | undefined;
  /** Ids whose status is held back for a moment. */
  readonly held: Set<string>;
  /** Entries not tried yet, by rank. */
  readonly untried: number[];
  /** What singletons may run; undefined = not known yet, and then nothing of them is changed. */
  lease: Lease | undefined;
  /** What imports weigh in routes; undefined = not known yet, and then nothing of routes that name imports is changed. */
  weights: ImportWeights | undefined;
  /** Since when a route waits for them; undefined = none did. */
  weightsWantedMs: number | undefined;
  /** Why traffic does not know them, as it said last. */
  weightsLack: string | undefined;
  inFlight: number;
  ops: number;
  /** Kinds the member serves, by `apiVersion kind`; undefined = not known yet. */
  served: ReadonlyMap<string, ServedApi> | undefined;
  /** Group versions whose server did not say what it serves. */
  stale: ReadonlySet<string>;
  /** Calls in a row that got no answer; while > 0 one call at a time tries. */
  silent: number;
  pausedUntilMs: number;
  /** Set when the member refuses to keep our records: we go on without. */
  unrecorded: string | undefined;
  /** Resources told to watch, in order of their first use. */
  readonly watched: Set<string>;
};

/** Nothing wanted, nothing known; `lease` where there is nobody to give one. */
export const createWorkState = (cluster: string, lease?: Lease): WorkState => ({
  cluster,
  loaded: false,
  entries: new Map(),
  byTarget: new Map(),
  ready: Array.from({ length: RANKS }, () => new Set<string>()),
  waiting: new Set(),
  hubIds: undefined,
  held: new Set(),
  untried: Array.from({ length: RANKS }, () => 0),
  lease,
  weights: undefined,
  weightsWantedMs: undefined,
  weightsLack: undefined,
  inFlight: 0,
  ops: 0,
  served: undefined,
  stale: new Set(),
  silent: 0,
  pausedUntilMs: 0,
  unrecorded: undefined,
  watched: new Set(),
});

/** A fresh entry; not queued. */
export const createEntry = (item: WorkItem): Entry => ({
  item,
  next: undefined,
  stage: 'Settled',
  op: 0,
  tried: true,
  recordedSeq: 0,
  appliedSeq: 0,
  live: undefined,
  end: undefined,
  recordedEnd: 0,
  seen: undefined,
  baseline: undefined,
  decided: '',
  isOwnChange: false,
  attempt: 0,
  dueMs: 0,
  touches: 0,
  corrections: 0,
  lastTouchMs: Number.NEGATIVE_INFINITY,
  unchosen: '',
  rival: '',
  outcome: undefined,
  published: undefined,
  publishedMs: Number.NEGATIVE_INFINITY,
});

/** True for a Job that was seen to complete or fail, as it was applied last: made anew it would run once more. Only newer work makes it again. */
export const isOver = ({ item, end }: Entry): boolean => item.op === 'apply' && end?.seq === item.seq;

/** Names an object without its version: `apps/deployments/shop/web`. */
export const targetOf = (ref: Pick<WorkRef, 'apiVersion' | 'resource' | 'namespace' | 'name'>): string =>
  `${parseApiVersion(ref.apiVersion).group}/${ref.resource}/${ref.namespace}/${ref.name}`;

/** Highest seq applied, by work id, of what should be here. */
export const acksOf = (state: WorkState): Readonly<Record<string, number>> => {
  const acks: Record<string, number> = {};
  for (const [id, { appliedSeq }] of state.entries) if (appliedSeq > 0) acks[id] = appliedSeq;
  return acks;
};
