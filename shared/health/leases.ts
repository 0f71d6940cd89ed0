/** @module The loop around leases: asks for confirmations while it is needed, answers those who ask, and prepares takeovers. */
import { makeListeners } from '../wire/listeners.ts';
import { hubName, type Membership, type MeshLease, type MeshMessage } from '../wire/mesh.ts';
import {
  type Granter,
  grant,
  type Holder,
  heldUntilMs,
  type LeaseTimes,
  leaseDefaults,
  newGranter,
  newHolder,
  newTakeover,
  noteAnswer,
  noteAsked,
  notePromise,
  promise,
  type Takeover,
  takenAtMs,
} from './fencing.ts';
import { firstNonce } from './first-nonce.ts';
import { observersOf } from './observers.ts';
import type { DetectorState } from './state.ts';

/** Fences that this process has promised to keep; they must outlive it. */
export type FenceKeeper = {
  readonly fences: readonly (readonly [target: string, fence: number])[];
  /** Resolves when they are kept; nothing is promised before. */
  readonly keep: (fences: readonly (readonly [string, number])[]) => Promise<void>;
};

/** What may serve: singletons that the hub sent after `fence`, while `isHeld`. */
export type Lease = { readonly isHeld: boolean; readonly fence: number };

/** The leases as a watch has them. */
export type Leases = {
  /** Whether there is anything here that needs a lease. */
  readonly setNeeded: (isNeeded: boolean) => void;
  /** Undefined = not known yet: what runs goes on, nothing begins. */
  readonly lease: () => Lease | undefined;
  readonly onLease: (handler: (lease: Lease) => void) => () => void;
  /** Begins to fence a cluster; again with another number begins anew. For the hub. */
  readonly fence: (target: string, fence: number) => void;
  readonly unfence: (target: string) => void;
  /** True when singletons of the cluster have surely stopped. */
  readonly isFenced: (target: string) => boolean;
};

/** The part that the watch drives. */
export type LeaseLoop = Leases & {
  readonly tick: (nowMs: number) => void;
  /** True when the message was one of ours. */
  readonly hear: (message: MeshMessage, nowMs: number) => boolean;
  readonly onMembership: (membership: Membership) => void;
};

/** Questions in the time of a lease: one that is lost does not end it. */
const questionsPerLease = 5;
const fenceAgainMs = 1_000;
/** Memberships remembered, for holders that know only an old one. */
const rostersMax = 16;
/** So long after it is first needed it is too early to say that there is no lease: until then nothing is changed. */
const youngMs = 1_500;

type Roster = { readonly epoch: number; readonly membership: Membership };

const timesOf = ({ policy }: Membership): LeaseTimes => ({
  fenceMs: policy.fenceMs ?? leaseDefaults.fenceMs,
  takeoverMs: policy.takeoverMs ?? leaseDefaults.takeoverMs,
});

const isLease = (message: MeshMessage): message is MeshLease =>
  message.kind === 'renew' || message.kind === 'grant' || message.kind === 'fence' || message.kind === 'fenced';

