/** @module Workloads that no policy selects: their user is told once, where `kubectl describe` shows it, why nothing happens. */
import { whyOwn } from '../../../shared/api/index.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import type { StorageKey } from '../../../shared/kube/storage/index.ts';
import { type CompiledPolicy, nearestPolicy } from '../../../shared/placement/index.ts';
import { done, type Outcome } from '../controller.ts';
import type { EventRecorder } from '../events.ts';
import { type PolicyBook, selectedOf } from './policies.ts';

/** Which workloads wait for a policy, and who has been told. At most one entry a stored object. */
export type Unselected = {
  /** The object has no policy and runs nowhere. */
  readonly note: (key: StorageKey, object: KubeObject) => Outcome;
  /** It has a policy now, or is gone. */
  readonly forget: (key: StorageKey) => void;
};

/** A policy often comes a little after its object: later in the same file, or with the next step of a script. */
const graceMs = 5_000;

/** Nobody waits yet. */
export const createUnselected = (events: EventRecorder, policies: Pick<PolicyBook, 'all'>, nowMs: () => number): Unselected => {
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
      events.record(object, { type: 'Warning', reason: 'NoPolicy', message: unselectedText(object, policies.all()) });
      return done;
    },
    forget: (key) => {
      sinceMs.delete(key);
      told.delete(key);
    },
  };
};

/** Why no policy selects the object, what comes nearest, and what to apply. */
export const unselectedText = (object: KubeObject, policies: readonly CompiledPolicy[]): string => {
  const { apiVersion, kind, metadata } = object;
  const own = whyOwn(object);
  if (own !== undefined) return `no policy may select it, and it follows no workload: ${own}`;
  const { name, namespace = '' } = metadata;
  const nearest = nearestPolicy(policies, selectedOf(object));
  const near = nearest === undefined ? '' : `; nearest is ${nearest.policy.id}, but ${nearest.why}`;
  const selector = `resourceSelectors [{apiVersion: ${apiVersion}, kind: ${kind}, name: ${name}}]`;
  const where = namespace === '' ? '' : `neither one of namespace ${namespace} nor a cluster-wide one, `;
  const mend =
    namespace === ''
      ? `a ClusterPlacementPolicy with ${selector}`
      : `a PlacementPolicy in namespace ${namespace} with ${selector}, or a ClusterPlacementPolicy that selects it`;
  return `no policy selects it, ${where}so it runs in no cluster${near}: apply ${mend}`;
};
