/**
 * @module Events on objects of the hub, where `kubectl describe` shows them; the same event again only counts up. They are courtesy: what
 * decisions ask of the disk goes before them, so that those of a burst are written at a pace of their own.
 */
import type { KubeObject } from '../../shared/kube/object.ts';
import { keyOf, partsOf, prefixOf, type StorageKey, type Store } from '../../shared/kube/storage/index.ts';
import { hash32, type RuntimeEnv } from '../../shared/lib/index.ts';
import { timeText } from '../../shared/lib/time-text.ts';
import { bag } from './kinds.ts';
import { newMetadata } from './objects.ts';

/** What is told. */
export type EventText = { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };

/** Writes events. A failure is logged and forgotten. */
export type EventRecorder = {
  /** The first of a quiet time are written at once, more of them a moment later; what waits at the end of the process is lost. */
  readonly record: (object: KubeObject, event: EventText) => void;
  /** Deletes events of this component that are older than their time. */
  readonly sweep: () => Promise<void>;
};

const hubComponent = 'hanse';
/** As a kube-apiserver keeps them (--event-ttl). */
const keptMs = 3_600_000;
const messageLengthMax = 1_024;
/** Different events that wait; further ones are dropped, which is logged. */
const waitingMax = 16_384;
/** Events written in a turn, and how long after one the next may come: 320 a second. */
const turnEvents = 32;
const turnMs = 100;
const sweptMax = 500;

/** A v1 ObjectReference; clients look events up by its uid. */
type ObjectReference = { apiVersion: string; kind: string; namespace?: string; name: string; uid?: string; resourceVersion?: string };

const involved = ({ apiVersion, kind, metadata: { name, namespace, uid, resourceVersion } }: KubeObject): ObjectReference => ({
  apiVersion,
  kind,
  name,
  ...(namespace === undefined ? {} : { namespace }),
  ...(uid === undefined ? {} : { uid }),
  ...(resourceVersion === undefined ? {} : { resourceVersion }),
});

/** An event that waits, and how many times it was told since it does. */
type Waiting = { readonly about: ObjectReference; readonly event: EventText; readonly atMs: number; readonly count: number };

/** Where the same event of the same object is kept. */
const eventKey = ({ name, namespace = 'default', uid, kind }: ObjectReference, { reason, message }: EventText): StorageKey =>
  keyOf('', 'events', namespace, `${name.slice(0, 200)}.${hash32(`${uid ?? ''}/${kind}/${reason}/${message}`).toString(16)}`);

/** A recorder over a store; `component` is whom the events are from. */
export const createEventRecorder = (store: Store, env: RuntimeEnv, component = hubComponent): EventRecorder => {
  const waiting = new Map<StorageKey, Waiting>();
  let isPaced = false;
  let dropped = 0;

  const write = async (key: StorageKey, { about, event, atMs, count }: Waiting): Promise<void> => {
    const old = store.get(key);
    const { name, namespace } = partsOf(key);
    const told = typeof old?.object.count === 'number' ? old.object.count : 0;
    const now = timeText(atMs);
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: old === undefined ? newMetadata(env, name, namespace) : old.object.metadata,
      involvedObject: about,
      reason: event.reason,
      message: event.message,
      source: { component },
      firstTimestamp: old === undefined ? now : bag(old.object).firstTimestamp,
      lastTimestamp: now,
      count: told + count,
      type: event.type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: '',
    };
    await store.commit([{ op: 'put', key, expected: old?.revision ?? 0, object }]);
  };
  const turn = async (): Promise<void> => {
    isPaced = waiting.size > 0;
    if (!isPaced) return;
    if (dropped > 0) env.log.warn('events were dropped: too many waited', { dropped, waitingMax });
    dropped = 0;
    const writing: Promise<void>[] = [];
    for (const [key, one] of waiting) {
      if (writing.length === turnEvents) break;
      waiting.delete(key);
      writing.push(write(key, one).catch((error: unknown) => env.log.warn('an event could not be written', { error })));
    }
    await Promise.all(writing);
    env.setTimer(turnMs, () => void turn());
  };
  return {
    record: (object, { type, reason, message }) => {
      const about = involved(object);
      const event = { type, reason, message: message.slice(0, messageLengthMax) };
      const key = eventKey(about, event);
      const before = waiting.get(key);
      if (before === undefined && waiting.size >= waitingMax) {
        dropped += 1;
        return;
      }
      waiting.set(key, { about, event, atMs: env.nowMs(), count: (before?.count ?? 0) + 1 });
      if (!isPaced) void turn();
    },
    sweep: async () => {
      const oldest = env.nowMs() - keptMs;
      const gone = store
        .list(prefixOf('', 'events'))
        .filter(({ object }) => object.reportingComponent === component && Date.parse(String(object.lastTimestamp)) < oldest)
        .slice(0, sweptMax);
      for (const { key, revision, object } of gone) await store.commit([{ op: 'delete', key, expected: revision, object }]);
    },
  };
};
