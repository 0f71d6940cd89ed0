/** @module Who makes claims of devices from a template: where they fit hangs on what it asks for, so they are decided again when it comes or changes. */
import { hanseGroup, storedPlacement } from '../../../shared/api/index.ts';
import { partsOf, prefixOf, type StorageKey, type Store } from '../../../shared/kube/storage/index.ts';
import { type KindCatalog, objectKeyOf } from '../kinds.ts';
import { referencesOf } from './references.ts';

/** Templates that claims of devices are made from. */
export const claimTemplatePrefix = prefixOf('resource.k8s.io', 'resourceclaimtemplates');

/** Keys of the objects with a Placement, one without replicas too, that name the template at this key. */
export const claimantsOf = (store: Store, catalog: KindCatalog, template: StorageKey): StorageKey[] =>
  store.list(prefixOf(hanseGroup, 'placements', partsOf(template).namespace)).flatMap(({ object }) => {
    const key = objectKeyOf(catalog, storedPlacement(object).spec.workload);
    const workload = key === undefined ? undefined : store.get(key)?.object;
    return key !== undefined && workload !== undefined && referencesOf(workload).includes(template) ? [key] : [];
  });
