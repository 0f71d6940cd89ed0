/** @module PersistentVolumeClaim: bound at once, as by a provisioner that never runs dry. */
import type { KubeObject } from '../../../../shared/kube/object.ts';
import { type Controller, keyOf, resources, settled } from '../controller.ts';

type Claim = KubeObject & {
  spec?: { resources?: { requests?: { storage?: string } }; accessModes?: string[]; volumeName?: string };
  status?: { phase?: string };
};

const statusOf = ({ spec }: Claim): object => ({
  phase: 'Bound',
  accessModes: spec?.accessModes ?? [],
  capacity: { storage: spec?.resources?.requests?.storage ?? '0' },
});

export const volumeClaimController: Controller = {
  name: 'volumeclaim',
  watches: [{ type: resources.claims, keysOf: (object) => [keyOf(object)] }],
  reconcile: (view, namespace, name) => {
    const claim = view.get<Claim>(resources.claims, namespace, name);
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined || claim.status?.phase === 'Bound') return settled;
    // Its volume is named first, as provisioners name theirs; the next look finds it named.
    if ((claim.spec?.volumeName ?? '') === '') {
      const spec = { ...claim.spec, volumeName: `pvc-${claim.metadata.uid ?? ''}` };
      return { actions: [{ do: 'update', type: resources.claims, object: { ...claim, spec } }] };
    }
    return { actions: [{ do: 'update', type: resources.claims, object: { ...claim, status: statusOf(claim) }, subresource: 'status' }] };
  },
};
