/** @module Resource quota: the status of a ResourceQuota says what the pods of its namespace use. */
import { type Controller, keyOf, resources, settled, statusUpdate } from '../controller.ts';
import type { Pod } from '../objects.ts';
import { type Quota, quotaStatus } from '../quota.ts';

export const resourceQuotaController: Controller = {
  name: 'resourcequota',
  watches: [
    { type: resources.quotas, keysOf: (quota) => [keyOf(quota)] },
    { type: resources.pods, keysOf: (pod, view) => view.list(resources.quotas, pod.metadata.namespace ?? '').map(keyOf) },
  ],
  reconcile: (view, namespace, name) => {
    const quota = view.get<Quota>(resources.quotas, namespace, name);
    if (quota === undefined) return settled;
    return { actions: statusUpdate(resources.quotas, quota, quotaStatus(quota, view.list<Pod>(resources.pods, namespace))) };
  },
};