/** Starts; `post` signs and sends, `head` numbers. */
export const startLeases = (options: {
  readonly state: DetectorState;
  readonly keeper: FenceKeeper | undefined;
  readonly nowMs: () => number;
  readonly random: () => number;
  readonly log: Parameters<typeof makeListeners>[0];
  readonly post: (to: readonly string[], message: MeshLease) => void;
}): LeaseLoop => {
  const { state, keeper, nowMs: clock, post } = options;
  const { name } = state;
  const listeners = makeListeners<Lease>(options.log);
  const beganMs = clock();
  const holder: Holder = newHolder();
  const granter: Granter = newGranter(beganMs, keeper?.fences);
  const takeovers = new Map<string, Takeover & { askedMs: number }>();
  let rosters: Roster[] = [];
  let isNeeded = false;
  let neededMs = beganMs;
  let nextAskMs = beganMs;
  let told: Lease | undefined;
  let seq = 0;
  let nonce = firstNonce(options.random);

  const head = () => ({ v: 1 as const, from: name, bootId: state.bootId, seq: ++seq, sentMs: Math.floor(clock() - beganMs) });
  const namesOf = (target: string, membership: Membership): string[] =>
    observersOf(target, membership, hubName).map((member) => member.name);
  const current = (): Membership | undefined => state.membership;

  const leaseAt = (nowMs: number): Lease => {
    const membership = current();
    const { fence } = holder;
    if (membership === undefined) return { isHeld: false, fence };
    return { isHeld: nowMs < heldUntilMs(holder, namesOf(name, membership), timesOf(membership).fenceMs), fence };
  };
  const tell = (nowMs: number): void => {
    const lease = leaseAt(nowMs);
    if (!lease.isHeld && told === undefined && nowMs - neededMs < youngMs) return;
    if (told?.isHeld === lease.isHeld && told.fence === lease.fence) return;
    told = lease;
    listeners.tell(lease);
  };
  const ask = (nowMs: number): void => {
    const membership = current();
    if (!isNeeded || membership === undefined || nowMs < nextAskMs) return;
    nextAskMs = nowMs + timesOf(membership).fenceMs / questionsPerLease;
    for (const to of namesOf(name, membership)) {
      nonce += 1;
      noteAsked(holder, nonce, nowMs);
      post([to], { ...head(), kind: 'renew', to, nonce, fence: holder.fence });
    }
  };

  /** The memberships that a holder may go by: from the one it last told on; all that are known when it never told. */
  const rostersOf = (target: string): Roster[] => {
    const known = state.peers.get(target)?.members;
    const from = known === undefined ? -1 : rosters.findIndex(({ epoch }) => epoch === known);
    return known !== undefined && from >= 0 ? rosters.slice(from) : rosters;
  };
  const takeoverMsOf = (target: string): number => Math.max(...rostersOf(target).map(({ membership }) => timesOf(membership).takeoverMs));
  const askFence = (takeover: Takeover & { askedMs: number }, nowMs: number): void => {
    if (nowMs - takeover.askedMs < fenceAgainMs) return;
    takeover.askedMs = nowMs;
    const { target, fence } = takeover;
    const observers = new Set(rostersOf(target).flatMap(({ membership }) => namesOf(target, membership)));
    for (const to of observers) {
      if (takeover.readyMs.has(to)) continue;
      if (to === name) promiseOwn(takeover, nowMs);
      else post([to], { ...head(), kind: 'fence', to, target, fence });
    }
  };
  /** True when this process holds the target for dead as well. */
  const doubts = (target: string): boolean => {
    const standing = state.subjects.get(target)?.standing;
    return state.peers.get(target)?.opinion === 'Cluster' || (standing?.cause === 'Cluster' && standing.phase === 'Standing');
  };
  const promiseOwn = (takeover: Takeover, nowMs: number): void => {
    if (!doubts(takeover.target)) return;
    const sinceMs = promise(granter, takeover.target, takeover.fence, nowMs);
    notePromise(takeover, name, sinceMs, nowMs, { ...leaseDefaults, takeoverMs: takeoverMsOf(takeover.target) });
  };
  const promiseTo = (from: string, target: string, fence: number, nowMs: number): void => {
    if (!doubts(target)) return;
    const sinceMs = Math.floor(promise(granter, target, fence, nowMs));
    const answer = (): void => post([from], { ...head(), kind: 'fenced', to: from, target, fence, sinceMs });
    // From here on nothing is confirmed; the promise itself is given when it is kept.
    if (keeper === undefined) answer();
    else keeper.keep([...granter.fences].sort(([a], [b]) => (a < b ? -1 : 1))).then(answer, () => undefined);
  };

  const hear: LeaseLoop['hear'] = (message, nowMs) => {
    if (!isLease(message)) return false;
    const { from } = message;
    if (message.to !== name || from === name) return true;
    if (message.kind === 'renew') {
      const { isGranted, fence } = grant(granter, from, message.fence, nowMs);
      post([from], { ...head(), kind: 'grant', to: from, nonce: message.nonce, isGranted, fence });
    } else if (message.kind === 'grant') {
      noteAnswer(holder, message);
      if (!message.isGranted) nextAskMs = nowMs;
      tell(nowMs);
    } else if (message.kind === 'fence') {
      if (from === hubName) promiseTo(from, message.target, message.fence, nowMs);
    } else {
      const takeover = takeovers.get(message.target);
      if (takeover?.fence === message.fence)
        notePromise(takeover, from, message.sinceMs, nowMs, { ...leaseDefaults, takeoverMs: takeoverMsOf(message.target) });
    }
    return true;
  };

  return {
    hear,
    tick: (nowMs) => {
      ask(nowMs);
      if (isNeeded) tell(nowMs);
      for (const takeover of takeovers.values()) askFence(takeover, nowMs);
    },
    onMembership: (membership) => {
      rosters = [...rosters.filter(({ epoch }) => epoch !== membership.epoch), { epoch: membership.epoch, membership }].slice(-rostersMax);
    },
    setNeeded: (needed) => {
      if (needed && !isNeeded) {
        neededMs = clock();
        nextAskMs = neededMs;
        told = undefined;
      }
      isNeeded = needed;
    },
    lease: () => told,
    onLease: listeners.add,
    fence: (target, fence) => {
      if (takeovers.get(target)?.fence === fence) return;
      takeovers.set(target, { ...newTakeover(target, fence), askedMs: Number.NEGATIVE_INFINITY });
    },
    unfence: (target) => void takeovers.delete(target),
    isFenced: (target) => {
      const takeover = takeovers.get(target);
      if (takeover === undefined) return false;
      return (
        clock() >=
        takenAtMs(
          takeover,
          rostersOf(target).map(({ membership }) => namesOf(target, membership)),
        )
      );
    },
  };
};
