/**
 * @module The reflector as a pure state machine (the shape of kube-rs `kube-runtime/src/watcher.rs`): first everything, by pages or by a
 * streamed initial watch (KEP-3157), then changes; a gap too old to bridge (410) starts over. What it emits lets a store swap atomically.
 */
import type { WatchEvent } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { type BackoffOptions, backoffMs } from '../../../shared/lib/index.ts';
import type { ApiFailure } from '../api-error.ts';

/** Five words: a full reading is `Init`, `InitApply`…, `InitDone`; what was not in it is gone. */
export type ReflectorEvent<T> =
  | { readonly type: 'Init' }
  | { readonly type: 'InitApply'; readonly key: string; readonly item: T }
  | { readonly type: 'InitDone'; readonly resourceVersion: string }
  | { readonly type: 'Apply'; readonly key: string; readonly item: T }
  | { readonly type: 'Delete'; readonly key: string };

/** How the first reading is done; `stream` falls back to `pages` for good when the server does not know it. */
export type InitialMode = 'stream' | 'pages';

/** Where the machine stands. `failures` in a row decide the wait. */
export type ReflectorState =
  | { readonly phase: 'Empty'; readonly mode: InitialMode; readonly failures: number; readonly limit: number }
  | { readonly phase: 'Paging'; readonly mode: InitialMode; readonly failures: number; readonly limit: number; readonly continue?: string }
  | { readonly phase: 'Streaming'; readonly mode: InitialMode; readonly failures: number; readonly limit: number }
  | {
      readonly phase: 'Watching';
      readonly mode: InitialMode;
      readonly failures: number;
      readonly limit: number;
      readonly resourceVersion: string;
    };

/** What happened. */
export type ReflectorInput =
  | { readonly on: 'Start' }
  | { readonly on: 'Page'; readonly items: readonly KubeObject[]; readonly resourceVersion: string; readonly continue?: string }
  | { readonly on: 'PageFailed'; readonly failure: ApiFailure }
  | { readonly on: 'Event'; readonly event: WatchEvent }
  /** The watch ended: by the server's time limit (no failure), by silence, or by an error. */
  | { readonly on: 'WatchEnded'; readonly failure?: ApiFailure; readonly silent?: boolean };

/** What to do next. `Read` = take the next event of the running watch. */
export type ReflectorCommand =
  | { readonly do: 'List'; readonly afterMs: number; readonly limit: number; readonly continue?: string }
  | { readonly do: 'Watch'; readonly afterMs: number; readonly initial: boolean; readonly resourceVersion?: string }
  | { readonly do: 'Read' };

/** One step's answer: the new state, what to tell the store, what to do next, and whether the source is well. */
export type ReflectorStep = {
  readonly state: ReflectorState;
  readonly emit: readonly RawEvent[];
  readonly next: ReflectorCommand;
  readonly problem?: ApiFailure;
};

/** Events before projection. */
export type RawEvent =
  | { readonly type: 'Init' }
  | { readonly type: 'InitApply' | 'Apply' | 'Delete'; readonly object: KubeObject }
  | { readonly type: 'InitDone'; readonly resourceVersion: string };

/** Objects a page. */
export const PAGE_LIMIT = 100;
const PAGE_LIMIT_MIN = 10;

const backoff: BackoffOptions = { baseMs: 500, maxMs: 30_000 };
/** A missing right or kind is mended by a person: asking often does not help. */
const patientBackoff: BackoffOptions = { baseMs: 5_000, maxMs: 60_000 };

/** The state before anything was read. */
export const initialState = (mode: InitialMode = 'stream'): ReflectorState => ({ phase: 'Empty', mode, failures: 0, limit: PAGE_LIMIT });

/** Advances the machine; `random` spreads the waits. */
export const step = (state: ReflectorState, input: ReflectorInput, random: () => number): ReflectorStep => {
  switch (input.on) {
    case 'Start':
      return begin(state, 0);
    case 'Page':
      return onPage(state, input);
    case 'PageFailed':
      return onPageFailed(state, input.failure, random);
    case 'Event':
      return onEvent(state, input.event, random);
    case 'WatchEnded':
      return onWatchEnded(state, input, random);
  }
};

/** Starts a full reading after a wait. */
const begin = (state: ReflectorState, afterMs: number, problem?: ApiFailure): ReflectorStep => {
  const { mode, failures, limit } = state;
  const trouble = problem === undefined ? {} : { problem };
  return mode === 'stream'
    ? {
        state: { phase: 'Streaming', mode, failures, limit },
        emit: [{ type: 'Init' }],
        next: { do: 'Watch', afterMs, initial: true },
        ...trouble,
      }
    : { state: { phase: 'Paging', mode, failures, limit }, emit: [{ type: 'Init' }], next: { do: 'List', afterMs, limit }, ...trouble };
};

