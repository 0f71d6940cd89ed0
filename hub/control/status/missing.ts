/** @module Tells on a workload that something its pods cannot start without is not on the hub, and so cannot follow it to its clusters. */
import { partsOf, type StorageKey, type Store, type Stored } from '../../../shared/kube/storage/index.ts';
import { type DependencyIndex, requiredReferencesOf } from '../dependencies/index.ts';
import type { EventRecorder, EventText } from '../events.ts';

/** Names in one Event. */
const namesMax = 16;

/** The Event about objects that are missing; undefined = none is. */
export const missingEvent = (missing: readonly StorageKey[]): EventText | undefined => {
  if (missing.length === 0) return undefined;
  const names = missing.map(partsOf).map(({ resource, name }) => `${resource}/${name}`);
  const rest = names.length > namesMax ? ` and ${names.length - namesMax} more` : '';
  const message = `not on the hub: ${names.slice(0, namesMax).join(', ')}${rest}; pods start only in clusters that have them by themselves`;
  return { type: 'Warning', reason: 'MissingDependency', message };
};

/** Tells once, and again when something else is missing. */
export type MissingTeller = { readonly look: (workload: Stored) => void; readonly forget: (key: StorageKey) => void };

/** A teller that has told nothing yet. */
export const createMissingTeller = (store: Store, dependencies: DependencyIndex, events: EventRecorder): MissingTeller => {
  const told = new Map<StorageKey, string>();
  return {
    look: ({ key, object }) => {
      // Only what would follow is looked for: a policy may leave dependencies to others.
      const follows = dependencies.dependencies(key);
      const event = missingEvent(requiredReferencesOf(object).filter((needed) => follows.has(needed) && store.get(needed) === undefined));
      if (event === undefined) told.delete(key);
      else if (told.get(key) !== event.message) {
        told.set(key, event.message);
        events.record(object, event);
      }
    },
    forget: (key) => {
      told.delete(key);
    },
  };
};
