/** @module A small model of a cluster under a virtual clock, for tests of controllers: objects in a map, and passes of all of them. */
import type { GroupVersionResource, KubeObject } from '../../../shared/kube/object.ts';
import { type Action, resources, type View } from './controller.ts';
import { playgroundControllers } from './controllers/index.ts';
import { controllerUidOf, type Pod } from './objects.ts';

/** Passes until a cluster must be at rest. */
const passesMax = 400;

/** A cluster with these objects, at the start of 2026. */
export const modelCluster = (initial: readonly [GroupVersionResource, KubeObject][]) => {
  const objects = new Map<string, KubeObject>();
  const events: string[] = [];
  let serial = 0;
  let nowMs = Date.parse('2026-01-01T00:00:00Z');
  const keyFor = (type: GroupVersionResource, namespace: string, name: string) => `${type.group}/${type.resource}/${namespace}/${name}`;
  const put = (type: GroupVersionResource, object: KubeObject): void => {
    serial++;
    const name = object.metadata.name === '' ? `${object.metadata.generateName}${serial}` : object.metadata.name;
    const created = { uid: `uid-${serial}`, generation: 1, creationTimestamp: new Date(nowMs).toISOString(), ...object.metadata, name };
    objects.set(keyFor(type, object.metadata.namespace ?? '', name), { ...object, metadata: created });
  };
  for (const [type, object] of initial) put(type, object);
  const sorted = (): [string, KubeObject][] => [...objects].sort(([a], [b]) => (a < b ? -1 : 1));
  const view: View = {
    get: <T extends KubeObject>(type: GroupVersionResource, namespace: string, name: string) =>
      objects.get(keyFor(type, namespace, name)) as T | undefined,
    list: <T extends KubeObject>(type: GroupVersionResource, namespace: string) =>
      sorted()
        .filter(([key]) => key.startsWith(`${type.group}/${type.resource}/${namespace === '' ? '' : `${namespace}/`}`))
        .map(([, object]) => object as T),
    owned: <T extends KubeObject>(type: GroupVersionResource, owner: KubeObject) =>
      view.list<T>(type, owner.metadata.namespace ?? '').filter((object) => controllerUidOf(object) === owner.metadata.uid),
  };
  const removeWithDependents = (key: string): void => {
    const gone = objects.get(key);
    objects.delete(key);
    for (const [other, object] of sorted()) {
      if (object.metadata.ownerReferences?.some(({ uid }) => uid === gone?.metadata.uid)) removeWithDependents(other);
    }
  };
  const perform = (action: Action): void => {
    if (action.do === 'create') put(action.type, action.object);
    else if (action.do === 'update')
      objects.set(keyFor(action.type, action.object.metadata.namespace ?? '', action.object.metadata.name), action.object);
    else if (action.do === 'delete') removeWithDependents(keyFor(action.type, action.namespace, action.name));
    else if (action.do === 'event') events.push(`${action.about.metadata.name} ${action.event.reason}: ${action.event.message}`);
    else {
      const pod = view.get<Pod>(resources.pods, action.namespace, action.pod);
      const scheduled = { type: 'PodScheduled', status: 'True' as const, lastTransitionTime: new Date(nowMs).toISOString() };
      if (pod !== undefined)
        put(resources.pods, { ...pod, spec: { ...pod.spec, nodeName: action.node }, status: { ...pod.status, conditions: [scheduled] } });
    }
  };
  /** Every controller looks at every object: how many writes were due, and the shortest and longest time that one waits for. */
  const pass = (): { acted: number; shortMs: number; longMs: number } => {
    let acted = 0;
    const waitsMs: number[] = [];
    for (const controller of playgroundControllers) {
      const keys = new Set(controller.watches.flatMap(({ type, keysOf }) => view.list(type, '').flatMap((object) => keysOf(object, view))));
      for (const key of keys) {
        const slash = key.indexOf('/');
        const due = controller.reconcile(view, key.slice(0, slash), key.slice(slash + 1), nowMs);
        for (const action of due.actions) perform(action);
        acted += due.actions.filter((action) => action.do !== 'event').length;
        if (due.requeueAfterMs !== undefined) waitsMs.push(due.requeueAfterMs);
      }
    }
    return { acted, shortMs: Math.min(...waitsMs), longMs: Math.max(0, ...waitsMs) };
  };
  /** Passes until nothing is due, letting time pass where something waits. */
  const settle = (): void => {
    for (let count = 0; count < passesMax; count++) {
      const { acted, longMs } = pass();
      if (acted === 0 && longMs === 0) return;
      if (acted === 0) nowMs += longMs;
      if (acted === 0 && count > passesMax / 2) return;
    }
    throw new Error(`not at rest after ${passesMax} passes`);
  };
  /** Lets this much time pass, with what becomes due in it. */
  const run = (forMs: number): void => {
    const untilMs = nowMs + forMs;
    for (let count = 0; count < passesMax; count++) {
      const { acted, shortMs } = pass();
      if (acted > 0) continue;
      if (nowMs >= untilMs) return;
      nowMs = Math.min(untilMs, nowMs + shortMs);
    }
    throw new Error(`not through after ${passesMax} passes`);
  };
  const change = (type: GroupVersionResource, namespace: string, name: string, edit: (object: KubeObject) => KubeObject): void => {
    const object = view.get(type, namespace, name);
    if (object === undefined) throw new Error(`no ${name}`);
    const next = edit(structuredClone(object));
    objects.set(keyFor(type, namespace, name), {
      ...next,
      metadata: { ...next.metadata, generation: (object.metadata.generation ?? 1) + 1 },
    });
  };
  const remove = (type: GroupVersionResource, namespace: string, name: string): void => removeWithDependents(keyFor(type, namespace, name));
  return { view, settle, run, change, remove, events };
};
