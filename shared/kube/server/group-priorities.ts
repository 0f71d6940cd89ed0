/** @module How Kubernetes' API server ranks its own groups and versions (kubernetes `controlplane/apiserver`, the list of API service priorities). */

const PRIORITIES: Readonly<Record<string, number>> = {
  'apiregistration.k8s.io': 20_000,
  '': 18_000,
  apps: 17_800,
  'events.k8s.io': 17_750,
  'authentication.k8s.io': 17_700,
  'authorization.k8s.io': 17_600,
  autoscaling: 17_500,
  batch: 17_400,
  'certificates.k8s.io': 17_300,
  'networking.k8s.io': 17_200,
  policy: 17_100,
  'rbac.authorization.k8s.io': 17_000,
  'storage.k8s.io': 16_800,
  'admissionregistration.k8s.io': 16_700,
  'apiextensions.k8s.io': 16_700,
  'scheduling.k8s.io': 16_600,
  'coordination.k8s.io': 16_500,
  'node.k8s.io': 16_300,
  'discovery.k8s.io': 16_200,
  'resource.k8s.io': 16_200,
  'flowcontrol.apiserver.k8s.io': 16_100,
};
/** Groups of CRDs. */
const OTHER_PRIORITY = 1_000;

const VERSION_PRIORITIES: Readonly<Record<string, number>> = {
  v1: 1,
  'autoscaling/v2': 30,
  'flowcontrol.apiserver.k8s.io/v1': 21,
  'resource.k8s.io/v1': 21,
};
const OWN_VERSION_PRIORITY = 15;
const OTHER_VERSION_PRIORITY = 100;

/** The higher, the earlier in discovery; clients take the first group that has a name. */
export const groupPriority = (group: string): number => PRIORITIES[group] ?? OTHER_PRIORITY;

/** Ranks the versions of one group in its APIServices. */
export const versionPriority = (group: string, apiVersion: string): number =>
  VERSION_PRIORITIES[apiVersion] ?? (PRIORITIES[group] === undefined ? OTHER_VERSION_PRIORITY : OWN_VERSION_PRIORITY);
