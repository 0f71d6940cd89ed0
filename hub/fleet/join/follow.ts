/** @module Runs a level-triggered loop over the objects of one kind: a changed name is reconciled, a few at once, again until it succeeds. */

import type { GroupVersionResource, KubeObject } from '../../../shared/kube/object.ts';
import { keyOf, partsOf, prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/env.ts';
import { makeKeyedQueue } from '../../../shared/wire/keyed-queue.ts';

export type FollowOptions = {
  readonly env: RuntimeEnv;
  readonly store: Store;
  readonly type: GroupVersionResource;
  /** Gets the newest state, undefined when the object is gone; rejects to be called again later. */
  readonly reconcile: (name: string, object: KubeObject | undefined) => Promise<void>;
};

const reconciledAtOnceMax = 4;
const namesMax = 100_000;

/** A running loop. */
export type Followed = {
  /** Reconciles every object once more. */
  readonly again: () => void;
  readonly stop: () => void;
};

/** Starts with every object there is. For cluster-scoped kinds. */
export const followKind = ({ env, store, type, reconcile }: FollowOptions): Followed => {
  const read = (name: string): KubeObject | undefined => store.get(keyOf(type.group, type.resource, '', name))?.object;
  const queue = makeKeyedQueue<undefined>({
    env,
    send: (name) => reconcile(name, read(name)),
    inFlightMax: reconciledAtOnceMax,
    keysMax: namesMax,
    onRetry: (name, attempt, error) =>
      env.log.warn('a change could not be carried out and is tried again', {
        resource: type.resource,
        name,
        attempt,
        error: String(error),
      }),
  });
  const prefix = prefixOf(type.group, type.resource);
  const revision = store.revision();
  const again = (): void => {
    for (const { key } of store.list(prefix)) void queue.put(partsOf(key).name, undefined);
  };
  again();
  const stopWatch = store.watch(prefix, revision, ({ key }) => void queue.put(partsOf(key).name, undefined));
  return {
    again,
    stop: () => {
      stopWatch();
      queue.stop();
    },
  };
};