const onPage = (state: ReflectorState, page: Extract<ReflectorInput, { on: 'Page' }>): ReflectorStep => {
  const applied = page.items.map((object): RawEvent => ({ type: 'InitApply', object }));
  const { mode, limit } = state;
  if (page.continue !== undefined) {
    return {
      state: { phase: 'Paging', mode, failures: 0, limit, continue: page.continue },
      emit: applied,
      next: { do: 'List', afterMs: 0, limit, continue: page.continue },
    };
  }
  return {
    state: { phase: 'Watching', mode, failures: 0, limit, resourceVersion: page.resourceVersion },
    emit: [...applied, { type: 'InitDone', resourceVersion: page.resourceVersion }],
    next: { do: 'Watch', afterMs: 0, initial: false, resourceVersion: page.resourceVersion },
  };
};

const onPageFailed = (state: ReflectorState, failure: ApiFailure, random: () => number): ReflectorStep => {
  const failures = state.failures + 1;
  if (failure.reason === 'TooLarge' && state.limit > PAGE_LIMIT_MIN) {
    return begin({ ...state, limit: Math.max(PAGE_LIMIT_MIN, Math.floor(state.limit / 4)) }, 0);
  }
  // A continue token that expired between pages is no fault of anybody: once more from the start, at once the first time.
  if (isGone(failure)) return begin({ ...state, failures }, failures === 1 ? 0 : backoffMs(failures, backoff, random));
  // The same page again would do, but the token may be what the server chokes on: a clean start is always right.
  return begin({ ...state, failures }, waitMs(failure, failures, random), failure);
};

const onEvent = (state: ReflectorState, event: WatchEvent, random: () => number): ReflectorStep => {
  if (event.type === 'ERROR') return onWatchEnded(state, { failure: failureIn(event.object) }, random);
  const streaming = state.phase === 'Streaming';
  const { resourceVersion = '' } = event.object.metadata;
  const next: ReflectorCommand = { do: 'Read' };
  if (event.type === 'BOOKMARK') {
    if (streaming && event.object.metadata.annotations?.['k8s.io/initial-events-end'] !== 'true') return { state, emit: [], next };
    const watching: ReflectorState = { ...settled(state), phase: 'Watching', resourceVersion };
    return { state: watching, emit: streaming ? [{ type: 'InitDone', resourceVersion }] : [], next };
  }
  if (streaming) {
    // A change may come between the initial events; a deletion among them is of something just told.
    const type = event.type === 'DELETED' ? 'Delete' : 'InitApply';
    return { state, emit: [{ type, object: event.object }], next };
  }
  return {
    state: { ...settled(state), phase: 'Watching', resourceVersion },
    emit: [{ type: event.type === 'DELETED' ? 'Delete' : 'Apply', object: event.object }],
    next,
  };
};

const settled = (state: ReflectorState) => ({ mode: state.mode, failures: 0, limit: state.limit });

const onWatchEnded = (
  state: ReflectorState,
  end: { readonly failure?: ApiFailure; readonly silent?: boolean },
  random: () => number,
): ReflectorStep => {
  const { failure } = end;
  const failures = state.failures + 1;
  if (state.phase === 'Streaming') {
    // Refused as unknown, or taken for a plain watch that never says where the initial events end: read by pages from now on.
    const unknown = failure === undefined ? end.silent === true : failure.status === 400 || failure.status === 422;
    if (unknown) return begin({ ...state, mode: 'pages', failures: 0 }, 0);
    return begin(
      { ...state, failures },
      failure === undefined ? backoffMs(failures, backoff, random) : waitMs(failure, failures, random),
      failure,
    );
  }
  if (state.phase !== 'Watching') return begin({ ...state, failures }, backoffMs(failures, backoff, random), failure);
  if (failure !== undefined && isGone(failure)) {
    return begin({ ...state, failures }, failures === 1 ? 0 : backoffMs(failures, backoff, random));
  }
  const again = (afterMs: number): ReflectorCommand => ({
    do: 'Watch',
    afterMs,
    initial: false,
    resourceVersion: state.resourceVersion,
  });
  if (failure === undefined) {
    // An early end without a word, again and again, is a broken proxy: wait a little more each time.
    return { state: { ...state, failures }, emit: [], next: again(failures === 1 ? 0 : backoffMs(Math.min(failures, 4), backoff, random)) };
  }
  return { state: { ...state, failures }, emit: [], next: again(waitMs(failure, failures, random)), problem: failure };
};

const isGone = (failure: ApiFailure): boolean => failure.status === 410 || failure.reason === 'Expired' || failure.reason === 'Gone';

const waitMs = (failure: ApiFailure, failures: number, random: () => number): number => {
  const needsPerson = failure.status === 401 || failure.status === 403 || failure.status === 404;
  return Math.max(failure.retryAfterMs ?? 0, backoffMs(failures - 1, needsPerson ? patientBackoff : backoff, random));
};

/** The Status an ERROR event carries. */
const failureIn = (object: KubeObject): ApiFailure => ({
  status: typeof object.code === 'number' ? object.code : 500,
  reason: typeof object.reason === 'string' ? object.reason : 'Unknown',
  message: typeof object.message === 'string' ? object.message : 'the watch ended with an error',
  unreachable: false,
  causes: [],
});
