/** @module Tells on a workload that something its pods need is not on the hub, and so cannot follow it to its clusters. */
import { whyOwn } from '../../../shared/api/index.ts';
import { partsOf, type StorageKey, type Store, type Stored } from '../../../shared/kube/storage/index.ts';
import { listed } from '../../../shared/lib/listed.ts';
import { type DependencyIndex, governingServiceOf, requiredReferencesOf } from '../dependencies/index.ts';
import type { EventRecorder, EventText } from '../events.ts';

/** Names in one Event. */
const namesMax = 16;

/** A dependency often comes a moment after its workload, out of the same file. */
const graceMs = 2_000;

const namesOf = (keys: readonly StorageKey[]): string =>
  listed(
    keys.map(partsOf).map(({ resource, name }) => `${resource}/${name}`),
    namesMax,
  );

/**
 * The Event about objects that are missing; undefined = none is. Without `required` no pod starts; without `governing`, the Service of a
 * StatefulSet, pods start and are only not found by their names (apps/v1, `spec.serviceName`). Those that are `kept` are on the hub and stay
 * with it.
 */
export const missingEvent = (
  required: readonly StorageKey[],
  governing: readonly StorageKey[],
  kept: readonly StorageKey[] = [],
): EventText | undefined => {
  const texts = [
    ...(kept.length === 0
      ? []
      : [`the hub's own, which go to no cluster: ${namesOf(kept)}; pods start only in clusters that have them by themselves`]),
    ...(required.length === 0 ? [] : [`not on the hub: ${namesOf(required)}; pods start only in clusters that have them by themselves`]),
    ...(governing.length === 0 ? [] : [`not on the hub: ${namesOf(governing)}; pods start, but DNS does not know them one by one`]),
  ];
  return texts.length === 0 ? undefined : { type: 'Warning', reason: 'MissingDependency', message: texts.join('; ') };
};

/** Tells once, and again when something else is missing. */
export type MissingTeller = {
  /** Answers after how many ms to look again, when something is missing and not told yet. */
  readonly look: (workload: Stored) => number | undefined;
  readonly forget: (key: StorageKey) => void;
};

type Missed = { readonly message: string; readonly sinceMs: number; readonly isTold: boolean };

/** A teller that has told nothing yet. */
export const createMissingTeller = (
  store: Store,
  dependencies: Pick<DependencyIndex, 'dependencies'>,
  events: EventRecorder,
  nowMs: () => number,
): MissingTeller => {
  const missed = new Map<StorageKey, Missed>();
  return {
    look: ({ key, object }) => {
      // Only what would follow is looked for: a policy may leave dependencies to others.
      const follows = dependencies.dependencies(key);
      const missing = (keys: readonly StorageKey[]): StorageKey[] =>
        keys.filter((needed) => follows.has(needed) && store.get(needed) === undefined);
      const required = requiredReferencesOf(object);
      const kept = required.filter((needed) => {
        const found = follows.has(needed) ? store.get(needed)?.object : undefined;
        return found !== undefined && whyOwn(found) !== undefined;
      });
      const event = missingEvent(missing(required), missing(governingServiceOf(object)), kept);
      if (event === undefined) {
        missed.delete(key);
        return undefined;
      }
      const before = missed.get(key);
      const isSame = before?.message === event.message;
      if (isSame && before.isTold) return undefined;
      const sinceMs = isSame ? before.sinceMs : nowMs();
      const leftMs = sinceMs + graceMs - nowMs();
      missed.set(key, { message: event.message, sinceMs, isTold: leftMs <= 0 });
      if (leftMs > 0) return leftMs;
      events.record(object, event);
      return undefined;
    },
    forget: (key) => {
      missed.delete(key);
    },
  };
};
