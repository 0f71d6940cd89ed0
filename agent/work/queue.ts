/** @module Who is next: entries by rank, bounded in number, calm when the member's API is silent. */
import { type BackoffOptions, backoffMs, type Env } from '../../shared/lib/index.ts';
import type { WorkEffect } from './messages.ts';
import { rankOf } from './order.ts';
import type { Entry, Stage, WorkState } from './state.ts';

/** One step under way: the state, the world, and the effects so far. */
export type Step = { readonly state: WorkState; readonly env: Env; readonly effects: WorkEffect[] };

/** Operations under way at the same time. */
export const IN_FLIGHT_MAX = 16;

const retryBackoff: BackoffOptions = { baseMs: 1_000, maxMs: 300_000 };
const silenceBackoff: BackoffOptions = { baseMs: 500, maxMs: 15_000 };

const busy = new Set<Stage>(['Recording', 'Reading', 'Applying', 'Namespacing', 'Deleting']);

/** True while an operation of the entry is under way. */
export const isBusy = (entry: Entry): boolean => busy.has(entry.stage);

/** Moves an entry, keeping the sets and counts that depend on its stage. */
export const moveTo = (step: Step, entry: Entry, stage: Stage): void => {
  const { state } = step;
  const { id } = entry.item;
  if (isBusy(entry)) state.inFlight -= 1;
  state.ready[rankOf(entry.item)]?.delete(id);
  state.waiting.delete(id);
  entry.stage = stage;
  if (isBusy(entry)) {
    state.inFlight += 1;
    state.ops += 1;
    entry.op = state.ops;
  }
  if (stage === 'Queued') state.ready[rankOf(entry.item)]?.add(id);
  if (stage === 'Waiting' || stage === 'Going') state.waiting.add(id);
};

/** Notes that the newest seq of an entry was tried (or is untried again). */
export const markTried = (step: Step, entry: Entry, tried: boolean): void => {
  if (entry.tried === tried) return;
  const rank = rankOf(entry.item);
  step.state.untried[rank] = (step.state.untried[rank] ?? 0) + (tried ? -1 : 1);
  entry.tried = tried;
};

/** Tries again after a wait that grows with each failure; `atLeastMs` is the server's wish. */
export const retryLater = (step: Step, entry: Entry, atLeastMs = 0): void => {
  entry.dueMs = step.env.monotonicMs() + Math.max(atLeastMs, backoffMs(entry.attempt, retryBackoff, step.env.random));
  entry.attempt += 1;
  moveTo(step, entry, 'Waiting');
  markTried(step, entry, true);
};

/** Books whether the member's API answered; while it is silent everything pauses. */
export const noteAnswer = (step: Step, answered: boolean): void => {
  const { state, env } = step;
  if (answered) {
    state.silent = 0;
    state.pausedUntilMs = 0;
    return;
  }
  state.pausedUntilMs = env.monotonicMs() + backoffMs(state.silent, silenceBackoff, env.random);
  state.silent += 1;
};

/** Takes back to the queue what waited long enough. */
export const wakeWaiting = (step: Step): void => {
  const now = step.env.monotonicMs();
  for (const id of [...step.state.waiting]) {
    const entry = step.state.entries.get(id);
    if (entry !== undefined && entry.dueMs <= now) moveTo(step, entry, 'Queued');
  }
};

/** Starts what may start: lowest rank first, and a rank only when all below were tried. */
export const pump = (step: Step, start: (step: Step, entry: Entry) => void): void => {
  const { state, env } = step;
  // A pause that is over wakes nobody any more: what cannot start yet waits for the answer of what is under way.
  if (env.monotonicMs() >= state.pausedUntilMs) state.pausedUntilMs = 0;
  if (!state.loaded || state.served === undefined || state.pausedUntilMs > 0) return;
  const limit = state.silent > 0 ? 1 : IN_FLIGHT_MAX;
  for (const [rank, ids] of state.ready.entries()) {
    for (const id of ids) {
      if (state.inFlight >= limit) return;
      const entry = state.entries.get(id);
      if (entry !== undefined) start(step, entry);
    }
    if ((state.untried[rank] ?? 0) > 0) return;
  }
};

/** When `Tick` is wanted next; undefined = not before another input. */
export const nextWakeMs = (state: WorkState): number | undefined => {
  let next = Number.POSITIVE_INFINITY;
  for (const id of state.waiting) next = Math.min(next, state.entries.get(id)?.dueMs ?? next);
  for (const id of state.held) next = Math.min(next, (state.entries.get(id)?.publishedMs ?? 0) + STATUS_INTERVAL_MS);
  if (state.pausedUntilMs > 0 && state.ready.some(({ size }) => size > 0)) next = Math.min(next, state.pausedUntilMs);
  return Number.isFinite(next) ? next : undefined;
};

/** A status of one object travels at most this often; the first change at once. */
export const STATUS_INTERVAL_MS = 200;
