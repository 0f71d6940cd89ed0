/** @module What is left of a status when its cluster is taken for dead. */
import { expect, test } from 'vitest';
import { withoutServing } from './serving.ts';

const unknown = { status: 'Unknown', reason: 'ClusterNotHeard', message: 'the cluster is taken for dead' };

test.each<[string, { readonly [field: string]: unknown }, { readonly [field: string]: unknown }]>([
  [
    'apps/Deployment',
    { replicas: 4, updatedReplicas: 4, readyReplicas: 4, availableReplicas: 4, conditions: [{ type: 'Available', status: 'True' }] },
    {
      ...{ replicas: 4, updatedReplicas: 4, readyReplicas: 0, availableReplicas: 0, unavailableReplicas: 4 },
      conditions: [{ type: 'Available', ...unknown }],
    },
  ],
  ['apps/StatefulSet', { replicas: 2, readyReplicas: 2 }, { replicas: 2, readyReplicas: 0 }],
  [
    'apps/DaemonSet',
    { desiredNumberScheduled: 3, numberReady: 3, numberAvailable: 3 },
    { desiredNumberScheduled: 3, numberReady: 0, numberAvailable: 0, numberUnavailable: 3 },
  ],
  ['batch/Job', { active: 1, ready: 1, succeeded: 2 }, { active: 1, ready: 0, succeeded: 2 }],
  [
    'example.com/Database',
    { phase: 'Up', conditions: [{ type: 'Ready', status: 'True' }] },
    { phase: 'Up', conditions: [{ type: 'Ready', ...unknown }] },
  ],
  ['/PersistentVolumeClaim', { phase: 'Bound' }, { phase: 'Bound' }],
])('of a dead cluster what was made is told and nothing is ready: %s', (kind, status, wanted) => {
  expect(withoutServing(kind, status)).toEqual(wanted);
});
