/** @module Who controls what, kept beside the store: a controller finds its own objects without a look at all others. */
import type { GroupVersionResource, KubeObject } from '../../../shared/kube/object.ts';
import { type Change, partsOf, prefixOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import { controllerUidOf } from './objects.ts';

/** The index; it moves with the store, before anybody who is woken by the same change looks. */
export type OwnerIndex = {
  /** Objects of this resource whose controller is `owner`, ordered by namespace and name. */
  readonly owned: <T extends KubeObject>(type: Pick<GroupVersionResource, 'group' | 'resource'>, owner: KubeObject) => readonly T[];
  readonly close: () => void;
};

/** Indexes what the store holds, and what changes from now on. */
export const createOwnerIndex = (store: Store): OwnerIndex => {
  /** By `<group>/<resource>/<uid of the controller>`. */
  const groups = new Map<string, Map<StorageKey, KubeObject>>();
  const groupOf = (key: StorageKey, object: KubeObject): string | undefined => {
    const uid = controllerUidOf(object);
    if (uid === undefined) return undefined;
    const { group, resource } = partsOf(key);
    return `${prefixOf(group, resource)}${uid}`;
  };
  const put = (key: StorageKey, object: KubeObject): void => {
    const name = groupOf(key, object);
    if (name === undefined) return;
    const group = groups.get(name) ?? new Map<StorageKey, KubeObject>();
    groups.set(name, group.set(key, object));
  };
  const remove = (key: StorageKey, object: KubeObject): void => {
    const name = groupOf(key, object);
    if (name === undefined) return;
    groups.get(name)?.delete(key);
    if (groups.get(name)?.size === 0) groups.delete(name);
  };
  const onChange = ({ key, op, current, previous }: Change): void => {
    if (previous !== undefined) remove(key, previous.object);
    if (op === 'put') put(key, current.object);
  };
  for (const { key, object } of store.list('')) put(key, object);
  const close = store.watch('', store.revision(), onChange);
  return {
    owned: <T extends KubeObject>(type: Pick<GroupVersionResource, 'group' | 'resource'>, owner: KubeObject) =>
      [...(groups.get(`${prefixOf(type.group, type.resource)}${owner.metadata.uid ?? ''}`) ?? [])]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([, object]) => object as T),
    close,
  };
};
