/** @module Which API groups are Kubernetes' own; all others come from CRDs and aggregated servers. */

/** Groups of Kubernetes itself that have a dot; those without one are all its own. The test holds the list to the recorded discovery. */
const dotted: ReadonlySet<string> = new Set([
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'apiregistration.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'certificates.k8s.io',
  'coordination.k8s.io',
  'discovery.k8s.io',
  'events.k8s.io',
  'flowcontrol.apiserver.k8s.io',
  'internal.apiserver.k8s.io',
  'metrics.k8s.io',
  'networking.k8s.io',
  'node.k8s.io',
  'rbac.authorization.k8s.io',
  'resource.k8s.io',
  'scheduling.k8s.io',
  'storage.k8s.io',
  'storagemigration.k8s.io',
]);

/** True for groups that no CRD may add kinds to: what a member serves in them is Kubernetes' own. */
export const isBuiltinGroup = (group: string): boolean => !group.includes('.') || dotted.has(group);
