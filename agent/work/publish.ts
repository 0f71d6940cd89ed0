/** @module Says what became of an item: at once, but each object at most a few times a second, and never the same twice. */
import type { StatusItem } from '../../shared/wire/index.ts';
import { STATUS_INTERVAL_MS, type Step } from './queue.ts';
import { type Entry, isOver, type Outcome } from './state.ts';

const REASON_CHARS_MAX = 256;
const MESSAGE_CHARS_MAX = 2_000;

/** Books an outcome and publishes it. */
export const conclude = (step: Step, entry: Entry, outcome: Outcome): void => {
  entry.outcome = outcome;
  publish(step, entry);
};

/** Publishes the entry's status if it says something new; within the interval it is held back and sent by `flushHeld`. */
export const publish = (step: Step, entry: Entry): void => {
  const status = statusOf(step, entry);
  if (status === undefined || (entry.published !== undefined && sameStatus(entry.published, status))) {
    step.state.held.delete(entry.item.id);
    return;
  }
  const news = entry.published === undefined || entry.published.phase !== status.phase || entry.published.seq !== status.seq;
  if (!news && step.env.monotonicMs() < entry.publishedMs + STATUS_INTERVAL_MS) {
    step.state.held.add(entry.item.id);
    return;
  }
  send(step, entry, status);
};

/** Sends what was held back long enough. */
export const flushHeld = (step: Step): void => {
  for (const id of [...step.state.held]) {
    const entry = step.state.entries.get(id);
    if (entry === undefined) step.state.held.delete(id);
    else publish(step, entry);
  }
};

/** Sends a status again, as the hub does not have it any more. */
export const publishAgain = (step: Step, entry: Entry): void => {
  const status = statusOf(step, entry);
  if (status !== undefined) send(step, entry, status);
};

/** Sends every status again. */
export const publishAll = (step: Step): void => {
  for (const entry of step.state.entries.values()) publishAgain(step, entry);
};

const send = (step: Step, entry: Entry, status: StatusItem): void => {
  entry.published = status;
  entry.publishedMs = step.env.monotonicMs();
  step.state.held.delete(entry.item.id);
  step.effects.push({ do: 'publish', status });
};

/** What is told of the entry now; undefined before anything came of it. Of a Job that is over and gone, its end stays told. */
export const statusOf = (step: Step, entry: Entry): StatusItem | undefined => {
  const { item, outcome } = entry;
  if (outcome === undefined) return undefined;
  const seen = entry.live ?? (isOver(entry) ? entry.end : undefined);
  return {
    v: 1,
    cluster: item.cluster,
    id: item.id,
    seq: outcome.seq,
    ref: item.ref,
    phase: outcome.phase,
    ...(outcome.reason === undefined ? {} : { reason: outcome.reason.slice(0, REASON_CHARS_MAX) }),
    ...(outcome.message === undefined ? {} : { message: outcome.message.slice(0, MESSAGE_CHARS_MAX) }),
    ...(seen?.generation === undefined ? {} : { generation: seen.generation }),
    ...(seen?.status === undefined ? {} : { status: seen.status }),
    observedAtMs: step.env.nowMs(),
  };
};

const sameStatus = (a: StatusItem, b: StatusItem): boolean => materialText(a) === materialText(b);

const materialText = ({ observedAtMs: _at, ...rest }: StatusItem): string => JSON.stringify(rest);
