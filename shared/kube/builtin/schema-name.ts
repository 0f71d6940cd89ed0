/** @module The names that kinds have in the OpenAPI documents of Kubernetes. */

/** Groups whose Go package has another name than the first part of the group. */
const packageNames: Readonly<Record<string, string>> = { '': 'core', 'rbac.authorization.k8s.io': 'rbac' };

/** `apps`, `v1`, `Deployment` → `io.k8s.api.apps.v1.Deployment`. */
export const schemaNameOf = (group: string, version: string, kind: string): string => {
  if (group === 'apiextensions.k8s.io') return `io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.${version}.${kind}`;
  if (group === 'apiregistration.k8s.io') return `io.k8s.kube-aggregator.pkg.apis.apiregistration.${version}.${kind}`;
  return `io.k8s.api.${packageNames[group] ?? group.split('.')[0]}.${version}.${kind}`;
};
