/** @module Events on objects of the hub, where `kubectl describe` shows them; the same event again only counts up. */
import type { KubeObject } from '../../shared/kube/object.ts';
import { keyOf, prefixOf, type Store } from '../../shared/kube/storage/index.ts';
import { hash32, type RuntimeEnv } from '../../shared/lib/index.ts';
import { timeText } from '../../shared/lib/time-text.ts';
import { bag } from './kinds.ts';
import { newMetadata } from './objects.ts';

/** What is told. */
export type EventText = { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };

/** Writes events. A failure is logged and forgotten: events are courtesy. */
export type EventRecorder = {
  readonly record: (object: KubeObject, event: EventText) => void;
  /** Deletes events of this component that are older than their time. */
  readonly sweep: () => Promise<void>;
};

const hubComponent = 'hanse';
/** As a kube-apiserver keeps them (--event-ttl). */
const keptMs = 3_600_000;
const messageLengthMax = 1_024;
/** Events written at the same time; more are dropped. */
const underWayMax = 256;
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

/** A recorder over a store; `component` is whom the events are from. */
export const createEventRecorder = (store: Store, env: RuntimeEnv, component = hubComponent): EventRecorder => {
  let underWay = 0;
  const write = async (about: KubeObject, event: EventText): Promise<void> => {
    const ref = involved(about);
    const namespace = ref.namespace ?? 'default';
    const message = event.message.slice(0, messageLengthMax);
    const name = `${ref.name.slice(0, 200)}.${hash32(`${ref.uid ?? ''}/${ref.kind}/${event.reason}/${message}`).toString(16)}`;
    const key = keyOf('', 'events', namespace, name);
    const old = store.get(key);
    const now = timeText(env.nowMs());
    const count = typeof old?.object.count === 'number' ? old.object.count : 0;
    const object: KubeObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: old === undefined ? newMetadata(env, name, namespace) : old.object.metadata,
      involvedObject: ref,
      reason: event.reason,
      message,
      source: { component },
      firstTimestamp: old === undefined ? now : bag(old.object).firstTimestamp,
      lastTimestamp: now,
      count: count + 1,
      type: event.type,
      eventTime: null,
      reportingComponent: component,
      reportingInstance: '',
    };
    await store.commit([{ op: 'put', key, expected: old?.revision ?? 0, object }]);
  };
  return {
    record: (object, event) => {
      if (underWay >= underWayMax) return;
      underWay += 1;
      write(object, event)
        .catch((error: unknown) => env.log.warn('an event could not be written', { error }))
        .finally(() => {
          underWay -= 1;
        });
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
