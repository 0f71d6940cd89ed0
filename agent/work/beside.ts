/**
 * @module Containers that somebody else put beside ours into what we apply, as into a workload that was taken over: a server-side apply merges them
 * by name, and each replica runs both. Pure.
 */
import type { KubeObject } from '../../shared/kube/object.ts';
import { bag, bags, podTemplateOf } from '../../shared/placement/workload-fields.ts';
import { besideReason } from '../../shared/wire/index.ts';
import type { Entry } from './state.ts';

/** Names of the containers in an object's pod template; undefined without one, and of a Pod, into which the cluster's own admission puts what it needs. */
export const containersOf = (object: KubeObject): readonly string[] | undefined => {
  const template = object.kind === 'Pod' ? undefined : podTemplateOf(object);
  if (template === undefined) return undefined;
  const { containers, initContainers } = bag(template.spec);
  return [...bags(initContainers), ...bags(containers)].flatMap(({ name }) => (typeof name === 'string' ? [name] : []));
};

/** What an Applied status says of them; nothing where there are none. */
export const besideOf = ({ item, live }: Pick<Entry, 'item' | 'live'>): { readonly reason?: string; readonly message?: string } => {
  const ours = new Set(item.object === undefined ? [] : containersOf(item.object));
  const others = (live?.containers ?? []).filter((name) => !ours.has(name));
  if (others.length === 0) return {};
  return {
    reason: besideReason,
    message: `also runs containers that the object on the hub does not have: ${others.join(', ')}; take them out in the cluster`,
  };
};
