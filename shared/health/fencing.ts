/**
 * @module Leases of singletons, by the observers that also find out who died; neither hub nor broker is needed to keep one. A holder is
 * confirmed by some of its observers, a taker needs the promises of the others of them, and the two groups always have one in common: with
 * `n` observers a taker needs `t`, more than half, and a holder `n - t + 1`. Who has promised confirms no lease that does not know of the
 * fence. All times are differences of one's own monotonic clock: the holder counts from the moment it asked, the taker from the moment the
 * promise came, so that delays on the way only ever add to the distance (after Gray and Cheriton 1989, "Leases").
 */
import { neededOf } from './tally.ts';

/** Times of a lease, ms. */
export type LeaseTimes = {
  /** The holder stops so long after it asked for the last confirmation it got. */
  readonly fenceMs: number;
  /** Another may begin so long after the last confirmation; larger, for clocks that differ. */
  readonly takeoverMs: number;
};

/** What holds where the policy says nothing. */
export const leaseDefaults: LeaseTimes = { fenceMs: 5_000, takeoverMs: 7_000 };

/** Confirmations asked for that are still waited for. */
const askedMax = 64;

/** One who holds a lease, or would. Changed in place. */
export type Holder = {
  readonly asked: Map<number, number>;
  /** When the newest confirmed question of each observer was asked. */
  readonly confirmedMs: Map<string, number>;
  /** Highest fence against oneself that is known: what the hub sent before is not served any more. */
  fence: number;
};

/** Nothing has been confirmed. */
export const newHolder = (): Holder => ({ asked: new Map(), confirmedMs: new Map(), fence: 0 });

/** A question goes out. */
export const noteAsked = (holder: Holder, nonce: number, nowMs: number): void => {
  holder.asked.set(nonce, nowMs);
  const [oldest] = holder.asked.keys();
  if (holder.asked.size > askedMax && oldest !== undefined) holder.asked.delete(oldest);
};

/** An answer came. One with a fence that was not known ends every confirmation of before. */
export const noteAnswer = (holder: Holder, answer: { from: string; nonce: number; isGranted: boolean; fence: number }): void => {
  if (answer.fence > holder.fence) {
    holder.fence = answer.fence;
    holder.asked.clear();
    holder.confirmedMs.clear();
    return;
  }
  const askedMs = holder.asked.get(answer.nonce);
  if (askedMs === undefined || !answer.isGranted) return;
  holder.confirmedMs.set(answer.from, Math.max(askedMs, holder.confirmedMs.get(answer.from) ?? askedMs));
};

/** Confirmations that a holder needs of so many observers. With less than two nobody can take over, and none is needed. */
export const confirmationsOf = (observers: number): number => (observers < 2 ? 0 : observers - neededOf(observers) + 1);

/** Until when the lease holds; -Infinity = it does not, Infinity = nobody could take over. */
export const heldUntilMs = (holder: Holder, observers: readonly string[], fenceMs: number): number => {
  const needed = confirmationsOf(observers.length);
  if (needed === 0) return Number.POSITIVE_INFINITY;
  const times = observers.map((name) => holder.confirmedMs.get(name) ?? Number.NEGATIVE_INFINITY).sort((a, b) => b - a);
  return (times[needed - 1] ?? Number.NEGATIVE_INFINITY) + fenceMs;
};

/** One who confirms and promises. Changed in place; `fences` must outlive the process. */
export type Granter = { readonly bootMs: number; readonly grantedMs: Map<string, number>; readonly fences: Map<string, number> };

/** `fences` as they were kept. A start counts as a confirmation of everybody: what was confirmed before it is not known. */
export const newGranter = (nowMs: number, fences: Iterable<readonly [string, number]> = []): Granter => ({
  bootMs: nowMs,
  grantedMs: new Map(),
  fences: new Map(fences),
});

/** Answers a holder. */
export const grant = (
  granter: Granter,
  from: string,
  fence: number,
  nowMs: number,
): { readonly isGranted: boolean; readonly fence: number } => {
  const kept = granter.fences.get(from) ?? 0;
  if (fence < kept) return { isGranted: false, fence: kept };
  granter.grantedMs.set(from, nowMs);
  return { isGranted: true, fence: kept };
};

/** Promises; the answer is how long ago the target may last have been confirmed. An older fence than the kept one is promised already. */
export const promise = (granter: Granter, target: string, fence: number, nowMs: number): number => {
  granter.fences.set(target, Math.max(fence, granter.fences.get(target) ?? 0));
  return nowMs - Math.max(granter.bootMs, granter.grantedMs.get(target) ?? granter.bootMs);
};

/** A takeover that is prepared. Changed in place. */
export type Takeover = { readonly target: string; readonly fence: number; readonly readyMs: Map<string, number> };

/** Nobody has promised. */
export const newTakeover = (target: string, fence: number): Takeover => ({ target, fence, readyMs: new Map() });

/** A promise came: after `takeoverMs` less its age the promiser's last confirmation has surely ended. */
export const notePromise = (takeover: Takeover, from: string, sinceMs: number, nowMs: number, { takeoverMs }: LeaseTimes): void => {
  const readyMs = nowMs + Math.max(0, takeoverMs - sinceMs);
  takeover.readyMs.set(from, Math.min(readyMs, takeover.readyMs.get(from) ?? readyMs));
};

/**
 * When another may begin; Infinity = not yet foreseeable. The holder may go by an older membership than ours: the promises must suffice for
 * each that it may know.
 */
export const takenAtMs = (takeover: Takeover, observersOfEach: readonly (readonly string[])[]): number =>
  observersOfEach.reduce(
    (latest, observers) => {
      const needed = neededOf(observers.length);
      const times = observers.map((name) => takeover.readyMs.get(name) ?? Number.POSITIVE_INFINITY).sort((a, b) => a - b);
      return Math.max(latest, times[needed - 1] ?? Number.POSITIVE_INFINITY);
    },
    observersOfEach.length === 0 ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY,
  );
