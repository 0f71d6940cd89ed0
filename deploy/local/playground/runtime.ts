/** @module Runs the playground's controllers over one member's store: changes wake keys, keys are looked at one at a time. */
import { done, type Outcome, startController } from '../../../hub/control/controller.ts';
import { createEventRecorder, type EventRecorder } from '../../../hub/control/events.ts';
import type { KubeClient } from '../../../shared/kube/client/port.ts';
import type { KubeObject } from '../../../shared/kube/object.ts';
import { StatusError } from '../../../shared/kube/status-error.ts';
import { keyOf, prefixOf, type Store } from '../../../shared/kube/storage/index.ts';
import type { RuntimeEnv } from '../../../shared/lib/index.ts';
import { type Action, type Controller, resources, type View } from './controller.ts';
import { controllerUidOf } from './objects.ts';
import { createOwnerIndex, type OwnerIndex } from './owner-index.ts';
import { createRefusedKeys, type Refusal, type RefusedKeys } from './refused.ts';

/** Wait before a key is looked at again when somebody else was faster: the watch has shown it by then. */
const raceWaitMs = 20;

/** How often events that are older than their time are deleted. */
const sweepEveryMs = 300_000;

const manager = 'playground';

/** Synchronous reads over the watch cache. */
const viewOf = (store: Store, owners: OwnerIndex): View => ({
  get: <T extends KubeObject>(type: { group: string; resource: string }, namespace: string, name: string) =>
    store.get(keyOf(type.group, type.resource, namespace, name))?.object as T | undefined,
  list: <T extends KubeObject>(type: { group: string; resource: string }, namespace: string) =>
    store.list(prefixOf(type.group, type.resource, namespace)).map(({ object }) => object as T),
  owned: owners.owned,
});

type Rim = { readonly client: KubeClient; readonly events: EventRecorder };

const perform = async ({ client, events }: Rim, action: Action): Promise<void> => {
  switch (action.do) {
    case 'create':
      await client.create(action.type, action.object, { fieldManager: manager });
      return;
    case 'update':
      await client.update(action.type, action.object, {
        fieldManager: manager,
        ...(action.subresource === undefined ? {} : { subresource: action.subresource }),
      });
      return;
    case 'event':
      events.record(action.about, action.event);
      return;
    case 'bind': {
      const { namespace, pod, node } = action;
      const binding = {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name: pod, namespace },
        target: { apiVersion: 'v1', kind: 'Node', name: node },
      };
      await client.create(resources.pods, binding, { fieldManager: manager, subresource: 'binding' });
      return;
    }
    case 'delete': {
      const { type, namespace, name, uid, gracePeriodSeconds } = action;
      await client.delete(
        { ...type, ...(namespace === '' ? {} : { namespace }), name },
        { propagationPolicy: 'Background', preconditions: { uid }, ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }) },
      );
    }
  }
};

/** Races that the next look settles: somebody else was faster. */
const isRace = (error: unknown): boolean =>
  error instanceof StatusError && ['Conflict', 'NotFound', 'AlreadyExists'].includes(error.reason);

/** An object of the same name that is somebody else's: no second look makes it ours. */
const isForeign = (view: View, { type, object }: Extract<Action, { do: 'create' }>): boolean => {
  const present = view.get(type, object.metadata.namespace ?? '', object.metadata.name);
  return present !== undefined && controllerUidOf(present) !== controllerUidOf(object);
};

/** Performs what is due in order; once one object was refused no other is created: what they have in common is refused again. */
const performAll = async (view: View, rim: Rim, actions: readonly Action[]): Promise<Refusal | undefined> => {
  let refusal: Refusal | undefined;
  for (const action of actions) {
    if (refusal !== undefined && (action.do === 'create' || action.do === 'event')) continue;
    try {
      await perform(rim, action);
    } catch (error) {
      if (action.do !== 'create' || !(error instanceof StatusError) || (isRace(error) && !isForeign(view, action))) throw error;
      refusal = { object: action.object, error };
    }
  }
  return refusal;
};

/** One look at one key of a controller, and the writes that are due. */
const reconcileWith =
  (controller: Controller, view: View, rim: Rim, env: RuntimeEnv, refusedKeys: RefusedKeys) =>
  async (key: string): Promise<Outcome> => {
    const slash = key.indexOf('/');
    const pass = controller.reconcile(view, key.slice(0, slash), key.slice(slash + 1), env.nowMs());
    try {
      const refusal = await performAll(view, rim, pass.actions);
      if (refusal !== undefined) {
        await performAll(view, rim, pass.ifRefused ?? []);
        return { outcome: 'again', afterMs: refusedKeys.refused(key, refusal) };
      }
    } catch (error) {
      if (isRace(error)) return { outcome: 'again', afterMs: raceWaitMs };
      throw error;
    }
    refusedKeys.accepted(key);
    return pass.requeueAfterMs === undefined ? done : { outcome: 'again', afterMs: pass.requeueAfterMs };
  };

/** Deletes old events now and then; the answer ends it. */
const startSweep = (recorders: readonly EventRecorder[], env: RuntimeEnv): (() => void) => {
  let cancel: () => void = () => undefined;
  const sweep = async (): Promise<void> => {
    try {
      for (const recorder of recorders) await recorder.sweep();
    } catch (error) {
      env.log.warn('old events could not be deleted', { error });
    }
  };
  const wait = (): void => {
    cancel = env.setTimer(sweepEveryMs, () => {
      void sweep();
      wait();
    });
  };
  wait();
  return () => cancel();
};

/** Starts the controllers; the answer stops them. */
export const startControllers = (options: {
  controllers: readonly Controller[];
  store: Store;
  client: KubeClient;
  env: RuntimeEnv;
}): (() => void) => {
  const owners = createOwnerIndex(options.store);
  const view = viewOf(options.store, owners);
  const stops: (() => void)[] = [owners.close];
  const recorders: EventRecorder[] = [];
  for (const controller of options.controllers) {
    const events = createEventRecorder(options.store, options.env, `${controller.name}-controller`);
    recorders.push(events);
    const rim = { client: options.client, events };
    const queue = startController({
      name: `playground-${controller.name}`,
      env: options.env,
      reconcile: reconcileWith(controller, view, rim, options.env, createRefusedKeys(events, options.env)),
    });
    stops.push(() => void queue.stop());
    for (const { type, keysOf } of controller.watches) {
      const prefix = prefixOf(type.group, type.resource);
      const wake = (object: KubeObject): void => {
        for (const key of keysOf(object, view)) queue.add(key);
      };
      stops.push(
        options.store.watch(prefix, options.store.revision(), ({ current, previous }) => {
          wake(current.object);
          if (previous !== undefined) wake(previous.object);
        }),
      );
      for (const { object } of options.store.list(prefix)) wake(object);
    }
  }
  stops.push(startSweep(recorders, options.env));
  return () => {
    for (const stop of stops) stop();
  };
};
