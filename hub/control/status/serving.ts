/** @module What of a status still holds when its cluster is taken for dead: what was made there, not that it serves. Pure. */
import { bags } from '../kinds.ts';
import type { Part } from './parts.ts';

type Status = NonNullable<Part['status']>;

/** Counts of what serves, and the count of what does not: as many as there are of `of`. */
type Counts = { readonly serving: readonly string[]; readonly lacking?: { readonly field: string; readonly of: string } };

const replicaCounts: readonly string[] = ['readyReplicas', 'availableReplicas'];
const counts: Readonly<Record<string, Counts>> = {
  'apps/Deployment': { serving: replicaCounts, lacking: { field: 'unavailableReplicas', of: 'replicas' } },
  'apps/ReplicaSet': { serving: replicaCounts },
  'apps/StatefulSet': { serving: replicaCounts },
  'apps/DaemonSet': {
    serving: ['numberReady', 'numberAvailable'],
    lacking: { field: 'numberUnavailable', of: 'desiredNumberScheduled' },
  },
  'batch/Job': { serving: ['ready'] },
  'policy/PodDisruptionBudget': { serving: ['currentHealthy', 'disruptionsAllowed'] },
};
const servingConditions: readonly unknown[] = ['Available', 'Ready'];

/** As Kubernetes says of what is on a node that it does not hear: neither ready nor available, and still there. */
export const withoutServing = (groupKind: string, status: Status): Status => {
  const { serving, lacking } = counts[groupKind] ?? { serving: [] };
  const zeros = Object.fromEntries(serving.filter((field) => field in status).map((field) => [field, 0]));
  const all = lacking === undefined ? undefined : status[lacking.of];
  const conditions = bags(status.conditions).map((condition) =>
    servingConditions.includes(condition.type) && condition.status === 'True'
      ? { ...condition, status: 'Unknown', reason: 'ClusterNotHeard', message: 'the cluster is taken for dead' }
      : condition,
  );
  return {
    ...status,
    ...zeros,
    ...(lacking !== undefined && typeof all === 'number' ? { [lacking.field]: all } : {}),
    ...(conditions.length === 0 ? {} : { conditions }),
  };
};
