/** @module Runs the reflector's machine against a client: performs its commands, projects objects at once and drops them. */
import type { Collection, KubeClient, WatchEvent } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { messageOf } from '../../../shared/lib/message-of.ts';
import { type ApiFailure, failureOf } from '../api-error.ts';
import {
  type InitialMode,
  initialState,
  type ReflectorCommand,
  type ReflectorEvent,
  type ReflectorInput,
  type ReflectorStep,
  step,
} from './machine.ts';

/** What a reflector is given. */
export type ReflectorOptions<T> = {
  readonly client: Pick<KubeClient, 'list' | 'watch'>;
  readonly collection: Collection;
  /** What is kept of an object; undefined = not of interest, told as `Delete`. A throw counts as undefined and is logged. */
  readonly project: (object: KubeObject) => T | undefined;
  /** Takes events in order, synchronously. */
  readonly onEvent: (event: ReflectorEvent<T>) => void;
  /** Told when the source fails (again and again, at each failure) and once when it is well again. */
  readonly onHealth?: (problem: ApiFailure | undefined) => void;
  readonly env: Pick<RuntimeEnv, 'random' | 'setTimer' | 'log'>;
  readonly mode?: InitialMode;
  /** A streamed first reading that says nothing for so long is taken for a server that does not know it. */
  readonly initialSilenceMs?: number;
};

/** A running reflector. */
export type Reflector = { readonly stop: () => void };

const INITIAL_SILENCE_MS = 5_000;
/** Watches end by the server after 4 to 5 minutes, so that load balances itself over API servers. */
const WATCH_SECONDS_MIN = 240;
const WATCH_SECONDS_SPREAD = 60;

/** `namespace/name`, or the name alone for cluster-scoped kinds. */
export const objectKey = (object: KubeObject): string =>
  object.metadata.namespace === undefined || object.metadata.namespace === ''
    ? object.metadata.name
    : `${object.metadata.namespace}/${object.metadata.name}`;

/** Starts reflecting; it never gives up and never throws. */
export const startReflector = <T>(options: ReflectorOptions<T>): Reflector => {
  const stopping = new AbortController();
  void run(options, stopping.signal).catch((error: unknown) => {
    options.env.log.error('reflector broke', { resource: options.collection.resource, error: String(error) });
  });
  return { stop: () => stopping.abort() };
};

const run = async <T>(options: ReflectorOptions<T>, signal: AbortSignal): Promise<void> => {
  const { env } = options;
  const emit = emitter(options);
  let watch: OpenWatch | undefined;
  let unwell = false;
  let at: ReflectorStep = step(initialState(options.mode), { on: 'Start' }, env.random);
  while (!signal.aborted) {
    for (const event of at.emit) emit(event);
    if (at.problem !== undefined || (unwell && at.state.failures === 0)) {
      unwell = at.problem !== undefined;
      options.onHealth?.(at.problem);
    }
    const command: ReflectorCommand = at.next;
    if (command.do !== 'Read') {
      watch?.close();
      watch = undefined;
      if (command.afterMs > 0) await pause(command.afterMs, env, signal);
      if (signal.aborted) return;
    }
    let input: ReflectorInput;
    if (command.do === 'List') input = await page(options, command);
    else {
      watch ??= openWatch(options, command.do === 'Watch' ? command : { do: 'Watch', afterMs: 0, initial: false }, signal);
      input = await watch.read(at.state.phase === 'Streaming' ? (options.initialSilenceMs ?? INITIAL_SILENCE_MS) : 0);
    }
    // Old events of a watch that is being stopped are of no interest.
    if (signal.aborted) break;
    at = step(at.state, input, env.random);
  }
  watch?.close();
};

const emitter =
  <T>(options: ReflectorOptions<T>) =>
  (event: ReflectorStep['emit'][number]): void => {
    if (event.type === 'Init' || event.type === 'InitDone') {
      options.onEvent(event);
      return;
    }
    const key = objectKey(event.object);
    const item = event.type === 'Delete' ? undefined : projected(options, event.object);
    options.onEvent(item === undefined || event.type === 'Delete' ? { type: 'Delete', key } : { type: event.type, key, item });
  };

const projected = <T>(options: ReflectorOptions<T>, object: KubeObject): T | undefined => {
  try {
    return options.project(object);
  } catch (error) {
    options.env.log.warn('an object could not be read and is left out', {
      resource: options.collection.resource,
      key: objectKey(object),
      error: messageOf(error),
    });
    return undefined;
  }
};

const page = async <T>(options: ReflectorOptions<T>, command: Extract<ReflectorCommand, { do: 'List' }>): Promise<ReflectorInput> => {
  try {
    const { limit } = command;
    const list = await options.client.list(options.collection, {
      limit,
      ...(command.continue === undefined ? {} : { continue: command.continue }),
    });
    return {
      on: 'Page',
      items: list.items,
      resourceVersion: list.resourceVersion,
      ...(list.continue === undefined ? {} : { continue: list.continue }),
    };
  } catch (error) {
    return { on: 'PageFailed', failure: failureOf(error) };
  }
};

type OpenWatch = { readonly read: (silenceMs: number) => Promise<ReflectorInput>; readonly close: () => void };

const openWatch = <T>(
  options: ReflectorOptions<T>,
  command: Extract<ReflectorCommand, { do: 'Watch' }>,
  stopSignal: AbortSignal,
): OpenWatch => {
  const own = new AbortController();
  const stop = (): void => own.abort();
  stopSignal.addEventListener('abort', stop, { once: true });
  const events = options.client
    .watch(options.collection, {
      allowWatchBookmarks: true,
      timeoutSeconds: WATCH_SECONDS_MIN + Math.floor(options.env.random() * WATCH_SECONDS_SPREAD),
      ...(command.initial ? { sendInitialEvents: true } : {}),
      ...(command.resourceVersion === undefined ? {} : { resourceVersion: command.resourceVersion }),
      signal: own.signal,
    })
    [Symbol.asyncIterator]();
  const close = (): void => {
    stopSignal.removeEventListener('abort', stop);
    own.abort();
    void Promise.resolve(events.return?.()).catch(() => undefined);
  };
  const next = async (): Promise<ReflectorInput> => {
    try {
      const result: IteratorResult<WatchEvent> = await events.next();
      return result.done === true ? { on: 'WatchEnded' } : { on: 'Event', event: result.value };
    } catch (error) {
      const failure = failureOf(error);
      // Silence is how a quiet resource looks on a server without bookmarks: look again, it is no fault.
      return failure.reason === 'Timeout' && !command.initial ? { on: 'WatchEnded' } : { on: 'WatchEnded', failure };
    }
  };
  return { close, read: (silenceMs) => (silenceMs === 0 ? next() : orSilence(next(), silenceMs, options.env)) };
};

const orSilence = async (
  reading: Promise<ReflectorInput>,
  silenceMs: number,
  env: Pick<RuntimeEnv, 'setTimer'>,
): Promise<ReflectorInput> => {
  let cancel = (): void => undefined;
  const silence = new Promise<ReflectorInput>((resolve) => {
    cancel = env.setTimer(silenceMs, () => resolve({ on: 'WatchEnded', silent: true }));
  });
  try {
    return await Promise.race([reading, silence]);
  } finally {
    cancel();
  }
};

const pause = (delayMs: number, env: Pick<RuntimeEnv, 'setTimer'>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = (): void => {
      cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const cancel = env.setTimer(delayMs, done);
    signal.addEventListener('abort', done, { once: true });
  });
