/** @module PersistentVolumeClaim: bound at once, as by a provisioner that never runs dry. */
import { type Controller, keyOf, resources, settled } from '../controller.ts';

type Claim = { spec?: { resources?: { requests?: { storage?: string } }; accessModes?: string[] }; status?: { phase?: string } };

export const volumeClaimController: Controller = {
  name: 'volumeclaim',
  watches: [{ type: resources.claims, keysOf: (object) => [keyOf(object)] }],
  reconcile: (view, namespace, name) => {
    const object = view.get(resources.claims, namespace, name);
    const claim = object as Claim | undefined;
    if (object === undefined || claim?.status?.phase === 'Bound') return settled;
    const status = {
      phase: 'Bound',
      accessModes: claim?.spec?.accessModes ?? [],
      capacity: { storage: claim?.spec?.resources?.requests?.storage ?? '0' },
    };
    return { actions: [{ do: 'update', type: resources.claims, object: { ...object, status }, subresource: 'status' }] };
  },
};
