/**
 * @module Virtual time: one heap of events ordered by time and then by the order in which they were planned. Each event runs to its end,
 * with the promises that it settles, before the next one begins; so the shipped loops run here unchanged, promises and all.
 */
import { heapOf } from '../../shared/lib/heap.ts';
import type { EventLog } from './event-log.ts';

/** The clock and the queue of everything that will happen. */
export type World = {
  /** Milliseconds since the Unix epoch, virtual. */
  readonly nowMs: () => number;
  /** Plans an event; the answer cancels it. */
  readonly after: (delayMs: number, what: string, run: () => void) => () => void;
  /** Adds a line with the time to the log. */
  readonly say: (line: string) => void;
  readonly log: EventLog;
  /** Events run so far. */
  readonly events: () => number;
  /** Runs events until the time is reached or `stop` says so after an event. */
  readonly runUntil: (atMs: number, stop: () => boolean) => Promise<void>;
};

type Planned = { readonly atMs: number; readonly order: number; readonly what: string; readonly run: () => void; cancelled: boolean };

/** The first moment of every run: 2026-01-01T00:00:00Z. */
export const startMs = 1_767_225_600_000;

/** Events are counted in spans of this virtual time. */
const spanMs = 10_000;

/**
 * Turns of the microtask queue that an event is given. What takes longer (a loop over many awaits) goes on beside the next events, in an order
 * that is the same in every run; a turn of the real event loop would wait for all of it, at ten times the cost.
 */
const turnsPerEvent = 12;
const settlePromises = async (): Promise<void> => {
  for (let turn = 0; turn < turnsPerEvent; turn++) await undefined;
};

/** A world in which nothing is planned yet. More events in a second than `eventsPerSecondMax`, for ten seconds, are a loop that never rests: it throws. */
export const createWorld = (log: EventLog, eventsPerSecondMax: number): World => {
  const eventsMax = (eventsPerSecondMax * spanMs) / 1_000;
  const heap = heapOf<Planned>([], (a, b) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order));
  let nowMs = startMs;
  let nowText = String(nowMs);
  let order = 0;
  let events = 0;
  let spanEndsMs = startMs + spanMs;
  let eventsBefore = 0;
  /** Counts an event that is about to run. */
  const count = (what: string): void => {
    if (nowMs >= spanEndsMs) {
      spanEndsMs = nowMs + spanMs;
      eventsBefore = events;
    }
    events += 1;
    if (events - eventsBefore > eventsMax)
      throw new Error(`more than ${eventsMax} events in ${spanMs} ms: something never rests (last: ${what})`);
  };
  const say = (line: string): void => log.say(`${String((nowMs - startMs) / 1000).padStart(9)} ${line}`);
  return {
    nowMs: () => nowMs,
    log,
    say,
    events: () => events,
    after: (delayMs, what, run) => {
      const planned: Planned = { atMs: nowMs + Math.max(0, Math.round(delayMs)), order: order++, what, run, cancelled: false };
      heap.push(planned);
      return () => {
        planned.cancelled = true;
      };
    },
    runUntil: async (atMs, stop) => {
      // What was started before the first event may still be settling.
      await settlePromises();
      for (let next = heap.peek(); next !== undefined && next.atMs <= atMs; next = heap.peek()) {
        heap.pop();
        if (next.cancelled) continue;
        if (nowMs !== next.atMs) {
          nowMs = next.atMs;
          nowText = String(nowMs);
        }
        count(next.what);
        log.digest(`${nowText} ${next.what}\n`);
        next.run();
        await settlePromises();
        if (stop()) return;
      }
      nowMs = Math.max(nowMs, atMs);
      nowText = String(nowMs);
    },
  };
};
