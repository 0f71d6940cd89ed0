/** @module The priorities that Kubernetes keeps for itself (kubernetes `apis/scheduling/v1/helpers.go`). */
import type { KubeObject } from '../object.ts';

/** How the names of Kubernetes' own classes begin; no other class may be called so. */
export const systemPrefix = 'system-';

const priorityClass = (name: string, value: number, description: string): KubeObject => ({
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  metadata: { name },
  value,
  description,
});

/** The two PriorityClasses of every cluster. */
export const systemPriorityClasses: readonly KubeObject[] = [
  priorityClass('system-node-critical', 2_000_001_000, 'Used for system critical pods that must not be moved from their current node.'),
  priorityClass(
    'system-cluster-critical',
    2_000_000_000,
    'Used for system critical pods that must run in the cluster, but can be moved to another node if necessary.',
  ),
];
