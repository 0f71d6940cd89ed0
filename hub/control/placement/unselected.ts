/** @module Workloads that no policy selects: their user is told once, where `kubectl describe` shows it, why nothing happens. */
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import { done, type Outcome } from '../controller.ts';
import type { EventRecorder } from '../events.ts';

/** Which workloads wait for a policy, and who has been told. At most one entry a stored object. */
export type Unselected = {
  /** The object has no policy and runs nowhere. */
  readonly note: (key: StorageKey, object: KubeObject) => Outcome;
  /** It has a policy now, or is gone. */
  readonly forget: (key: StorageKey) => void;
};

/** A policy often comes a moment after its object, out of the same file. */
const graceMs = 1_000;

/** Nobody waits yet. */
export const createUnselected = (events: EventRecorder, nowMs: () => number): Unselected => {
  const sinceMs = new Map<StorageKey, number>();
  const told = new Map<StorageKey, string | undefined>();
  return {
    note: (key, object) => {
      const { uid } = object.metadata;
      if (told.has(key) && told.get(key) === uid) return done;
      const since = sinceMs.get(key) ?? nowMs();
      sinceMs.set(key, since);
      const leftMs = since + graceMs - nowMs();
      if (leftMs > 0) return { outcome: 'again', afterMs: leftMs };
      sinceMs.delete(key);
      told.set(key, uid);
      events.record(object, { type: 'Warning', reason: 'NoPolicy', message: messageFor(object) });
      return done;
    },
    forget: (key) => {
      sinceMs.delete(key);
      told.delete(key);
    },
  };
};

const messageFor = ({ apiVersion, kind, metadata: { name, namespace = '' } }: KubeObject): string =>
  `no policy selects it, so it runs in no cluster: apply a PlacementPolicy in namespace ${namespace} with resourceSelectors ` +
  `[{apiVersion: ${apiVersion}, kind: ${kind}, name: ${name}}], or a ClusterPlacementPolicy that selects it`;
