/** @module What is read off an object once: writes of its status and metadata bring a new object with the same spec. */
import type { KubeObject } from '../../shared/kube/object.ts';

type Known<T> = { readonly apiVersion: string; readonly kind: string; readonly namespace: string | undefined; readonly value: T };

/**
 * `read` with a memory. It may look at nothing of an object but its spec, kind and namespace; of a Pod, whose metadata are those of its
 * template, at everything. Objects are never changed in place.
 */
export const rememberBySpec = <T>(read: (object: KubeObject) => T): ((object: KubeObject) => T) => {
  const known = new WeakMap<object, Known<T>>();
  return (object) => {
    const { apiVersion, kind, spec } = object;
    const { namespace } = object.metadata;
    const by = typeof spec === 'object' && spec !== null && kind !== 'Pod' ? spec : object;
    const kept = known.get(by);
    if (kept !== undefined && kept.apiVersion === apiVersion && kept.kind === kind && kept.namespace === namespace) return kept.value;
    const value = read(object);
    known.set(by, { apiVersion, kind, namespace, value });
    return value;
  };
};
